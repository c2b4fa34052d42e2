"""What the attributes of an object lead to: its parts, and their parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from adversarial.options import Configurable


def reachable(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield what the attributes of an object that YAML can build lead to, each with its path, the object first.

    What comes again is left out, and so are a layer's `parent`, which comes before it, and `options`, of which the
    attributes were made.

    Parameters
    ----------
    value : object
        Where to begin.
    path : str, optional
        What the paths begin with.

    Yields
    ------
    tuple of str and object
        A path such as "generator.mlp.layers.0.dim", and what is there.

    Examples
    --------
    >>> from adversarial.space import VectorSpace
    >>> [path for path, value in reachable(VectorSpace(dim=3), "space") if value == 3]
    ['space.dim']
    """
    yield from _reachable(value, path, set())


def _reachable(value: Any, path: str, entered: set[int]) -> Iterator[tuple[str, Any]]:
    parts: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, (Configurable, list, tuple, dict)):
        if id(value) in entered:
            return
        entered.add(id(value))
    if isinstance(value, Configurable):
        parts = [(name, part) for name, part in vars(value).items() if name not in ("parent", "options")]
    elif isinstance(value, (list, tuple)):
        parts = enumerate(value)
    elif isinstance(value, dict):
        parts = value.items()
    yield path, value
    for name, part in parts:
        yield from _reachable(part, f"{path}.{name}".lstrip("."), entered)
