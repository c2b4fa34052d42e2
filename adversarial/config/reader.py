"""YAML text to a tree of nodes that know their lines, within bounds that a stranger's file cannot exceed."""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

from adversarial.errors import ConfigurationError, quoted

#: An experiment of 2014 has some 5,000 characters, 200 nodes and 10 levels.
MAX_BYTES = 1 << 18
MAX_DEPTH = 64
#: Nodes when every alias is written out: far above any experiment, far below a billion laughs.
MAX_NODES = 10_000
#: Longest number: more digits than this are a mistake, and slow to read.
MAX_NUMBER = 100

_YAML = "tag:yaml.org,2002:"
_MERGE = _YAML + "merge"
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_SCALARS = {
    _YAML + "null": _CONSTRUCTOR.construct_yaml_null,
    _YAML + "bool": _CONSTRUCTOR.construct_yaml_bool,
    _YAML + "int": _CONSTRUCTOR.construct_yaml_int,
    _YAML + "float": _CONSTRUCTOR.construct_yaml_float,
    _YAML + "str": _CONSTRUCTOR.construct_yaml_str,
    _MERGE: _CONSTRUCTOR.construct_yaml_str,
}
_COLLECTIONS = {yaml.SequenceNode: _YAML + "seq", yaml.MappingNode: _YAML + "map"}

_INT = re.compile(r"^[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*)$")
_FLOAT = re.compile(
    r"^(?:[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*|[0-9][0-9_]*(?=[eE]))(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
)


class _Loader(yaml.SafeLoader):
    """SafeLoader that counts what it reads and parses numbers as people write them.

    1e-3, -.5 and 1.e-5 are numbers, which YAML 1.1 parses as text; 1:30 and 2014-06-10 are text, which it parses as
    90 and a date.
    """

    def __init__(self, text: str, name: str):
        super().__init__(text)
        self.name = name
        self._depth = 0
        self._count = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self._depth += 1
        self._count += 1
        line = self.peek_event().start_mark.line + 1
        if self._depth > MAX_DEPTH:
            raise ConfigurationError(f"{self.name}, line {line}: nested more than {MAX_DEPTH} levels deep")
        if self._count > MAX_NODES:
            raise ConfigurationError(f"{self.name}, line {line}: holds more than {MAX_NODES} values")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


_OURS = {_YAML + kind for kind in ("int", "float", "timestamp", "value")}
_Loader.yaml_implicit_resolvers = {
    first: others
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    if (others := [(tag, regexp) for tag, regexp in resolvers if tag not in _OURS])
}
_Loader.add_implicit_resolver(_YAML + "int", _INT, list("-+0123456789"))
_Loader.add_implicit_resolver(_YAML + "float", _FLOAT, list("-+.0123456789"))


def line_of(node: yaml.Node) -> int:
    """Return the line on which a node starts, counted from 1."""
    return node.start_mark.line + 1


def place_of(node: yaml.Node) -> str:
    """Return where a node is: `mnist.yaml, line 24`, or the name alone of what is not a file."""
    name = node.start_mark.name
    return name if name.startswith("--set ") else f"{name}, line {line_of(node)}"


def children(node: yaml.Node) -> list[yaml.Node]:
    """Return the nodes right below a node: keys and values of a mapping, items of a list."""
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def read(text: str, name: str) -> yaml.Node:
    """Parse a YAML document; a node under several aliases is one object.

    Parameters
    ----------
    text : str
        The document.
    name : str
        What to call it in errors.

    Returns
    -------
    yaml.Node
        Its root.

    Raises
    ------
    ConfigurationError
        For text that is not YAML, empty, too large, too deep, recursive, or with a key twice in one mapping.
    """
    if len(text) > MAX_BYTES:
        raise too_large(name)
    try:
        loader = _Loader(text, name)
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise ConfigurationError(_sentence(error, text, name)) from error
    if root is None:
        raise ConfigurationError(
            f"{name} is empty; it must describe an experiment, such as !obj:adversarial.train.Train"
        )
    check(root)
    return root


def too_large(name: str) -> ConfigurationError:
    """Make the error for a document above the bound."""
    return ConfigurationError(f"{name} is larger than {MAX_BYTES} bytes, which no experiment is")


def scalar_value(node: yaml.ScalarNode) -> Any:
    """Return the Python value of a scalar node: text, number, true or false, null."""
    construct = _SCALARS.get(node.tag)
    if construct is None:
        tag = node.tag.replace(_YAML, "!!")
        raise ConfigurationError(f"{place_of(node)}: a value of the tag {quoted(tag)} cannot be used here")
    number = node.tag in (_YAML + "int", _YAML + "float")
    try:
        if number and len(node.value) > MAX_NUMBER:
            raise ValueError("longer than any number")
        value = construct(node)
        if isinstance(value, float) and math.isinf(value) and "inf" not in node.value.lower():
            raise OverflowError("larger than any number")
    except (yaml.YAMLError, LookupError, ValueError, OverflowError) as error:
        kind = "a number" if number else "a value"
        raise ConfigurationError(f"{place_of(node)}: {quoted(node.value)} cannot be read as {kind}") from error
    return value


def check(root: yaml.Node) -> None:
    """Check a tree against the bounds with aliases expanded, and expand merged mappings (`<<: *defaults`).

    Raises
    ------
    ConfigurationError
        For too many values, too deep a nesting, an anchor within itself, or a key twice in one mapping.
    """
    measured: dict[int, tuple[int, int]] = {}
    open_nodes: set[int] = set()

    def measure(node: yaml.Node) -> tuple[int, int]:
        if id(node) in measured:
            return measured[id(node)]
        if id(node) in open_nodes:
            raise ConfigurationError(f"{place_of(node)}: an anchor contains an alias of itself")
        open_nodes.add(id(node))
        parts = [measure(child) for child in children(node)]
        if isinstance(node, yaml.MappingNode):
            _check_keys(node)
            if _merge(node):
                parts = [measure(child) for child in children(node)]
        size = 1 + sum(part_size for part_size, _ in parts)
        depth = 1 + max((part_depth for _, part_depth in parts), default=0)
        if size > MAX_NODES:
            raise ConfigurationError(f"{place_of(node)}: its aliases stand for more than {MAX_NODES} values")
        if depth > MAX_DEPTH:
            raise ConfigurationError(f"{place_of(node)}: its aliases nest more than {MAX_DEPTH} levels deep")
        open_nodes.discard(id(node))
        measured[id(node)] = size, depth
        return size, depth

    measure(root)


def _check_keys(node: yaml.MappingNode) -> None:
    seen: dict[Any, int] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise ConfigurationError(f"{place_of(key)}: a key must be a word or a number")
        value = scalar_value(key)
        if value in seen:
            raise ConfigurationError(
                f"{place_of(key)}, key {quoted(key.value)}: already given on line {seen[value]}; keep one of the two"
            )
        seen[value] = line_of(key)


def _merge(node: yaml.MappingNode) -> bool:
    """Replace YAML's `<<: *mapping` by that mapping's pairs, except those the node has itself."""
    merges = [value for key, value in node.value if key.tag == _MERGE]
    if not merges:
        return False
    own = [(key, value) for key, value in node.value if key.tag != _MERGE]
    sources = [part for value in merges for part in (value.value if isinstance(value, yaml.SequenceNode) else [value])]
    taken = {key.value for key, _ in own}
    merged = []
    for source in sources:
        if not isinstance(source, yaml.MappingNode):
            raise ConfigurationError(f"{place_of(source)}: << takes an alias of a mapping, or a list of them")
        for key, value in source.value:
            if key.value not in taken:
                taken.add(key.value)
                merged.append((key, value))
    node.value = merged + own
    return True


def _sentence(error: yaml.YAMLError, text: str, name: str) -> str:
    """Say what is wrong with text that is not YAML, and where."""
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return f"{name}, line {line}: holds the character {chr(error.character)!a}, which YAML does not allow"
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = " ".join(str(getattr(error, "problem", None) or error).split())[:200]
    if mark is None:
        return f"{name}: not readable as YAML: {problem}"
    lines = text.splitlines()
    marked = lines[mark.line] if mark.line < len(lines) else ""
    if re.search(r"%\(\w+\)[a-z]", marked):
        return f"{name}, line {mark.line + 1}: is a template: fill in %(name)i and the like first, as its script did"
    before = marked[: mark.column + 1]
    if "\t" in before and not before.rpartition("\t")[2].strip() or "'\\t'" in problem:
        return f"{name}, line {mark.line + 1}: holds a tab where YAML allows none; use spaces"
    context, opened = getattr(error, "context", None), getattr(error, "context_mark", None)
    if context and opened and opened.line != mark.line:
        problem += f" ({context} that starts on line {opened.line + 1})"
    return f"{name}, line {mark.line + 1}: not readable as YAML: {''.join(filter(str.isprintable, problem))}"
