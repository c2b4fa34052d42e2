"""Many updates in one dispatch: a loop over minibatches that runs on the devices.

The loop is one program for any number of updates, which is an argument: so a run that was stopped and resumed, and
whose updates were dispatched in other groups, has the same bits.

The dataset stays on the devices if it fits, and each update gathers its minibatch there. Scalars that an update reads
(learning rate, momentum, switches) are passed as arrays, a value for each update: what callbacks set between updates
is set ahead, if they allow it (see `TrainingAlgorithm.update_callbacks`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from pytensor.compile.sharedvalue import SharedVariable

from adversarial.engine.jax import devices
from adversarial.engine.jax.function import JaxFunction, Traced, on_devices, store

#: The most updates of one dispatch.
LIMIT = 256
#: Seconds that a dispatch is to take: signals, saves and the progress bar wait for it.
TARGET = 0.1


class Minibatches(Protocol):
    """What an iterator of a dataset offers, so that minibatches can be gathered on the devices."""

    subsets: Iterator[Any]
    num_examples: int

    def nbytes(self) -> int:
        """Return the size of `everything`."""

    def source(self) -> object:
        """Return the dataset, which identifies what `everything` returns."""

    def everything(self) -> Sequence[np.ndarray]:
        """Return the arrays from which minibatches are taken, one for each input."""


class UpdateLoop:
    """Runs an update on minibatch after minibatch.

    Parameters
    ----------
    update : JaxFunction
        Its inputs are minibatches, and it has no outputs.
    """

    def __init__(self, update: JaxFunction):
        self._update = update
        self._programs: dict[tuple, tuple[Traced, Callable]] = {}
        self._resident: tuple[Any, list[jax.Array]] | None = None
        self._group = 1

    def can_run(self, minibatches: Minibatches) -> bool:
        """Return whether the dataset of these minibatches fits on the devices, and yields subsets of examples."""
        if not hasattr(minibatches, "subsets") or any(axis is None for axis in self._update.batch_axes()):
            return False
        if self._holds(minibatches):
            return True
        return devices.fits(minibatches.nbytes())

    def run(self, minibatches: Minibatches, after_update: Callable[[int], None], ahead: bool) -> Iterator[None]:
        """Update on every minibatch; yield after each dispatch.

        Parameters
        ----------
        minibatches : Minibatches
            An iterator of a dataset, for which `can_run` is true.
        after_update : callable
            Called with the number of examples, once for each update: before its dispatch if `ahead`.
        ahead : bool
            Whether `after_update` may be called before the dispatch; else each dispatch is one update.

        Yields
        ------
        None
            The parameters are those after the dispatch.
        """
        data = self._data(minibatches)
        subsets = _Groups(minibatches.subsets, minibatches.num_examples)
        measured = False
        while group := subsets.take(devices.agreed(self._group) if ahead else 1):
            started = time.perf_counter()
            traced, program, new = self._program(data, len(group[0]))
            scalars = _Sequences(traced.read)
            for subset in group:
                scalars.note()
                if ahead:
                    after_update(len(subset))
            order = np.zeros((LIMIT, len(group[0])), np.int32)
            order[: len(group)] = group
            steady = [variable for variable in traced.read if _ndim(variable)]
            changed = program(
                np.int32(len(group)),
                devices.put(order, axis=1),
                [devices.put(values) for values in scalars.padded()],
                on_devices(traced.changed),
                on_devices(steady),
                data,
            )
            store(traced.changed, changed)
            if not ahead:
                after_update(len(group[0]))
            yield
            # The first dispatch compiles; from then on the time of each sets the size of the next.
            if measured and not new:
                each = (time.perf_counter() - started) / len(group)
                self._group = min(max(int(TARGET / each), 1), 4 * self._group, LIMIT)
            measured = True

    def _holds(self, minibatches: Minibatches) -> bool:
        return self._resident is not None and self._resident[0] is minibatches.source()

    def _data(self, minibatches: Minibatches) -> list[jax.Array]:
        if not self._holds(minibatches):
            self._resident = None
            arrays = self._update.filtered(minibatches.everything())
            self._resident = minibatches.source(), [devices.put(array) for array in arrays]
        assert self._resident is not None
        return self._resident[1]

    def _program(self, data: Sequence[jax.Array], batch_size: int) -> tuple[Traced, Callable, bool]:
        """Return the program for minibatches of a size, and whether it is new."""
        axes = [axis for axis in self._update.batch_axes() if axis is not None]
        shapes = tuple(
            (*array.shape[:axis], batch_size, *array.shape[axis + 1 :]) for array, axis in zip(data, axes, strict=True)
        )
        new = shapes not in self._programs
        if new:
            batch = [jax.ShapeDtypeStruct(shape, array.dtype) for shape, array in zip(shapes, data, strict=True)]
            traced = self._update.traced(batch)
            self._programs[shapes] = traced, _compiled(traced, axes)
        return (*self._programs[shapes], new)


def _compiled(traced: Traced, axes: Sequence[int]) -> Callable:
    """Return a program of `count` updates: changed = program(count, order, scalars, changed, steady, data)."""

    def program(count: Any, order: Any, scalars: Any, changed: Any, steady: Any, data: Any) -> Any:
        def update(i: Any, changed: Any) -> Any:
            batch = [
                devices.split(jnp.take(array, order[i], axis=axis, mode="clip"), axis)
                for array, axis in zip(data, axes, strict=True)
            ]
            values, arrays = iter(scalars), iter(steady)
            read = [next(arrays) if _ndim(variable) else next(values)[i] for variable in traced.read]
            return traced.run(batch, changed, read)[1]

        return jax.lax.fori_loop(0, count, update, tuple(changed))

    return jax.jit(program, donate_argnums=3, out_shardings=devices.everywhere())


def _ndim(variable: SharedVariable) -> int:
    return int(variable.type.ndim)


class _Sequences:
    """The values of the scalars among shared variables, update after update."""

    def __init__(self, variables: Sequence[SharedVariable]):
        self._variables = [variable for variable in variables if not _ndim(variable)]
        self._values: list[list[np.ndarray]] = [[] for _ in self._variables]

    def note(self) -> None:
        """Record the values that the next update is to read."""
        for variable, values in zip(self._variables, self._values, strict=True):
            values.append(np.asarray(variable.get_value(borrow=True)))

    def padded(self) -> list[np.ndarray]:
        """Return arrays of shape (LIMIT,), a value for each update."""
        arrays = [np.zeros(LIMIT, variable.type.dtype) for variable in self._variables]
        for array, values in zip(arrays, self._values, strict=True):
            array[: len(values)] = values
        return arrays


class _Groups:
    """The subsets of minibatches in groups of equal size, as arrays of indices."""

    def __init__(self, subsets: Iterator[Any], num_examples: int):
        self._subsets = (
            np.arange(num_examples)[subset] if isinstance(subset, slice) else np.asarray(subset) for subset in subsets
        )
        self._next: np.ndarray | None = next(self._subsets, None)

    def take(self, most: int) -> list[np.ndarray]:
        """Return the next minibatches, as many as have one size, but at most so many; none at the end."""
        group: list[np.ndarray] = []
        while self._next is not None and len(group) < most and (not group or len(group[0]) == len(self._next)):
            group.append(self._next)
            self._next = next(self._subsets, None)
        return group
