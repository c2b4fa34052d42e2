"""Layers of classifiers against plain NumPy: SoftmaxPool, LWTA, LinearGaussian, PretrainedLayer, SoftmaxRegression."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from evaluation import evaluate

from adversarial import checkpoint
from adversarial.models.gaussian import LinearGaussian
from adversarial.models.lwta import LWTA
from adversarial.models.mlp import MLP
from adversarial.models.pretrained import PretrainedLayer
from adversarial.models.rbm import RBM
from adversarial.models.softmax import Softmax
from adversarial.models.softmax_pool import SoftmaxPool
from adversarial.models.softmax_regression import SoftmaxRegression
from adversarial.options import OptionError

X = np.random.RandomState(0).randn(5, 4)


def output(layer):
    model, x = MLP([layer], nvis=4), pt.dmatrix()
    return evaluate(model.fprop(x), {x: X})


@pytest.mark.parametrize("pool_size", [1, 3])
def test_a_pool_is_on_if_any_of_its_units_is(pool_size, float64):
    layer = SoftmaxPool(detector_layer_dim=6, pool_size=pool_size, layer_name="h", irange=2.0, init_bias=0.1)
    found = output(layer)
    z = X @ layer.get_weights() + 0.1
    on = np.exp(z).reshape(5, -1, pool_size).sum(axis=2)
    np.testing.assert_allclose(found, on / (1 + on), rtol=1e-12)


def test_a_pool_divides_the_units():
    with pytest.raises(OptionError, match="does not divide detector_layer_dim, 5"):
        SoftmaxPool(detector_layer_dim=5, pool_size=2, layer_name="h", irange=0.1)


def test_one_unit_of_each_block_wins_and_of_equal_ones_the_last(float64):
    layer = LWTA(block_size=2, dim=4, layer_name="h", irange=1.0)
    found, z = output(layer), X @ layer.get_weights()
    expected = np.where(z == np.repeat(z.reshape(5, 2, 2).max(axis=2), 2, axis=1), z, 0)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    layer = LWTA(block_size=2, dim=4, layer_name="h", irange=0.0, init_bias=1.0)
    assert output(layer)[0].tolist() == [0, 1, 0, 1]


def test_the_cost_of_a_gaussian_is_its_negative_log_likelihood_but_for_a_constant(float64):
    layer = LinearGaussian(np.array([1.0, 4.0]), 0.5, 9.0, 0.3, dim=2, layer_name="y", irange=0.5)
    model, x, y = MLP([layer], nvis=4), pt.dmatrix(), pt.dmatrix()
    target = np.random.RandomState(1).randn(5, 2)
    mean, cost = evaluate([model.fprop(x), model.cost(y, model.fprop(x))], {x: X, y: target})
    expected = 0.5 * (np.square(target - mean) * [1, 4]).sum(axis=1).mean() - 0.5 * np.log([1, 4]).sum()
    assert cost == pytest.approx(expected, rel=1e-12)
    assert model.get_lr_scalers() == {layer.beta: 0.3}
    updates = {layer.beta: pt.constant(np.array([0.1, 99.0]))}
    model.modify_updates(updates)
    assert updates[layer.beta].eval().tolist() == [0.5, 9.0]


def test_a_pretrained_layer_gives_the_codes_and_its_parameters_are_saved_frozen_or_not(tmp_path, float64):
    for frozen in (False, True):
        rbm = RBM(nvis=4, nhid=3, irange=1.0)
        layer = PretrainedLayer("h", rbm, freeze_params=frozen)
        model = MLP([layer, Softmax(n_classes=2, layer_name="y", irange=0.1)], nvis=4)
        found = output_of(model)
        assert len(model.get_params()) == (2 if frozen else 5)
        checkpoint.save_model(tmp_path / "model.pkl", model)
        np.testing.assert_array_equal(output_of(checkpoint.load_model(tmp_path / "model.pkl")), found)
    with pytest.raises(OptionError, match=r"layer_content reads VectorSpace\(4\), but the layer below it gives"):
        MLP([PretrainedLayer("h", RBM(nvis=4, nhid=3))], nvis=5)


def output_of(model):
    x = pt.dmatrix()
    return evaluate(model.fprop(x), {x: X})


def test_softmax_regression_is_an_mlp_of_one_layer(tmp_path, float64):
    model = SoftmaxRegression(n_classes=3, irange=0.5, nvis=4)
    alone = MLP([Softmax(n_classes=3, layer_name="y", irange=0.5)], nvis=4)
    np.testing.assert_array_equal(output_of(model), output_of(alone))
    checkpoint.save_model(tmp_path / "model.h5", model)
    loaded = checkpoint.load_model(tmp_path / "model.h5")
    assert type(loaded) is SoftmaxRegression
    np.testing.assert_array_equal(output_of(loaded), output_of(model))
