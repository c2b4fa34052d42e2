"""Softmax against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from evaluation import INTERPRETED, evaluate

from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.models.mlp import MLP
from adversarial.models.softmax import Softmax, marginal_bias
from adversarial.options import OptionError
from adversarial.space import Conv2DSpace

RNG = np.random.RandomState(0)
X = RNG.randn(6, 4)
TARGETS = np.eye(3)[[0, 1, 2, 0, 1, 1]]


def built(nvis=4, **options):
    """The layer, with parameters, at the bottom of an MLP."""
    layer = MLP([Softmax(n_classes=3, layer_name="y", **options)], nvis=nvis).layers[0]
    if not layer.no_affine:
        layer.set_biases(np.array([0.3, -0.2, 0.1]))
    return layer


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def test_output_is_the_softmax_of_an_affine_map(float64):
    layer, x = built(irange=0.5), pt.dmatrix()
    found = evaluate(layer.fprop(x), {x: X})
    np.testing.assert_allclose(found, softmax(X @ layer.get_weights() + layer.get_biases()), rtol=1e-12)


@pytest.mark.parametrize("shift", [-700.0, -1.0, 0.5, 700.0])
def test_rows_are_distributions_that_a_shift_of_all_logits_does_not_change(shift, float64):
    layer, x = built(nvis=3, no_affine=True), pt.dmatrix()
    z = 100 * np.random.RandomState(1).randn(50, 3)
    rows, shifted = evaluate(layer.fprop(x), {x: z}), evaluate(layer.fprop(x), {x: z + shift})
    np.testing.assert_allclose(rows.sum(axis=1), 1.0)
    assert (rows >= 0).all()
    np.testing.assert_allclose(shifted, rows, rtol=1e-9, atol=1e-300)


def test_cost_is_the_mean_negative_log_likelihood_of_the_targets(float64):
    layer, x, y = built(irange=0.5), pt.dmatrix(), pt.dmatrix()
    output = layer.fprop(x)
    p, matrix, cost = evaluate([output, layer.cost_matrix(y, output), layer.cost(y, output)], {x: X, y: TARGETS})
    np.testing.assert_allclose(matrix, -TARGETS * np.log(p), rtol=1e-12, atol=1e-15)
    assert cost == pytest.approx(-np.log(p[TARGETS == 1]).mean(), rel=1e-12)


def test_cost_is_exact_where_a_probability_rounds_to_0(float64):
    layer, x, y = built(nvis=3, no_affine=True), pt.dmatrix(), pt.dmatrix()
    cost = layer.cost(y, layer.fprop(x))
    assert evaluate(cost, {x: [[0.0, 1000.0, 0.0]], y: [[1.0, 0.0, 0.0]]}) == pytest.approx(1000.0)


def test_gradient_at_the_logits_is_the_error(float64):
    layer, x, y = built(nvis=3, no_affine=True), pt.dmatrix(), pt.dmatrix()
    output = layer.fprop(x)
    grad = pytensor.function([x, y], [output, pytensor.grad(layer.cost(y, output), x)], mode=INTERPRETED)
    p, found = grad(X[:, :3], TARGETS)
    np.testing.assert_allclose(found, (p - TARGETS) / len(X), atol=1e-12)


def test_the_cost_needs_a_softmax():
    with pytest.raises(ValueError, match="symbolic output of a softmax"):
        Softmax(n_classes=3, layer_name="y", irange=0.0).cost(pt.matrix(), pt.matrix())


def test_parameters_and_their_limits(float64):
    layer = built(irange=0.5, max_col_norm=0.3, W_lr_scale=0.1, b_lr_scale=0.2)
    assert [param.name for param in layer.get_params()] == ["softmax_b", "softmax_W"]
    assert layer.get_lr_scalers() == {layer.W: 0.1, layer.b: 0.2}
    updates = {layer.W: layer.W + 1.0}
    layer.modify_updates(updates)
    np.testing.assert_allclose(np.linalg.norm(evaluate(updates[layer.W]), axis=0), 0.3, rtol=1e-5)


def test_without_an_affine_map_there_are_no_parameters():
    layer = built(nvis=3, no_affine=True)
    assert layer.get_params() == [] and layer.get_lr_scalers() == {}
    updates = {}
    layer.modify_updates(updates)
    assert updates == {} and layer.get_layer_monitoring_channels() == {}


def test_images_without_an_affine_map_are_flattened(float64):
    space = Conv2DSpace(shape=[1, 1], num_channels=3, axes=("c", 0, 1, "b"))
    layer = MLP([Softmax(n_classes=3, layer_name="y", no_affine=True)], input_space=space).layers[0]
    x = pt.dtensor4()
    found = evaluate(layer.fprop(x), {x: X[:, :3].T[:, None, None, :]})
    np.testing.assert_allclose(found, softmax(X[:, :3]), rtol=1e-12)


def test_biases_start_at_the_class_frequencies(float64):
    data = DenseDesignMatrix(X=X, y=TARGETS)
    layer = MLP([Softmax(n_classes=3, layer_name="y", irange=0.5, init_bias_target_marginals=data)], nvis=4).layers[0]
    x = pt.dmatrix()
    np.testing.assert_allclose(evaluate(layer.fprop(x), {x: np.zeros((1, 4))})[0], TARGETS.mean(axis=0))
    assert marginal_bias(data).mean() == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("from_state", [True, False])
def test_monitoring_channels(from_state, float64):
    layer, x, y = built(irange=2.0), pt.dmatrix(), pt.dmatrix()
    output = layer.fprop(x)
    channels = layer.get_layer_monitoring_channels(x, output if from_state else None, y)
    values = dict(zip(channels, evaluate(list(channels.values()), {x: X, y: TARGETS}), strict=True))
    p, W = softmax(X @ layer.get_weights() + layer.get_biases()), layer.get_weights()
    largest = p.max(axis=1)
    expected = {
        "mean_max_class": largest.mean(),
        "max_max_class": largest.max(),
        "min_max_class": largest.min(),
        "misclass": (p.argmax(axis=1) != TARGETS.argmax(axis=1)).mean(),
        "nll": -np.log(p[TARGETS == 1]).mean(),
        "row_norms_max": np.linalg.norm(W, axis=1).max(),
        "col_norms_min": np.linalg.norm(W, axis=0).min(),
    }
    assert {name: float(values[name]) for name in expected} == pytest.approx(expected)
    assert "misclass" not in layer.get_layer_monitoring_channels(x)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "needs exactly one of irange, istdev, sparse_init, but none is given"),
        ({"irange": 0.1, "istdev": 0.1}, "irange and istdev are given"),
        ({"irange": 0.1, "max_row_norm": 1.0, "max_col_norm": 1.0}, "cannot be combined"),
        ({"irange": 0.1, "n_classes": 0}, "n_classes is 0, but must be a whole number of at least 1"),
        (
            {"no_affine": True, "init_bias_target_marginals": DenseDesignMatrix(X=X, y=TARGETS)},
            "no_affine leaves no bias to set",
        ),
        (
            {"irange": 0.1, "init_bias_target_marginals": DenseDesignMatrix(X=X, y=TARGETS[:, :1] * [1.0, 0.0, 0.0])},
            "one-hot targets in which every class occurs",
        ),
    ],
)
def test_options_that_cannot_be(options, message):
    with pytest.raises(OptionError, match=message):
        Softmax(**{"n_classes": 3, "layer_name": "y"} | options)


def test_without_an_affine_map_the_input_must_be_the_logits():
    with pytest.raises(OptionError, match="n_classes is 3, but with no_affine it must be the input's 4"):
        built(no_affine=True)
