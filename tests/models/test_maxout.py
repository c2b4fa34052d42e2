"""Maxout against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from evaluation import evaluate

from adversarial.models.maxout import Maxout
from adversarial.models.mlp import MLP
from adversarial.options import OptionError

X = np.random.RandomState(0).randn(5, 4)


def layer_and_output(**options):
    layer = Maxout(layer_name="h", irange=0.5, init_bias=0.1, **options)
    MLP([layer], nvis=4)
    x = pt.dmatrix()
    return layer, evaluate(layer.fprop(x), {x: X}), X @ layer.W.get_value() + layer.b.get_value()


def test_each_unit_is_the_largest_of_its_pieces(float64):
    layer, found, z = layer_and_output(num_units=3, num_pieces=2)
    np.testing.assert_allclose(found, z.reshape(5, 3, 2).max(axis=2), rtol=1e-12)
    assert layer.get_output_space().dim == 3
    assert layer.get_weights_view_shape() == (3, 2)


def test_overlapping_pools_share_pieces(float64):
    layer, found, z = layer_and_output(num_units=3, num_pieces=2, pool_stride=1)
    np.testing.assert_allclose(found, np.maximum(z[:, :-1], z[:, 1:]), rtol=1e-12)
    assert layer.get_output_space().dim == 5


def test_min_zero_never_goes_below(float64):
    _, found, z = layer_and_output(num_units=3, num_pieces=2, min_zero=True)
    np.testing.assert_allclose(found, np.maximum(z.reshape(5, 3, 2).max(axis=2), 0), rtol=1e-12)


def test_random_pools_choose_among_all_responses(float64):
    layer, found, z = layer_and_output(num_units=3, num_pieces=2, randomize_pools=True)
    permuted = z @ layer.permute.get_value()
    np.testing.assert_allclose(found, permuted.reshape(5, 3, 2).max(axis=2), rtol=1e-12)
    assert set(np.round(permuted, 9).ravel()) <= set(np.round(z, 9).ravel())


def test_the_gradient_goes_to_the_largest_piece(float64):
    layer, _, z = layer_and_output(num_units=3, num_pieces=2)
    found = evaluate(pytensor.grad(layer.fprop(pt.as_tensor(X)).sum(), layer.b))
    chosen = np.zeros((5, 3, 2))
    np.put_along_axis(chosen, z.reshape(5, 3, 2).argmax(axis=2)[..., None], 1.0, axis=2)
    np.testing.assert_allclose(found, chosen.sum(axis=0).ravel())


def test_column_norms_are_limited(float64):
    layer, _, _ = layer_and_output(num_units=3, num_pieces=2, max_col_norm=0.2)
    updates = {layer.W: layer.W * 1.0}
    layer.modify_updates(updates)
    assert np.linalg.norm(evaluate(updates[layer.W]), axis=0).max() <= 0.2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_units": 0, "num_pieces": 2, "irange": 0.1}, "num_units is 0"),
        ({"num_units": 2, "num_pieces": 3, "pool_stride": 2, "irange": 0.1}, "pool_stride is 2"),
        ({"num_units": 2, "num_pieces": 3}, "needs exactly one of irange, sparse_init"),
        ({"num_units": 2, "num_pieces": 3, "irange": 0.1, "max_row_norm": 1.0}, "max_row_norm"),
    ],
)
def test_options_that_cannot_be(options, message):
    with pytest.raises(OptionError, match=message):
        Maxout(layer_name="h", **options)
