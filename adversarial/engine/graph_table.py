"""A function graph as a plain table, which can be digested, written to a file, and made a graph again.

PyTensor's own graphs are webs of nodes that point at one another; pickling one recurses as deep as the graph is.
"""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np
from pytensor.graph.basic import Apply, Constant, Variable
from pytensor.graph.fg import FunctionGraph
from pytensor.misc.frozendict import frozendict

#: Whose classes and functions a table may name; their versions, and for two of them their text, are known to all who
#: keep tables.
KNOWN_PACKAGES = frozenset({"adversarial", "numpy", "pytensor", *sys.stdlib_module_names})
#: What PyTensor notes at variables and nodes for those who look for mistakes, or to know again what it found out of
#: the rest.
_NOTES = frozenset(
    {
        "imported_by",
        "removed_by",
        "fake_node",
        "trace",
        "is_diagonal",
        "is_non_negative",
        "is_permutation",
        "is_positive",
        "is_selection",
        "values_eq_approx",
    }
)


_Tags = tuple[tuple[str, Any], ...]
#: Number of the type, name, tags.
_Described = tuple[int, str | None, _Tags]


class NotPlainError(Exception):
    """A graph holds something that a table cannot."""


@dataclass
class GraphTable:
    """A graph: variables are numbered, its inputs first, then constants and outputs of nodes in the nodes' order.

    Attributes
    ----------
    types, ops : each once; the rest of the table names them by their place here
    inputs : (type, name, tags) of each
    steps : in order, either a constant, (class, data, type, name, tags), or a node, (op, tags, numbers of its inputs,
        (type, name, tags) of each output)
    outputs : their numbers
    """

    types: list[Any] = field(default_factory=list)
    ops: list[Any] = field(default_factory=list)
    inputs: list[_Described] = field(default_factory=list)
    steps: list[tuple] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)

    def build(self, inputs: Sequence[Variable]) -> list[Variable]:
        """New nodes from `inputs` on; gives the outputs."""
        variables = list(inputs)
        for step in self.steps:
            if len(step) == 5:
                kind, data, number, name, tags = step
                made = [kind(self.types[number], data, name=name)]
                made[0].tag.__dict__.update(tags)
            else:
                op, noted, sources, targets = step
                made = []
                for number, name, tags in targets:
                    made.append(self.types[number].make_variable(name))
                    made[-1].tag.__dict__.update(tags)
                node = Apply(self.ops[op], [variables[source] for source in sources], made)
                node.tag.__dict__.update(noted)
            variables.extend(made)
        return [variables[number] for number in self.outputs]

    def pieces(self) -> Iterator[bytes]:
        """Bytes that differ for tables that differ."""
        for kind in (self.types, self.ops, self.inputs, self.steps, self.outputs):
            yield to_bytes(len(kind))
            yield from map(to_bytes, kind)

    def same_as(self, other: GraphTable) -> bool:
        """Whether the other describes the same graph, to the bytes of its constants."""
        if (self.types, self.ops) != (other.types, other.ops):
            return False
        rest, others = (list(map(to_bytes, [*it.inputs, *it.steps, it.outputs])) for it in (self, other))
        return rest == others


def table_of(fgraph: FunctionGraph) -> GraphTable:
    """The table of a graph.

    Raises
    ------
    NotPlainError
        If it holds what the table has no column for, or a class or function of a package that is not known here.
    """
    table = GraphTable()
    types, ops = _Numbered(table.types), _Numbered(table.ops)
    numbers: dict[Variable, int] = {}

    def describe(variable: Variable) -> _Described:
        numbers[variable] = len(numbers)
        return types.of(variable.type), variable.name, _tags(variable)

    def note(constants: Iterable[Constant]) -> None:
        for constant in constants:
            table.steps.append((type(constant), constant.data, *describe(constant)))

    table.inputs += [describe(variable) for variable in fgraph.inputs]
    for node in fgraph.toposort():
        note(_new_constants(node.inputs, numbers))
        sources = tuple(numbers[source] for source in node.inputs)
        targets = tuple(describe(output) for output in node.outputs)
        table.steps.append((ops.of(node.op), _tags(node), sources, targets))
    note(_new_constants(fgraph.outputs, numbers))
    table.outputs += [numbers[output] for output in fgraph.outputs]
    return table


def _tags(thing: Variable | Apply) -> _Tags:
    return tuple(sorted((name, value) for name, value in vars(thing.tag).items() if name not in _NOTES))


class _KnownPickler(pickle.Pickler):
    """Pickles what is made of known packages' classes and functions alone."""

    def reducer_override(self, thing: Any) -> Any:
        named = thing if isinstance(thing, type | FunctionType | BuiltinFunctionType) else type(thing)
        if (named.__module__ or "builtins").partition(".")[0] not in KNOWN_PACKAGES:
            raise NotPlainError(f"{named} is of no known package")
        # It remembers its hash once it is asked for it, which tells it from one that was not.
        return (frozendict, (dict(thing),)) if type(thing) is frozendict else NotImplemented


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
    """Numbers things by what they hold, so that a table does not depend on which of them are one object."""

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
            # It would come back contiguous, and compiled loops add up in another order then.
            raise NotPlainError(f"{variable} is not contiguous")
        yield variable
