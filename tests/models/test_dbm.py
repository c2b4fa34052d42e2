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


def test_data_outside_0_and_1_are_refused():
    with pytest.raises(ConfigurationError, match="go from 0 to 2"):
        init_sigmoid_bias_from_array(np.array([[0.0, 2.0]]))
