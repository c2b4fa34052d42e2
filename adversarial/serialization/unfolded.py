"""How much there is in a value when what it shares counts as often as it is used.

A list that holds the one before it twice, thirty times over, takes a hundred bytes of a pickle, and a thousand
million steps of whoever prints, compares, hashes or copies it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from adversarial.errors import CheckpointError

#: How deep lists, tuples, dicts and sets may be nested in each other. Objects between them count anew.
MAX_DEPTH = 100


class _Open:
    """A container that is being measured."""

    __slots__ = ("value", "parts", "size", "depth")

    def __init__(self, value: Any):
        self.value = value
        self.parts: Iterator[Any] = iter(value)
        if isinstance(value, dict):
            self.parts = chain.from_iterable(value.items())
        self.size = self.depth = 1


def check_unfolded(root: Any, most: int, record: type[Any]) -> None:
    """Raise CheckpointError if a container, with all that it holds, is of more than `most` values or holds itself.

    Parameters
    ----------
    root : object
        What `pickle_machine.run` made.
    most : int
        Values that a container may have, those within it counted as often as they are there.
    record : type
        The class of the objects in it: each counts as one value, and what it holds is checked by itself.

    Examples
    --------
    >>> pair = [1, 2]
    >>> for _ in range(30):
    ...     pair = [pair, pair]
    >>> check_unfolded(pair, 10**6, Exception)
    Traceback (most recent call last):
    adversarial.errors.CheckpointError: it is made to waste time: it holds the same values again and again
    """
    measured: dict[int, tuple[int, int]] = {}
    seen: set[int] = set()
    pending = [root]
    while pending:
        value = pending.pop()
        if _is_container(value):
            pending += _measure(value, most, measured, record)
        elif isinstance(value, record) and id(value) not in seen:
            seen.add(id(value))
            pending += (value.arguments, value.state, value.items, value.pairs)


def _is_container(value: Any) -> bool:
    return isinstance(value, (list, tuple, dict, set, frozenset))


def _measure(root: Any, most: int, measured: dict[int, tuple[int, int]], record: type[Any]) -> list[Any]:
    """Take the size and depth of a container and of those in it; return the records that are in it."""
    records: list[Any] = []
    if id(root) in measured:
        return records
    stack, entered = [_Open(root)], {id(root)}
    while stack:
        top = stack[-1]
        for part in top.parts:
            size = depth = 0
            if not _is_container(part):
                size = 1
                if isinstance(part, record):
                    records.append(part)
            elif id(part) in measured:
                size, depth = measured[id(part)]
            elif id(part) in entered:
                raise CheckpointError("it is made to waste time: a list in it holds itself")
            else:
                entered.add(id(part))
                stack.append(_Open(part))
                break
            _add(top, size, depth, most)
        else:
            stack.pop()
            measured[id(top.value)] = top.size, top.depth
            if stack:
                _add(stack[-1], top.size, top.depth, most)
    return records


def _add(container: _Open, size: int, depth: int, most: int) -> None:
    container.size += size
    container.depth = max(container.depth, depth + 1)
    if container.size > most or container.depth > MAX_DEPTH:
        raise CheckpointError("it is made to waste time: it holds the same values again and again")
