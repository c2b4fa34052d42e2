"""YAML text to a tree of nodes that remember their lines, within bounds that a stranger's file cannot pass."""

from __future__ import annotations

import re
from typing import Any

import yaml

from adversarial.errors import ConfigurationError

MAX_BYTES = 1 << 20
MAX_DEPTH = 64
#: Nodes when every alias is written out: far above any experiment, far below a billion laughs.
MAX_NODES = 100_000


class _Loader(yaml.SafeLoader):
    """SafeLoader with numbers as people write them: 1e-3, -.5 and 1.e-5 are numbers too."""


_FLOAT = re.compile(r"^(?:[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan)$")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:float"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+.0123456789"))


def line_of(node: yaml.Node) -> int:
    """The line on which a node starts, counted from 1."""
    return node.start_mark.line + 1


def read(text: str, name: str) -> yaml.Node:
    """The root node of a YAML document; a node under several aliases is one object.

    Parameters
    ----------
    text : the document
    name : what to call it in errors

    Raises
    ------
    ConfigurationError
        For text that is not YAML, empty, too large, too deep, recursive, or with a key twice in one mapping.
    """
    if len(text) > MAX_BYTES:
        raise ConfigurationError(f"{name} has {len(text)} characters; an experiment has at most {MAX_BYTES}")
    try:
        _check_depth(text, name)
        root = yaml.compose(text, _Loader)
    except yaml.YAMLError as error:
        raise ConfigurationError(_sentence(error, text, name)) from error
    except RecursionError as error:
        raise ConfigurationError(f"{name} is nested too deeply") from error
    if root is None:
        raise ConfigurationError(
            f"{name} is empty; it must describe an experiment, such as !obj:adversarial.train.Train"
        )
    _check_size(root, name)
    return root


def scalar_value(node: yaml.ScalarNode, name: str) -> Any:
    """The Python value of a scalar node: text, number, true or false, null."""
    constructor = _Loader("")
    try:
        return constructor.construct_object(node)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise ConfigurationError(
            f"{name}, line {line_of(node)}: '{node.value[:60]}' cannot be read as a value"
        ) from error
    finally:
        constructor.dispose()


def _check_depth(text: str, name: str) -> None:
    depth = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                line = event.start_mark.line + 1
                raise ConfigurationError(f"{name}, line {line}: nested more than {MAX_DEPTH} levels deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def children(node: yaml.Node) -> list[yaml.Node]:
    """The nodes right below a node: keys and values of a mapping, items of a list."""
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _check_size(root: yaml.Node, name: str) -> None:
    """Count nodes with aliases written out, and find keys given twice and anchors within themselves."""
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()

    def size(node: yaml.Node) -> int:
        if id(node) in sizes:
            return sizes[id(node)]
        if id(node) in open_nodes:
            raise ConfigurationError(f"{name}, line {line_of(node)}: an anchor contains an alias of itself")
        open_nodes.add(id(node))
        if isinstance(node, yaml.MappingNode):
            _check_keys(node, name)
        total = 1 + sum(size(child) for child in children(node))
        if total > MAX_NODES:
            raise ConfigurationError(
                f"{name}, line {line_of(node)}: its aliases stand for more than {MAX_NODES} values"
            )
        open_nodes.discard(id(node))
        sizes[id(node)] = total
        return total

    size(root)


def _check_keys(node: yaml.MappingNode, name: str) -> None:
    seen: dict[str, int] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise ConfigurationError(f"{name}, line {line_of(key)}: a key must be a word or a number")
        if key.value in seen:
            raise ConfigurationError(
                f"{name}, line {line_of(key)}, key '{key.value}': already given on line {seen[key.value]}"
            )
        seen[key.value] = line_of(key)


def _sentence(error: yaml.YAMLError, text: str, name: str) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return f"{name}: not readable as YAML: {' '.join(str(error).split())[:200]}"
    line = mark.line + 1
    lines = text.splitlines()
    if "\\t" in str(getattr(error, "problem", "")) or (mark.line < len(lines) and "\t" in lines[mark.line]):
        return f"{name}, line {line}: holds a tab, which YAML does not allow here; use spaces"
    problem = " ".join(str(getattr(error, "problem", None) or error).split())[:200]
    return f"{name}, line {line}: not readable as YAML: {problem}"
