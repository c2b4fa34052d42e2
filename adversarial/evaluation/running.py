"""A log-likelihood that is reported while samples are drawn, until it has come to rest; after ll.py and ll_mnist.py."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from adversarial.errors import ConfigurationError, DataError, NumericalError
from adversarial.evaluation.data_sources import Data, scoring_data
from adversarial.evaluation.fit import check_fit
from adversarial.evaluation.sample_sources import ModelSamples, Samples, sample_source
from adversarial.evaluation.sides import AxesSaid, Side
from adversarial.likelihood.bernoulli import SEED, BernoulliMixture, Binarisation, binarise
from adversarial.likelihood.convergence import RunningWindow, running_estimates
from adversarial.likelihood.parzen import Estimate, ParzenWindow, check_widths

#: As many samples as 2014's ll.py drew between two lines.
EVERY = 1000
#: 2014's ran until it was stopped.
NUM_SAMPLES = 100_000


class RunningPoint(NamedTuple):
    """The estimate from the first samples.

    Attributes
    ----------
    samples : int
        Their number.
    estimate : Estimate
        Log-likelihood of the test data, nats per example.
    seconds : float
        Time since the first was drawn.
    """

    samples: int
    estimate: Estimate
    seconds: float


@dataclass
class RunningResult:
    """A log-likelihood by number of samples.

    Attributes
    ----------
    sigma : float or None
        The width of the Gaussians; None for binary data, which need none.
    binarisation : str or None
        How the data became binary, if they did.
    test : int
        Number of test examples.
    points : list of RunningPoint
        The estimates, in increasing number of samples.
    sides : list of Side
        The samples, of a model the first ones, and the data: their range, mean and what was done to them.
    warnings : list of str
        What the reader of the figure should know.
    """

    sigma: float | None
    binarisation: str | None
    test: int
    points: list[RunningPoint] = field(default_factory=list)
    sides: list[Side] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def log_likelihood(self) -> float:
        """Mean log-likelihood of the test data under all samples, in nats per example."""
        return self.points[-1].estimate.mean

    @property
    def standard_error(self) -> float:
        """Standard error of `log_likelihood` over test examples, in nats."""
        return self.points[-1].estimate.standard_error

    def to_dict(self) -> dict[str, Any]:
        """Return all that was found as plain values."""
        return {
            "log_likelihood": self.log_likelihood,
            "standard_error": self.standard_error,
            "unit": "nats per example",
            "sigma": self.sigma,
            "binarisation": self.binarisation,
            "binarisation_seed": SEED if self.binarisation else None,
            "counts": {"samples": self.points[-1].samples, "test": self.test},
            "curve": [
                {"samples": count, "log_likelihood": value.mean, "standard_error": value.standard_error}
                for count, value, _ in self.points
            ],
            "seconds": self.points[-1].seconds,
            "sides": {side.what: side.to_dict() for side in self.sides},
            "warnings": self.warnings,
        }

    def to_json(self) -> str:
        """Return all that was found as JSON text."""
        return json.dumps(self.to_dict(), indent=1)


def running_log_likelihood(
    samples: Samples,
    sigma: float | None = None,
    data: Data | None = None,
    *,
    bernoulli: bool = False,
    binarisation: Binarisation = "sampled",
    num_samples: int | None = None,
    every: int = EVERY,
    tolerance: float | None = None,
    seed: int | None = None,
    fold: int = 0,
    as_is: bool = False,
    axes: AxesSaid | None = None,
    data_axes: AxesSaid | None = None,
    allow: Sequence[str] = (),
    on_start: Callable[[RunningResult], None] | None = None,
    on_point: Callable[[RunningPoint], None] | None = None,
) -> RunningResult:
    """Estimate the log-likelihood of test data after 1, 1,000, 2,000 ... samples, until it has come to rest.

    Parameters
    ----------
    samples : path, Model, numpy.ndarray or SampleSource
        A saved model or a file of samples by its path, a model, or an array of samples, one a row.
    sigma : float, optional
        The width of the Gaussians, in the unit of the data; left out with `bernoulli`.
    data : str, path, numpy.ndarray, dict or ScoringData, optional
        The data to score, as for `parzen_log_likelihood`.
    bernoulli : bool, optional
        Score binary data, each value of a sample being the probability of a 1.
    binarisation : {'sampled', 'threshold'}, optional
        How data that are not binary become so: one draw, as in 2014, or 1 from .5 on.
    num_samples : int, optional
        Stop here; by default at 100,000, or where a file of samples ends.
    every : int, optional
        Samples between two estimates, 1,000 by default.
    tolerance : float, optional
        Stop when twice as many samples change the mean by less than this, in nats.
    seed : int, optional
        Of a model's noise. The default is 2014's.
    fold : int, optional
        The fold of data that have folds.
    as_is : bool, optional
        Convert nothing, and score samples and data whose units seem to differ; that is then a warning.
    axes, data_axes : str or sequence, optional
        The order of the four axes of samples and of data in files and arrays, 'c01b' or ('c', 0, 1, 'b'), where the
        lengths of their axes do not say it.
    allow : sequence of str, optional
        Modules of the user's own that a saved model may name.
    on_start, on_point : callable, optional
        Called with the result before the first sample, and with each estimate as soon as it is there.

    Returns
    -------
    RunningResult
        The estimates.

    Raises
    ------
    ConfigurationError
        If an argument is out of its range, or two do not go together.
    NumericalError
        If an estimate is not finite.

    See Also
    --------
    parzen_log_likelihood : Chooses the width by cross-validation.
    """
    if bernoulli and sigma is not None:
        raise ConfigurationError("--bernoulli has no Gaussians, so that a width SIGMA has no meaning: leave it out")
    if not bernoulli and sigma is None:
        raise ConfigurationError("give the width SIGMA of the Gaussians; tools/parzen_ll.py finds the best one")
    if sigma is not None:
        check_widths(sigma)
    for name, value in (("num_samples", num_samples), ("every", every)):
        if value is not None and value < 1:
            raise ConfigurationError(f"{name} is {value}, but must be at least 1")
    if tolerance is not None and not tolerance > 0:
        raise ConfigurationError(f"--tolerance is {tolerance:g}, but must be above 0")
    source = sample_source(samples, tuple(allow), axes=axes)
    found_data = scoring_data(data, source.content, source.path, tuple(allow), as_is, data_axes)
    side, batches = source.batches(found_data, seed, logits=bernoulli)
    if num_samples is not None and not isinstance(source, ModelSamples) and num_samples > side.rows.shape[0]:
        raise DataError(f"{num_samples:,} samples are asked for, but {source.name} holds {side.rows.shape[0]:,}")
    test_side = found_data.suited_to(side).side("test", fold)
    test, how = test_side.rows[:], None
    if sigma is None:
        test, how = binarise(test, binarisation)
    window: RunningWindow = BernoulliMixture(test) if sigma is None else ParzenWindow(test, sigma)
    result = RunningResult(sigma, how, len(test))
    if not bernoulli:
        result.sides = [side, test_side]
        result.warnings = check_fit(side, test_side, as_is, found_data.of_model)
    if on_start is not None:
        on_start(result)
    started = time.perf_counter()
    estimates = running_estimates(window, batches, _counts(every, num_samples or NUM_SAMPLES))
    for number, estimated in _until_at_rest(estimates, tolerance):
        point = RunningPoint(number, estimated, time.perf_counter() - started)
        result.points.append(point)
        if on_point is not None:
            on_point(point)
    return result


def _counts(every: int, num_samples: int) -> Iterator[int]:
    yield 1
    for count in range(every, num_samples, every):
        if count > 1:
            yield count
    if num_samples > 1:
        yield num_samples


def _until_at_rest(found: Iterator[tuple[int, Estimate]], tolerance: float | None) -> Iterator[tuple[int, Estimate]]:
    """Yield what is found until the mean has come to rest; raise NumericalError where it is not finite."""
    before: list[tuple[int, float]] = []
    for count, value in found:
        if not np.isfinite(value.mean):
            raise NumericalError(f"after {count:,} samples the log-likelihood is {value.mean}")
        yield count, value
        halves = [mean for earlier, mean in before if 1 < earlier <= count / 2]
        if tolerance is not None and halves and abs(value.mean - halves[-1]) < tolerance:
            return
        before.append((count, value.mean))
