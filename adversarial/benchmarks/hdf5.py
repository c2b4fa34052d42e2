"""Updates on bytes from an HDF5 file, read ahead or not, against updates on the same bytes in memory."""

from __future__ import annotations

import argparse
import functools
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from adversarial.benchmarks import dense
from adversarial.benchmarks.interleaved import Contender, Report, take_times
from adversarial.datasets.files import FileDataset
from adversarial.datasets.hdf5 import HDF5Dataset
from adversarial.errors import ConfigurationError
from adversarial.files.streamed import write_rows
from adversarial.options import Count, mismatch

MEMORY, CACHED, DISK = "in memory", "HDF5", "HDF5, from the disk"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options for the updates of a turn, and the number of examples."""
    dense.add_arguments(parser)
    parser.add_argument("--examples", type=int, default=50_000, metavar="N",
                        help="made-up images of 28 x 28 bytes (default %(default)s)")  # fmt: skip


def run(given: argparse.Namespace) -> Report:
    """Time updates of yaml/mnist.yaml on shuffled minibatches of either.

    Parameters
    ----------
    given : argparse.Namespace
        The options: `rounds`, `updates`, `examples`.

    Returns
    -------
    Report
        Seconds of an update, the reading of its minibatch included.
    """
    for option in ("updates", "examples"):
        if reason := mismatch(getattr(given, option), Count):
            raise ConfigurationError(f"--{option} is {getattr(given, option)}, but must be {reason}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images.h5"
        write_rows(path, {"images": MadeUpImages(given.examples)})
        held = FileDataset(str(path))
        stored = HDF5Dataset(str(path), topo_view="images", scale=255)
        train = dense.experiment("mnist", None, given.updates, Path(folder))
        if given.updates * train.algorithm.batch_size > given.examples:
            raise ConfigurationError(
                f"--updates {given.updates} of {train.algorithm.batch_size} take more than --examples {given.examples}"
            )
        kinds = [(MEMORY, held, None), (CACHED, stored, None), (DISK, stored, path)]
        if not hasattr(os, "posix_fadvise"):
            del kinds[-1]  # A cache that cannot be emptied.
        contenders = [
            Contender(name, functools.partial(_train, train, dataset, forget), 1 / given.updates)
            for name, dataset, forget in kinds
        ]
        times = take_times(contenders, given.rounds)
    notes = [
        f"{given.examples:,} made-up images of 784 bytes, shuffled; minibatches of {train.algorithm.batch_size}",
        f"'{CACHED}': what was read stays in the system's cache; '{DISK}': that is emptied before each turn",
    ]
    ratios = [(name, (MEMORY,)) for name, *_ in kinds[1:]]
    return Report("hdf5: an update of mnist.yaml, seconds", times, ratios, notes)


def _train(train: Any, dataset: Any, forget: Path | None) -> None:
    """Train for the updates of a turn; before it, let the system forget what it holds of a file."""
    if forget is not None:
        with open(forget, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    train.algorithm.train(dataset)


class MadeUpImages:
    """Images of noise, made when they are sliced; a third of their pixels are not black, about as of digits."""

    dtype = np.dtype(np.uint8)

    def __init__(self, count: int):
        self.shape = (count, 28, 28, 1)

    def __getitem__(self, rows: slice) -> np.ndarray:
        start, stop, _ = rows.indices(self.shape[0])
        rng = np.random.default_rng(start)
        found = rng.integers(0, 256, (stop - start, *self.shape[1:]), np.uint8)
        found[rng.random(found.shape) > 1 / 3] = 0
        return found
