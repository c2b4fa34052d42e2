"""An update of yaml/mnist.yaml after an hour of training, against one of a run that has just begun."""

from __future__ import annotations

import argparse
import functools
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from adversarial.benchmarks import dense
from adversarial.benchmarks.interleaved import Contender, Report, take_times
from adversarial.benchmarks.machine import most_resident
from adversarial.benchmarks.specification import EXPERIMENTS
from adversarial.config import yaml_parse
from adversarial.errors import ConfigurationError
from adversarial.options import Count, Positive, mismatch
from adversarial.progress.reporting import Reporter, Training

AGED, YOUNG, BEFORE = "after training", "just begun", "before training"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options for the minutes of training, and the updates of a turn."""
    help_minutes = "minutes of training, monitor included (default %(default)s)"
    parser.add_argument("--minutes", type=float, default=60, metavar="N", help=help_minutes)
    dense.add_arguments(parser)


def run(given: argparse.Namespace) -> Report:
    """Time updates, train one of two experiments, and time updates of both in turns."""
    for option, kind in (("minutes", Positive), ("updates", Count)):
        if reason := mismatch(getattr(given, option), kind):
            raise ConfigurationError(f"--{option} is {getattr(given, option)}, but must be {reason}")
    with tempfile.TemporaryDirectory() as folder:
        young = dense.experiment("mnist", None, given.updates, Path(folder))
    aged = yaml_parse.load_path(EXPERIMENTS / "mnist.yaml", overrides={"save_freq": "0"})
    aged.setup()
    each = 1 / given.updates
    start = Contender(YOUNG, functools.partial(young.algorithm.train, young.dataset), each)
    before = take_times([start], given.rounds)[YOUNG]
    memory = most_resident()

    aged.reporter = _Minutes(given.minutes)
    aged.main_loop(time_budget=given.minutes * 60)
    memory_after = most_resident()
    updates_done, epochs = aged.model.monitor.get_batches_seen(), aged.model.monitor.get_epochs_seen()
    aged.algorithm.batches_per_iter = given.updates
    times = take_times(
        [start, Contender(AGED, functools.partial(aged.algorithm.train, aged.dataset), each)], given.rounds
    )
    notes = [
        f"trained for {given.minutes:g} minutes: {epochs} epochs, {updates_done:,} updates",
        f"'{YOUNG}' and '{BEFORE}' are of a second experiment that only makes the updates that are timed, in turns "
        "with the first and before that is trained",
        f"resident memory of both at most {memory:.0f} MB before, {memory_after:.0f} MB after",
    ]
    ratios = [(AGED, (YOUNG,)), (AGED, (BEFORE,))]
    return Report("ageing: an update of mnist.yaml, seconds", times | {BEFORE: before}, ratios, notes)


class _Minutes(Reporter):
    """Reports minutes and epochs after each epoch."""

    def __init__(self, minutes: float):
        self._minutes = minutes
        self._started = time.monotonic()

    def on_monitor(self, train: Training) -> None:
        """Print a line on standard error."""
        monitor: Any = train.model.monitor
        done, epochs = (time.monotonic() - self._started) / 60, monitor.get_epochs_seen()
        line = f"{done:.1f} of {self._minutes:g} minutes, {epochs} epochs"
        print(line, file=sys.stderr, flush=True)
