"""Sizes and slices that follow from shapes: JAX is told them while it traces, whatever is computed of them."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from evaluation import INTERPRETED

from adversarial import backend
from adversarial.random_streams import MRG_RandomStreams


@pytest.mark.parametrize("on", ["jax"], indirect=True)
@pytest.mark.parametrize("shape", [(3, 5), (4, 2), (1, 1)])
def test_a_normal_variate_of_the_shape_of_an_input(on, plain, float64, shape):
    x = pt.dmatrix()
    # Two sources of one seed: a variate's stream moves on with each call.
    here, interpreted = (MRG_RandomStreams(7).normal(size=(x.shape[0] + 1, x.shape[1])) for _ in range(2))
    values = np.zeros(shape)
    expected = pytensor.function([x], interpreted, mode=INTERPRETED)(values)
    np.testing.assert_allclose(backend.function([x], here)(values), expected, rtol=1e-13)


@pytest.mark.parametrize("on", ["jax"], indirect=True)
@pytest.mark.parametrize("axis", [0, 1])
def test_the_gradient_of_a_join_of_arrays_of_unknown_lengths(on, plain, float64, axis):
    arrays = [pt.dmatrix(), pt.dmatrix()]
    cost = (pt.concatenate(arrays, axis=axis) ** 2).sum()
    values = [np.arange(6.0).reshape(2, 3), np.arange(9.0).reshape(3, 3)]
    if axis == 1:
        values[1] = values[1][:2]
    for found, value in zip(backend.function(arrays, pytensor.grad(cost, arrays))(*values), values, strict=True):
        np.testing.assert_array_equal(found, 2 * value)
