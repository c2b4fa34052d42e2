"""The benchmark of the Parzen window: what it compares is the same work, and every size is checked."""

from __future__ import annotations

import argparse

import numpy as np
import pytest

from adversarial.benchmarks import parzen
from adversarial.errors import ConfigurationError
from adversarial.likelihood.parzen import log_likelihoods


def given(**options):
    parser = argparse.ArgumentParser()
    parzen.add_arguments(parser)
    defaults = vars(parser.parse_args([]))
    return argparse.Namespace(**defaults | {"rounds": 1} | options)


def test_a_small_run_times_each_contender():
    report = parzen.run(given(samples=40, test=20, valid=20, widths=2))
    assert list(report.times) == ["ours", "matrix products", "exponentials", "2014's formula"]
    assert all(len(times) == 1 and times[0] > 0 for times in report.times.values())
    assert "40 samples, 20 test examples" in report.notes[0]


@pytest.mark.parametrize("option", ["samples", "test", "valid", "widths"])
def test_sizes_are_checked(option):
    with pytest.raises(ConfigurationError, match=f"--{option} is 0"):
        parzen.run(given(**{option: 0}))


def test_the_formula_of_2014_is_the_likelihood_but_for_the_normaliser():
    rng = np.random.default_rng(0)
    points, samples = rng.random((6, 9), np.float32), rng.random((11, 9), np.float32)
    normaliser = 9 * np.log(0.3 * np.sqrt(2 * np.pi))
    found = parzen._formula_2014()(points, samples, 0.3) - normaliser
    np.testing.assert_allclose(found, log_likelihoods(samples, points, 0.3)[0], rtol=1e-4)
