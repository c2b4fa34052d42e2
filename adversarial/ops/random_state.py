"""NumPy's RandomState as an Op: the generator behind Theano's RandomStreams, for conditions of conditional games.

The state is the Mersenne Twister's as a vector of uint32, so that it can be a shared variable and be saved with others.
Every backend draws by NumPy itself: conditions are few beside what a network computes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pytensor.tensor as pt
from numpy.random import RandomState
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op
from pytensor.tensor.type import TensorType

from adversarial.engine import compat, registry
from adversarial.ops.sizes import pass_size_as_tuple_on_jax, shape_on_jax, size_vector, static_shape

#: The Mersenne Twister's key, then the position in it, whether a normal number is kept, and that number's two halves.
STATE_LENGTH = 624 + 4

Distribution = Literal["integers", "normal"]


def state_of(random: RandomState) -> np.ndarray:
    """Return the state of a RandomState as a vector of uint32.

    Parameters
    ----------
    random : RandomState
        The generator.

    Returns
    -------
    array of uint32, shape (628,)
        Its state.

    Examples
    --------
    >>> random_of(state_of(RandomState(5))).randint(100) == RandomState(5).randint(100)
    True
    """
    _, key, position, kept, normal = random.get_state(legacy=True)
    halves = np.array([normal], dtype="<f8").view("<u4")
    return np.concatenate([key, np.array([position, kept], np.uint32), halves]).astype(np.uint32)


def random_of(state: np.ndarray) -> RandomState:
    """Return a RandomState with the state that `state_of` returned."""
    random = RandomState(0)
    normal = float(state[626:].astype("<u4").view("<f8")[0])
    random.set_state(("MT19937", state[:624], int(state[624]), int(state[625]), normal))
    return random


class RandomStateDraw(Op):
    """Draw a sample by NumPy's RandomState, and move its state on.

    The sample is of integers from 0 to `bound` - 1, or of standard normal numbers, drawn in float64.

    Inputs: state (628,) uint32; size, a vector of `ndim` integers.
    Outputs: the new state; the sample, of shape `size` and of `dtype`.
    """

    __props__ = ("distribution", "ndim", "dtype", "bound")

    def __init__(self, distribution: Distribution, ndim: int, dtype: str, bound: int = 0):
        self.distribution: Distribution = distribution
        self.ndim = ndim
        self.dtype = dtype
        self.bound = bound

    def make_node(self, state: pt.TensorLike, size: pt.TensorLike) -> Apply:  # type: ignore[override]
        state, size = pt.as_tensor(state), size_vector(size)
        if state.dtype != "uint32" or state.ndim != 1:
            raise TypeError(f"the state must be a uint32 vector, not {state.type}")
        sample = TensorType(self.dtype, static_shape(size, self.ndim))()
        return Apply(self, [state, pt.cast(size, "int64")], [state.type(), sample])

    def drawn(self, state: np.ndarray, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Return the new state and the sample."""
        random = random_of(np.asarray(state))
        whole = self.distribution == "integers"
        sample: Any = random.randint(0, self.bound, size=shape) if whole else random.standard_normal(size=shape)
        return state_of(random), np.asarray(sample).astype(self.dtype)

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: list) -> None:
        state, size = inputs
        if len(size) != self.ndim or np.any(size < 0):
            raise ValueError(f"a sample of {self.ndim} axes cannot have the size {tuple(size)}")
        output_storage[0][0], output_storage[1][0] = self.drawn(state, tuple(size))

    def infer_shape(self, *arguments: Any) -> list:
        node, (state, _) = compat.node_and_shapes(arguments)
        return [state, tuple(pt.as_tensor(node.inputs[1])[axis] for axis in range(self.ndim))]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[False, False], [False, False]]

    def pullback(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], cotangents: Sequence[Variable]
    ) -> list[Variable]:
        return [DisconnectedType()() for _ in inputs]


@registry.registers_for("jax")
def _register_jax() -> None:
    import jax
    from pytensor.link.jax.dispatch.basic import jax_funcify

    from adversarial.engine.jax import devices

    @jax_funcify.register(RandomStateDraw)
    def jax_funcify_random_state_draw(op: RandomStateDraw, node: Apply, **kwargs: Any) -> Any:
        def random_state_draw(state: jax.Array, size: Any) -> tuple[jax.Array, jax.Array]:
            shape = shape_on_jax(size, node, op.ndim)
            results = jax.ShapeDtypeStruct((STATE_LENGTH,), np.uint32), jax.ShapeDtypeStruct(shape, op.dtype)
            new_state, sample = jax.pure_callback(lambda given: op.drawn(given, shape), results, state)
            return new_state, devices.split(sample)

        return random_state_draw

    pass_size_as_tuple_on_jax(RandomStateDraw)
