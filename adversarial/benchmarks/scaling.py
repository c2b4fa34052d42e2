"""How an update of mnist.yaml and a Parzen estimate grow: with each of their sizes, with threads and devices."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from adversarial.benchmarks import parzen_growth, update_growth
from adversarial.benchmarks.growth_report import Axis, GrowthReport
from adversarial.benchmarks.hdf5 import MadeUpImages
from adversarial.benchmarks.interleaved import Report
from adversarial.benchmarks.machine import processors
from adversarial.benchmarks.processes import Process
from adversarial.benchmarks.update_growth import MEMORY, STORED
from adversarial.command_line import program
from adversarial.figures.grid import check_name
from adversarial.files.streamed import write_rows


@dataclass(frozen=True)
class Sizes:
    """The sizes of each axis."""

    batch_size: Sequence[int] = (25, 50, 100, 200, 400, 800, 1600)
    width: Sequence[int] = (300, 600, 1200, 2400, 4800)
    layers: Sequence[int] = (1, 2, 4, 8)
    examples: Sequence[int] = (1_000, 10_000, 100_000, 1_000_000)
    threads: Sequence[int] = (1, 2, 4, 8, 16, 32, 64)
    samples: Sequence[int] = (1_000, 10_000, 100_000, 1_000_000)
    points: Sequence[int] = (100, 1_000, 10_000)
    #: Samples where points grow, and points where samples grow.
    few_samples: int = 10_000
    many_points: int = parzen_growth.POINTS


FULL = Sizes()
QUICK = Sizes((50, 100, 200), (600, 1200, 2400), (1, 2, 4), (1_000, 10_000), (1, 2), (10_000, 30_000), (100, 1_000),
              many_points=1_000)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options for axes, sizes and the picture."""
    add = parser.add_argument
    add("--axis", default=",".join(AXES), metavar="NAMES", help=f"of {', '.join(AXES)} (default: all)")
    add("--quick", action="store_true", help="a few small sizes of each axis")
    add("--picture", metavar="FILE.png", help="draw time against size")


def run(given: argparse.Namespace) -> Report:
    """Measure along each axis.

    Parameters
    ----------
    given : argparse.Namespace
        The options: `axis`, `quick`, `picture`, `rounds`.

    Returns
    -------
    Report
        A table for each axis.

    Raises
    ------
    ConfigurationError
        If there is no such axis, or the picture cannot be written there.
    """
    names = program.names_of(given.axis, AXES, "--axis")
    if given.picture:
        check_name(given.picture)
    sizes = QUICK if given.quick else FULL
    report = GrowthReport("scaling: how time and memory grow", {}, [], [_NOTE.format(rounds=given.rounds)])
    for name in names:
        print(f"along {name}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            report.add(AXES[name](name, sizes, given.rounds, Path(folder)))
    if given.picture:
        report.draw(given.picture)
    return report


_NOTE = (
    "updates: of mnist.yaml's game, the epoch's loop included, medians of {rounds} rounds in which the sizes of an "
    "axis take turns; work: operations of the products as 2014's graph needs them; exponent: of time over "
    "work, from the row above; above 1.1 it is named"
)


def _examples(name: str, sizes: Sizes, rounds: int, folder: Path) -> Axis:
    files = []
    for size in sizes.examples:
        path = folder / f"{size}.h5"
        write_rows(path, {"images": MadeUpImages(size)})
        files.append((size, str(path)))
    rows, notes = [], []
    for kind in (MEMORY, STORED):
        axis = update_growth.along(name, update_growth.examples(files, kind), rounds)
        rows += axis.rows
        notes = axis.notes
    return Axis(name, "an update", rows, [*notes, "work is that of an epoch"])


def _devices(name: str, sizes: Sizes, rounds: int, folder: Path) -> Axis:
    try:
        import jax  # noqa: F401
    except ImportError:
        return Axis(name, "an update", [], ["JAX is not installed, which alone can use several devices"])
    counting = Process("devices", _gpus)
    gpus = counting.ready()
    counting.end()
    cases = update_growth.devices(gpus or processors(), "cuda" if gpus else "cpu")
    return update_growth.along(name, cases, rounds, grows=False)


def _gpus() -> tuple[int, dict[str, Callable]]:
    """Return how many GPUs JAX finds."""
    import jax

    return len([device for device in jax.devices() if device.platform == "gpu"]), {}


def _samples(name: str, sizes: Sizes, rounds: int, folder: Path) -> Axis:
    cases = [parzen_growth.Case(size, sizes.many_points, str(folder / "samples.npy")) for size in sizes.samples]
    return parzen_growth.along(name, cases, sizes.samples)


def _points(name: str, sizes: Sizes, rounds: int, folder: Path) -> Axis:
    cases = [parzen_growth.Case(sizes.few_samples, size, str(folder / "samples.npy")) for size in sizes.points]
    return parzen_growth.along(name, cases, sizes.points)


def _batch_size(name: str, sizes: Sizes, rounds: int, folder: Path) -> Axis:
    return update_growth.along(name, update_growth.batch_sizes(sizes.batch_size), rounds)


def _width(name: str, sizes: Sizes, rounds: int, folder: Path) -> Axis:
    return update_growth.along(name, update_growth.widths(sizes.width), rounds)


def _layers(name: str, sizes: Sizes, rounds: int, folder: Path) -> Axis:
    return update_growth.along(name, update_growth.depths(sizes.layers), rounds)


def _threads(name: str, sizes: Sizes, rounds: int, folder: Path) -> Axis:
    return update_growth.along(name, update_growth.threads(sizes.threads), rounds, grows=False)


#: How to measure along each axis, in the order of the tables.
AXES: dict[str, Callable[[str, Sizes, int, Path], Axis]] = {
    "batch_size": _batch_size,
    "width": _width,
    "layers": _layers,
    "examples": _examples,
    "threads": _threads,
    "devices": _devices,
    "samples": _samples,
    "points": _points,
}
