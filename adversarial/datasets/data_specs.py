"""Data specifications: which sources of a dataset a cost or a model reads, and in which spaces.

A specification is a pair (space, source), where a CompositeSpace goes with a tuple of sources, nested alike. Several
parts of an experiment may read the same data; the mapping here requests each (space, source) once. After Pylearn2's
`utils/data_specs.py`.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from adversarial.errors import ConfigurationError
from adversarial.space import CompositeSpace, NullSpace, Space

#: (space, source); sources are nested tuples of names as deep as the spaces.
DataSpecs: TypeAlias = tuple[Space, Any]


class DataSpecsMapping:
    """Maps between the nested form of a specification and a flat form without repeats.

    Parameters
    ----------
    data_specs : (Space, source)
        A CompositeSpace goes with a tuple of sources, a NullSpace with an empty name.

    Examples
    --------
    >>> from adversarial.space import CompositeSpace, VectorSpace
    >>> space = VectorSpace(3)
    >>> mapping = DataSpecsMapping((CompositeSpace([space, space]), ("features", "features")))
    >>> mapping.flatten(("x", "x"), return_tuple=True)
    ('x',)
    >>> mapping.nest(("x",))
    ('x', 'x')
    """

    def __init__(self, data_specs: DataSpecs):
        self._index: dict[tuple[Space, str], int] = {}
        self._tree = self._number(*data_specs)

    @property
    def n_unique_specs(self) -> int:
        """Number of different (space, source) pairs."""
        return len(self._index)

    def _number(self, space: Space, source: Any) -> Any:
        if isinstance(space, NullSpace):
            if source:
                raise ConfigurationError(f"data source '{source}' goes with a NullSpace, which holds no data")
            return None
        if isinstance(space, CompositeSpace):
            if len(space.components) != len(source):
                raise ConfigurationError(f"{len(space.components)} spaces are asked of the sources {source}")
            return tuple(self._number(*pair) for pair in zip(space.components, source, strict=True))
        if isinstance(source, tuple):
            (source,) = source
        return self._index.setdefault((space, source), len(self._index))

    def flatten(self, nested: Any, return_tuple: bool = False) -> Any:
        """Flatten a space, or nested tuples of sources, variables or arrays.

        Parameters
        ----------
        nested : Space or nested tuples
            Nested as the specification is.
        return_tuple : bool
            Whether to return a tuple in any case, default false.

        Returns
        -------
        tuple
            The elements without repeats. Unless `return_tuple`: a single element bare, spaces as a CompositeSpace.

        Raises
        ------
        ValueError
            If different elements stand at places of the same (space, source).
        """
        flat: dict[int, Any] = {}
        _collect(nested, self._tree, flat)
        ordered = tuple(flat[index] for index in range(self.n_unique_specs))
        if return_tuple:
            return ordered
        if len(ordered) == 1:
            return ordered[0]
        return CompositeSpace(ordered) if isinstance(nested, Space) else ordered

    def nest(self, flat: Any) -> Any:
        """Nest `flat`, a tuple (or a single element), as the specification is, with None for a NullSpace."""
        flat = flat if isinstance(flat, tuple) else (flat,)
        if len(flat) != self.n_unique_specs:
            raise ValueError(f"{len(flat)} values were given for {self.n_unique_specs} data sources")
        return _nested(flat, self._tree)


def _collect(nested: Any, tree: Any, flat: dict[int, Any]) -> None:
    if tree is None:
        return
    if isinstance(nested, CompositeSpace):
        nested = tuple(nested.components)
    if isinstance(tree, int):
        if isinstance(nested, tuple):
            (nested,) = nested
        known = flat.setdefault(tree, nested)
        if known is not nested and known != nested:
            raise ValueError(f"{known} and {nested} stand where the same data source is asked for")
        return
    for part, subtree in zip(nested, tree, strict=True):
        _collect(part, subtree, flat)


def _nested(flat: tuple, tree: Any) -> Any:
    if tree is None:
        return None
    if isinstance(tree, int):
        return flat[tree]
    return tuple(_nested(flat, subtree) for subtree in tree)


def flat_specs(data_specs: DataSpecs) -> tuple[CompositeSpace, tuple[str, ...]]:
    """Flatten a specification to what a dataset's iterator takes."""
    mapping = DataSpecsMapping(data_specs)
    space, source = data_specs
    return CompositeSpace(mapping.flatten(space, return_tuple=True)), mapping.flatten(source, return_tuple=True)
