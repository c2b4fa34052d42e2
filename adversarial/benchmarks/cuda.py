"""All that is wanted of a machine with an NVIDIA GPU, in a few minutes; saved after each part."""

from __future__ import annotations

import argparse
import functools
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Any, NamedTuple

from adversarial import backend
from adversarial.benchmarks import gpu_parts
from adversarial.benchmarks.gpu_parts import PARTS, Part, Quantity, Timing
from adversarial.benchmarks.interleaved import Report
from adversarial.benchmarks.machine import description, machine
from adversarial.benchmarks.processes import Process, results_of
from adversarial.command_line import program
from adversarial.errors import ConfigurationError, UserError
from adversarial.files.whole_file import write_whole
from adversarial.options import Positive, mismatch

NAMES = tuple(dict.fromkeys(part.name for part in PARTS))
#: Seconds kept for the end, so that all is over when the minutes are.
KEPT = 5.0


class Device(NamedTuple):
    """What JAX computes on: PyTensor's summary, and the device's own name."""

    summary: str
    name: str


@dataclass
class GpuReport(Report):
    """What was measured so far, part after part.

    Attributes
    ----------
    device : Device
        What computes.
    timings : list of Timing
        Updates.
    quantities : list of Quantity
        Other figures.
    said : list of str
        What was left out, by part.
    """

    device: Device = Device("", "")
    timings: list[Timing] = field(default_factory=list)
    quantities: list[Quantity] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def add(self, part: Part, found: Timing | Quantity | str) -> None:
        """Add what a part measured, or said."""
        if isinstance(found, Timing):
            self.timings.append(found)
            name = f"{found.experiment}, {found.contender}, {found.dispatch} a dispatch, TF32 {found.tf32}"
            self.times[name] = found.seconds
        elif isinstance(found, Quantity):
            self.quantities.append(found)
        else:
            self.said.append(f"{part.name}{' of ' if part.experiment else ''}{part.experiment}: {found}")

    def as_text(self) -> str:
        """Return tables in Markdown."""
        known = description()
        lines = [f"# {self.title}", "", f"{self.device.name}; {self.device.summary}; on {machine()}", ""]
        lines += [line for note in self.notes for line in (note, "")]
        lines += [f"- {name}: {known[name]}" for name in ("system", "Python", "numpy", "pytensor", "jax", "torch")]
        heads = ["experiment", "contender", "updates a dispatch", "TF32"]
        figures = ["updates a second", "ms an update", "least", "peak MB"]
        lines += [
            "",
            f"| {' | '.join(heads + figures)} |",
            f"| {'--- | ' * len(heads)}{'---: | ' * len(figures)}".rstrip(),
        ]
        for each in self.timings:
            middle, least = median(each.seconds), min(each.seconds)
            cells = [each.experiment, each.contender, each.dispatch, each.tf32, f"{1 / middle:,.1f}"]
            cells += [f"{1e3 * middle:.3f}", f"{1e3 * least:.3f}", f"{each.peak:.0f}"]
            lines.append(f"| {' | '.join(cells)} |")
        lines += ["", "| what | figure |", "| --- | ---: |"]
        for what, values in self._by_name().items():
            unit = values[0].unit
            lines.append(f"| {what} | {median(each.value for each in values):.3g} {unit} |")
        return "\n".join([*lines, "", *(f"- {sentence}" for sentence in self.said)])

    def _by_name(self) -> dict[str, list[Quantity]]:
        found: dict[str, list[Quantity]] = {}
        for each in self.quantities:
            found.setdefault(each.what, []).append(each)
        return found

    def as_json(self) -> dict[str, Any]:
        """Return everything that was measured, as JSON."""
        found = super().as_json()
        return found | {
            "backend": self.device.summary,
            "device": self.device.name,
            "description": description(),
            "timings": [each._asdict() for each in self.timings],
            "quantities": [each._asdict() for each in self.quantities],
            "said": self.said,
        }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options for the time, the device and the parts."""
    add = parser.add_argument
    add("--minutes", type=float, default=8, metavar="N", help="end after so many minutes (default %(default)s)")
    add("--device", default="cuda", choices=("cuda", "cpu"), help="cpu tries the same without a GPU")
    add("--parts", default=",".join(NAMES), metavar="NAMES", help=f"of {', '.join(NAMES)} (default: all)")
    add(
        "--experiments",
        default=",".join(gpu_parts.VALUES),
        metavar="NAMES",
        help="whose updates (default: %(default)s)",
    )
    add("--markdown", metavar="FILE", help="write the tables to this file after each part")
    add("--small", action="store_true", help="layers of few units: to try the command, not to measure")


def run(given: argparse.Namespace) -> Report:
    """Measure part after part, each in its share of the time.

    Parameters
    ----------
    given : argparse.Namespace
        The options.

    Returns
    -------
    Report
        What was measured.

    Raises
    ------
    ConfigurationError
        If an option is none.
    UserError
        If the device is not there.
    """
    if reason := mismatch(given.minutes, Positive):
        raise ConfigurationError(f"--minutes is {given.minutes}, but must be {reason}")
    names = program.names_of(given.parts, NAMES, "--parts")
    parts = [part for part in PARTS if part.name in names]
    experiments = program.names_of(given.experiments, tuple(gpu_parts.VALUES), "--experiments")
    parts = [part for part in parts if part.experiment in ("", *experiments)]
    end = time.monotonic() + 60 * given.minutes - KEPT
    device = _device(given.device)
    notes = [
        f"{datetime.now(UTC):%Y-%m-%d}; an update: medians of {gpu_parts.ROUNDS} turns of about {gpu_parts.TURN:g} s; "
        "ours is an epoch's loop as train.py runs it, its data set on the device; peers are given one minibatch there; "
        "memory is the most of the contender's process"
    ]
    if given.small:
        notes.append("layers have few units: the figures say nothing")
    report = GpuReport("cuda: updates, monitor and estimate", {}, [], notes, device)
    for number, part in enumerate(parts):
        left = sum(each.share for each in parts[number:])
        seconds = max(0.0, end - time.monotonic()) * part.share / left
        print(f"{part.name} {part.experiment}, at most {seconds:.0f} s", file=sys.stderr, flush=True)
        for found in results_of(functools.partial(gpu_parts.measure, part, given.device, given.small), seconds):
            report.add(part, found)
            _save(report, given)
    return report


def _save(report: GpuReport, given: argparse.Namespace) -> None:
    """Write what there is, so that whoever ends the program loses nothing."""
    if given.markdown:
        write_whole(given.markdown, [report.as_text().encode() + b"\n"])
    if given.json:
        report.write_json(given.json)


def _device(device: backend.Device) -> Device:
    """Return what computes; raise UserError where it is not there."""
    process = Process("the device", functools.partial(_find, device))
    found = process.ready()
    process.end()
    if isinstance(found, str):
        raise UserError(f"{found}; --device cpu tries the command without a GPU")
    return found


def _find(device: backend.Device) -> tuple[Device, dict[str, Callable]]:
    backend.configure("jax", device=device)
    return Device(backend.summary(), backend.describe_devices()), {}
