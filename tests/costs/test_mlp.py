"""Costs of classifiers against plain NumPy, and what an experiment minimises that names no cost."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from evaluation import evaluate

from adversarial.cost import SumOfCosts
from adversarial.costs.method import MethodCost
from adversarial.costs.mlp import Default, Dropout, L1WeightDecay, WeightDecay, default_cost
from adversarial.errors import ConfigurationError
from adversarial.models.composite import CompositeLayer, FlattenerLayer, SpaceConverter
from adversarial.models.linear import Linear, Sigmoid
from adversarial.models.mlp import MLP
from adversarial.models.rbm import RBM
from adversarial.models.softmax import Softmax
from adversarial.space import VectorSpace

RANDOM = np.random.RandomState(0)
X, Y = RANDOM.randn(6, 4), np.eye(3)[[0, 1, 2, 0, 1, 1]]


def classifier(**options):
    layers = [Sigmoid(dim=5, layer_name="h0", irange=0.5), Softmax(n_classes=3, layer_name="y", irange=0.5)]
    return MLP(layers, nvis=4, **options)


def value_of(cost, model):
    x, y = pt.dmatrix(), pt.dmatrix()
    return float(evaluate(cost.expr(model, (x, y)), {x: X, y: Y}))


def test_the_default_cost_is_the_negative_log_likelihood(float64):
    model = classifier()
    h0, y = model.layers
    z = 1 / (1 + np.exp(-X @ h0.get_weights())) @ y.get_weights()
    expected = -(z - np.log(np.exp(z).sum(axis=1, keepdims=True)))[Y == 1].mean()
    assert value_of(Default(), model) == pytest.approx(expected, rel=1e-12)
    assert value_of(MethodCost("cost_from_X"), model) == pytest.approx(expected, rel=1e-12)
    assert isinstance(default_cost(model), Default)


def test_a_model_may_have_a_default_cost_of_its_own():
    model, own = RBM(nvis=2, nhid=2), Default()
    model.get_default_cost = lambda: own
    assert default_cost(model) is own
    with pytest.raises(ConfigurationError, match="RBM has no default cost; give the algorithm a cost"):
        default_cost(RBM(nvis=2, nhid=2))


def test_dropout_of_nothing_is_the_default_cost_but_takes_a_seed(float64):
    model = classifier()
    before = model.rng.get_state()[2]
    assert value_of(Dropout(1.0, default_input_scale=1.0), model) == pytest.approx(value_of(Default(), model))
    assert model.rng.get_state()[2] != before


def test_decay_is_the_sum_of_squares_or_of_absolute_values(float64):
    model = classifier()
    weights = [layer.get_weights() for layer in model.layers]
    for cost, of in ((WeightDecay, np.square), (L1WeightDecay, np.abs)):
        for coeffs in ([0.5, 0.25], (0.5, "0.25")):
            expected = sum(float(c) * of(W).sum() for c, W in zip(coeffs, weights, strict=True))
            assert float(cost(coeffs).expr(model, None).eval()) == pytest.approx(expected, rel=1e-12)
        everywhere = float(cost(0.1).expr(model, None).eval())
        assert everywhere == pytest.approx(0.1 * sum(of(W).sum() for W in weights), rel=1e-12)


def test_decay_reaches_layers_within_layers_each_with_its_own_coefficient(float64):
    heads = [Linear(dim=2, layer_name="a", irange=0.5), Linear(dim=3, layer_name="b", irange=0.5)]
    inner = MLP([FlattenerLayer(CompositeLayer(layer_name="heads", layers=heads))], layer_name="inner")
    model = MLP([inner, Softmax(n_classes=3, layer_name="y", irange=0.5)], nvis=4)
    squares = [np.square(layer.get_weights()).sum() for layer in [*heads, model.layers[1]]]
    found = float(WeightDecay([[[0.1, 0.2]], 0.3]).expr(model, None).eval())
    assert found == pytest.approx(np.dot([0.1, 0.2, 0.3], squares), rel=1e-12)


def test_a_layer_without_weights_takes_the_coefficient_0_only(float64):
    same = SpaceConverter(layer_name="same", output_space=VectorSpace(4))
    model = MLP([same, Softmax(n_classes=4, layer_name="y", no_affine=True)], nvis=4)
    assert float(WeightDecay([0.0, 0]).expr(model, None).eval()) == 0
    with pytest.raises(ConfigurationError, match="'same' is a SpaceConverter without weights"):
        WeightDecay([0.1, 0]).expr(model, None)
    with pytest.raises(ConfigurationError, match="'y' is a Softmax without weights"):
        L1WeightDecay([0, 0.1]).expr(model, None)
    with pytest.raises(ConfigurationError, match="3 coefficients of decay for 2 layers"):
        WeightDecay([0, 0, 0]).expr(model, None)


def test_terms_of_a_sum_have_the_names_of_2014(float64):
    x, y = pt.dmatrix(), pt.dmatrix()
    cost = SumOfCosts([Default(), [0.5, WeightDecay([0.1, 0.1])], L1WeightDecay([0.1, 0.1])])
    channels = cost.get_monitoring_channels(classifier(), (x, y))
    assert list(channels) == ["term_0", "term_1_weight_decay", "term_2_l1_penalty"]


def test_the_batch_size_of_an_mlp_is_that_of_its_training():
    assert classifier(batch_size=7).force_batch_size == 7
    assert classifier().force_batch_size is None
