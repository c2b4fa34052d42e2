"""A function compiled for JAX, once for each shape of its inputs.

PyTensor's graph is specialised to the shapes of its inputs and passed to JAX: sizes and slices that follow from a shape
are constants then, as XLA needs them. Shared variables stay on the devices between calls, and those that a call
changes are donated to it, so that it can reuse their memory.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.compile.mode import Mode, optdb
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.replace import clone_replace
from pytensor.graph.rewriting.basic import node_rewriter
from pytensor.link.jax.dispatch import jax_funcify
from pytensor.tensor.shape import Shape_i

from adversarial.engine import compat, registry
from adversarial.engine.jax import devices


@node_rewriter([Shape_i])
def shape_of_shared_variable(fgraph: Any, node: Apply) -> list | None:
    """Replace the shape of a shared variable, unknown to its type, by what it is now."""
    (variable,) = node.inputs
    if not isinstance(variable, SharedVariable):
        return None
    return [pt.constant(variable.get_value(borrow=True).shape[node.op.i], dtype="int64")]


optdb["canonicalize"].register("shape_of_shared_variable", shape_of_shared_variable, registry.JAX_ONLY)


@dataclass(frozen=True)
class Traced:
    """A graph specialised to the shapes of its inputs.

    Attributes
    ----------
    run : callable
        From (inputs, changed, read) to (outputs, new values of changed), all of them sequences of JAX's arrays.
    changed, read : list of SharedVariable
        The shared variables that the function changes, and those that it only reads.
    """

    run: Callable[[Sequence[Any], Sequence[Any], Sequence[Any]], tuple[tuple[Any, ...], tuple[Any, ...]]]
    changed: list[SharedVariable]
    read: list[SharedVariable]


class JaxFunction:
    """A compiled function, as of `pytensor.function`, run by JAX.

    Parameters
    ----------
    inputs : sequence of Variable
        As of `pytensor.function`, as are `outputs` and `updates`.
    outputs : Variable or sequence of Variable or None
        What it returns.
    updates : mapping or pairs or None
        New values of shared variables.
    mode : Mode
        PyTensor's mode for JAX.
    **options : dict
        Further options of `pytensor.function`.
    """

    def __init__(
        self,
        inputs: Sequence[Variable],
        outputs: Any,
        updates: Mapping[Any, Any] | Iterable[tuple[Any, Any]] | None,
        mode: Mode,
        **options: Any,
    ):
        self._inputs = list(inputs)
        self._outputs = outputs
        self._updates = list(updates.items() if isinstance(updates, Mapping) else updates or [])
        self._mode = mode
        self._downcast = options.pop("allow_input_downcast", None)
        self._givens = dict(options.pop("givens", None) or {})
        self._options = options
        # Never called: it raises errors of the graph at once, and finds the shared variables in PyTensor's order.
        graph = Mode(linker="py", optimizer=None)  # type: ignore[arg-type]
        self._shared = pytensor.function(
            self._inputs, outputs, updates=self._updates, givens=self._givens, mode=graph, **options
        ).get_shared()
        self._traced: dict[tuple, Traced] = {}
        self._compiled: dict[tuple, Callable[..., Any]] = {}

    def get_shared(self) -> list[SharedVariable]:
        """Return the shared variables that the function reads or changes."""
        return list(self._shared)

    def filtered(self, values: Sequence[Any]) -> list[np.ndarray]:
        """Return arrays of the inputs' dtypes.

        Raises
        ------
        TypeError
            If a value cannot be one, or their number is not that of the inputs.
        """
        if len(values) != len(self._inputs):
            raise TypeError(f"{len(self._inputs)} inputs are needed, but {len(values)} are given")
        pairs = zip(self._inputs, values, strict=True)
        return [np.asarray(each.type.filter(value, allow_downcast=self._downcast)) for each, value in pairs]

    def batch_axes(self) -> list[int | None]:
        """Return along which axis of each input the examples of a minibatch run; None if that is not known."""
        return [getattr(each.tag, "batch_axis", None) for each in self._inputs]

    def traced(self, arrays: Sequence[np.ndarray | jax.ShapeDtypeStruct]) -> Traced:
        """Return the graph specialised to the shapes of these inputs; whole numbers are constants of it."""
        key = self._key(arrays)
        if key not in self._traced:
            self._traced[key] = self._trace(arrays)
        return self._traced[key]

    def _key(self, arrays: Sequence[Any]) -> tuple:
        """Return what the graph is specialised to."""
        shapes = tuple(tuple(variable.get_value(borrow=True).shape) for variable in self._shared)
        return shapes, tuple(int(array) if _is_whole_number(array) else tuple(array.shape) for array in arrays)

    def _trace(self, arrays: Sequence[np.ndarray | jax.ShapeDtypeStruct]) -> Traced:
        shaped: dict[Variable, Variable] = {}
        for each, array in zip(self._inputs, arrays, strict=True):
            constant = _is_whole_number(array)
            new = pt.constant(array) if constant else each.type.clone(shape=array.shape)(name=each.name)
            shaped[each] = new
        # Givens that contain inputs must contain the new ones: PyTensor replaces only once.
        givens: dict[Variable, Any] = {of: clone_replace(value, shaped) for of, value in self._givens.items()} | shaped
        free = [new for new, array in zip(shaped.values(), arrays, strict=True) if not _is_whole_number(array)]
        function = pytensor.function(
            free, self._outputs, updates=self._updates, givens=givens, mode=self._mode, **self._options
        )
        return _traced(function, [i for i, array in enumerate(arrays) if not _is_whole_number(array)])

    def __call__(self, *values: Any) -> Any:
        """Compute the outputs, as NumPy arrays, and change the shared variables."""
        arrays = self.filtered(values)
        traced, key = self.traced(arrays), self._key(arrays)
        if key not in self._compiled:
            self._compiled[key] = jax.jit(traced.run, donate_argnums=1, out_shardings=devices.everywhere())
        placed = [devices.put(array, axis) for array, axis in zip(arrays, self.batch_axes(), strict=True)]
        outputs, new = self._compiled[key](placed, on_devices(traced.changed), on_devices(traced.read))
        store(traced.changed, new)
        if self._outputs is None:
            return None
        found = [np.asarray(output) for output in outputs]
        return found if isinstance(self._outputs, (list, tuple)) else found[0]


def _is_whole_number(array: Any) -> bool:
    return len(array.shape) == 0 and np.issubdtype(array.dtype, np.integer)


def _traced(function: Any, positions: list[int]) -> Traced:
    """Return PyTensor's `function` as a function on JAX's arrays; its inputs are those at `positions`."""
    graph, given = function.maker.fgraph, function.maker.inputs
    with without_warnings():
        call = jax_funcify(graph)
    output_of = {place: output for output, place in graph.update_mapping.items()}
    changed = [place for place in range(len(given)) if place in output_of]
    read = [place for place, each in enumerate(given) if each.implicit and place not in output_of]
    free = [place for place, each in enumerate(given) if not each.implicit]
    outputs = [output for output in range(len(graph.outputs)) if output not in graph.update_mapping]

    def run(inputs: Sequence, old: Sequence, constant: Sequence) -> tuple[tuple, tuple]:
        arguments: list[Any] = [None] * len(given)
        parts = ((free, [inputs[position] for position in positions]), (changed, old), (read, constant))
        for places, values in parts:
            for place, value in zip(places, values, strict=True):
                arguments[place] = value
        with without_warnings():
            found = call(*arguments)
        new = tuple(found[output_of[place]].astype(value.dtype) for place, value in zip(changed, old, strict=True))
        return tuple(found[output] for output in outputs), new

    return Traced(run, [given[place].variable for place in changed], [given[place].variable for place in read])


@contextmanager
def without_warnings() -> Iterator[None]:
    """Silence warnings while JAX traces a graph, of what PyTensor does there by design."""
    with warnings.catch_warnings():
        # Sums that PyTensor would accumulate in float64, and checks of shapes, which are known here.
        warnings.filterwarnings("ignore", "Explicitly requested dtype float64")
        warnings.filterwarnings("ignore", "Skipping Assert")
        yield


def on_devices(variables: Sequence[SharedVariable]) -> list[jax.Array]:
    """Return the values of shared variables, moved to the devices if they are not yet."""
    sharding, found = devices.everywhere(), []
    for variable in variables:
        storage = compat.storage_of(variable)
        if not isinstance(storage[0], jax.Array) or storage[0].sharding != sharding:
            # A copy: the memory of an array that a user set must not be donated to a computation.
            storage[0] = devices.put(np.array(storage[0]))
        found.append(storage[0])
    return found


def store(variables: Sequence[SharedVariable], values: Sequence[jax.Array]) -> None:
    """Set shared variables to arrays on the devices, without a copy."""
    for variable, value in zip(variables, values, strict=True):
        compat.storage_of(variable)[0] = value
