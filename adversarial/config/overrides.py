"""Overrides: values set in a document before it is built, as by `--set algorithm.batch_size=50`."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from adversarial.config.reader import check, children, read
from adversarial.errors import ConfigurationError, quoted
from adversarial.options import nearest


def apply(root: yaml.Node, overrides: Mapping[str, str]) -> yaml.Node:
    """Set values in a document, by paths of keys and list positions joined by dots.

    A value that an anchor names is replaced for its aliases too: it is one object. A key that the last mapping of a
    path lacks is added to it.

    Parameters
    ----------
    root : yaml.Node
        The document, which is changed.
    overrides : mapping of str to str
        Such as {'model.generator.mlp.layers.0.dim': '600'}; values are YAML, empty for null.

    Returns
    -------
    yaml.Node
        The document's root, which is another one where the root itself was replaced.

    Raises
    ------
    ConfigurationError
        For a path that leads nowhere, with the nearest right spelling, or a value that is not YAML.
    """
    for path, value in overrides.items():
        root = _put(root, path, _value(path, value))
    check(root)
    return root


def _value(path: str, value: str) -> yaml.Node:
    name = f"--set {path}"
    if value.strip():
        return read(value, name)
    mark = yaml.Mark(name, 0, 0, 0, None, 0)
    return yaml.ScalarNode("tag:yaml.org,2002:null", "", mark, mark)


def _put(root: yaml.Node, path: str, value: yaml.Node) -> yaml.Node:
    *parents, last = path.split(".")
    node = root
    for step, key in enumerate(parents):
        found = _child(node, key)
        if found is None:
            raise _nowhere(node, key, ".".join(parents[: step + 1]), path)
        node = found
    present = _child(node, last)
    if present is not None:
        _replace(root, present, value)
    elif isinstance(node, yaml.MappingNode) and last:
        node.value.append((_key(last, value), value))
    elif isinstance(node, yaml.ScalarNode) and node.tag.startswith("!obj:") and not node.value and last:
        # `!obj:name` without options is a scalar to YAML: give it its first one.
        options = yaml.MappingNode(node.tag, [(_key(last, value), value)], node.start_mark, node.end_mark)
        return options if node is root else _replace(root, node, options)
    else:
        raise _nowhere(node, last, path, path)
    return root


def _key(name: str, value: yaml.Node) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", name, value.start_mark, value.end_mark)


def _replace(root: yaml.Node, old: yaml.Node, new: yaml.Node) -> yaml.Node:
    """Replace the node `old` by `new` wherever it is a value under `root`."""
    seen: set[int] = set()

    def walk(node: yaml.Node) -> None:
        if id(node) in seen:
            return
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            node.value = [(key, new if value is old else value) for key, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            node.value = [new if value is old else value for value in node.value]
        for child in children(node):
            walk(child)

    walk(root)
    return root


def _child(node: yaml.Node, key: str) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode):
        return node.value[int(key)] if key.isdecimal() and int(key) < len(node.value) else None
    if isinstance(node, yaml.MappingNode):
        return next((value for found, value in node.value if found.value == key), None)
    return None


def _nowhere(node: yaml.Node, key: str, so_far: str, path: str) -> ConfigurationError:
    name = node.start_mark.name
    if isinstance(node, yaml.SequenceNode):
        reason = f"{name} has {len(node.value)} items there, counted from 0, not one numbered {quoted(key)}"
    else:
        known = [found.value for found, _ in node.value] if isinstance(node, yaml.MappingNode) else []
        reason = f"{name} has no {quoted(so_far)}{nearest(key, known)}"
    return ConfigurationError(f"--set {path}: {reason}")
