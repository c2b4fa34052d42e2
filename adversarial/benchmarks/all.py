"""Every table, in one report that is headed by the machine; a part that is there already is not run again."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adversarial import backend
from adversarial.benchmarks.interleaved import Report
from adversarial.benchmarks.machine import description, machine
from adversarial.command_line import program
from adversarial.errors import ConfigurationError
from adversarial.files.whole_file import write_whole

#: The sub-commands in the order of the report, with options that make them short.
PARTS: dict[str, tuple[str, ...]] = {
    "mnist": (),
    "cifar10_fully_connected": ("--updates", "3"),
    "cifar10_convolutional": ("--updates", "2"),
    "tfd": ("--updates", "3"),
    "backends": (),
    "parzen": (),
    "monitor": (),
    "shared": ("--updates", "15"),
    "startup": (),
    "hdf5": (),
    "scaling": ("--quick",),
}


@dataclass
class Whole(Report):
    """The parts that are done, by name.

    Attributes
    ----------
    date : str
        When the report was begun.
    known : dict of {str: str}
        The machine, by headings.
    parts : dict of {str: dict}
        Of each part its command, the seconds that it took, what it printed and its JSON; or the error.
    """

    date: str = ""
    known: dict[str, str] = field(default_factory=dict)
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def as_text(self) -> str:
        """Return the whole in Markdown, with the same headings on every machine."""
        lines = [f"# {self.title}", "", "| machine | |", "| --- | --- |"]
        lines += [f"| {name} | {value} |" for name, value in ({"begun": self.date} | self.known).items()]
        for name in PARTS:
            lines += ["", f"## {name}", ""]
            part = self.parts.get(name)
            if part is None:
                lines.append("Not run.")
                continue
            lines += [f"`tools/benchmark.py {part['command']}`, {part['seconds']:.0f} s", ""]
            text = part["text"]
            lines += [text] if "| ---" in text else ["```", text, "```"]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """Return the whole as JSON, from which it can be resumed."""
        return {"title": self.title, "date": self.date, "machine": self.known, "parts": self.parts}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options for the parts, and the file."""
    parser.set_defaults(rounds=3)
    parser.add_argument(
        "--only", default=",".join(PARTS), metavar="NAMES", help=f"of {', '.join(PARTS)} (default: all)"
    )
    parser.add_argument(
        "--markdown", nargs="?", const="benchmarks.md", metavar="FILE",
        help="write the report to this file (benchmarks.md) after each part, and all times beside it, ending in .json; "
        "what is there is not run again",
    )  # fmt: skip


def run(given: argparse.Namespace) -> Report:
    """Run the sub-commands one after the other, each in a process of its own.

    Parameters
    ----------
    given : argparse.Namespace
        The options: `only`, `markdown`, `rounds`.

    Returns
    -------
    Report
        All parts that are there.

    Raises
    ------
    ConfigurationError
        If there is no such part, or the file is of another machine.
    """
    names = program.names_of(given.only, PARTS, "--only")
    report = _begun(given.markdown)
    for name in PARTS:
        command = " ".join([name, "--rounds", str(given.rounds), *PARTS[name]])
        done = report.parts.get(name, {})
        if name not in names or (done.get("command") == command and "json" in done):
            continue
        print(f"tools/benchmark.py {command}", file=sys.stderr, flush=True)
        report.parts[name] = _part(command)
        if given.markdown:
            write_whole(given.markdown, [report.as_text().encode() + b"\n"])
            report.write_json(_state_of(given.markdown))
    return report


def _state_of(markdown: str) -> Path:
    return Path(markdown).with_suffix(".json")


def _begun(markdown: str | None) -> Whole:
    """Return the report that the files hold, or an empty one."""
    known = {**description(), "PyTensor's": backend.summary()}
    title = f"Benchmarks, {machine()}"
    if markdown is None or not _state_of(markdown).exists():
        return Whole(title, {}, date=f"{datetime.now(UTC):%Y-%m-%d}", known=known)
    path = _state_of(markdown)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        report = Whole(title, {}, date=found["date"], known=found["machine"], parts=found["parts"])
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path} is not of an earlier run of this: name another file by --markdown") from error
    if changed := [name for name, value in known.items() if report.known.get(name) != value]:
        before, now = report.known.get(changed[0]), known[changed[0]]
        raise ConfigurationError(
            f"{path} was begun where {changed[0]} was {before}, but here it is {now}: name another file by --markdown"
        )
    return report


def _part(command: str) -> dict[str, Any]:
    """Run a sub-command; return what is kept of it."""
    package = str(Path(__file__).parents[2])
    path = os.pathsep.join(part for part in (package, os.environ.get("PYTHONPATH")) if part)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        times = Path(folder) / "times.json"
        arguments = [sys.executable, "-m", "adversarial.programs.benchmark", *command.split(), "--json", str(times)]
        environment = os.environ | {"PYTHONPATH": path}
        done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
        found: dict[str, Any] = {"command": command, "seconds": time.monotonic() - started}
        if done.returncode:
            return found | {"text": (done.stderr.strip().splitlines() or ["it failed"])[-1]}
        return found | {"text": done.stdout.strip(), "json": json.loads(times.read_text(encoding="utf-8"))}
