"""A limit on the size of the parameters that are made: an untrusted file can describe layers of any size."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from adversarial.errors import ConfigurationError

_left: ContextVar[int | None] = ContextVar("left", default=None)


@contextmanager
def parameter_budget(values: int) -> Iterator[None]:
    """Let the parameters that are made within have at most `values` values in all."""
    before = _left.set(values)
    try:
        yield
    finally:
        _left.reset(before)


def spend(shape: Sequence[int], owner: str) -> None:
    """Spend the budget on a parameter; called before the parameter is allocated.

    Parameters
    ----------
    shape : sequence of int
        The parameter's shape.
    owner : str
        The parameter's name, for the error.

    Raises
    ------
    ConfigurationError
        If there is a budget and `shape` exceeds the rest of it.
    """
    left = _left.get()
    if left is None:
        return
    left -= math.prod(shape)
    if left < 0:
        raise ConfigurationError(f"{owner} has shape {tuple(shape)}, which is more values than the file holds")
    _left.set(left)
