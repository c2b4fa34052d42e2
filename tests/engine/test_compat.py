"""Private names of PyTensor, NumPy and JAX stand in `engine/compat.py`, and so do replaced functions of theirs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytensor
import pytensor.tensor as pt
import pytest

from adversarial import backend
from adversarial.engine import compat

PACKAGE = Path(__file__).parents[2] / "adversarial"
TREES = {path: ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))}
#: Of Python's own library.
PUBLIC = {"_asdict", "_exit", "_fields_", "_replace"}
#: Whose owner moves them into compat later.
PENDING = ("engine/rewrites/", "engine/c/", "ops/")


def is_private(name: str) -> bool:
    return (name.startswith("_") and not name.startswith("__")) or name == "__db__"


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


def own_private_names(room: str) -> set[str]:
    """Every private name that a room itself defines: functions, classes, attributes, variables."""
    found = set()
    for node in (node for path, tree in TREES.items() if room_of(path) == room for node in ast.walk(tree)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.attr if isinstance(node, ast.Attribute) else node.id)
    return {name for name in found if is_private(name)}


def foreign_modules(tree: ast.AST) -> set[str]:
    """Names by which a module knows PyTensor's modules and classes, its configuration aside."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("pytensor", "numpy", "jax")):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {
                alias.asname or alias.name for alias in node.names if alias.name.startswith(("pytensor", "numpy"))
            }
    return found - {"config"}


def reaches_inside(path: Path) -> Iterator[str]:
    own, foreign = own_private_names(room_of(path)) | PUBLIC, foreign_modules(TREES[path])
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Attribute) and is_private(node.attr) and node.attr not in own:
            yield f"{path.relative_to(PACKAGE)}:{node.lineno} uses {node.attr}"
        stores = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        if stores and isinstance(node.value, ast.Name) and node.value.id in foreign:
            yield f"{path.relative_to(PACKAGE)}:{node.lineno} replaces {node.value.id}.{node.attr}"


def test_no_other_module_reaches_inside_pytensor():
    others = [path for path in TREES if not str(path.relative_to(PACKAGE)).startswith((*PENDING, "engine/compat.py"))]
    assert [line for path in others for line in reaches_inside(path)] == []


def test_the_search_finds_what_compat_does():
    found = list(reaches_inside(PACKAGE / "engine" / "compat.py"))
    assert {"uses _features", "replaces cmodule.try_march_flag"} <= {line.partition(" ")[2] for line in found}


def test_what_is_taken_from_inside_is_what_the_public_says():
    x = pt.vector()
    fgraph = pytensor.function([x], x * 2, mode=backend.interpreted()).maker.fgraph
    assert compat.features_of(fgraph) and all(hasattr(each, "on_attach") for each in compat.features_of(fgraph))
    options = dict(compat.configuration())
    assert options["floatX"] == pytensor.config.floatX and "cxx" in options
    mode = pytensor.compile.mode.get_mode("CVM")
    query = compat.query_of(mode)
    assert "fast_run" in query.include
    tags = compat.rewriters_by_tag(compat.database_of(mode))
    assert tags["fast_run"] and "__db__" not in compat.other_attributes(compat.database_of(mode))


def test_tags_come_back_but_for_derived_ones():
    x, y = pt.vector(), pt.vector()
    x.tag.batch_axis, x.tag.trace = 0, ["somewhere"]
    assert dict(compat.stable_tags(x))["batch_axis"] == 0 and "trace" not in dict(compat.stable_tags(x))
    compat.set_tags(y, compat.stable_tags(x))
    assert y.tag.batch_axis == 0


def test_a_frozendict_is_pickled_without_its_hash():
    from pytensor.misc.frozendict import frozendict

    rebuild, arguments = compat.reduced(frozendict(a=1))
    assert rebuild(*arguments) == frozendict(a=1)
    assert compat.reduced({"a": 1}) is NotImplemented


def test_flags_are_tried_by_pytensors_own_function_again_afterwards():
    from pytensor.link.c import cmodule

    before = cmodule.try_march_flag
    with pytest.raises(ZeroDivisionError), compat.flags_tried_by(lambda attempt: lambda flags: attempt is before):
        assert cmodule.try_march_flag([])
        raise ZeroDivisionError
    assert cmodule.try_march_flag is before
