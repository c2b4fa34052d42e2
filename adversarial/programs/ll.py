"""The ll.py program: a log-likelihood that is reported while samples are drawn; after 2014's ll.py and ll_mnist.py."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from adversarial import backend
from adversarial.command_line import program
from adversarial.errors import ConfigurationError, NumericalError
from adversarial.evaluation import data_sources, sample_sources
from adversarial.evaluation.sample_sources import FileSamples, ModelSamples
from adversarial.game.sampling import Sampler
from adversarial.likelihood.bernoulli import SEED, BernoulliMixture, binarise, logits
from adversarial.likelihood.convergence import RunningWindow, running_estimates
from adversarial.likelihood.parzen import Estimate, ParzenWindow, blocks, check_widths

EXAMPLE = """
tools/ll.py yaml/mnist.pkl .2
tools/ll.py yaml/mnist.pkl .2 --num-samples 1000000 --tolerance .1
tools/ll.py yaml/mnist.pkl --bernoulli
"""

#: As many samples as 2014's ll.py took between two lines.
EVERY = 1000
#: 2014's ran until it was stopped.
NUM_SAMPLES = 100_000


def argument_parser() -> argparse.ArgumentParser:
    """2014's two arguments, and ours."""
    parser = program.parser(
        "ll.py",
        "The log-likelihood of test data, after 1, 1,000, 2,000 ... samples of a generator, until it has come to rest.",
        EXAMPLE,
    )
    add = parser.add_argument
    add("model", help="a saved model (.pkl or .h5), or samples (.npy, .npz, .h5), a row a sample")
    add("sigma", nargs="?", type=float, help="the width of the Gaussians, in the unit of the data")
    add("-n", "--num-samples", type=int, default=NUM_SAMPLES, metavar="N", help="stop here (default %(default)s)")
    add("--tolerance", type=float, metavar="NATS",
        help="stop when twice as many samples change the mean by less than this")  # fmt: skip
    add("--every", type=int, default=EVERY, metavar="N", help="samples between two lines (default %(default)s)")
    add("--seed", type=int, help="start the noise from this instead of 2014's seed")
    add("--bernoulli", action="store_true",
        help="score binary data, each value of a sample being the probability of a 1; no width is needed")  # fmt: skip
    add("--binarisation", choices=["sampled", "threshold"], default="sampled",
        help="how data that are not binary become so: one draw (2014's, the default), or 1 from .5 on")  # fmt: skip
    add("--allow", metavar="MODULE", action="append", default=[], help="a module the model may name")
    add("--json", action="store_true", help="print one JSON object on standard output, and nothing else")
    data_sources.add_arguments(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    _check(given)
    samples = sample_sources.of_path(given.model, tuple(given.allow))
    data = data_sources.of_arguments(given, samples.content, samples.path)
    points = data.split("test", given.fold)
    said = []
    if given.bernoulli:
        points, how = binarise(points, given.binarisation)
        said.append(how)
        window: RunningWindow = BernoulliMixture(points)
    else:
        window = ParzenWindow(points, given.sigma)
    lines, seconds = [], time.perf_counter()
    if not given.json:
        print("\n".join([*said, "     samples   log-likelihood, nats        seconds"]), flush=True)
    for count, value in _until(running_estimates(window, _batches(samples, given), _counts(given)), given.tolerance):
        elapsed = time.perf_counter() - seconds
        lines.append({"samples": count, "log_likelihood": value.mean, "standard_error": value.standard_error})
        if not given.json:
            print(f"{count:12,}   {value.mean:12.4f} ± {value.standard_error:.4f}   {elapsed:8.2f}", flush=True)
    if given.json:
        print(json.dumps(_as_json(lines, said, given, len(points), time.perf_counter() - seconds), indent=1))


def _check(given: argparse.Namespace) -> None:
    if given.bernoulli and given.sigma is not None:
        raise ConfigurationError("--bernoulli has no Gaussians, so that a width SIGMA has no meaning: leave it out")
    if not given.bernoulli and given.sigma is None:
        raise ConfigurationError("give the width SIGMA of the Gaussians; tools/parzen_ll.py finds the best one")
    if given.sigma is not None:
        check_widths(given.sigma)
    if given.folds is not None:
        raise ConfigurationError("--folds is an option of tools/parzen_ll.py; here, pick one by -f")
    for name in ("num_samples", "every"):
        if getattr(given, name) < 1:
            raise ConfigurationError(f"--{name.replace('_', '-')} is {getattr(given, name)}, but must be at least 1")
    if given.tolerance is not None and not given.tolerance > 0:
        raise ConfigurationError(f"--tolerance is {given.tolerance:g}, but must be above 0")
    given.score_valid = False


def _counts(given: argparse.Namespace) -> Iterator[int]:
    yield 1
    for count in range(given.every, given.num_samples, given.every):
        if count > 1:
            yield count
    if given.num_samples > 1:
        yield given.num_samples


def _batches(samples: ModelSamples | FileSamples, given: argparse.Namespace) -> Iterator[np.ndarray]:
    if isinstance(samples, ModelSamples):
        return Sampler(samples.model, seed=given.seed, logits=given.bernoulli).batches()
    rows = (block.astype(backend.floatX()) for block in blocks(samples.rows))
    return (logits(block) for block in rows) if given.bernoulli else rows


def _until(found: Iterator[tuple[int, Estimate]], tolerance: float | None) -> Iterator[tuple[int, Estimate]]:
    """Pass on what is found until it has come to rest, or is not a number any more."""
    before: list[tuple[int, float]] = []
    for count, value in found:
        if not np.isfinite(value.mean):
            raise NumericalError(f"after {count:,} samples the log-likelihood is {value.mean}")
        yield count, value
        halves = [mean for earlier, mean in before if 1 < earlier <= count / 2]
        if tolerance is not None and halves and abs(value.mean - halves[-1]) < tolerance:
            return
        before.append((count, value.mean))


def _as_json(
    lines: list[dict[str, Any]], said: list[str], given: argparse.Namespace, test: int, seconds: float
) -> dict[str, Any]:
    last = lines[-1]
    return {
        "log_likelihood": last["log_likelihood"],
        "standard_error": last["standard_error"],
        "unit": "nats per example",
        "sigma": given.sigma,
        "binarisation": said[0] if said else None,
        "binarisation_seed": SEED if given.bernoulli else None,
        "counts": {"samples": last["samples"], "test": test},
        "curve": lines,
        "seconds": seconds,
    }
