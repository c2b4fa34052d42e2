"""Global contrast normalisation: 2014's figures and what it promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.datasets.preprocessing import GlobalContrastNormalization, global_contrast_normalize
from adversarial.errors import ConfigurationError, DataError

matrices = arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(2, 20)), elements=st.integers(-50, 50))


def test_figures_are_those_of_2014(golden):
    recorded = np.load(golden / "gcn.npz")
    found = global_contrast_normalize(recorded["input"], scale=55.0)
    assert found.dtype == np.float32
    # Two figures of float32 that were summed up in another order: one unit in the last place of the largest.
    np.testing.assert_allclose(found, recorded["scale55"], rtol=0, atol=np.spacing(np.float32(np.abs(found).max())))


@given(matrices, st.floats(0.1, 100))
def test_rows_have_no_mean_and_the_length_asked_for(X, scale):
    found = global_contrast_normalize(X, scale=scale)
    constant = (X[:, :1] == X).all(axis=1)
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=1e-9 * scale)
    np.testing.assert_allclose(np.linalg.norm(found[~constant], axis=1), scale, rtol=1e-9)
    np.testing.assert_allclose(found[constant], 0, atol=1e-12)


@given(matrices, st.floats(0.5, 10), st.floats(-20, 20))
def test_contrast_and_brightness_make_no_difference(X, contrast, brightness):
    np.testing.assert_allclose(
        global_contrast_normalize(X * contrast + brightness), global_contrast_normalize(X), atol=1e-7
    )


def test_the_standard_deviation_can_take_the_place_of_the_length():
    X = np.random.RandomState(0).randn(6, 30) * 7 + 3
    found = global_contrast_normalize(X, use_std=True, subtract_mean=False, sqrt_bias=10)
    np.testing.assert_allclose(found, X / np.sqrt(10 + X.var(axis=1, ddof=1))[:, None], rtol=1e-13)


def test_the_input_stays_as_it_is():
    X = np.random.RandomState(0).randn(3, 4)
    before = X.copy()
    for subtract_mean in (False, True):
        global_contrast_normalize(X, subtract_mean=subtract_mean)
    np.testing.assert_array_equal(X, before)


def test_as_a_preprocessor_it_changes_a_dataset():
    X = np.random.RandomState(0).randn(6, 30)
    dataset = DenseDesignMatrix(X=X, preprocessor=GlobalContrastNormalization(scale=55.0))
    np.testing.assert_array_equal(dataset.get_design_matrix(), global_contrast_normalize(X, scale=55.0))


def test_what_cannot_be_normalised_is_said():
    with pytest.raises(ConfigurationError, match="at least min_divisor"):
        global_contrast_normalize(np.ones((2, 2)), scale=1e-9)
    with pytest.raises(DataError, match="matrix"):
        global_contrast_normalize(np.ones(3))
