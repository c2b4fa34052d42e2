"""Biases from marginals, against the record and their own law."""

from __future__ import annotations

import numpy as np
import pytest

from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.errors import ConfigurationError
from adversarial.models.dbm import init_sigmoid_bias_from_array, init_sigmoid_bias_from_marginals


def test_equal_to_2014(golden):
    record = np.load(golden / "marginals.npz")
    matrix, bias = sorted((record[name] for name in record.files), key=lambda a: -a.ndim)
    dataset = DenseDesignMatrix(X=matrix)
    np.testing.assert_allclose(init_sigmoid_bias_from_marginals(dataset), bias, rtol=1e-6)


def test_the_sigmoid_of_the_bias_has_the_marginals():
    X = (np.random.RandomState(0).rand(50, 7) > 0.4).astype(float)
    np.testing.assert_allclose(1 / (1 + np.exp(-init_sigmoid_bias_from_array(X))), X.mean(axis=0), atol=1e-6)


@pytest.mark.parametrize("examples", [1, 100, 1234])
def test_pixels_have_the_mean_of_all_of_them(examples):
    """Stored as bytes they are made numbers of in parts; that changes no bit."""
    pixels = np.random.default_rng(0).integers(0, 256, (examples, 9), dtype=np.uint8)
    pixels[0, :2] = 0, 255
    dataset = DenseDesignMatrix(X=pixels)
    dataset.bytes_are_pixels = True
    assert dataset.X.dtype == np.float32
    np.testing.assert_array_equal(
        init_sigmoid_bias_from_marginals(dataset), init_sigmoid_bias_from_array(dataset.X), strict=True
    )


def test_data_outside_0_and_1_are_refused():
    with pytest.raises(ConfigurationError, match="go from 0 to 2"):
        init_sigmoid_bias_from_array(np.array([[0.0, 2.0]]))
