"""What README, ARCHITECTURE and docs/ say exists: files, links, functions, commands and their options."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
TEXTS = {str(path.relative_to(ROOT)): path.read_text() for path in PAGES}
#: Pages of what once was.
CHANGES = "CHANGELOG.md"
#: Made by the commands that stand on the pages.
MADE = (".pkl", ".h5", ".npy", ".npz", ".png", ".html")
WORDS_OF_README = 1300


def names_in(path: Path) -> set[str]:
    """The functions and classes of a file, and the methods by `Class.method`."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
    return found


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def functions_named() -> Iterator[tuple[str, str, str]]:
    """Page, file and function of each place that a page names: `file.py`, `Class.method`, or cells of a table."""
    for page, text in TEXTS.items():
        base = "adversarial/" if page == "ARCHITECTURE.md" else ""
        for line in text.replace("`,\n", "`, ").splitlines():
            for run in re.findall(r"(?:`[\w./]+`(?:,| \||\|) *)+`[\w.]+`", line):
                files: list[str] = []
                names: list[str] = []
                for each in re.findall(r"`([\w./]+)`", run):
                    if each.endswith(".py"):
                        files, names = ([*files, base + each] if not names else [base + each]), []
                    elif files and re.fullmatch(r"[A-Za-z_][\w]*(\.\w+)?", each):
                        names.append(each)
                        yield page, " ".join(files), each


@pytest.mark.parametrize(("page", "files", "name"), sorted(set(functions_named())))
def test_a_function_that_a_page_names_is_in_the_file_that_it_names(page, files, name):
    found = set().union(*(names_in(ROOT / file) for file in files.split()))
    methods = {each.partition(".")[2] for each in found}
    # What a class inherits is found in the file of the class all the same.
    assert name in found | methods or inherited(files, name)


def inherited(files: str, name: str) -> bool:
    """Whether a class that one of the files defines, not only imports, has a method from another."""
    owner, _, method = name.partition(".")
    modules = [importlib.import_module(file.removesuffix(".py").replace("/", ".")) for file in files.split()]
    classes = [getattr(module, owner, None) for module in modules]
    return any(
        getattr(found, "__module__", None) == module.__name__ and hasattr(found, method)
        for found, module in zip(classes, modules, strict=True)
    )


def test_enough_functions_are_named_for_the_test_above_to_mean_something():
    named = {page for page, _, _ in functions_named()}
    assert {"README.md", "ARCHITECTURE.md", "docs/paper_in_twelve_stops.md", "docs/your_own_parts.md"} <= named
    stops = TEXTS["docs/paper_in_twelve_stops.md"]
    assert re.findall(r"^## (\d+)\.", stops, re.MULTILINE) == [str(number) for number in range(1, 13)]
    assert sum(page == "docs/paper_in_twelve_stops.md" for page, _, _ in functions_named()) >= 20


@pytest.mark.parametrize("page", sorted(TEXTS.keys() - {CHANGES}))
def test_files_that_a_page_names_exist(page):
    bases = [ROOT, ROOT / "adversarial"] if page == "ARCHITECTURE.md" else [ROOT]
    rooms = [path.name for base in bases for path in base.iterdir() if path.is_dir() and path.name[0] != "."]
    named = re.findall(rf"(?<![\w/$~.-])((?:{'|'.join(rooms)})/[\w./-]*)", TEXTS[page])
    wrong = [
        name
        for name in (each.rstrip(".") for each in named)
        if not name.endswith(MADE) and not any((base / name).exists() for base in bases) and name != "docs/build"
    ]
    assert wrong == []


@pytest.mark.parametrize("page", sorted(TEXTS))
def test_links_of_a_page_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXTS[page]):
        if re.match(r"https?:", target):
            continue
        file, _, anchor = target.partition("#")
        path = ((ROOT / page).parent / file).resolve() if file else ROOT / page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path.read_text()), target


def commands() -> Iterator[tuple[str, str, str]]:
    """Page, program and options of each command that a page shows."""
    for page, text in TEXTS.items():
        for match in re.finditer(r"(?:tools/|\b)(\w+)\.py((?: +[^\s`#|]+)*)", text):
            if match.group(0).startswith("tools/") or re.search(r"(?:^|[\s/`])train$", text[: match.end(1)][-8:]):
                options = re.findall(r"(?<= )--[\w-]+", match.group(2))
                yield page, match.group(1), " ".join(options)


@pytest.mark.parametrize(("page", "program", "options"), sorted(set(commands())))
def test_commands_that_a_page_shows_exist_and_take_these_options(page, program, options):
    launcher = ROOT / ("train.py" if program == "train" else f"tools/{program}.py")
    assert launcher.exists()
    module = ROOT / "adversarial" / "programs" / f"{program}.py"
    parser = None
    if module.exists():
        parser = getattr(importlib.import_module(f"adversarial.programs.{program}"), "argument_parser", None)
    # The options of tools/benchmark.py are those of what it times.
    timed = (ROOT / "adversarial" / "benchmarks").glob("*.py")
    sources = [path for path in (launcher, module, *timed) if path.exists()]
    said = parser().format_help() if parser is not None else "".join(path.read_text() for path in sources)
    taken = set(re.findall(r"(?<![\w-])--[\w-]+", said))
    assert set(options.split()) <= taken | {"--help", "--version"}


def test_readme_is_short():
    assert len(TEXTS["README.md"].split()) <= WORDS_OF_README


def test_readme_names_the_command_that_ci_tests_by():
    command = "-m pytest -n 2 --dist loadfile"
    assert command in TEXTS["README.md"] and command in (ROOT / ".ci" / "run").read_text()


def python_of(page: str) -> str:
    """The Python of a page, one block after the other."""
    return "\n".join(re.findall(r"^```python\n(.*?)^```", TEXTS[page], re.MULTILINE | re.DOTALL))


def test_readme_shows_about_thirty_lines_of_python():
    assert 20 <= len(python_of("README.md").splitlines()) <= 32


def test_python_of_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small = {
        "stop=50_000": "stop=300",
        "start=50_000": "start=59_900",
        "1200": "40",
        "240": "8",
        "max_epochs=10": "max_epochs=1",
    }
    text = python_of("README.md")
    for written, less in small.items():
        assert written in text
        text = text.replace(written, less)
    found: dict = {}
    exec(compile(text, "README.md", "exec"), found)
    assert found["samples"].shape == (100, 784)
    assert np.all((found["samples"] > 0) & (found["samples"] < 1))
    assert (tmp_path / "mnist.pkl").exists()


@pytest.mark.parametrize("page", ["docs/your_own_data.md", "docs/parzen.md"])
def test_python_of_a_page_runs(page):
    exec(compile(python_of(page), page, "exec"), {})


def test_the_reference_has_every_option_of_everything_that_a_file_can_name(monkeypatch):
    pytest.importorskip("numpydoc")
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import reference

    text = "".join(reference.pages().values())
    for name, target in reference.nameable().items():
        section = text[text.index(f".. _{name}:") :].split("\n.. _", 1)[0]
        for option in reference.declared_options(target) or ():
            assert f"* - ``{option}``" in section, (name, option)


def test_the_reference_knows_every_name_of_2014(monkeypatch):
    pytest.importorskip("numpydoc")
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    import reference

    from adversarial.names.allow_list import AllowList
    from adversarial.names.names_2014 import NAMES_2014

    documented = list(reference.nameable().values())
    assert [name for name in NAMES_2014 if AllowList().resolve(name) not in documented] == []
