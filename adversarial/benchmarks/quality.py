"""The log-likelihood of Table 1 against seconds of training, ours and games that others train, on this machine."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from adversarial import backend
from adversarial.benchmarks.machine import machine
from adversarial.benchmarks.specification import EXPERIMENTS
from adversarial.command_line import program
from adversarial.config import yaml_parse
from adversarial.datasets.mnist import MNIST
from adversarial.engine.settings import require_installed
from adversarial.errors import ConfigurationError
from adversarial.evaluation import parzen_log_likelihood
from adversarial.evaluation.sample_sources import DrawnSamples
from adversarial.figures.curves import Curve, write_curves
from adversarial.figures.grid import check_name
from adversarial.game.sampling import generator_of, samples_of
from adversarial.options import Count, Positive, mismatch
from adversarial.progress.reporting import Reporter
from adversarial.train import Train

#: Training images of all: those of mnist.yaml, which sets the others aside to choose widths on.
TRAINED_ON = 50_000
#: The seed of samples that are scored.
SEED = 1


class Contender(Protocol):
    """A game that is trained for a while, and sampled."""

    updates: int

    def train(self) -> None:
        """Train on, for some seconds at most."""

    def samples(self, count: int) -> np.ndarray:
        """Return samples (count, 784) in [0, 1]."""


class Ours:
    """An experiment of this library's, trained an epoch at a time; its monitor's time is not counted.

    Parameters
    ----------
    file : str
        The YAML, in the folder of the paper's experiments.
    """

    def __init__(self, file: str):
        self.experiment: Train = yaml_parse.load_path(EXPERIMENTS / file, overrides={"save_freq": "0"})
        self.experiment.reporter = Reporter()
        self.experiment.setup()
        self.updates = 0

    def train(self) -> None:
        """Train for an epoch."""
        self.experiment.main_loop(max_epochs=self.experiment.model.monitor.get_epochs_seen() + 1)
        self.updates = self.experiment.model.monitor.get_batches_seen()

    @property
    def seconds(self) -> float:
        """Time of the epoch just trained, monitoring aside."""
        return float(self.experiment.training_seconds.get_value())

    def samples(self, count: int) -> np.ndarray:
        """Return samples of the averages, where the experiment keeps averages."""
        generator = generator_of(self.experiment.model)
        values = generator.get_param_values()
        if generator.averages():
            generator.use_averages()
        try:
            return samples_of(generator, count, seed=SEED)
        finally:
            generator.set_param_values(values)


#: What can be trained, and how it is made of the training images.
MAKERS: dict[str, Callable[[np.ndarray], Any]] = {
    "mnist.yaml": lambda rows: Ours("mnist.yaml"),
    "fastest.yaml": lambda rows: Ours("coordination/fastest.yaml"),
    "gan.py in JAX": lambda rows: _peer("dense", rows),
    "DCGAN in JAX": lambda rows: _peer("convolutional", rows),
}


def _peer(kind: str, rows: np.ndarray) -> Any:
    require_installed("jax")
    from adversarial.benchmarks.quality_jax import Peer

    return Peer(kind, rows)


@dataclass(frozen=True)
class Point:
    """Where a game stood: `seconds` of training, `updates`, log-likelihoods in nats, and the width."""

    seconds: float
    updates: int
    valid: float
    test: float
    standard_error: float
    sigma: float


@dataclass
class QualityReport:
    """What each contender had reached, in the order of time."""

    points: dict[str, list[Point]]
    samples: int

    def as_text(self) -> str:
        """Return a plain table."""
        lines = [
            f"quality: log-likelihood of 10,000 test images, nats, by {self.samples:,} samples",
            f"{backend.summary()}, on {machine()}; seconds of training, compiling, monitoring and scoring aside",
            "",
            f"{'':20}  {'seconds':>8} {'updates':>8} {'valid':>9} {'test':>9} {'error':>6} {'width':>6}",
        ]
        for name, points in self.points.items():
            lines += [
                f"{name:20}  {each.seconds:8.0f} {each.updates:8,} {each.valid:9.1f} {each.test:9.1f} "
                f"{each.standard_error:6.1f} {each.sigma:6.3f}"
                for each in points
            ]
        return "\n".join(lines)

    def write_json(self, path: str) -> None:
        """Write every point to a file."""
        found = {name: [asdict(each) for each in points] for name, points in self.points.items()}
        whole = {"backend": backend.summary(), "machine": machine(), "samples": self.samples, "points": found}
        Path(path).write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")

    def draw(self, path: str) -> None:
        """Draw log-likelihood against seconds, as a PNG."""
        curves = [Curve(name, [each.seconds for each in points], [each.test for each in points])
                  for name, points in self.points.items()]  # fmt: skip
        write_curves(path, curves, "seconds of training", "log-likelihood of test data, nats", machine())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options for minutes, samples, contenders and the picture."""
    add = parser.add_argument
    add("--minutes", type=float, default=10, metavar="N", help="minutes of training of each (default %(default)s)")
    add("--points", type=int, default=6, metavar="N", help="estimates of each, evenly apart (default %(default)s)")
    add("--samples", type=int, default=10_000, metavar="N", help="samples of an estimate (default %(default)s)")
    add("--contenders", default=",".join(MAKERS), metavar="NAMES", help="which games (default: %(default)s)")
    add("--plot", metavar="FILE.png", help="draw log-likelihood against seconds")


def run(given: argparse.Namespace) -> QualityReport:
    """Train each for the same seconds, in turns, and score it at the same times.

    Parameters
    ----------
    given : argparse.Namespace
        The options: `minutes`, `points`, `samples`, `contenders`, `plot`.

    Returns
    -------
    QualityReport
        What each had reached at each time.
    """
    for option, kind in (("minutes", Positive), ("points", Count), ("samples", Count)):
        if reason := mismatch(getattr(given, option), kind):
            raise ConfigurationError(f"--{option} is {getattr(given, option)}, but must be {reason}")
    names = program.names_of(given.contenders, MAKERS, "--contenders")
    if given.plot:
        check_name(given.plot)
    rows = MNIST(which_set="train", start=0, stop=TRAINED_ON).get_design_matrix()
    racers = {name: Racer(MAKERS[name](rows)) for name in names}
    ends = np.linspace(0, given.minutes * 60, given.points + 1)[1:]
    found = race(racers, ends, lambda samples: scored(samples), given.samples)
    report = QualityReport(found, given.samples)
    if given.plot:
        report.draw(given.plot)
    return report


class Racer:
    """A contender and the seconds that it has trained."""

    def __init__(self, contender: Any):
        self.contender = contender
        self.seconds = 0.0

    def train_until(self, seconds: float) -> None:
        """Train on until so many seconds of training have passed in all."""
        while self.seconds < seconds:
            started = time.perf_counter()
            self.contender.train()
            taken = time.perf_counter() - started
            self.seconds += getattr(self.contender, "seconds", taken)


def race(
    racers: dict[str, Racer], ends: Sequence[float] | np.ndarray, score: Callable[[np.ndarray], Any], samples: int
) -> dict[str, list[Point]]:
    """Train all up to each time, one after the other, so that a busy machine slows all alike; score each there."""
    found: dict[str, list[Point]] = {name: [] for name in racers}
    for end in ends:
        for name, racer in racers.items():
            racer.train_until(end)
            figures = score(racer.contender.samples(samples))
            found[name].append(Point(racer.seconds, racer.contender.updates, *figures))
            print(f"{name}: {racer.seconds:.0f} s, {figures[1]:.1f} nats", file=sys.stderr, flush=True)
    return found


def scored(samples: np.ndarray) -> tuple[float, float, float, float]:
    """Return the log-likelihood of validation and test data, the latter's error, and the width, by Table 1's rules."""
    found = parzen_log_likelihood(DrawnSamples(samples, "the samples"), "mnist", score_valid=True)
    (score,) = found.scores
    assert score.valid is not None  # it was asked for
    return score.valid.mean, found.log_likelihood, found.standard_error, score.sigma
