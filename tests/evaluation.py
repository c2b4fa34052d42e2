"""Values of graphs without compiling them, for tests that state what a graph means."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor
from pytensor.compile.mode import Mode

INTERPRETED = Mode(linker="py", optimizer="fast_compile")


def evaluate(graph: Any, givens: dict | None = None) -> Any:
    """The value of a graph (or of each of a list), inputs given by variable; random streams move on."""
    givens = givens or {}
    function = pytensor.function(list(givens), graph, mode=INTERPRETED, on_unused_input="ignore")
    values = function(*givens.values())
    return [np.asarray(value) for value in values] if isinstance(graph, (list, tuple)) else np.asarray(values)
