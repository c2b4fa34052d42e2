"""Layers one after another, and dropout."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from evaluation import evaluate

from adversarial.models.linear import Linear, RectifiedLinear, Sigmoid
from adversarial.models.mlp import MLP
from adversarial.options import OptionError
from adversarial.space import VectorSpace


def small(**options):
    layers = [
        RectifiedLinear(layer_name="h0", dim=6, irange=0.5),
        Sigmoid(layer_name="y", dim=2, irange=0.5),
    ]
    return MLP(layers, nvis=4, **options)


X = np.random.RandomState(0).rand(200, 4)


def test_output_is_that_of_the_layers_in_turn(float64):
    mlp = small()
    x = pt.dmatrix()
    hidden, found = evaluate(mlp.fprop(x, return_all=True), {x: X})
    np.testing.assert_array_equal(found, evaluate(mlp.layers[1].fprop(x), {x: hidden}))


def test_weights_come_from_one_random_state_in_order():
    first, second = small(), small()
    for a, b in zip(first.get_param_values(), second.get_param_values(), strict=True):
        np.testing.assert_array_equal(a, b)
    rng = np.random.RandomState([2013, 1, 4])
    expected = rng.uniform(-0.5, 0.5, (4, 6)) * (rng.uniform(0.0, 1.0, (4, 6)) < 1.0)
    np.testing.assert_allclose(first.layers[0].get_weights(), expected, rtol=1e-6)
    assert [param.name for param in first.get_params()] == ["h0_W", "h0_b", "y_W", "y_b"]


def test_dropout_that_leaves_nothing_out_is_fprop(float64):
    mlp = small()
    x = pt.dmatrix()
    found = evaluate(mlp.dropout_fprop(x, default_input_include_prob=1.0, default_input_scale=1.0), {x: X})
    np.testing.assert_array_equal(found, evaluate(mlp.fprop(x), {x: X}))


def test_every_dropout_pass_draws_one_seed():
    mlp, other = small(), small()
    mlp.dropout_fprop(pt.matrix())
    mlp.dropout_fprop(pt.matrix(), default_input_include_prob=1.0)
    other.rng.randint(2**15, size=2)
    assert mlp.rng.randint(2**15) == other.rng.randint(2**15)


def test_dropout_keeps_the_mean_of_a_linear_map(float64):
    mlp = MLP([Linear(layer_name="y", dim=3, irange=0.5)], nvis=4)
    x = pt.dmatrix()
    inputs = np.tile(np.random.RandomState(1).rand(1, 4), (20000, 1))
    dropped = evaluate(mlp.dropout_fprop(x, default_input_include_prob=0.8, default_input_scale=1.25), {x: inputs})
    np.testing.assert_allclose(dropped.mean(axis=0), evaluate(mlp.fprop(x), {x: inputs})[0], atol=0.01)


def test_dropout_by_layer_name_leaves_other_layers_alone(float64):
    mlp = small()
    x = pt.dmatrix()
    states = mlp.dropout_fprop(
        x, default_input_include_prob=1.0, input_include_probs={"y": 0.5}, input_scales={"y": 2.0}, return_all=True
    )
    hidden = evaluate(states[0], {x: X})
    np.testing.assert_array_equal(hidden, evaluate(mlp.layers[0].fprop(x), {x: X}))


def test_one_mask_for_the_whole_batch(float64):
    mlp = MLP([Linear(layer_name="y", dim=4, irange=0.5)], nvis=4)
    mlp.layers[0].set_weights(np.eye(4))
    x = pt.dmatrix()
    graph = mlp.dropout_fprop(x, default_input_include_prob=0.5, default_input_scale=1.0, per_example=False)
    found = evaluate(graph, {x: np.ones((50, 4))})
    assert (found == found[0]).all()


def test_an_mlp_within_another_uses_its_random_numbers():
    inner = MLP([Linear(layer_name="a", dim=3, irange=0.5)], layer_name="inner")
    outer = MLP([inner, Linear(layer_name="b", dim=2, irange=0.5)], nvis=4)
    assert inner.rng is outer.rng
    assert [param.name for param in outer.get_params()] == ["a_W", "a_b", "b_W", "b_b"]
    assert outer.get_output_space() == VectorSpace(2)


def test_layers_can_be_added_and_frozen():
    mlp = small()
    mlp.add_layers([Linear(layer_name="z", dim=5, irange=0.1)])
    assert mlp.get_output_space() == VectorSpace(5)
    mlp.freeze(mlp.layers[0].get_params())
    assert [param.name for param in mlp.get_params()] == ["y_W", "y_b", "z_W", "z_b"]
    assert len(mlp.describe_options()["layers"]) == 3


@pytest.mark.parametrize("option", ["input_include_probs", "input_scales"])
def test_dropout_for_a_layer_that_is_not_there(option):
    with pytest.raises(OptionError, match="names the layer 'h00', which does not exist; did you mean 'h0'"):
        small().dropout_fprop(pt.matrix(), **{option: {"h00": 0.5}})


def test_two_layers_of_one_name():
    with pytest.raises(OptionError, match="two layers are named 'h'"):
        MLP([Linear(layer_name="h", dim=3, irange=0.5), Linear(layer_name="h", dim=3, irange=0.5)], nvis=4)


def test_a_layer_belongs_to_one_mlp():
    layer = Linear(layer_name="h", dim=3, irange=0.5)
    MLP([layer], nvis=4)
    with pytest.raises(ValueError, match="already part of an MLP"):
        MLP([layer], nvis=4)
