"""Docstrings are numpydoc's: complete where a YAML file can name something, with examples that run."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import adversarial

numpydoc = pytest.importorskip("numpydoc")
from numpydoc.docscrape import ClassDoc, FunctionDoc  # noqa: E402
from numpydoc.validate import ERROR_MSGS, validate  # noqa: E402

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "docs"))
from reference import nameable  # noqa: E402

NAMEABLE = nameable()
MODULES = sorted(info.name for info in pkgutil.walk_packages(adversarial.__path__, "adversarial."))
#: Packages that only benchmarks and other backends need.
OPTIONAL = {"jax", "torch"}


def checked_codes() -> set[str]:
    """The codes of numpydoc's checks that pyproject.toml asks for."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["numpydoc_validation"]["checks"]
    return ERROR_MSGS.keys() - set(listed) if "all" in listed else set(listed)


def own_options(target) -> list[str]:
    """What the constructor or function itself takes, `**` before the name of what takes the rest."""
    if inspect.isclass(target) and "__init__" not in vars(target):
        return []
    parameters = list(inspect.signature(target.__init__ if inspect.isclass(target) else target).parameters.values())
    marks = {inspect.Parameter.VAR_KEYWORD: "**", inspect.Parameter.VAR_POSITIONAL: "*"}
    return [marks.get(each.kind, "") + each.name for each in parameters[1 if inspect.isclass(target) else 0 :]]


@pytest.mark.parametrize("name", NAMEABLE)
def test_docstring_and_signature_name_the_same_options(name):
    target = NAMEABLE[name]
    doc = ClassDoc(target) if inspect.isclass(target) else FunctionDoc(target)
    documented = [each.strip() for parameter in doc["Parameters"] for each in parameter.name.split(",")]
    if inspect.isclass(target) and "__init__" not in vars(target):
        assert set(documented) <= {"**kwargs"}
    else:
        assert documented == own_options(target)


@pytest.mark.parametrize("name", NAMEABLE)
def test_numpydoc_accepts_what_a_file_can_name(name):
    target = NAMEABLE[name]
    # The parameters of a class that has no constructor of its own are those of its base, and stand there.
    inherits = inspect.isclass(target) and "__init__" not in vars(target)
    codes = checked_codes() | ({"PR01"} if not inherits else set())
    codes -= {"PR02"} if inherits else set()
    assert [error for error in validate(name)["errors"] if error[0] in codes] == []


def has_examples(name: str) -> bool:
    """Whether there is anything to run in a module: most tests of modules without would only import them."""
    path = (ROOT / name.replace(".", "/")).with_suffix(".py")
    return ">>> " in (path if path.exists() else path.with_suffix("") / "__init__.py").read_text()


def imported(name: str) -> ModuleType:
    """A module, or a skipped test where it needs a package that is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in OPTIONAL:
            pytest.skip(f"{error.name} is not installed")
        raise


@pytest.mark.parametrize("name", [name for name in MODULES if has_examples(name)])
def test_examples_run_and_give_what_they_show(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert doctest.testmod(imported(name), optionflags=options).failed == 0


def test_numpydoc_accepts_the_package():
    files = sorted(map(str, (ROOT / "adversarial").rglob("*.py")))
    done = subprocess.run([sys.executable, "-m", "numpydoc", "lint", *files], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
