"""How many values the parameters made from now on may have: a stranger's file can describe layers of any size."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from adversarial.errors import ConfigurationError

_left: ContextVar[int | None] = ContextVar("left", default=None)


@contextmanager
def parameter_budget(values: int) -> Iterator[None]:
    """Let the parameters that are made within have `values` values in all."""
    before = _left.set(values)
    try:
        yield
    finally:
        _left.reset(before)


def spend(shape: Sequence[int], owner: str) -> None:
    """Asked before a parameter is made.

    Raises
    ------
    ConfigurationError
        Where there is a budget and `shape` is more than what is left of it.
    """
    left = _left.get()
    if left is None:
        return
    left -= math.prod(shape)
    if left < 0:
        raise ConfigurationError(f"{owner} has shape {tuple(shape)}, which is more than the numbers that are there")
    _left.set(left)
