"""Affine layers against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from evaluation import evaluate
from hypothesis import given, settings
from hypothesis import strategies as st

from adversarial.errors import ConfigurationError
from adversarial.index_space import IndexSpace
from adversarial.models.affine import initial_weights, limit_norms
from adversarial.models.linear import HardSigmoid, Linear, RectifiedLinear, Sigmoid, Softplus, Tanh
from adversarial.models.maxout import Maxout
from adversarial.models.mlp import MLP
from adversarial.models.softmax import Softmax
from adversarial.options import OptionError
from adversarial.space import Conv2DSpace

X = np.random.RandomState(0).randn(5, 4)


def built(layer):
    """The layer, with parameters, at the bottom of an MLP of 4 inputs."""
    return MLP([layer], nvis=4).layers[0]


def output(layer, inputs=X):
    x = pt.dmatrix()
    return evaluate(layer.fprop(x), {x: inputs})


@pytest.mark.parametrize(
    ("cls", "numpy_function"),
    [
        (Linear, lambda z: z),
        (Tanh, np.tanh),
        (Softplus, lambda z: np.log1p(np.exp(z))),
        (RectifiedLinear, lambda z: np.maximum(z, 0)),
        (Sigmoid, lambda z: 1 / (1 + np.exp(-z))),
        (HardSigmoid, lambda z: np.clip(z, 0, 1)),
    ],
)
def test_output_is_the_function_of_an_affine_map(cls, numpy_function, float64):
    layer = built(cls(dim=3, layer_name="h", irange=0.5, init_bias=0.1))
    z = X @ layer.get_weights() + layer.get_biases()
    np.testing.assert_allclose(output(layer), numpy_function(z), rtol=1e-12)


def test_left_slope_holds_left_of_zero(float64):
    layer = built(RectifiedLinear(dim=3, layer_name="h", irange=0.5, left_slope=0.2))
    z = X @ layer.get_weights()
    np.testing.assert_allclose(output(layer), np.where(z > 0, z, 0.2 * z), rtol=1e-12)


def test_without_bias_the_map_is_linear(float64):
    layer = built(Linear(dim=3, layer_name="h", irange=0.5, use_bias=False))
    assert layer.get_params() == [layer.W]
    np.testing.assert_allclose(output(layer), X @ layer.get_weights(), rtol=1e-12)


def test_images_are_read_in_their_default_order(float64):
    space = Conv2DSpace(shape=[2, 3], num_channels=2, axes=("c", 0, 1, "b"))
    layer = MLP([Linear(dim=3, layer_name="h", irange=0.5)], input_space=space).layers[0]
    images = np.random.RandomState(1).randn(2, 2, 3, 5)
    x = pt.dtensor4()
    vectors = images.transpose(3, 1, 2, 0).reshape(5, 12)
    assert layer.get_weights_topo().shape == (3, 2, 3, 2)
    with pytest.raises(ConfigurationError):
        layer.get_weights()
    found = evaluate(layer.fprop(x), {x: images})
    assert found.shape == (5, 3)
    by_format = evaluate(space.format_as(x, layer.desired_space), {x: images})
    np.testing.assert_allclose(found, by_format @ layer.W.get_value(), rtol=1e-12)
    assert sorted(by_format.ravel()) == sorted(vectors.ravel())


def test_squared_and_absolute_costs(float64):
    y, y_hat = np.random.RandomState(2).randn(2, 5, 3)
    squared = Linear(dim=3, layer_name="h", irange=0.5)
    absolute = Linear(dim=3, layer_name="h", irange=0.5, use_abs_loss=True)
    a, b = pt.dmatrices("ab")
    assert evaluate(squared.cost(a, b), {a: y, b: y_hat}) == pytest.approx(((y - y_hat) ** 2).sum(1).mean())
    assert evaluate(absolute.cost(a, b), {a: y, b: y_hat}) == pytest.approx(abs(y - y_hat).sum(1).mean())


@pytest.mark.parametrize("cls", [RectifiedLinear, Tanh, Softplus, HardSigmoid])
def test_layers_without_a_cost_say_so(cls):
    layer = cls(dim=1, layer_name="h", irange=0.5)
    with pytest.raises(ConfigurationError, match="has no cost"):
        layer.cost(pt.matrix(), pt.matrix())


@given(st.floats(-700, 700), st.sampled_from([0.0, 1.0]))
@settings(max_examples=20, deadline=None)
def test_cross_entropy_is_exact_at_both_ends(logit, target):
    layer = Sigmoid(dim=1, layer_name="y", irange=0.0)
    z, y = pt.dmatrices("zy")
    found = evaluate(layer.cost(y, pt.sigmoid(z)), {z: [[logit]], y: [[target]]})
    assert found == pytest.approx(np.logaddexp(0, -logit if target else logit), rel=1e-9, abs=1e-300)


def test_the_cost_of_a_sigmoid_needs_a_sigmoid():
    with pytest.raises(ValueError, match="symbolic output of a sigmoid"):
        Sigmoid(dim=1, layer_name="y", irange=0.0).cost(pt.matrix(), pt.matrix())


def test_detection_scores(float64):
    layer = built(Sigmoid(dim=2, layer_name="y", irange=0.5))
    state, target = pt.dmatrices("st")
    logits = np.array([[1.0, -1], [1, 1], [-1, 1]])
    truth = np.array([[1.0, 0], [0, 1], [1, 1]])
    channels = layer.get_layer_monitoring_channels(state=pt.sigmoid(state), targets=target)
    names = ["01_loss", "precision", "recall", "per_output_recall_min", "per_output_precision_max"]
    values = evaluate([channels[name] for name in names], {state: logits, target: truth})
    np.testing.assert_allclose(values, [2 / 6, 3 / 4, 3 / 4, 1 / 2, 2 / 2])


def test_initial_weights_are_drawn_as_in_2014():
    expected = np.random.RandomState(3)
    dense = expected.uniform(-0.5, 0.5, (4, 3)) * (expected.uniform(0.0, 1.0, (4, 3)) < 0.7)
    found = initial_weights(np.random.RandomState(3), (4, 3), irange=0.5, include_prob=0.7)
    np.testing.assert_array_equal(found, dense)
    normal = initial_weights(np.random.RandomState(3), (4, 3), istdev=0.1)
    np.testing.assert_array_equal(normal, np.random.RandomState(3).randn(4, 3) * 0.1)


@given(st.integers(1, 6), st.integers(1, 5), st.integers(0, 1000))
@settings(deadline=None)
def test_sparse_weights_have_as_many_as_asked_for(per_unit, units, seed):
    weights = initial_weights(np.random.RandomState(seed), (6, units), sparse_init=per_unit, sparse_stdev=2.0)
    assert (np.count_nonzero(weights, axis=0) == per_unit).all()


def test_sparse_weights_respect_the_mask():
    mask = np.array([[1.0, 0], [0, 1], [1, 1]])
    weights = initial_weights(np.random.RandomState(0), (3, 2), sparse_init=2, mask_weights=mask)
    assert (weights[mask == 0] == 0).all()
    with pytest.raises(ConfigurationError, match="has only 2 inputs"):
        initial_weights(np.random.RandomState(0), (3, 2), sparse_init=3, mask_weights=mask)


@given(st.integers(0, 1000), st.sampled_from([0, 1]), st.floats(0.1, 3))
@settings(max_examples=20, deadline=None)
def test_norms_stay_within_limits(seed, axis, high):
    weights = np.random.RandomState(seed).randn(4, 3)
    limited = evaluate(limit_norms(pt.as_tensor(weights), axis, 0.0, high))
    norms = np.linalg.norm(weights, axis=axis)
    np.testing.assert_allclose(np.linalg.norm(limited, axis=axis), np.minimum(norms, high), rtol=1e-5)


def test_an_infinite_limit_of_norms_scales_as_in_2014(float64):
    layer = built(Linear(dim=3, layer_name="h", irange=0.5, max_col_norm=float("inf")))
    updates = {layer.W: layer.W}
    layer.modify_updates(updates)
    norms = np.linalg.norm(layer.get_weights(), axis=0)
    expected = layer.get_weights() * (norms / (1e-7 + norms))
    np.testing.assert_allclose(evaluate(updates[layer.W]), expected, rtol=1e-14)


def test_updates_keep_the_layers_limits(float64):
    layer = built(Linear(dim=3, layer_name="h", irange=0.5, max_col_norm=0.3, mask_weights=np.eye(4, 3)))
    updates = {layer.W: layer.W + 1.0}
    layer.modify_updates(updates)
    W = evaluate(updates[layer.W])
    assert (W[np.eye(4, 3) == 0] == 0).all()
    np.testing.assert_allclose(np.linalg.norm(W, axis=0), 0.3, rtol=1e-5)


@pytest.mark.parametrize(
    "layer",
    [
        Linear(dim=3, layer_name="h", sparse_init=0),
        Maxout(num_units=1, num_pieces=3, layer_name="h", sparse_init=0),
        Softmax(n_classes=3, layer_name="h", sparse_init=0),
    ],
)
def test_weights_may_all_start_at_0_as_in_the_files_of_the_dropout_paper(layer):
    np.testing.assert_array_equal(built(layer).W.get_value(), np.zeros((4, 3)))


def test_learning_rate_scales():
    layer = built(Linear(dim=3, layer_name="h", irange=0.5, W_lr_scale=0.1, b_lr_scale=0.2))
    assert layer.get_lr_scalers() == {layer.W: 0.1, layer.b: 0.2}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "needs exactly one of irange, istdev, sparse_init, but none is given"),
        ({"irange": 0.1, "istdev": 0.1}, "irange and istdev are given"),
        ({"irange": 0.1, "max_row_norm": 1.0, "max_col_norm": 1.0}, "cannot be combined"),
        ({"irange": 0.1, "init_bias": np.zeros(2)}, "init_bias has shape"),
        ({"irange": 0.1, "use_bias": False, "b_lr_scale": 1.0}, "use_bias is false"),
        ({"irange": -0.1}, "irange is -0.1, but must be a number of at least 0"),
        ({"irange": 0.1, "copy_input": True}, "copy_input is True, but must be null"),
    ],
)
def test_options_that_cannot_be(options, message):
    with pytest.raises(OptionError, match=message):
        Linear(dim=3, layer_name="h", **options)


@pytest.mark.parametrize(
    "layer",
    [
        Sigmoid(dim=2, layer_name="low", irange=0.1),
        Softmax(n_classes=2, layer_name="low", irange=0.1),
        Maxout(layer_name="low", num_units=2, num_pieces=2, irange=0.1),
    ],
)
def test_labels_are_no_input(layer):
    with pytest.raises(
        OptionError, match=f"{type(layer).__name__} 'low': its input must be numbers, not the labels of"
    ):
        MLP([layer], input_space=IndexSpace(max_labels=10, dim=1))
