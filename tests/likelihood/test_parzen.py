"""The Parzen window against its formula, 2014's figures, and the laws that a density keeps."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytensor.compile.mode import Mode

from adversarial import backend
from adversarial.errors import DataError
from adversarial.likelihood.parzen import ParzenWindow, estimate, log_likelihoods
from adversarial.ops.parzen_sums import ParzenSums, error_bound

WIDTHS = np.logspace(-1, 0, 10)


def formula(samples: np.ndarray, points: np.ndarray, sigmas: np.ndarray) -> np.ndarray:
    """The definition, in float64 throughout, every difference formed."""
    samples, points = samples.astype(np.float64), points.astype(np.float64)
    squares = np.array([np.square(point - samples).sum(axis=1) for point in points])
    rows = []
    for sigma in sigmas:
        exponents = -squares / (2 * sigma**2)
        largest = exponents.max(axis=1)
        normaliser = samples.shape[1] * np.log(sigma * np.sqrt(2 * np.pi))
        rows.append(largest + np.log(np.exp(exponents - largest[:, None]).mean(axis=1)) - normaliser)
    return np.array(rows)


@pytest.mark.parametrize(("dtype", "relative", "nats"), [("float64", 1e-9, 0), ("float32", 0, 1e-3)])
def test_gives_the_figures_of_2014(golden, dtype, relative, nats):
    with np.load(golden / "parzen.npz") as record:
        table, best = record[f"{dtype}/sigma_validmean_testmean_testse"], float(record[f"{dtype}/best_sigma"])
        samples, valid, test = (record[name].astype(dtype) for name in ("samples", "valid", "test"))
    sigmas, valid_means, test_means, test_errors = table.T
    on_valid = log_likelihoods(samples, valid, sigmas)
    found = [estimate(row) for row in log_likelihoods(samples, test, sigmas)]
    np.testing.assert_allclose(on_valid.mean(axis=1), valid_means, rtol=relative, atol=nats)
    np.testing.assert_allclose([value.mean for value in found], test_means, rtol=relative, atol=nats)
    np.testing.assert_allclose([value.standard_error for value in found], test_errors, rtol=relative, atol=nats)
    assert sigmas[on_valid.mean(axis=1).argmax()] == best


def images(rng: np.random.Generator, count: int) -> np.ndarray:
    """Made-up images of 784 pixels in [0, 1], most of them 0, as handwritten digits have them."""
    return np.clip(rng.normal(size=(count, 12)) @ rng.normal(size=(12, 784)) / 3 - 0.5, 0, 1)


def alike(rng: np.random.Generator, count: int) -> np.ndarray:
    """Three images over and over, with a little noise: what a collapsed generator makes."""
    return images(rng, 3)[rng.integers(0, 3, count)] + 1e-3 * rng.normal(size=(count, 784))


def high_contrast(rng: np.random.Generator, count: int) -> np.ndarray:
    """Images of which half the pixels are near 0 and half near 1, whose products in float32 err by more than 1e-3."""
    return 0.05 * rng.random((count, 784)) + 0.95 * (rng.normal(size=(count, 6)) @ rng.normal(size=(6, 784)) > 0)


#: Columns that are 0 in all rows, in most, in some, in none: the first half is multiplied as it is, the other centred.
LEFT_TO_RIGHT = np.linspace(0, 1, 784)

SAMPLERS = {
    "images": images,
    "high contrast": high_contrast,
    "alike": alike,
    "noise": lambda rng, count: rng.random((count, 784)),
    "more zeros to the left": lambda rng, count: rng.random((count, 784)) * (rng.random((count, 784)) < LEFT_TO_RIGHT),
    "far": lambda rng, count: images(rng, count) + 3,
}


@pytest.mark.parametrize("kind", SAMPLERS)
def test_float32_is_within_a_thousandth_of_a_nat_of_the_formula_at_every_point(kind):
    every = (images if kind == "alike" else SAMPLERS[kind])(np.random.default_rng(1), 3060).astype(np.float32)
    samples, points = every[60:], every[:60]
    if kind == "alike":
        samples = alike(np.random.default_rng(2), 3000).astype(np.float32)
    error = np.abs(log_likelihoods(samples, points, WIDTHS) - formula(samples, points, WIDTHS))
    assert error.max() <= 1e-3


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 30), st.integers(1, 12), st.integers(1, 9), st.integers(1, 4),
    st.floats(0.01, 30), st.floats(-50, 50), st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_float64_is_the_formula_for_data_of_any_size_and_place(samples, points, dim, widths, spread, place, seed):
    rng = np.random.default_rng(seed)
    m, x = place + spread * rng.normal(size=(samples, dim)), place + spread * rng.normal(size=(points, dim))
    sigmas = spread * 10 ** rng.uniform(-1, 1, size=widths)
    found, expected = log_likelihoods(m, x, sigmas), formula(m, x, sigmas)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-7)


def test_samples_added_in_pieces_and_in_any_order_give_the_same():
    rng = np.random.default_rng(3)
    samples, points = rng.random((5000, 6)), rng.random((40, 6))
    at_once = ParzenWindow(points, WIDTHS)
    at_once.add(samples)
    in_pieces = ParzenWindow(points, WIDTHS, tile=7)
    for piece in np.array_split(samples[::-1], [1, 10, 2500]):
        in_pieces.add(piece)
    assert in_pieces.count == 5000
    np.testing.assert_allclose(in_pieces.log_likelihoods(), at_once.log_likelihoods(), rtol=1e-12)


def test_doubling_every_sample_changes_nothing():
    rng = np.random.default_rng(4)
    samples, points = rng.random((50, 3)), rng.random((20, 3))
    twice = log_likelihoods(np.repeat(samples, 2, axis=0), points, WIDTHS)
    np.testing.assert_allclose(twice, log_likelihoods(samples, points, WIDTHS), rtol=1e-12)


@pytest.mark.parametrize("sigma", [0.1, 1.0])
def test_the_density_integrates_to_one(sigma):
    samples = np.random.default_rng(5).normal(size=(100, 1))
    grid = np.linspace(-12, 12, 6001)
    density = np.exp(log_likelihoods(samples, grid[:, None], sigma)[0])
    assert np.trapezoid(density, grid) == pytest.approx(1, abs=1e-9)


def test_points_far_beyond_every_sample_have_finite_likelihoods():
    samples, point = np.zeros((10, 4), np.float32), np.full((1, 4), 1e3, np.float32)
    expected = -(4e6) / (2 * 0.01**2) - 4 * np.log(0.01 * np.sqrt(2 * np.pi))
    assert log_likelihoods(samples, point, 0.01)[0, 0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_compiled_op_does_what_its_perform_does(dtype):
    rng = np.random.default_rng(6)
    m, x = images(rng, 300).astype(dtype), images(rng, 20).astype(dtype)
    m, x = m - m.mean(axis=0), x - m.mean(axis=0)
    norms = [np.square(rows, dtype=np.float64).sum(axis=1) for rows in (x, m)]
    nearest, sums = np.full(20, np.inf), np.zeros((20, 10))
    nearest[:5], sums[:5] = 3.0, 2.0
    errors = error_bound(norms[0], norms[1].max(), norms[0], norms[1].max(), 784) * (dtype == "float32")
    values = [x @ m.T, x, m, *norms, errors, 0.5 / WIDTHS**2, nearest, sums]
    graph = [pt.tensor(dtype=value.dtype, shape=(None,) * value.ndim) for value in values]
    outputs = ParzenSums()(*graph, return_list=True)
    performed = pytensor.function(graph, outputs, mode=Mode(linker="py", optimizer=None))(*values)
    compiled = backend.function(graph, outputs)(*values)
    for found, expected in zip(compiled, performed, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-6 if dtype == "float32" else 1e-12)


def test_arrays_that_do_not_fit_each_other_are_refused():
    graph = [pt.fmatrix(), pt.fmatrix(), pt.fmatrix(), *pt.dvectors(5), pt.dmatrix()]
    function = backend.function(graph, ParzenSums()(*graph, return_list=True))
    x, vector = np.zeros((2, 3), np.float32), np.zeros(2)
    with pytest.raises(ValueError, match="do not fit"):
        function(np.zeros((2, 5), np.float32), x, x, *[vector] * 5, np.zeros((2, 2)))
    with pytest.raises(TypeError, match="alike"):
        ParzenSums()(pt.dmatrix(), *graph[1:])


@pytest.mark.parametrize("sigma", [0.0, -0.1, np.nan, np.inf])
def test_a_width_that_is_not_above_zero_is_refused(sigma):
    with pytest.raises(DataError, match="width sigma is .* must be a number above 0"):
        ParzenWindow(np.zeros((2, 3)), [0.1, sigma])


def test_samples_that_are_not_finite_numbers_of_the_right_width_are_refused():
    window = ParzenWindow(np.zeros((2, 3)), 0.1)
    window.add(np.zeros((4, 3)))
    bad = np.zeros((5, 3))
    bad[2, 1] = np.nan
    with pytest.raises(DataError, match="not a finite number, the first in row 6"):
        window.add(bad)
    with pytest.raises(DataError, match="samples have 4 values each, but the data to score have 3"):
        window.add(np.zeros((5, 4)))
    with pytest.raises(DataError, match="must be numbers"):
        window.add(np.array([["a", "b", "c"]]))
    with pytest.raises(DataError, match=r"a row an example, but their shape is \(3,\)"):
        window.add(np.zeros(3))
    with pytest.raises(DataError, match="no samples yet"):
        ParzenWindow(np.zeros((2, 3)), 0.1).log_likelihoods()
