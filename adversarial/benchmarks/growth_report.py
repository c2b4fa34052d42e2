"""A table for each axis along which something grows, with exponents of its time over its work, and a picture."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from statistics import median
from typing import Any

from adversarial.benchmarks.interleaved import Report
from adversarial.benchmarks.machine import machine
from adversarial.figures.growth import Line, Panel, draw_growth

#: An exponent above this is named: time grows faster than work.
EXPONENT = 1.1


@dataclass
class Row:
    """What was measured at one size.

    Attributes
    ----------
    label : str
        Its name in the table.
    size : int
        Where it is on the axis.
    seconds : list of float
        Times, one a round.
    work : float
        What is to grow no slower than the time.
    times : int
        How often what was timed is done in that work: the updates of an epoch.
    bare : list of float or None
        Times of the bare products.
    memory : float
        Most resident memory, in MB.
    processor : list of float or None
        Seconds of all processors together, where those are compared.
    linear : float or None
        What these would be if they grew from a row of reference as the work does.
    """

    label: str
    size: int
    seconds: list[float]
    work: float
    times: int = 1
    bare: list[float] | None = None
    memory: float = math.nan
    processor: list[float] | None = None
    linear: float | None = None

    @property
    def beside_linear(self) -> float | None:
        """Processor time over what it would be if it grew as the work does."""
        return None if self.linear is None or self.processor is None else median(self.processor) / self.linear


@dataclass
class Axis:
    """The rows along one axis, in order of their sizes; a smaller size begins a new line.

    Attributes
    ----------
    name : str
        What grows.
    unit : str
        What was timed: 'an update'.
    rows : list of Row
        The sizes.
    notes : list of str
        Lines for the reader.
    work : str
        The unit of the work, 'GFLOP', and
    scale : float
        how much of `Row.work` it is.
    grows : bool
        Whether the work grows along it; else rows are compared with the first one.
    """

    name: str
    unit: str
    rows: list[Row]
    notes: list[str]
    work: str = "GFLOP"
    scale: float = 1e9
    grows: bool = True

    def exponents(self) -> list[float | None]:
        """Return for each row the exponent of time over work from the row above; None where a line begins."""
        found: list[float | None] = [None] * bool(self.rows)
        for before, row in pairwise(self.rows):
            if not self.grows or row.size <= before.size:
                found.append(None)
                continue
            growth = _ratio(row.processor or row.seconds, before.processor or before.seconds) * row.times / before.times
            found.append(math.log(growth) / math.log(row.work / before.work))
        return found

    def faster_than_work(self) -> list[str]:
        """Return a sentence for each row whose exponent is above `EXPONENT`, with that of the bare products."""
        said = []
        for place, exponent in enumerate(self.exponents()):
            if exponent is None or exponent <= EXPONENT:
                continue
            row, before = self.rows[place], self.rows[place - 1]
            text = f"at {row.label} the time of {self.unit} grows faster than the work: exponent {exponent:.2f}"
            if row.bare and before.bare:
                bare = math.log(_ratio(row.bare, before.bare)) / math.log(row.work / before.work)
                text += f" (the bare products': {bare:.2f})"
            said.append(text)
        return said

    def lines(self) -> Iterator[str]:
        """Yield the table in Markdown."""
        yield from (f"### {self.name}", "")
        yield from (line for note in self.notes for line in (note, ""))
        if not self.rows:
            return
        bare, linear = self._with_bare(), any(row.linear for row in self.rows)
        seconds = "s" if linear else "ms"
        heads = [self.name, self.work, f"{seconds} {self.unit}", "least"]
        heads += ["bare products", "over them"] * bare + ["processor s", "beside linear"] * linear
        heads += ["exponent" if self.grows else "times the first", "MB resident"]
        yield f"| {' | '.join(heads)} |"
        yield f"| {' | '.join(['---', *['---:'] * (len(heads) - 1)])} |"
        for row, exponent in zip(self.rows, self.exponents(), strict=True):
            cells = [row.label, f"{row.work / self.scale:.3g}", *self._times(row.seconds, linear)]
            if bare:
                cells += (
                    [self._times(row.bare, False)[0], f"{_ratio(row.seconds, row.bare):.2f}"] if row.bare else ["", ""]
                )
            if linear:
                cells.append("" if row.processor is None else f"{median(row.processor):.2f}")
                cells.append("" if row.beside_linear is None else f"{row.beside_linear:.3f}")
            growth = exponent if self.grows else _ratio(row.seconds, self.rows[0].seconds)
            cells += ["" if growth is None else f"{growth:.2f}", f"{row.memory:.0f}"]
            yield f"| {' | '.join(cells)} |"
        if self.grows:
            yield from ("", "; ".join(self.faster_than_work()) or f"No exponent is above {EXPONENT:g}.")

    def _times(self, seconds: Sequence[float], whole: bool) -> list[str]:
        return [f"{each:.2f}" if whole else f"{1e3 * each:.2f}" for each in (median(seconds), min(seconds))]

    def _with_bare(self) -> bool:
        return any(row.bare for row in self.rows)

    def panel(self) -> Panel:
        """Return what is drawn: time against size, beside the bare products, or beside linear growth."""
        lines: list[Line] = []
        for part in self._series():
            sizes = [float(row.size) for row in part]
            kind = part[0].label.partition(", ")[2]
            ending = f", {kind}" if kind else ""
            lines.append(Line(f"ours{ending}", sizes, [median(row.seconds) for row in part]))
            if self._with_bare():
                bare = [median(row.bare) if row.bare else math.nan for row in part]
                lines.append(Line(f"bare products{ending}", sizes, bare, dashed=True))
            elif self.grows:
                first = part[0]
                seconds = [median(first.seconds) * row.work / first.work * first.times / row.times for row in part]
                lines.append(Line(f"as the work{ending}", sizes, seconds, dashed=True))
        return Panel(self.name.replace("_", " "), f"seconds, {self.unit}", lines)

    def _series(self) -> Iterator[list[Row]]:
        part: list[Row] = []
        for row in self.rows:
            if part and row.size <= part[-1].size:
                yield part
                part = []
            part.append(row)
        yield part


def _ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Return the median of ratios of rounds, or the ratio of medians where the rounds are not the same."""
    if len(above) != len(below):
        return median(above) / median(below)
    return median(a / b for a, b in zip(above, below, strict=True))


@dataclass
class GrowthReport(Report):
    """Tables for all axes that were measured."""

    axes: list[Axis] = field(default_factory=list)

    def add(self, axis: Axis) -> None:
        """Add an axis."""
        self.axes.append(axis)
        self.times |= {f"{axis.name} {row.label}": row.seconds for row in axis.rows}

    def as_text(self) -> str:
        """Return the tables in Markdown."""
        lines = [f"{self.title}, on {machine()}", *self.notes]
        for axis in self.axes:
            lines += ["", *axis.lines()]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """Return the report with every time, as JSON."""
        found = super().as_json()
        del found["backend"]  # that of each axis is among its notes
        axes = [
            asdict(axis) | {"exponents": axis.exponents(), "faster_than_work": axis.faster_than_work()}
            for axis in self.axes
        ]
        return found | {"axes": axes}

    def draw(self, path: str | os.PathLike) -> None:
        """Draw the axes that have rows, as a PNG."""
        draw_growth(path, [axis.panel() for axis in self.axes if axis.rows], machine())
