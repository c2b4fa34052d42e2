"""MRG31k3p: the random number generator of L'Ecuyer and Touzin (2000) as Theano ran it, many streams side by side.

A state is an int32 matrix (streams, 6). Value i of a sample comes from stream i modulo the number of streams, so a
sample of at most as many values as there are streams moves each of those one step. All arithmetic is on integers, and
the last multiplication rounds the same way everywhere: one state gives one sample on every backend, bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.mode import optdb
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.rewriting.basic import dfs_rewriter, node_rewriter
from pytensor.link.c.op import COp
from pytensor.tensor.type import TensorType

from adversarial.engine import compat, registry
from adversarial.engine.c.sources import CodeInHeaders
from adversarial.errors import ConfigurationError
from adversarial.ops.sizes import pass_size_as_tuple_on_jax, shape_on_jax, size_vector, static_shape

M1 = 2147483647  # 2^31 - 1
M2 = 2147462579  # 2^31 - 21069
#: What the integers are multiplied by: a power of two, so that rounding to float32 before or after it gives the same.
#: Theano had this in its Python code; its C code had one unit in the last place less for float32 and fused the scaling
#: that follows, so that runs of 2014 in its two modes part in the tenth digit. The recorded streams are of the former.
NORM = 2.0**-31
DTYPES = ("float32", "float64")


def next_values(state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Move each stream one step.

    Parameters
    ----------
    state : array of int, shape (streams, 6)
        The state of each stream.

    Returns
    -------
    new_state : array of int64, shape (streams, 6)
        The state after the step.
    integers : array of int64, shape (streams,)
        The integers, from 1 to M1, that samples are multiples of.
    """
    x11, x12, x13, x21, x22, x23 = np.asarray(state, dtype=np.int64).T
    y1 = (((x12 & 511) << 22) + (x12 >> 9) + ((x13 & 16777215) << 7) + (x13 >> 24)) % M1
    y1 = _reduce(y1 + x13, M1)
    y2 = _reduce(((x21 & 65535) << 15) + 21069 * (x21 >> 16), M2)
    y3 = _reduce(((x23 & 65535) << 15) + 21069 * (x23 >> 16), M2)
    y3 = _reduce(y3 + x23, M2)
    y2 = _reduce(y3 + y2, M2)
    difference = y1 - y2
    return np.stack([y1, x11, x12, y2, x21, x22], axis=1), np.where(difference <= 0, difference + M1, difference)


def _reduce(value: np.ndarray, modulus: int) -> np.ndarray:
    return np.where(value >= modulus, value - modulus, value)


class MRGUniform(CodeInHeaders, COp):
    """Draw a sample uniform between `low` and `high`, both excluded, and move its streams on.

    The sample is u (high - low) + low for u on (0, 1), each step rounded to `dtype`: left to the compiler of a
    backend, the last digit would depend on which of them it fuses.

    Inputs: state (streams, 6) int32; size, a vector of `ndim` integers.
    Outputs: the new state; the sample, of shape `size` and of `dtype`.
    """

    __props__ = ("dtype", "ndim", "low", "high", "inplace")
    headers = ("mrg31k3p.h",)

    def __init__(self, dtype: str, ndim: int, low: float = 0.0, high: float = 1.0, inplace: bool = False):
        if dtype not in DTYPES:
            raise TypeError(f"MRGUniform draws float32 or float64, not {dtype}")
        self.dtype = dtype
        self.ndim = ndim
        self.low = low
        self.high = high
        self.inplace = inplace
        self.destroy_map = {0: [0]} if inplace else {}

    def make_node(self, state: pt.TensorLike, size: pt.TensorLike) -> Apply:  # type: ignore[override]
        state, size = pt.as_tensor(state), size_vector(size)
        if state.dtype != "int32" or state.ndim != 2:
            raise TypeError(f"the state must be an int32 matrix, not {state.type}")
        static = static_shape(size, self.ndim)
        return Apply(self, [state, pt.cast(size, "int64")], [state.type(), TensorType(self.dtype, static)()])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: list) -> None:
        state, size = inputs
        if len(size) != self.ndim or np.any(size < 0):
            raise ValueError(f"a sample of {self.ndim} axes cannot have the size {tuple(size)}")
        scale, low = self.scale_and_low()
        new_state = state if self.inplace else state.copy()
        sample = np.empty(tuple(size), dtype=self.dtype)
        flat, streams = sample.reshape(-1), len(state)
        for start in range(0, flat.size, streams):
            part = flat[start : start + streams]
            new_state[: part.size], integers = next_values(new_state[: part.size])
            part[...] = integers.astype(self.dtype) * np.asarray(NORM, dtype=self.dtype) * scale + low
        output_storage[0][0], output_storage[1][0] = new_state, sample

    def scale_and_low(self) -> tuple[np.ndarray, np.ndarray]:
        """Return high - low, and low, rounded as Theano rounded them: each end first."""
        low, high = np.asarray(self.low, dtype=self.dtype), np.asarray(self.high, dtype=self.dtype)
        return high - low, low

    def infer_shape(self, *arguments: Any) -> list:
        node, (state, _) = compat.node_and_shapes(arguments)
        return [state, tuple(pt.as_tensor(node.inputs[1])[axis] for axis in range(self.ndim))]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[False, False], [False, False]]

    def pullback(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], cotangents: Sequence[Variable]
    ) -> list[Variable]:
        return [DisconnectedType()() for _ in inputs]

    def c_compile_args(self, **kwargs: Any) -> list[str]:
        return ["-O3", "-ffp-contract=off", "-fopenmp-simd"]

    def c_code(self, node: Apply, name: str, inputs: list[str], outputs: list[str], sub: dict[str, str]) -> str:
        scale, low = self.scale_and_low()
        # To scale by NORM, a power of two, rounds nothing, so it is done to the other factor, once.
        factors = (np.asarray(NORM, dtype=self.dtype) * scale, low)
        arguments = [*inputs, str(self.ndim), str(int(self.inplace)), *(value.item().hex() for value in factors)]
        return f"""
            if (!adversarial::mrg31k3p<npy_{self.dtype}>({", ".join([*arguments, *outputs])})) {{
                {sub["fail"]}
            }}
        """


@node_rewriter([MRGUniform])
def mrg_uniform_inplace(fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
    """Let the new state overwrite the old one."""
    if node.op.inplace:
        return None
    op = node.op
    return MRGUniform(op.dtype, op.ndim, op.low, op.high, inplace=True).make_node(*node.inputs).outputs


optdb.register(
    "mrg_uniform_inplace",
    dfs_rewriter(mrg_uniform_inplace, ignore_newtrees=True),
    "fast_run",
    "inplace",
    position=50.9,
)


@registry.registers_for("numba")
def _register_numba() -> None:
    from numba.np.unsafe.ndarray import to_fixed_tuple  # type: ignore[import-untyped]
    from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key

    @register_funcify_default_op_cache_key(MRGUniform)
    def numba_funcify_mrg_uniform(op: MRGUniform, node: Apply, **kwargs: Any) -> tuple[Any, int]:
        ndim, inplace, real = op.ndim, op.inplace, np.dtype(op.dtype).type
        scale, low = (real(value) for value in op.scale_and_low())
        norm = real(NORM)

        # Not with fast-math, PyTensor's default: fused, product and sum would be rounded once, not twice.
        @numba_njit(fastmath=False)
        def fill(state: np.ndarray, flat: np.ndarray) -> None:
            streams = state.shape[0]
            for start in range(0, flat.size, streams):
                for k in range(min(streams, flat.size - start)):
                    x12, x13 = np.int64(state[k, 1]), np.int64(state[k, 2])
                    x21, x23 = np.int64(state[k, 3]), np.int64(state[k, 5])
                    y1 = ((x12 & 511) << 22) + (x12 >> 9) + ((x13 & 16777215) << 7) + (x13 >> 24)
                    y1 = y1 - M1 if y1 >= M1 else y1
                    y1 += x13
                    y1 = y1 - M1 if y1 >= M1 else y1
                    y2 = ((x21 & 65535) << 15) + 21069 * (x21 >> 16)
                    y2 = y2 - M2 if y2 >= M2 else y2
                    y3 = ((x23 & 65535) << 15) + 21069 * (x23 >> 16)
                    y3 = y3 - M2 if y3 >= M2 else y3
                    y3 += x23
                    y3 = y3 - M2 if y3 >= M2 else y3
                    y3 += y2
                    y3 = y3 - M2 if y3 >= M2 else y3
                    state[k, 2], state[k, 1], state[k, 0] = x12, state[k, 0], y1
                    state[k, 5], state[k, 4], state[k, 3] = state[k, 4], x21, y3
                    value = y1 - y3 + M1 if y1 <= y3 else y1 - y3
                    flat[start + k] = real(value) * norm * scale + low

        @numba_njit(fastmath=False)
        def mrg_uniform(state: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            if size.shape[0] != ndim:
                raise ValueError("the size of a sample must have a number for each axis")
            for axis in range(ndim):
                if size[axis] < 0:
                    raise ValueError("the size of a sample must not be negative")
            new_state = state if inplace else state.copy()
            sample = np.empty(to_fixed_tuple(size, ndim), real)
            fill(new_state, sample.reshape(sample.size))
            return new_state, sample

        return mrg_uniform, 1


@registry.registers_for("jax")
def _register_jax() -> None:
    import jax
    import jax.numpy as jnp
    from pytensor.link.jax.dispatch.basic import jax_funcify

    from adversarial.engine.jax import devices

    def reduce(value: jax.Array, modulus: int) -> jax.Array:
        return jnp.where(value >= np.uint32(modulus), value - np.uint32(modulus), value)

    def step(state: tuple) -> tuple[tuple, jax.Array]:
        """Move streams one step, in uint32, which JAX has with or without its 64-bit mode."""
        x11, x12, x13, x21, x22, x23 = state
        y1 = reduce(((x12 & 511) << 22) + (x12 >> 9) + ((x13 & 16777215) << 7) + (x13 >> 24), M1)
        y1 = reduce(y1 + x13, M1)
        y2 = reduce(((x21 & 65535) << 15) + np.uint32(21069) * (x21 >> 16), M2)
        y3 = reduce(((x23 & 65535) << 15) + np.uint32(21069) * (x23 >> 16), M2)
        y3 = reduce(reduce(y3 + x23, M2) + y2, M2)
        return (y1, x11, x12, y3, x21, x22), jnp.where(y1 <= y3, y1 - y3 + np.uint32(M1), y1 - y3)

    def scaled(values: jax.Array, op: MRGUniform) -> jax.Array:
        scale, low = op.scale_and_low()
        product = values.astype(op.dtype) * np.asarray(NORM, dtype=op.dtype) * scale
        if low == 0:
            return product
        # XLA would fuse product and sum and so round once. An exclusive or with the top bit of values below 2^31,
        # which is 0 but not known to be, keeps them apart.
        bits = jax.lax.bitcast_convert_type(product, f"uint{np.dtype(op.dtype).itemsize * 8}")
        return jax.lax.bitcast_convert_type(bits ^ (values >> 31).astype(bits.dtype), op.dtype) + low

    @jax_funcify.register(MRGUniform)
    def jax_funcify_mrg_uniform(op: MRGUniform, node: Apply, **kwargs: Any) -> Any:
        def mrg_uniform(state: jax.Array, size: Any) -> tuple[jax.Array, jax.Array]:
            if op.dtype == "float64" and not jax.config.jax_enable_x64:  # type: ignore[attr-defined]
                raise ConfigurationError("a float64 random variate on JAX needs floatX float64")
            shape = shape_on_jax(size, node, op.ndim)
            whole, rest = divmod(math.prod(shape), state.shape[0])
            columns = tuple(state.T.astype(np.uint32))
            unroll = max(min(whole, 8), 1)
            columns, values = jax.lax.scan(lambda carry, _: step(carry), columns, length=whole, unroll=unroll)
            values = values.reshape(-1)
            if rest:
                moved, last = step(tuple(column[:rest] for column in columns))
                columns = tuple(jnp.concatenate([new, old[rest:]]) for new, old in zip(moved, columns, strict=True))
                values = jnp.concatenate([values, last])
            sample = scaled(values, op).reshape(shape)
            # Every device moves all streams, and continues with its own examples.
            return jnp.stack(columns, axis=1).astype(np.int32), devices.split(sample) if op.ndim > 1 else sample

        return mrg_uniform

    pass_size_as_tuple_on_jax(MRGUniform)
