"""Nodes to objects: a document is checked whole, then built from the inside out in the order it is written."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast, get_args

import yaml

from adversarial.config import base_directory
from adversarial.config.reader import children, line_of, place_of, scalar_value
from adversarial.config.variables import Variables
from adversarial.errors import ConfigurationError, UserError, quoted
from adversarial.names.allow_list import AllowList
from adversarial.names.names_2014 import is_of_2014
from adversarial.options import (
    Configurable,
    Option,
    OptionError,
    Slips,
    bind,
    building_with,
    declared_options,
    mismatch,
    nearest,
    number_in,
)

_OBJ = "!obj:"
_IMPORT = ("!import", "!import:")
_PKL = ("!pkl", "!pkl:")
_FLOAT = ("!float", "!float:")
#: Tags of lists, mappings and plain values, which YAML itself gives.
_YAML = "tag:yaml.org,2002:"

Pairs = dict[str, tuple[yaml.Node, yaml.Node]]


@dataclass
class Proxy:
    """An object of a document that was not built: its name as written, its options, and its line."""

    name: str
    keywords: dict[str, Any] = field(default_factory=dict)
    line: int = 0


class Builder:
    """Builds each node once, in document order, so that constructors draw their random numbers in that order.

    Parameters
    ----------
    variables : Variables
        The values of `${NAME}`.
    allow_list : AllowList
        What names may stand for.
    instantiate : bool, optional
        If false, objects become `Proxy` trees: nothing is imported and no file opened. Default true.
    slips : {'2014', 'corrected'}, optional
        Whether the slips of 2014 are repeated; default: as the document's `Train` says, else as its names are.
    """

    def __init__(
        self, variables: Variables, allow_list: AllowList, instantiate: bool = True, slips: Slips | None = None
    ):
        self.variables = variables
        self.allow_list = allow_list
        self.instantiate = instantiate
        self.slips = slips
        self._built: dict[int, Any] = {}
        self._checked: set[int] = set()
        self._targets: dict[int, tuple[Callable[..., Any], dict[str, Option] | None]] = {}

    def build_document(self, root: yaml.Node) -> Any:
        """Build what a document describes; what can be checked without building is checked before anything is built."""
        if not self.instantiate:
            return self._build(root)
        self._check(root)
        with building_with(self.slips or _slips_of(root)):
            return self._build(root)

    # Checking: names, options and plain values.

    def _check(self, node: yaml.Node) -> None:
        if id(node) in self._checked:
            return
        self._checked.add(id(node))
        if node.tag.startswith(_OBJ):
            self._check_object(node)
        elif node.tag.startswith("!import"):
            self._build(node)
        else:
            # The keys of a mapping are no text for variables.
            values = [value for _, value in node.value] if isinstance(node, yaml.MappingNode) else children(node)
            for value in values:
                self._check(value)
            if _is_plain(node):
                self._build(node)

    def _check_object(self, node: yaml.Node) -> None:
        target = self._resolve(node, node.tag.removeprefix(_OBJ))
        pairs = _options(node)
        declared = _declared(target)
        self._targets[id(node)] = target, declared
        owner = _name_of(target)
        if declared is not None:
            for key in pairs:
                if key not in declared:
                    raise self._error(node, f"{owner} has no option {quoted(key)}{nearest(key, declared)}", pairs, key)
            for key, option in declared.items():
                if option.required and key not in pairs:
                    raise self._error(node, f"{owner} needs the option '{key}', which is not given")
        for key, (_, value_node) in pairs.items():
            self._check(value_node)
            if declared is not None and _checks_types(target) and _is_plain(value_node):
                value = number_in(self._build(value_node), declared[key].annotation)
                reason = mismatch(value, declared[key].annotation)
                if reason:
                    reason = f"{owner}: {key} is {_as_written(value_node, value)}, but must be {reason}"
                    raise self._error(node, reason, pairs, key)

    # Building.

    def _build(self, node: yaml.Node) -> Any:
        if id(node) not in self._built:
            self._built[id(node)] = self._make(node)
        return self._built[id(node)]

    def _make(self, node: yaml.Node) -> Any:
        tag = node.tag
        if tag.startswith(_OBJ):
            return self._make_object(node)
        if tag.startswith("!import"):
            return self._import(node)
        if tag.startswith("!pkl"):
            return self._open_saved(node)
        if tag in _FLOAT:
            return self._float(node)
        if isinstance(node, yaml.ScalarNode) and tag.startswith(_YAML):
            value = scalar_value(node)
            return self._text(node) if isinstance(value, str) else value
        if isinstance(node, yaml.SequenceNode) and tag == f"{_YAML}seq":
            return [self._build(item) for item in node.value]
        if isinstance(node, yaml.SequenceNode) and tag == f"{_YAML}python/tuple":
            return tuple(self._build(item) for item in node.value)
        if isinstance(node, yaml.MappingNode) and tag == f"{_YAML}map":
            return {scalar_value(key): self._build(value) for key, value in node.value}
        known = f"{_OBJ}name, !pkl: file, !import: name, !float: number"
        raise self._error(node, f"the tag {quoted(tag.replace(_YAML, '!!'))} is not known; known are {known}")

    def _make_object(self, node: yaml.Node) -> Any:
        pairs = _options(node)
        if not self.instantiate:
            keywords = {key: self._build(value) for key, (_, value) in pairs.items()}
            return Proxy(node.tag.removeprefix(_OBJ), keywords, line_of(node))
        target, declared = self._targets[id(node)]
        keywords = {key: self._build(value) for key, (_, value) in pairs.items()}
        if declared is not None and _checks_types(target):
            # Pylearn2 made numbers of text where a file had '1.000004' or "${DECAY}".
            keywords = {key: number_in(value, declared[key].annotation) for key, value in keywords.items()}
        try:
            if inspect.isfunction(target) and _checks_types(target):
                bind(target, keywords)
            built = target(**keywords)
        except OptionError as error:
            raise self._option_error(node, error, pairs, declared) from error
        except UserError as error:
            error.args = (f"{place_of(node)}: {self._line(error)}",)
            raise
        except (TypeError, ValueError) as error:
            raise self._error(node, f"{_name_of(target)}: {self._line(error)}") from error
        except (ArithmeticError, AttributeError, LookupError) as error:
            # Of this package's own classes a wrong value is the cause; in a user's code it is a bug to be seen.
            if not target.__module__.startswith("adversarial."):
                raise
            raise self._error(node, f"{_name_of(target)}: {self._line(error)}") from error
        except MemoryError as error:
            raise self._error(
                node, f"{_name_of(target)} needs more memory than there is: {self._line(error)}"
            ) from error
        if isinstance(built, Configurable):
            # As in 2014: an object knows its own YAML text, and so a saved model knows that of its data.
            built.yaml_src = serialize(node)  # type: ignore[attr-defined]
        return built

    def _import(self, node: yaml.Node) -> Any:
        name = _imported_name(node)
        if not isinstance(node, yaml.ScalarNode) or (node.tag not in _IMPORT and (node.value or name == node.tag)):
            raise self._error(node, "write !import: and a dotted name behind a space")
        return self._resolve(node, name) if self.instantiate else Proxy(name, line=line_of(node))

    def _open_saved(self, node: yaml.Node) -> Any:
        if node.tag not in _PKL:
            raise self._error(node, "put a space between !pkl: and the name of the file")
        path = self._text(node)
        if not self.instantiate:
            return Proxy("!pkl", {"path": path}, line_of(node))
        from adversarial.checkpoint import is_published, load_model
        from adversarial.datasets.pickled import open_data

        found = path if is_published(path) else base_directory.beside(path)
        try:
            data = open_data(found)
            return load_model(found, allow=self.allow_list.allow) if data is None else data
        except UserError as error:
            error.args = (f"{place_of(node)}: {self._line(error)}",)
            raise

    def _float(self, node: yaml.Node) -> float | str:
        text = self._text(node)
        if "${" in text and not self.instantiate:
            return text
        try:
            return float(text)
        except ValueError as error:
            raise self._error(node, f"{quoted(node.value)} is not a number") from error

    def _text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self._error(node, f"{node.tag} takes text behind it")
        try:
            return self.variables.substitute(node.value)
        except ConfigurationError as error:
            raise self._error(node, str(error)) from error

    def _resolve(self, node: yaml.Node, name: str) -> Callable[..., Any]:
        try:
            return self.allow_list.resolve(name)
        except ConfigurationError as error:
            raise self._error(node, str(error)) from error

    # Errors: file, line and key, and nothing of the environment.

    def _line(self, error: Exception) -> str:
        return self.variables.hide(" ".join(str(error).split()) or type(error).__name__)

    def _error(
        self, node: yaml.Node, reason: str, pairs: Pairs | None = None, key: str | None = None
    ) -> ConfigurationError:
        if pairs is None or key not in pairs:
            return ConfigurationError(f"{place_of(node)}: {reason}")
        key_node, value_node = pairs[key]
        inserted = value_node.start_mark.name != key_node.start_mark.name
        return ConfigurationError(f"{place_of(value_node if inserted else key_node)}, key {quoted(key)}: {reason}")

    def _option_error(
        self, node: yaml.Node, error: OptionError, pairs: Pairs, declared: Mapping[str, Option] | None
    ) -> ConfigurationError:
        reason = self._line(Exception(error.reason))
        if error.key in pairs and _holds_variable(pairs[error.key][1]) and f"{error.key} is " in reason:
            # The sentence shows the value, perhaps cut short, where nothing would be left to recognise it by.
            wanted = reason.rpartition(", but must be ")[2]
            reason = f"{error.key} is {_as_written(pairs[error.key][1], None)}, but must be {wanted}"
        given = pairs[error.key][1] if error.key in pairs else node
        if (
            declared
            and given.tag.startswith("!import")
            and _has_class(declared[error.key].annotation, self._build(given))
        ):
            reason += f": write !obj:{_imported_name(given)} {{}}"
        joint = " " if reason.startswith(("has ", "needs ")) else ": "
        return self._error(node, f"{error.owner}{joint}{reason}", pairs, error.key)


def _imported_name(node: yaml.Node) -> str:
    """The dotted name behind `!import:`, with a space between or without."""
    return str(node.value).strip() if node.tag in _IMPORT else node.tag.removeprefix("!import:")


def _has_class(annotation: Any, value: Any) -> bool:
    """Whether objects of a class are what an option takes, and the class is given itself."""
    if inspect.isclass(annotation):
        return inspect.isclass(value) and issubclass(value, annotation)
    return any(_has_class(part, value) for part in get_args(annotation))


def _slips_of(root: yaml.Node) -> Slips:
    """Return what the option `slips` of a document's `Train` says; without it, 2014's where it uses a name of 2014."""
    for node in [root, *(root.value if isinstance(root, yaml.SequenceNode) else ())]:
        pairs = _options(node) if node.tag.startswith(_OBJ) else {}
        if "slips" in pairs and pairs["slips"][1].value in get_args(Slips):
            return cast(Slips, pairs["slips"][1].value)
    return "2014" if any(map(is_of_2014, _names_in(root, set()))) else "corrected"


def _names_in(node: yaml.Node, seen: set[int]) -> Iterator[str]:
    if id(node) not in seen:
        seen.add(id(node))
        if node.tag.startswith(_OBJ):
            yield node.tag.removeprefix(_OBJ)
        elif node.tag in _IMPORT and isinstance(node, yaml.ScalarNode):
            yield node.value.strip()
        elif node.tag.startswith("!import:"):
            yield node.tag.removeprefix("!import:")
        for child in children(node):
            yield from _names_in(child, seen)


def serialize(node: yaml.Node) -> str:
    """Return the YAML text of a node, with anchors and tags, without comments."""
    return yaml.serialize(node, Dumper=yaml.SafeDumper, allow_unicode=True, width=110)


def _options(node: yaml.Node) -> Pairs:
    if isinstance(node, yaml.ScalarNode) and not node.value:
        return {}
    if not isinstance(node, yaml.MappingNode):
        raise ConfigurationError(f"{place_of(node)}: {quoted(node.tag)} takes its options as {{ name: value, ... }}")
    return {key.value: (key, value) for key, value in node.value}


def _is_plain(node: yaml.Node) -> bool:
    """Return whether a node is text, a number, or a list or mapping of such: nothing in it is an object to build."""
    return not node.tag.startswith(("!obj", "!import", "!pkl")) and all(_is_plain(child) for child in children(node))


def _holds_variable(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and "${" in node.value or any(map(_holds_variable, children(node)))


def _as_written(node: yaml.Node, value: Any) -> str:
    """Show a plain value in an error message as the file has it: `${NAME}` is not substituted."""
    if isinstance(node, yaml.ScalarNode):
        shown = quoted(node.value)
        return shown if node.tag == f"{_YAML}str" else shown[1:-1] or "null"
    if _holds_variable(node):
        return "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"
    return quoted(repr(value))[1:-1]


def _name_of(target: Callable) -> str:
    return getattr(target, "__name__", type(target).__name__)


def _checks_types(target: Callable) -> bool:
    """Return whether options are checked against the annotations of `target`: ours are, a user's function's are not."""
    return getattr(target, "__configurable__", False) or (inspect.isclass(target) and issubclass(target, Configurable))


def _declared(target: Callable) -> dict[str, Option] | None:
    try:
        if not _checks_types(target):
            kinds = {parameter.kind for parameter in inspect.signature(target).parameters.values()}
            if inspect.Parameter.VAR_KEYWORD in kinds:
                return None
        return declared_options(target)
    except (TypeError, ValueError):
        # A callable written in C may not say what it takes.
        return None
