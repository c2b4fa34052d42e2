"""The layers of goodfeli/adversarial, and those that combine others, against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from evaluation import evaluate

from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.game.layers import (
    Clusterize,
    Disconnector,
    NoiseCat,
    RectifiedLinear,
    Sigmoid,
    SubtractHalf,
    SubtractRealMean,
    Sum,
)
from adversarial.models.composite import CompositeLayer, FlattenerLayer, SpaceConverter
from adversarial.models.linear import Linear
from adversarial.models.mlp import MLP
from adversarial.options import OptionError
from adversarial.space import Conv2DSpace, VectorSpace

X = np.random.RandomState(0).randn(50, 4)


def output(layers, inputs=X, **options):
    mlp = MLP(layers, **(options or {"nvis": inputs.shape[1]}))
    x = pt.tensor(dtype="float64", shape=(None,) * inputs.ndim)
    return evaluate(mlp.fprop(x), {x: inputs}), mlp


def test_activations_alone(float64):
    np.testing.assert_allclose(
        output([RectifiedLinear(layer_name="r", left_slope=0.1)])[0], np.where(X > 0, X, 0.1 * X)
    )
    np.testing.assert_allclose(output([Sigmoid(layer_name="s")])[0], 1 / (1 + np.exp(-X)))
    np.testing.assert_allclose(output([SubtractHalf(layer_name="h")])[0], X - 0.5)


def test_a_disconnector_jumps_at_0(float64):
    found, mlp = output([Disconnector(layer_name="j", dim=3, irange=1.0, ofs=0.5, left_slope=0.1)])
    z = X @ mlp.layers[0].get_weights()
    np.testing.assert_allclose(found, np.where(z > 0, z + 0.5, 0.1 * z))


def test_subtract_real_mean_with_and_without_the_deviation(float64):
    data = DenseDesignMatrix(X=np.random.RandomState(1).randn(30, 4) * 3 + 1)
    mean, sd = data.X.mean(axis=0), data.X.std(axis=0)
    np.testing.assert_allclose(output([SubtractRealMean(layer_name="m", dataset=data)])[0], X - mean)
    both = output([SubtractRealMean(layer_name="m", dataset=data, also_sd=True)])[0]
    np.testing.assert_allclose(both, (X - mean) / sd)


def test_subtract_real_mean_refuses_to_divide_by_nothing():
    with pytest.raises(OptionError, match="never change"):
        SubtractRealMean(layer_name="m", dataset=DenseDesignMatrix(X=np.ones((3, 2))), also_sd=True)


def test_noise_cat_appends_noise_of_its_deviation(float64):
    found, mlp = output([NoiseCat(layer_name="n", new_dim=200, std=0.5)])
    np.testing.assert_array_equal(found[:, :4], X)
    assert found.shape == (50, 204) and mlp.get_output_space() == VectorSpace(204)
    assert found[:, 4:].mean() == pytest.approx(0.0, abs=0.03)
    assert found[:, 4:].std() == pytest.approx(0.5, abs=0.02)


def test_clusterize_moves_each_value_by_the_scale(float64):
    moved = output([Clusterize(layer_name="c", scale=0.3)])[0] - X
    np.testing.assert_allclose(np.abs(moved), 0.3)
    assert 60 < (moved > 0).sum() < 140


def test_layers_side_by_side_and_their_sum(float64):
    parts = [Linear(layer_name=name, dim=3, irange=0.5) for name in "ab"]
    found, mlp = output([CompositeLayer(layer_name="c", layers=parts), Sum(layer_name="s")])
    np.testing.assert_allclose(found, sum(X @ part.get_weights() for part in parts))
    assert [param.name for param in mlp.get_params()] == ["b_W", "b_b", "a_W", "a_b"]


def test_flattened_layers_lie_side_by_side(float64):
    parts = [Linear(layer_name="a", dim=3, irange=0.5), Linear(layer_name="b", dim=2, irange=0.5)]
    found, mlp = output([FlattenerLayer(CompositeLayer(layer_name="c", layers=parts))])
    np.testing.assert_allclose(found, np.concatenate([X @ part.get_weights() for part in parts], axis=1))
    x, y = pt.dmatrices("xy")
    target = np.random.RandomState(3).randn(50, 5)
    expected = ((target[:, :3] - found[:, :3]) ** 2).sum(1).mean() + ((target[:, 3:] - found[:, 3:]) ** 2).sum(1).mean()
    assert evaluate(mlp.cost(y, mlp.fprop(x)), {x: X, y: target}) == pytest.approx(expected)


def test_inputs_can_be_routed(float64):
    parts = [Linear(layer_name=name, dim=2, irange=0.5) for name in "abcd"]
    first = CompositeLayer(layer_name="first", layers=parts[:2])
    second = CompositeLayer(layer_name="second", layers=parts[2:], inputs_to_layers={0: [1], 1: [0]})
    mlp = MLP([first, second], nvis=4)
    x = pt.dmatrix()
    found = evaluate(list(mlp.fprop(x)), {x: X})
    a, b, c, d = (part.get_weights() for part in parts)
    np.testing.assert_allclose(found[0], X @ b @ c)
    np.testing.assert_allclose(found[1], X @ a @ d)


def test_space_converter_makes_images_and_refuses_what_does_not_fit(float64):
    space = Conv2DSpace(shape=[2, 2], num_channels=1, axes=("c", 0, 1, "b"))
    found, _ = output([SpaceConverter(layer_name="s", output_space=space)])
    np.testing.assert_array_equal(found, X.reshape(50, 2, 2, 1).transpose(3, 1, 2, 0))
    with pytest.raises(OptionError, match="has 5"):
        MLP([SpaceConverter(layer_name="s", output_space=space)], nvis=5)
