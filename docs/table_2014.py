"""The table of what 2014 had and what is here, made from the code and from `names_of_2014.yaml`.

A page of the reference (`reference.py`). By hand:

    python docs/table_2014.py > table.rst
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from adversarial.errors import UserError
from adversarial.names.allow_list import AllowList
from adversarial.names.names_2014 import home_of
from adversarial.names.slips import Slip
from adversarial.options import declared_options

DOCS = Path(__file__).parent
TESTS = DOCS.parent / "tests"
#: Folders of experiments that were recorded from 2014's code.
RECORDED = ("trajectories", "trajectories_2", "ab")
#: Recorded experiments that are not followed to their end.
IN_PART = {"softmax_regression_bgd": "softmax_regression_bgd (its first update)"}
#: Recorded experiments that a row names.
_NAMED = 3
_TITLE = "What 2014 had, and what is here"


@functools.cache
def facts() -> dict[str, Any]:
    """What `names_of_2014.yaml` says."""
    return yaml.safe_load((DOCS / "names_of_2014.yaml").read_text())


def names() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each dotted name of 2014 with what is said of it."""
    for module, entries in facts()["names"].items():
        for name, said in entries.items():
            yield f"{module}.{name}", said if isinstance(said, dict) else {"options": said}


@functools.cache
def followed() -> dict[str, list[str]]:
    """The recorded experiments that tests follow update by update, by the names here of what their files name."""
    tests = "".join(path.read_text() for path in sorted((TESTS / "trajectories").glob("*.py")))
    found: dict[str, list[str]] = {}
    for folder in sorted(path for kind in RECORDED for path in (TESTS / "golden2014" / kind).glob("*/")):
        if f'"{folder.name}"' not in tests:
            continue
        texts = "".join(path.read_text() for path in sorted(folder.glob("*.yaml")))
        for name in sorted({home_of(name) for name in re.findall(r"!(?:obj|import):\s*([\w.]+)", texts)}):
            found.setdefault(name, []).append(IN_PART.get(folder.name, folder.name))
    return found


def exists(dotted: str) -> bool:
    """Whether a module of this package has such a class or function."""
    module, _, name = dotted.rpartition(".")
    return hasattr(importlib.import_module(module), name)


def resolved(name: str) -> Any:
    """What a file of 2014 gets by a name; None if the name stands for nothing."""
    try:
        return AllowList().resolve(name)
    except UserError:
        return None


def verdict(name: str, said: dict[str, Any]) -> str:
    """How a name stands, in a word."""
    if "absent" in said:
        return "absent"
    if "here" in said:
        return "for Python"
    if said.get("slips") or said.get("without"):
        return "differs"
    return "equal" if said.get("equal") or home_of(name) in followed() else "present"


def how(name: str, said: dict[str, Any]) -> list[str]:
    """The sentences about a name: how it is known to be equal, and where it differs."""
    if "absent" in said or "here" in said:
        return [said.get("absent") or f"``{said['here']}``; a file does not name it"]
    sentences = [f"of {said['of']}"] if "of" in said else []
    experiments = followed().get(home_of(name), [])
    if experiments:
        more = f" and {len(experiments) - _NAMED} more" if len(experiments) > _NAMED else ""
        sentences.append(f"follows 2014 update by update in {', '.join(experiments[:_NAMED])}{more}")
    if said.get("equal"):
        sentences.append(f"equal by ``{said['equal']}``")
    for slip in said.get("slips", ()):
        sentences.append(Slip[slip].line().partition(". ")[2].rstrip("."))
    sentences += [f"lacks ``{option}``: {why}" for option, why in said.get("without", {}).items()]
    return sentences


def added(name: str, said: dict[str, Any]) -> list[str]:
    """The options that 2014 did not have."""
    target = resolved(name)
    declared = declared_options(target) if target is not None else None
    return [option for option in declared or () if option not in said.get("options", ())]


def _options(name: str, said: dict[str, Any]) -> str:
    present = [option for option in said.get("options", ()) if option not in said.get("without", {})]
    shown = ", ".join(f"``{option}``" for option in present)
    new = ", ".join(f"``{option}``" for option in added(name, said))
    return shown + (f"; here also {new}" if new else "")


def _rows(cells: list[tuple[str, ...]]) -> Iterator[str]:
    for row in cells:
        yield "\n".join(f"   {'* -' if place == 0 else '  -'} {cell}".rstrip() for place, cell in enumerate(row))


def _table(head: tuple[str, ...], widths: str, cells: list[tuple[str, ...]]) -> str:
    return "\n".join([f".. list-table::\n   :header-rows: 1\n   :widths: {widths}\n", *_rows([head, *cells])])


def _script(script: str, said: dict[str, Any]) -> tuple[str, ...]:
    if "absent" in said:
        return f"``{script}``", "absent", said["absent"]
    differing = {flag: words for flag, words in said["flags"].items() if words is not True}
    same = [flag for flag in said["flags"] if flag not in differing]
    sentences = [f"takes {', '.join(f'``{flag}``' for flag in same)}"] if same else []
    sentences += [f"``{flag}``: {words}" for flag, words in differing.items()]
    sentences += [Slip[slip].line().partition(". ")[2].rstrip(".") for slip in said.get("slips", ())]
    word = "differs" if differing or said.get("slips") else "present"
    return f"``{script}``", f"{word}: ``{said['program']}.py``", ". ".join(sentences)


def page() -> str:
    """The page, in reStructuredText."""
    verdicts = [verdict(name, said) for name, said in names()]
    counts = ", ".join(f"{verdicts.count(each)} {each}" for each in dict.fromkeys(sorted(verdicts)))
    parts = [
        f"{_TITLE}\n{'=' * len(_TITLE)}",
        "The public classes and functions of goodfeli/adversarial and of the parts of Pylearn2 that its experiments,\n"
        "and those of classifiers, autoencoders and Boltzmann machines, are made of. *Equal* is what follows recorded\n"
        "experiments of 2014 update by update, or a record of its own; *present* takes the same options, without\n"
        "such a record; *differs* says where, and slips are repeated for a file in 2014's names unless nothing\n"
        "depends on them; *for Python* cannot be named by a file, here as mostly in 2014.",
        f"Of {len(verdicts)} names: {counts}.",
    ]
    for module, entries in facts()["names"].items():
        parts.append(f"``{module}``\n{'-' * (len(module) + 4)}")
        of_module = [(name, said) for name, said in names() if name.rpartition(".")[0] == module]
        assert len(of_module) == len(entries)
        rows = [
            (f"``{name.rpartition('.')[2]}``", verdict(name, said), ". ".join(how(name, said)), _options(name, said))
            for name, said in of_module
        ]
        parts.append(_table(("name", "stands", "how it is known, or where it differs", "options"), "15 10 40 35", rows))
    for where, scripts in facts()["scripts"].items():
        title = f"Scripts of {where}"
        parts.append(f"{title}\n{'-' * len(title)}")
        parts.append(_table(("script", "stands", "flags"), "20 20 60", [_script(*each) for each in scripts.items()]))
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    print(page(), end="")
