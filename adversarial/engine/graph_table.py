"""A function graph as a flat table, which can be hashed, written to a file, and made a graph again.

Nodes of PyTensor's graphs refer to one another; pickling one recurses as deep as the graph is.
"""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import BuiltinFunctionType, FunctionType
from typing import Any, TypeAlias

import numpy as np
from pytensor.graph.basic import Apply, Constant, Variable
from pytensor.graph.fg import FunctionGraph

from adversarial.engine import compat

#: Whose classes and functions a table may name; their versions, and for two of them their text, are part of the
#: cache's key.
KNOWN_PACKAGES = frozenset({"adversarial", "numpy", "pytensor", *sys.stdlib_module_names})

_Tags: TypeAlias = tuple[tuple[str, Any], ...]
#: Number of the type, name, tags.
_Described: TypeAlias = tuple[int, str | None, _Tags]


class NotPlainError(Exception):
    """A graph holds something that a table cannot."""


@dataclass
class GraphTable:
    """A graph: variables are numbered, its inputs first, then constants and outputs of nodes in the nodes' order.

    Attributes
    ----------
    types, ops : list
        Each type and Op once; the rest of the table refers to them by index.
    inputs : list of tuple
        (type, name, tags) of each.
    steps : list of tuple
        In order, either a constant, (class, data, type, name, tags), or a node, (op, tags, numbers of its inputs,
        (type, name, tags) of each output).
    outputs : list of int
        The outputs' numbers.
    """

    types: list[Any] = field(default_factory=list)
    ops: list[Any] = field(default_factory=list)
    inputs: list[_Described] = field(default_factory=list)
    steps: list[tuple] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)

    def build(self, inputs: Sequence[Variable]) -> list[Variable]:
        """Make the graph anew, beginning at `inputs`; return its outputs."""
        variables = list(inputs)
        for step in self.steps:
            if len(step) == 5:
                kind, data, number, name, tags = step
                made = [kind(self.types[number], data, name=name)]
                compat.set_tags(made[0], tags)
            else:
                op, noted, sources, targets = step
                made = []
                for number, name, tags in targets:
                    made.append(self.types[number].make_variable(name))
                    compat.set_tags(made[-1], tags)
                node = Apply(self.ops[op], [variables[source] for source in sources], made)
                compat.set_tags(node, noted)
            variables.extend(made)
        return [variables[number] for number in self.outputs]

    def pieces(self) -> Iterator[bytes]:
        """Yield bytes that differ for tables that differ."""
        for kind in (self.types, self.ops, self.inputs, self.steps, self.outputs):
            yield to_bytes(len(kind))
            yield from map(to_bytes, kind)

    def same_as(self, other: GraphTable) -> bool:
        """Return whether the other describes the same graph, to the bytes of its constants."""
        if (self.types, self.ops) != (other.types, other.ops):
            return False
        rest, others = (list(map(to_bytes, [*it.inputs, *it.steps, it.outputs])) for it in (self, other))
        return rest == others


def table_of(fgraph: FunctionGraph) -> GraphTable:
    """Return the table of a graph.

    Raises
    ------
    NotPlainError
        If it has what the table has no column for, or a class or function of a package that is not known here.
    """
    table = GraphTable()
    types, ops = _Numbered(table.types), _Numbered(table.ops)
    numbers: dict[Variable, int] = {}

    def describe(variable: Variable) -> _Described:
        numbers[variable] = len(numbers)
        return types.of(variable.type), variable.name, compat.stable_tags(variable)

    def note(constants: Iterable[Constant]) -> None:
        for constant in constants:
            table.steps.append((type(constant), constant.data, *describe(constant)))

    table.inputs += [describe(variable) for variable in fgraph.inputs]
    for node in fgraph.toposort():
        note(_new_constants(node.inputs, numbers))
        sources = tuple(numbers[source] for source in node.inputs)
        targets = tuple(describe(output) for output in node.outputs)
        table.steps.append((ops.of(node.op), compat.stable_tags(node), sources, targets))
    note(_new_constants(fgraph.outputs, numbers))
    table.outputs += [numbers[output] for output in fgraph.outputs]
    return table


class _KnownPickler(pickle.Pickler):
    """Pickles what is made of known packages' classes and functions alone."""

    def reducer_override(self, thing: Any) -> Any:
        named = thing if isinstance(thing, type | FunctionType | BuiltinFunctionType) else type(thing)
        if (named.__module__ or "builtins").partition(".")[0] not in KNOWN_PACKAGES:
            raise NotPlainError(f"{named} is of no known package")
        return compat.reduced(thing)


def to_bytes(thing: Any) -> bytes:
    """Pickle `thing`.

    Raises
    ------
    NotPlainError
        If it cannot be pickled, or holds a class or function of a package that is not known here.
    """
    found = io.BytesIO()
    try:
        _KnownPickler(found, protocol=5).dump(thing)
    except NotPlainError:
        raise
    except Exception as error:  # whatever an Op's own way to be pickled may raise
        raise NotPlainError(f"{type(thing).__name__} cannot be pickled: {error}") from error
    return found.getvalue()


class _Numbered:
    """Numbers things by their content, so that a table does not depend on which of them are one object."""

    def __init__(self, things: list[Any]):
        self._things = things
        self._by_identity: dict[int, int] = {}
        self._by_content: dict[bytes, int] = {}

    def of(self, thing: Any) -> int:
        number = self._by_identity.get(id(thing))
        if number is None:
            number = self._by_content.setdefault(to_bytes(thing), len(self._things))
            if number == len(self._things):
                self._things.append(thing)
            self._by_identity[id(thing)] = number
        return number


def _new_constants(variables: Sequence[Variable], known: dict[Variable, int]) -> Iterator[Constant]:
    for variable in variables:
        if variable in known:
            continue
        if not isinstance(variable, Constant):
            raise NotPlainError(f"{variable} comes from outside of the graph")
        data = variable.data
        if isinstance(data, np.ndarray) and not (data.flags.c_contiguous or data.flags.f_contiguous):
            # It would be unpickled contiguous, and compiled loops would add in another order.
            raise NotPlainError(f"{variable} is not contiguous")
        yield variable
