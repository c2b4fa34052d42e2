"""Load an experiment: `load(text)` and `load_path(path)` give the objects that a YAML file describes.

The dialect is that of 2014 (Pylearn2's `config/yaml_parse.py`): `!obj:dotted.name {...}` builds, `!import: name` names,
`!pkl: path` opens a saved model, an anchor and its aliases are one object, and text may hold `${VARIABLES}`.
"""

from __future__ import annotations

import contextvars
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import yaml

from adversarial.config.allow_list import AllowList
from adversarial.config.reader import line_of, read, scalar_value
from adversarial.config.variables import substitute, training_file_variables
from adversarial.errors import ConfigurationError, UserError
from adversarial.options import OptionError, declared_options, nearest

_base_directory: contextvars.ContextVar[Path | None] = contextvars.ContextVar("base_directory", default=None)


@dataclass
class Proxy:
    """What `!obj:` says, not built: the name as written, the options, and where it stands."""

    name: str
    keywords: dict[str, Any] = field(default_factory=dict)
    line: int = 0


def load(
    stream: str | TextIO,
    environ: Mapping[str, str] | None = None,
    allow: Iterable[str] = (),
    overrides: Mapping[str, str] | None = None,
    instantiate: bool = True,
    path: str | os.PathLike | None = None,
) -> Any:
    """Build what a YAML document describes.

    Parameters
    ----------
    stream : the text, or a file open for reading
    environ : variables that come before the environment's
    allow : modules of the user's own whose names the document may use
    overrides : values put in before building, by path: {'algorithm.batch_size': '50'}; values are YAML
    instantiate : false gives `Proxy` trees and builds nothing
    path : where the text came from, for errors and for files beside it

    Raises
    ------
    ConfigurationError
        With file, line and key, for anything that cannot be built as it stands.
    """
    text = stream if isinstance(stream, str) else stream.read()
    name = "the YAML text" if path is None else os.fspath(path)
    root = read(text, name)
    for key, value in (overrides or {}).items():
        root = _override(root, key, value, name)
    builder = _Builder(name, dict(environ or {}), AllowList(allow), instantiate)
    token = _base_directory.set(None if path is None else Path(path).resolve().parent)
    try:
        return builder.build(root)
    finally:
        _base_directory.reset(token)


def load_path(
    path: str | os.PathLike,
    environ: Mapping[str, str] | None = None,
    allow: Iterable[str] = (),
    overrides: Mapping[str, str] | None = None,
    instantiate: bool = True,
) -> Any:
    """Build what a YAML file describes; arguments as of `load`, with the variables of the file's own name."""
    environ = training_file_variables(path) | dict(environ or {})
    return load(read_text(path), environ, allow, overrides, instantiate, path)


def read_text(path: str | os.PathLike) -> str:
    """The text of a YAML file; ConfigurationError where it cannot be read."""
    name = os.fspath(path)
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigurationError(f"there is no file {name}") from error
    except IsADirectoryError as error:
        raise ConfigurationError(f"{name} is a directory; name a YAML file in it") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{name} is not text in UTF-8, so it is not a YAML file") from error
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be read: {error.strerror}") from error


def beside(path: str | os.PathLike) -> Path:
    """A file named in the document being built: beside that document if it is there, else as it stands."""
    base = _base_directory.get()
    if base is not None and (base / path).exists():
        return base / path
    return Path(path)


class _Builder:
    """Builds each node once, in document order, so that constructors draw their random numbers in that order."""

    def __init__(self, name: str, environ: dict[str, str], allow_list: AllowList, instantiate: bool):
        self.name = name
        self.environ = environ
        self.allow_list = allow_list
        self.instantiate = instantiate
        self.built: dict[int, Any] = {}

    def build(self, node: yaml.Node) -> Any:
        if id(node) not in self.built:
            self.built[id(node)] = self._build(node)
        return self.built[id(node)]

    def _error(self, node: yaml.Node, reason: Any, key: str | None = None) -> ConfigurationError:
        place = f"{self.name}, line {line_of(node)}" + (f", key '{key}'" if key is not None else "")
        return ConfigurationError(f"{place}: {reason}")

    def _build(self, node: yaml.Node) -> Any:
        tag = node.tag
        if tag.startswith("!obj:"):
            return self._build_object(node, tag.removeprefix("!obj:").strip())
        if tag.startswith("!import"):
            return self._import(node, tag.removeprefix("!import").lstrip(":"))
        if tag in ("!pkl:", "!pkl"):
            return self._open_saved(node)
        if tag in ("!float:", "!float"):
            try:
                return float(self._text(node))
            except ValueError as error:
                raise self._error(node, f"'{node.value}' is not a number") from error
        if tag.startswith("!"):
            raise self._error(node, f"the tag {tag} is not known; known are !obj:, !pkl:, !import:, !float:")
        if isinstance(node, yaml.ScalarNode):
            value = scalar_value(node, self.name)
            return self._text(node) if isinstance(value, str) else value
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item) for item in node.value]
        return {scalar_value(key, self.name): self.build(value) for key, value in node.value}

    def _text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self._error(node, f"{node.tag} takes text")
        try:
            return substitute(node.value, self.environ)
        except ConfigurationError as error:
            raise self._error(node, error) from error

    def _resolve(self, node: yaml.Node, name: str) -> Callable[..., Any]:
        try:
            return self.allow_list.resolve(name)
        except ConfigurationError as error:
            raise self._error(node, error) from error

    def _import(self, node: yaml.Node, suffix: str) -> Any:
        name = suffix or self._text(node)
        return self._resolve(node, name) if self.instantiate else Proxy(name, line=line_of(node))

    def _open_saved(self, node: yaml.Node) -> Any:
        from adversarial.checkpoint import load_model

        path = self._text(node)
        if not self.instantiate:
            return Proxy("!pkl", {"path": path}, line_of(node))
        try:
            return load_model(beside(path), allow=self.allow_list.allow)
        except UserError as error:
            raise type(error)(f"{self.name}, line {line_of(node)}: {error}") from error

    def _build_object(self, node: yaml.Node, name: str) -> Any:
        pairs = self._options(node, name)
        if not self.instantiate:
            return Proxy(name, {key: self.build(value) for key, (_, value) in pairs.items()}, line_of(node))
        target = self._resolve(node, name)
        declared = declared_options(target)
        for key, (key_node, _) in pairs.items():
            if declared is not None and key not in declared:
                reason = f"{target.__name__} has no option '{key}'{nearest(key, declared)}"
                raise self._error(key_node, reason, key)
        keywords = {key: self.build(value) for key, (_, value) in pairs.items()}
        try:
            return target(**keywords)
        except OptionError as error:
            key_node = pairs[error.key][0] if error.key in pairs else node
            raise self._error(key_node, error, error.key) from error
        except ConfigurationError as error:
            raise self._error(node, error) from error
        except UserError as error:
            raise type(error)(f"{self.name}, line {line_of(node)}: {error}") from error
        except (TypeError, ValueError) as error:
            raise self._error(node, f"{target.__name__}: {error}") from error

    def _options(self, node: yaml.Node, name: str) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        if isinstance(node, yaml.ScalarNode) and not node.value:
            return {}
        if not isinstance(node, yaml.MappingNode):
            raise self._error(node, f"!obj:{name} takes its options as {{ name: value, ... }}")
        return {key.value: (key, value) for key, value in node.value}


def _override(root: yaml.Node, path: str, value: str, name: str) -> yaml.Node:
    """Put a value in at a path of keys and list positions, joined by dots."""
    replacement = (
        read(value, f"the value of --set {path}")
        if value.strip()
        else yaml.ScalarNode("tag:yaml.org,2002:null", "", root.start_mark, root.end_mark)
    )
    *parents, last = path.split(".")
    node = root
    for step, key in enumerate(parents):
        found = _child(node, key)
        if found is None:
            raise _no_such_path(node, key, ".".join(parents[: step + 1]), path, name)
        node = found
    if isinstance(node, yaml.SequenceNode):
        if _child(node, last) is None:
            raise _no_such_path(node, last, path, path, name)
        node.value[int(last)] = replacement
    elif isinstance(node, yaml.MappingNode):
        for index, (key, _) in enumerate(node.value):
            if key.value == last:
                node.value[index] = (key, replacement)
                return root
        node.value.append((yaml.ScalarNode("tag:yaml.org,2002:str", last, node.start_mark, node.end_mark), replacement))
    else:
        raise _no_such_path(node, last, path, path, name)
    return root


def _child(node: yaml.Node, key: str) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode):
        return node.value[int(key)] if key.isdigit() and int(key) < len(node.value) else None
    if isinstance(node, yaml.MappingNode):
        return next((value for found, value in node.value if found.value == key), None)
    return None


def _no_such_path(node: yaml.Node, key: str, so_far: str, path: str, name: str) -> ConfigurationError:
    if isinstance(node, yaml.SequenceNode):
        return ConfigurationError(f"--set {path}: {name} has {len(node.value)} items there, not one numbered {key}")
    known = [found.value for found, _ in node.value] if isinstance(node, yaml.MappingNode) else []
    return ConfigurationError(f"--set {path}: {name} has no '{so_far}'{nearest(key, known)}")
