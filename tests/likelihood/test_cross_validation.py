"""The choice of the width: the best of the grid, and further where the grid ends too soon."""

from __future__ import annotations

import numpy as np
import pytest

from adversarial.errors import DataError
from adversarial.likelihood import cross_validation
from adversarial.likelihood.cross_validation import WidthChoice, choose_width, choose_width_anywhere, grid
from adversarial.likelihood.parzen import Estimate, log_likelihoods

RNG = np.random.default_rng(0)
SAMPLES, VALID = RNG.normal(size=(400, 5)), RNG.normal(size=(100, 5))


def test_the_usual_grid_is_that_of_2014():
    np.testing.assert_array_equal(grid(), np.logspace(-1, 0, num=10))


@pytest.mark.parametrize("arguments", [(-1, 0, 0), (0, -1, 10), (0, 0, 2)])
def test_a_grid_without_widths_or_the_wrong_way_round_is_refused(arguments):
    with pytest.raises(DataError, match="grid"):
        grid(*arguments)


def test_the_best_width_is_that_of_the_largest_mean():
    sigmas = grid(-1, 1, 9)
    choice = choose_width(SAMPLES, VALID, sigmas)
    means = log_likelihoods(SAMPLES, VALID, sigmas).mean(axis=1)
    np.testing.assert_allclose([value.mean for value in choice.estimates], means, rtol=1e-12)
    assert choice.sigma == sigmas[means.argmax()]
    assert choice.edge is None


@pytest.mark.parametrize(("means", "edge"), [([3, 2, 1], "lower"), ([1, 2, 3], "upper"), ([1, 3, 2], None)])
def test_a_best_width_at_the_edge_is_known_as_such(means, edge):
    assert WidthChoice(np.array([0.1, 0.2, 0.4]), [Estimate(mean, 0.1) for mean in means]).edge == edge


@pytest.mark.parametrize("ends", [(-3, -2, 4), (1, 2, 4), (-3, -3, 1)])
def test_a_grid_that_goes_on_finds_what_a_wide_one_finds(ends):
    wide = choose_width(SAMPLES, VALID, grid(-2, 2, 121))
    choice = choose_width_anywhere(SAMPLES, VALID, grid(*ends))
    assert choice.edge is None
    assert (np.diff(choice.sigmas) > 0).all()
    steps = np.diff(np.log(choice.sigmas))
    np.testing.assert_allclose(steps, steps[0], rtol=1e-9)
    assert abs(np.log(choice.sigma / wide.sigma)) <= steps[0]
    np.testing.assert_allclose(
        [value.mean for value in choice.estimates],
        log_likelihoods(SAMPLES, VALID, choice.sigmas).mean(axis=1), rtol=1e-12,
    )  # fmt: skip


def test_a_grid_goes_on_no_further_than_makes_sense():
    # Data that are the samples: the narrower the better, without end.
    choice = choose_width_anywhere(SAMPLES, SAMPLES[:20], grid(-1, 0, 10))
    assert choice.edge == "lower"
    assert cross_validation.NARROWEST <= choice.sigma < 2 * cross_validation.NARROWEST


def test_progress_is_told_of_every_sample():
    told = []
    choose_width(np.zeros((5000, 2)), VALID[:, :2], [1.0], progress=told.append)
    assert sum(told) == 5000
