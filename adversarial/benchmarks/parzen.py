"""The Parzen-window estimate: ours, its matrix products and exponentials alone, and 2014's formula on a slice."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Annotated

import numpy as np
import pytensor.tensor as pt

from adversarial import backend
from adversarial.benchmarks.interleaved import Contender, Report, take_times
from adversarial.errors import ConfigurationError
from adversarial.evaluation.data_sources import named
from adversarial.likelihood.cross_validation import choose_width, grid
from adversarial.likelihood.parzen import TILE, log_likelihoods
from adversarial.options import Count, Range, mismatch

#: Points and samples of the slice on which 2014's formula is timed: it computes every difference, and this many fit
#: in the processor's cache.
SLICE = (10, 500)

#: Exponentials of one call: they fit in the processor's cache, as ours do.
EXPONENTIALS = (64, TILE)

#: Sizes are those of MNIST's splits at most.
LIMITS = {
    "samples": Annotated[int, Range(1, 50_000)],
    "test": Annotated[int, Range(1, 10_000)],
    "valid": Annotated[int, Range(1, 10_000)],
    "widths": Count,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare options for sizes; the defaults are those of a full run on MNIST."""
    for option, default, what in (
        ("--samples", 10_000, "samples"),
        ("--test", 10_000, "test examples, scored at one width"),
        ("--valid", 1_000, "validation examples, scored at each width"),
        ("--widths", 10, "widths tried"),
    ):
        parser.add_argument(option, type=int, default=default, metavar="N", help=f"{what} (default {default:,})")
    parser.add_argument("--model", metavar="FILE", help="draw the samples from this saved model, within the time")


def run(given: argparse.Namespace) -> Report:
    """Time a default run of tools/parzen_ll.py, compiled before, against the arithmetic that it needs.

    Parameters
    ----------
    given : argparse.Namespace
        The options: sizes, `model` and `rounds`.

    Returns
    -------
    Report
        Seconds of a full run, and of its parts.
    """
    for option, annotation in LIMITS.items():
        if reason := mismatch(getattr(given, option), annotation):
            raise ConfigurationError(f"--{option} is {getattr(given, option)}, but must be {reason}")
    sampler = _sampler(given)
    mnist = named("mnist")
    samples, test = mnist.split("train")[: given.samples], mnist.split("test")[: given.test]
    valid = mnist.split("valid")[: given.valid]
    sigmas = grid(count=given.widths)

    def ours() -> None:
        drawn = samples if sampler is None else sampler()
        log_likelihoods(drawn, test, choose_width(drawn, valid, sigmas).sigma)

    product = _product()
    # The data are centred, so that no factor is 0: digits are full of zeros, which our products skip.
    centre = samples.mean(axis=0)
    factors = [(points - centre, samples - centre) for points in (valid, test)]

    def products() -> None:
        for left, right in factors:
            for i in range(0, len(left), TILE):
                for j in range(0, len(right), TILE):
                    product(left[i : i + TILE], right[j : j + TILE])

    exponential = _exponentials()
    exponents = -10 * np.random.default_rng(0).random(EXPONENTIALS, dtype=np.float32)
    pairs = (given.widths * given.valid + given.test) * given.samples
    calls = -(-pairs // exponents.size)

    def exponentials() -> None:
        for _ in range(calls):
            exponential(exponents)

    formula = _formula_2014()
    part, few = test[: SLICE[0]], samples[: SLICE[1]]
    contenders = [
        Contender("ours", ours),
        Contender("matrix products", products),
        Contender("exponentials", exponentials, scale=pairs / (calls * exponents.size)),
        Contender("2014's formula", lambda: formula(part, few, 0.2), scale=pairs / (len(part) * len(few))),
    ]
    times = take_times(contenders, given.rounds)
    least = ("matrix products", "exponentials")
    ratios = [("ours", least[:1]), ("ours", least), ("2014's formula", ("ours",))]
    drawn_from = f"drawn from {given.model} each time" if sampler else "training images of MNIST"
    notes = [
        f"{given.samples:,} samples, {given.test:,} test examples at one width, {given.valid:,} validation examples at "
        f"{given.widths}; the samples are {drawn_from}",
        f"exponentials: {pairs:.2g} in float32, by PyTensor; "
        f"2014's formula: {len(part)} points, {len(few)} samples, one width, scaled up",
    ]
    return Report("parzen: a full run, seconds", times, ratios, notes)


def _sampler(given: argparse.Namespace) -> Callable[[], np.ndarray] | None:
    if given.model is None:
        return None
    from adversarial.checkpoint import load_model
    from adversarial.game.sampling import Sampler

    sampler = Sampler(load_model(given.model))
    batches = sampler.batches()  # compiled once, at the first batch
    size = sampler.batch_size
    if given.samples % min(size, given.samples):
        raise ConfigurationError(f"--samples is {given.samples}, but must be a multiple of {size} with this model")
    return lambda: np.concatenate([next(batches) for _ in range(max(1, given.samples // size))])[: given.samples]


def _product() -> Callable:
    x, m = pt.fmatrices("x", "m")
    return backend.function([x, m], pt.dot(x, m.T))


def _exponentials() -> Callable:
    x = pt.fmatrix("x")
    return backend.function([x], pt.exp(x))


def _formula_2014() -> Callable:
    """Compile the formula of 2014's theano_parzen, which computes every difference."""
    x, mu, sigma = pt.fmatrix("x"), pt.fmatrix("mu"), pt.fscalar("sigma")
    exponents = -0.5 * pt.sqr((x[:, None, :] - mu[None, :, :]) / sigma).sum(axis=2)
    largest = exponents.max(axis=1)
    return backend.function([x, mu, sigma], largest + pt.log(pt.exp(exponents - largest[:, None]).mean(axis=1)),
                            allow_input_downcast=True)  # fmt: skip
