"""Running estimates are those of the first n samples; rest is what it is said to be."""

from __future__ import annotations

import numpy as np
import pytest

from adversarial.likelihood.convergence import Convergence, convergence, doublings, running_estimates
from adversarial.likelihood.parzen import Estimate, ParzenWindow, estimate, log_likelihoods

RNG = np.random.default_rng(0)
SAMPLES, POINTS = RNG.normal(size=(100, 4)), RNG.normal(size=(30, 4))


def running_mean_of_2014(samples, points, sigma):
    """ll.py's recurrence: one sample after another, a mean of exponentials kept as its logarithm."""
    accumulator, means = None, []
    for count, sample in enumerate(samples):
        current = -0.5 * np.square(points - sample).sum(axis=1) / sigma**2
        if accumulator is None:
            accumulator = current
        else:
            offset = np.maximum(accumulator, current)
            total = count * np.exp(accumulator - offset) + np.exp(current - offset)
            accumulator = offset + np.log(total) - np.log(count + 1)
        means.append(accumulator.mean() - 0.5 * points.shape[1] * np.log(2 * np.pi * sigma**2))
    return means


@pytest.mark.parametrize("batch", [1, 7, 100])
def test_running_values_are_those_of_the_recurrence_of_2014(batch):
    batches = (SAMPLES[start : start + batch] for start in range(0, 100, batch))
    found = list(running_estimates(ParzenWindow(POINTS, 0.5), batches, range(1, 101)))
    assert [count for count, _ in found] == list(range(1, 101))
    means = [value.mean for _, value in found]
    np.testing.assert_allclose(means, running_mean_of_2014(SAMPLES, POINTS, 0.5), rtol=1e-9)


def test_samples_that_end_early_end_the_run():
    found = list(running_estimates(ParzenWindow(POINTS, 0.5), [SAMPLES[:30], SAMPLES[30:50]], [10, 20, 80, 90]))
    assert [count for count, _ in found] == [10, 20, 50]
    assert found[-1][1] == pytest.approx(estimate(log_likelihoods(SAMPLES[:50], POINTS, 0.5)[0]), rel=1e-12)


def test_convergence_scores_the_first_half_quarter_and_so_on():
    found = convergence(SAMPLES, POINTS, 0.5)
    assert found.counts == [12, 25, 50, 100] == doublings(100)
    for count, value in zip(found.counts, found.estimates, strict=True):
        assert value.mean == pytest.approx(log_likelihoods(SAMPLES[:count], POINTS, 0.5).mean(), rel=1e-9)


@pytest.mark.parametrize(
    ("means", "stable"),
    [
        ([0, 9, 10.4, 10], 200),
        ([0, 10.4, 10.2, 10], 100),
        ([0, 5, 8, 10], None),
        ([10, 10, 10, 10], 50),
        ([0, 10, 7, 10], None),
    ],
)
def test_an_answer_is_stable_from_where_it_stays_within_its_error(means, stable):
    found = Convergence([50, 100, 200, 400], [Estimate(mean, 0.5) for mean in means])
    assert found.stable_from() == stable
    assert found.last_doubling() == means[-1] - means[-2]


def test_one_count_is_not_stable():
    alone = Convergence([5], [Estimate(1.0, 0.1)])
    assert alone.stable_from() is None
    assert alone.last_doubling() == np.inf
