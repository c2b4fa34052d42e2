"""The reference of what a YAML file can name, made from the code: signatures say what is taken, docstrings why.

As an extension of Sphinx it writes the pages into docs/reference/ before they are read. By hand:

    python docs/reference.py FOLDER
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
import textwrap
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import table_2014
from numpydoc.docscrape import ClassDoc, FunctionDoc

import adversarial
from adversarial.names.names_2014 import NAMES_2014
from adversarial.options import Configurable, Option, Range, Usual, declared_options

#: Pages: title and the rooms whose classes stand on it.
PAGES = {
    "game": ("The game", ("game",)),
    "models": ("Models and layers", ("models", "space", "index_space")),
    "training": (
        "Training",
        ("train", "training_algorithms", "cost", "costs", "termination_criteria", "train_extensions", "monitor"),
    ),
    "datasets": ("Data", ("datasets", "random_streams")),
}


def nameable() -> dict[str, Callable]:
    """Everything of this package that a YAML file can build, by dotted name."""
    found: dict[str, Callable] = {}
    for name in sorted(module_names()):
        module = importlib.import_module(name)
        for attribute, value in vars(module).items():
            own = getattr(value, "__module__", None) == name and not attribute.startswith("_")
            buildable = inspect.isclass(value) and issubclass(value, Configurable) and value is not Configurable
            if own and (buildable or (inspect.isfunction(value) and hasattr(value, "__configurable__"))):
                found[f"{_shortest(name, value)}.{value.__name__}"] = value
    return found


def _shortest(module: str, value: Any) -> str:
    """The room's package where that gives a value by the same name, as a file would write it; else its module."""
    package = module.rpartition(".")[0]
    exported = getattr(sys.modules[package], value.__name__, None) is value
    return package if package != "adversarial" and exported else module


def module_names() -> Iterator[str]:
    """The modules that hold such things."""
    rooms = {room for _, parts in PAGES.values() for room in parts}
    for info in pkgutil.walk_packages(adversarial.__path__, "adversarial."):
        if info.name.split(".")[1] in rooms:
            yield info.name


def documentation(target: Callable) -> Any:
    """The docstring of a class or function, in numpydoc's parts."""
    return ClassDoc(target, config={"show_class_members": False}) if inspect.isclass(target) else FunctionDoc(target)


def described(target: Callable) -> dict[str, str]:
    """What docstrings say of each option: its own, then for options passed on those of the classes it derives from."""
    lines = target.__mro__ if inspect.isclass(target) else (target,)
    found: dict[str, str] = {}
    for each in lines:
        if vars(each).get("__doc__") if inspect.isclass(each) else each.__doc__:
            for parameter in documentation(each)["Parameters"]:
                for name in parameter.name.split(","):
                    found.setdefault(name.strip(), "\n".join(parameter.desc))
    return found


def in_words(annotation: Any) -> str:
    """A type, and the range of values, as a person would say it."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    plain = {int: "integer", float: "number", bool: "bool", str: "text", type(None): "null", Any: "any"}
    if annotation in plain:
        return plain[annotation]
    if origin in (typing.Union, types.UnionType):
        return " or ".join(in_words(arg) for arg in args)
    if origin is typing.Literal:
        return "one of " + ", ".join(map(repr, args))
    if origin is typing.Annotated:
        return " ".join([in_words(args[0]), *(str(each) for each in args[1:] if isinstance(each, (Range, Usual)))])
    if origin in (list, tuple, set) or getattr(origin, "__name__", "") in ("Sequence", "Iterable"):
        kinds = [in_words(arg) for arg in args if arg is not Ellipsis]
        return f"list ({', '.join(kinds)})" if origin is tuple else f"list of {kinds[0] if kinds else 'values'}"
    if inspect.isclass(origin) and issubclass(origin, Mapping):
        return f"mapping of {in_words(args[0])} to {in_words(args[1])}"
    if getattr(origin, "__name__", "") == "Callable":
        return "callable"
    return getattr(annotation, "__name__", str(annotation))


def default_of(option: Option) -> str:
    """The default as it is written in YAML."""
    if option.required:
        return "required"
    shown = {None: "null", True: "true", False: "false"}
    plain = option.default is None or isinstance(option.default, bool)
    return f"``{shown[option.default] if plain else repr(option.default)}``"


def as_rst(text: str) -> str:
    """Text of a docstring as reStructuredText: `names` as code, indented parts as they are, nothing else is markup."""
    blocks = re.split(r"\n\s*\n", inspect.cleandoc(text)) if text.strip() else []
    return "\n\n".join(_block(block) for block in blocks)


def _block(block: str) -> str:
    lines = block.split("\n")
    if all(line.startswith(("    ", ">>> ", "... ")) or not line for line in lines) or lines[0].startswith(">>>"):
        return "::\n\n" + textwrap.indent(textwrap.dedent(block), "    ")
    items = re.split(r"\n(?=[*-] )", block) if lines[0].startswith(("* ", "- ")) else None
    if items:
        return "\n".join("* " + _sentence(item[2:]) for item in items)
    return _sentence(block)


def _sentence(text: str) -> str:
    parts = re.split(r"(``[^`]+``|`[^`]+`)", " ".join(text.split()))
    made = [
        f"``{part.strip('`')}``" if i % 2 else re.sub(r"([\\*_|`:])", r"\\\1", part) for i, part in enumerate(parts)
    ]
    # Code needs a space, or an escaped one, at each side.
    return "\\ ".join(part for part in made if part)


def entry(name: str, target: Callable) -> str:
    """The section of one class or function."""
    doc = documentation(target)
    title = target.__name__
    parts = [f".. _{name}:", f"{title}\n{'~' * len(title)}", f"``{name}``"]
    old = [each for each, here in NAMES_2014.items() if here == name]
    if old:
        parts.append("In files of 2014: " + ", ".join(f"``{each}``" for each in old))
    parts.append(as_rst("\n".join(doc["Summary"])))
    parts.append(as_rst("\n".join(doc["Extended Summary"])))
    parts.append(_table(target))
    for section in ("Returns", "Attributes"):
        if doc[section]:
            parts.append(f"**{section}**")
            parts += [f"``{each.name or each.type}``: {as_rst(chr(10).join(each.desc))}" for each in doc[section]]
    for section in ("Notes", "References"):
        if any(doc[section]):
            parts += [f"**{section}**", as_rst("\n".join(_unnumbered(doc[section])))]
    if any(doc["Examples"]):
        parts += [".. code-block:: pycon", textwrap.indent("\n".join(doc["Examples"]).strip("\n"), "    ")]
    path, line = source(target)
    parts.append(f"Source: ``{path}``, line {line}")
    return "\n\n".join(part for part in parts if part)


def _unnumbered(lines: list[str]) -> list[str]:
    return [re.sub(r"^\s*\.\. \[(\w+)\]", r"\1.", line) for line in lines]


def source(target: Callable) -> tuple[str, int]:
    """The file of a class or function, from the checkout's root, and its line."""
    path = Path(inspect.getsourcefile(target)).resolve()
    return path.relative_to(Path(adversarial.__file__).resolve().parents[1]).as_posix(), inspect.getsourcelines(target)[
        1
    ]


def _table(target: Callable) -> str:
    options, texts = declared_options(target), described(target)
    if not options:
        return "No options." if options is not None else ""
    rows = [".. list-table::\n   :header-rows: 1\n   :widths: 20 25 12 43\n"]
    for cells in [
        ("option", "type and range", "default", "meaning"),
        *(
            (f"``{name}``", as_rst(in_words(option.annotation)), default_of(option), as_rst(texts.get(name, "")))
            for name, option in options.items()
        ),
    ]:
        rows += [
            ("   * - " if i == 0 else "     - ") + textwrap.indent(cell, " " * 7).strip()
            for i, cell in enumerate(cells)
        ]
    return "\n".join(rows)


def pages() -> dict[str, str]:
    """The text of each page by its file's name, and of the index."""
    made, targets = {}, nameable()
    for file, (title, rooms) in PAGES.items():
        parts = [f"{title}\n{'=' * len(title)}"]
        module = None
        for room in rooms:
            for name, target in targets.items():
                if name.split(".")[1] != room:
                    continue
                if target.__module__ != module:
                    module = target.__module__
                    parts.append(f"``{module}``\n{'-' * (len(module) + 4)}")
                parts.append(entry(name, target))
        made[f"{file}.rst"] = "\n\n".join(parts) + "\n"
    title = "Reference: what a YAML file can name"
    made["names_of_2014.rst"] = table_2014.page()
    listed = "\n".join(f"   {file}" for file in (*PAGES, "names_of_2014"))
    made["index.rst"] = (
        f"{title}\n{'=' * len(title)}\n\n"
        "Each class and function with its options, made from the code. Types and ranges are checked when a file is\n"
        "read; a mistake is reported with file, line and key.\n\n"
        f".. toctree::\n   :maxdepth: 3\n\n{listed}\n"
    )
    return made


def write(folder: Path) -> None:
    """Write the pages that are not there as they should be."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in pages().items():
        path = folder / file
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("builder-inited", lambda app: write(Path(app.srcdir) / "reference"))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    write(Path(sys.argv[1]))
