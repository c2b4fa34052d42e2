"""Times of pieces of work that are compared, measured in turns, so that a busy machine slows all of them alike.

Compare by the ratios: each is the median over rounds of the ratio of two times of one round, measured seconds apart.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from adversarial.benchmarks.machine import machine
from adversarial.files.whole_file import write_whole


@dataclass(frozen=True)
class Contender:
    """A piece of work to time.

    Attributes
    ----------
    name : str
        Its name in the report.
    work : callable
        Does it.
    scale : float
        What its time is multiplied by, if `work` does a part or a multiple of what is reported.
    """

    name: str
    work: Callable[[], Any]
    scale: float = 1.0


@dataclass
class Report:
    """Times of contenders, and ratios of them.

    Attributes
    ----------
    title : str
        What was measured.
    times : dict of {str: list of float}
        Seconds in each round, multiplied by the contender's scale, by its name.
    ratios : sequence of (str, tuple of str)
        Which ratios to report: the first name over the sum of the others.
    notes : list of str
        Lines for the reader, such as sizes.

    Examples
    --------
    >>> report = Report("sort", {"ours": [2.0, 9.0, 2.0], "NumPy": [1.0, 3.0, 1.0]}, [("ours", ("NumPy",))])
    >>> report.ratio("ours", ["NumPy"])
    2.0
    """

    title: str
    times: dict[str, list[float]]
    ratios: Sequence[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def ratio(self, above: str, below: Sequence[str]) -> float:
        """Return the median over rounds of the time of `above` over the sum of those of `below`."""
        sums = [sum(values) for values in zip(*(self.times[name] for name in below), strict=True)]
        return median(a / b for a, b in zip(self.times[above], sums, strict=True))

    def as_text(self) -> str:
        """Return a plain table."""
        from adversarial import backend

        width = max(len(name) for name in self.times)
        rounds = len(next(iter(self.times.values())))
        lines = [self.title, f"{backend.summary()}, on {machine()}; {rounds} rounds in turns", *self.notes, ""]
        lines.append(f"{'':{width}}  {'median':>9}  {'least':>9}   seconds")
        lines += [f"{name:{width}}  {median(times):9.4f}  {min(times):9.4f}" for name, times in self.times.items()]
        for above, below in self.ratios:
            lines.append(f"{above} / {_sum(below)} = {self.ratio(above, below):.2f}")
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """Return the report with every time, as JSON."""
        from adversarial import backend

        return {
            "title": self.title,
            "backend": backend.summary(),
            "machine": machine(),
            "notes": self.notes,
            "seconds": self.times,
            "median": {name: median(times) for name, times in self.times.items()},
            "ratios": {f"{above} / {_sum(below)}": self.ratio(above, below) for above, below in self.ratios},
        }

    def write_json(self, path: str | os.PathLike) -> None:
        """Write `as_json` to a file."""
        write_whole(path, [json.dumps(self.as_json(), indent=1).encode() + b"\n"])


def _sum(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"({' + '.join(names)})"


def take_times(contenders: Sequence[Contender], rounds: int, quiet: bool = False) -> dict[str, list[float]]:
    """Time each contender once a round, after an untimed round that fills caches and compiles.

    Parameters
    ----------
    contenders : sequence of Contender
        What to time, in this order in each round.
    rounds : int
        Number of timed rounds, at least 1.
    quiet : bool, default False
        Print no progress.

    Returns
    -------
    dict of {str: list of float}
        Seconds in each round, multiplied by the contender's scale, by its name.

    Examples
    --------
    >>> times = take_times([Contender("nothing", lambda: None)], 3, quiet=True)
    >>> len(times["nothing"])
    3
    """
    times: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for number in range(rounds + 1):
        if not quiet:
            print("warming up" if number == 0 else f"round {number} of {rounds}", file=sys.stderr, flush=True)
        for contender in contenders:
            started = time.perf_counter()
            contender.work()
            elapsed = time.perf_counter() - started
            if number > 0:
                times[contender.name].append(elapsed * contender.scale)
    return times
