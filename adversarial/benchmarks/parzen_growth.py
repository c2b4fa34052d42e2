"""A Parzen estimate at another number of samples or points: what is timed of it, in a process of its own.

Samples are read from a file as `tools/parzen_ll.py` reads them, and never are in memory at once.
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from adversarial import backend
from adversarial.benchmarks.growth_report import Axis, Row
from adversarial.benchmarks.hdf5 import MadeUpImages
from adversarial.benchmarks.machine import most_resident
from adversarial.benchmarks.processes import Process
from adversarial.evaluation import parzen_log_likelihood
from adversarial.evaluation.data_sources import named
from adversarial.evaluation.named_sets import Split
from adversarial.likelihood.parzen import TILE

#: The number of samples whose time others are compared with.
REFERENCE = 10_000
#: Points and widths of a full estimate.
POINTS, WIDTHS = 10_000, 10
ESTIMATE, MEMORY_IN_MB = "estimate", "resident memory"


@dataclass(frozen=True)
class Case:
    """An estimate to time.

    Attributes
    ----------
    samples, points : int
        How many there are.
    path : str
        The file of samples, which may have more.
    """

    samples: int
    points: int
    path: str


class Took(NamedTuple):
    """What an estimate took: seconds, and those of all processors in this process together."""

    seconds: float
    processor: float


def prepare(case: Case) -> tuple[str, dict[str, Callable[[], Any]]]:
    """Return PyTensor, backend and threads, and what can be timed: the estimate; and the memory at its highest."""
    points = named("mnist").split("test")[: case.points]
    data: dict[Split, Any] = {"valid": points, "test": points[:2]}

    def estimate(samples: int = case.samples) -> Took:
        started, processor = time.perf_counter(), time.process_time()
        parzen_log_likelihood(case.path, data, num_samples=samples, valid_limit=None)
        return Took(time.perf_counter() - started, time.process_time() - processor)

    estimate(min(TILE, case.samples))  # which compiles
    return backend.summary(), {ESTIMATE: estimate, MEMORY_IN_MB: most_resident}


def write_samples(path: Path, count: int) -> None:
    """Write so many made-up samples of 784 bytes, a block at a time."""
    images = MadeUpImages(count)
    with path.open("wb") as file:
        header = {"shape": (count, 784), "fortran_order": False, "descr": np.lib.format.dtype_to_descr(images.dtype)}
        np.lib.format.write_array_header_2_0(file, header)
        for start in range(0, count, REFERENCE):
            images[start : start + REFERENCE].tofile(file)


def along(name: str, cases: Sequence[Case], sizes: Sequence[int]) -> Axis:
    """Measure estimates along an axis, each between two of a row of reference.

    Parameters
    ----------
    name : str
        What grows.
    cases : sequence of Case
        The sizes, of samples in one file, which is made here.
    sizes : sequence of int
        Where each is on the axis.

    Returns
    -------
    Axis
        A row for each case.
    """
    most = max(case.samples for case in cases)
    print(f"writing {most:,} samples", file=sys.stderr, flush=True)
    write_samples(Path(cases[0].path), most)
    reference = next((case for case in cases if case.samples == REFERENCE), cases[0])
    beside = _process(reference)
    try:
        summary = beside.ready()
        rows, around = {}, [beside.work(ESTIMATE)]
        for case in cases:
            if case != reference:
                print(f"{case.samples:,} samples, {case.points:,} points", file=sys.stderr, flush=True)
                took, memory = _measured(case)
                around.append(beside.work(ESTIMATE))
                rows[case] = _row(case, [took], memory)
                each = sum(took.processor for took in around[-2:]) / 2
                rows[case].linear = each * rows[case].work / (float(reference.samples) * reference.points)
        rows[reference] = _row(reference, around, beside.work(MEMORY_IN_MB))
    finally:
        beside.end()
    found = [rows[case] for case in cases]
    for row, size in zip(found, sizes, strict=True):
        row.label, row.size = f"{size:,}", size
    others = f"{reference.points:,} points" if name == "samples" else f"{reference.samples:,} samples"
    note = (
        f"{others}, {WIDTHS} widths, samples read from a file of bytes; beside linear: processor time over that of "
        f"{reference.samples:,} samples and {reference.points:,} points, measured before and after, times the work"
    )
    return Axis(name, "an estimate", found, [summary, note], "pairs", 1)


def _process(case: Case) -> Process:
    return Process(f"{case.samples:,} samples", functools.partial(prepare, case))


def _measured(case: Case) -> tuple[Took, float]:
    """Return what an estimate takes in a process of its own, and the process's memory in MB."""
    process = _process(case)
    try:
        process.ready()
        return process.work(ESTIMATE), process.work(MEMORY_IN_MB)
    finally:
        process.end()


def _row(case: Case, took: Sequence[Took], memory: float) -> Row:
    return Row("", 0, [each.seconds for each in took], float(case.samples) * case.points, memory=memory,
               processor=[each.processor for each in took])  # fmt: skip
