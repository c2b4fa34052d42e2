"""Search for the first update, and in it the first node of the graph, that computes NaN or infinity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from pytensor.compile.mode import Mode
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Apply, Variable
from pytensor.link.basic import PerformLinker, WrapLinkerMany

from adversarial.backend import function
from adversarial.errors import NumericalError
from adversarial.monitor import Monitor


class Compiled(Protocol):
    """A function of `backend.function`."""

    def __call__(self, *inputs: Any) -> Any: ...

    def get_shared(self) -> list[SharedVariable]: ...


class NanSearch:
    """Wraps a compiled update; if it makes a shared variable NaN or infinite, raises an error that names the node.

    It copies every shared variable before the update, to run a failed one again node by node. This costs time and
    memory, so it is for debugging only.

    Parameters
    ----------
    compiled : callable
        The compiled update.
    inputs : tuple of Variable
        Its inputs.
    updates : dict
        New values by shared variable.
    monitor : Monitor
        Counts the updates and epochs that an error names.
    """

    def __init__(
        self,
        compiled: Compiled,
        inputs: tuple[Variable, ...],
        updates: dict[SharedVariable, Variable],
        monitor: Monitor,
    ):
        self._compiled = compiled
        self._inputs = list(inputs)
        self._updates = updates
        self._monitor = monitor

    def get_shared(self) -> list[SharedVariable]:
        """Return the shared variables of the compiled update."""
        return self._compiled.get_shared()

    def __call__(self, *batch: np.ndarray) -> None:
        """Run the update.

        Raises
        ------
        NumericalError
            Naming the variable, the update, the epoch and the node; the variables are then as before the update.
        """
        shared = self.get_shared()
        before = [variable.get_value() for variable in shared]
        self._compiled(*batch)
        bad = [variable.name for variable in shared if not _is_finite(variable.get_value(borrow=True))]
        if not bad:
            return
        _set_all(shared, before)
        node = self._first_bad_node(batch)
        _set_all(shared, before)
        update, epoch = self._monitor.get_batches_seen() + 1, self._monitor.get_epochs_seen() + 1
        raise NumericalError(f"update {update}, in epoch {epoch}, is the first to make {bad[0]} NaN or infinite{node}")

    def _first_bad_node(self, batch: tuple[np.ndarray, ...]) -> str:
        found: dict[str, str] = {}

        def look(fgraph: Any, index: int, node: Apply, thunk: Any) -> None:
            thunk()
            # Infinity may be intended, as -log 0 in a sigmoid's tail that is masked later; NaN never is.
            for kind, is_bad in (("NaN", np.isnan), ("infinity", np.isinf)):
                if kind not in found and any(_has(is_bad, output[0]) for output in thunk.outputs):
                    inputs = ", ".join(_summary(value[0]) for value in thunk.inputs)
                    found[kind] = f"; {kind} comes first from {node.op}, in {node}, whose inputs are: {inputs}"

        # The graph as it runs, but for nodes that are fused or that overwrite the inputs that are to be shown.
        mode = Mode(WrapLinkerMany([PerformLinker()], [look]), "fast_run").excluding("fusion", "inplace")
        slow = function(self._inputs, updates=self._updates, on_unused_input="ignore", mode=mode)
        slow(*batch)
        return found.get("NaN") or found.get("infinity") or "; run node by node it stays finite"


def _set_all(shared: list[SharedVariable], values: list[np.ndarray]) -> None:
    for variable, value in zip(shared, values, strict=True):
        variable.set_value(value)


def _has(is_bad: Callable[[np.ndarray], Any], value: Any) -> bool:
    value = np.asarray(value)
    return value.dtype.kind == "f" and bool(is_bad(value).any())


def _is_finite(value: Any) -> bool:
    return not _has(np.isnan, value) and not _has(np.isinf, value)


def _summary(value: Any) -> str:
    value = np.asarray(value)
    if value.dtype.kind not in "fiub" or value.size == 0:
        return f"{value.dtype} of shape {value.shape}"
    return f"{value.dtype} of shape {value.shape} from {value.min():g} to {value.max():g}"
