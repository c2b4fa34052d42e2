"""The rooms of the package stand in the order that ARCHITECTURE.md says, and nothing imports upward."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "adversarial"
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").removesuffix("."): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
#: Lines that a newcomer reads in one sitting.
LONGEST_FILE = 450
#: Files beside the rooms: modules of one idea each, `__init__.py` and `__main__.py` aside.
MOST_LOOSE_MODULES = 10


def rooms_in_architecture() -> list[str]:
    """The rooms in the order of the page, the upper ones first."""
    page = (ROOT / "ARCHITECTURE.md").read_text()
    house = page[page.index("## The house") : page.index("## Options")]
    names = re.findall(r"^      ([a-z_]+)(?:/|\.py)  ", house, re.MULTILINE)
    assert len(names) == len(set(names))
    return names


def room_of(module: str) -> str:
    return module.partition(".")[0]


def imports_of(module: str) -> Iterator[tuple[str, int]]:
    """The modules of this package that `module` imports, at its top or late, each with the line."""
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "adversarial":
            base = node.module.removeprefix("adversarial").removeprefix(".")
            for alias in node.names:
                whole = f"{base}.{alias.name}".removeprefix(".")
                yield (whole if whole in MODULES else base), node.lineno
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == "adversarial":
                    yield alias.name.removeprefix("adversarial").removeprefix("."), node.lineno


def test_every_room_is_in_architecture_and_every_room_there_exists():
    assert sorted(rooms_in_architecture()) == sorted({room_of(module) for module in MODULES} - {"", "__main__"})


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"", "__main__"}))
def test_nothing_imports_a_room_above_its_own(module):
    floors = {room: floor for floor, room in enumerate(reversed(rooms_in_architecture()))}
    upward = [
        f"{MODULES[module].relative_to(ROOT)}:{line} imports {other}"
        for other, line in imports_of(module)
        if other and floors[room_of(other)] > floors[room_of(module)]
    ]
    assert upward == []


def test_no_modules_import_each_other_in_a_circle():
    # A package's __init__ that gathers names is imported with any of its modules, so only modules proper count.
    proper = {name for name, path in MODULES.items() if path.name != "__init__.py"}
    below = {name: {other for other, _ in imports_of(name) if other in proper} for name in proper}
    while free := {name for name in below if not below[name] & below.keys()}:
        for name in free:
            del below[name]
    assert below == {}


@pytest.mark.parametrize("room", ["game", "models", "training_algorithms"])
def test_the_paper_reaches_the_engine_through_backend_alone(room):
    direct = [
        f"{module}: {other}"
        for module in MODULES
        if room_of(module) == room
        for other, _ in imports_of(module)
        if room_of(other) == "engine"
    ]
    assert direct == []


def test_the_engine_knows_nothing_of_the_paper():
    allowed = {"engine", "files", "errors"}
    outside = [
        f"{module}: {other}"
        for module in MODULES
        if room_of(module) == "engine"
        for other, _ in imports_of(module)
        if room_of(other) not in allowed
    ]
    assert outside == []


def test_files_are_short_and_few_lie_loose():
    long = [str(path) for path in MODULES.values() if len(path.read_text().splitlines()) > LONGEST_FILE]
    assert long == []
    loose = [name for name, path in MODULES.items() if "." not in name and path.name != "__init__.py"]
    assert len([name for name in loose if name != "__main__"]) <= MOST_LOOSE_MODULES
