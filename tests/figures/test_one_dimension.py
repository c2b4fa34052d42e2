"""Densities of samples on the line, and the picture of a game on it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib import image
from scipy.stats import norm

from adversarial.errors import DataError
from adversarial.figures.one_dimension import density, write_figure

POINTS = np.linspace(-6, 6, 601)


def test_density_of_normal_samples_is_the_normal_density():
    samples = norm.ppf((np.arange(20_000) + 0.5) / 20_000, 0.5, 0.8)  # its quantiles, so that chance has no part
    expected = np.exp(-(((POINTS - 0.5) / 0.8) ** 2) / 2) / (0.8 * np.sqrt(2 * np.pi))
    assert np.abs(density(samples, POINTS) - expected).max() < 0.02


@pytest.mark.parametrize("samples", [np.full(50, 0.003), np.array([-1.0, 1.0]), np.r_[np.zeros(90), np.ones(10)]])
def test_density_sums_to_one(samples):
    assert density(samples, POINTS).sum() * (POINTS[1] - POINTS[0]) == pytest.approx(1, abs=0.02)


def test_density_of_what_is_not_finite_is_refused():
    with pytest.raises(DataError, match="not finite"):
        density(np.array([0.0, np.nan]), POINTS)


def test_a_moment_a_column(tmp_path):
    moment = SimpleNamespace(
        title="t", samples=POINTS[::10], discriminator=np.full(601, 0.5), mapped=np.zeros(3), value=-1.4, distance=0.1
    )
    widths = []
    for count in (1, 4):
        write_figure(tmp_path / "f.png", POINTS, np.full(601, 0.1), np.array([-1, 0, 1.0]), [moment] * count)
        widths.append(image.imread(tmp_path / "f.png").shape[1])
    assert widths == [480, 1560]
