"""ConvElemwise against SciPy's convolution."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from evaluation import evaluate
from scipy.signal import convolve

from adversarial.errors import ConfigurationError
from adversarial.models.conv_elemwise import (
    ConvElemwise,
    ConvRectifiedLinear,
    IdentityConvNonlinearity,
    SigmoidConvNonlinearity,
)
from adversarial.models.mlp import MLP
from adversarial.options import OptionError
from adversarial.space import Conv2DSpace

RANDOM = np.random.RandomState(0)
OPTIONS = {"output_channels": 2, "kernel_shape": [3, 2], "layer_name": "h", "irange": 0.5}


def output(layer, images, axes=("b", 0, 1, "c")):
    """What the layer makes of b01c images, given in another order of axes."""
    MLP([layer], input_space=Conv2DSpace(shape=images.shape[1:3], num_channels=images.shape[3], axes=axes))
    x = pt.dtensor4()
    return evaluate(layer.fprop(x), {x: Conv2DSpace.convert_numpy(images, ("b", 0, 1, "c"), axes)})


def convolved(images, kernels, mode):
    """Each image with each kernel, summed over input channels, as bc01."""
    return np.array([
        [sum(convolve(image[:, :, c], kernel[c], mode, "direct") for c in range(len(kernel))) for kernel in kernels]
        for image in images
    ])  # fmt: skip


@pytest.mark.parametrize("mode", ["valid", "full"])
@pytest.mark.parametrize("axes", [("b", 0, 1, "c"), ("c", 0, 1, "b")])
def test_the_linear_layer_is_a_convolution_with_flipped_kernels(mode, axes, float64):
    images = RANDOM.randn(3, 6, 5, 2)
    layer = ConvElemwise(**OPTIONS, nonlinearity=IdentityConvNonlinearity(), border_mode=mode)
    found = output(layer, images, axes)
    layer_b = layer.get_biases()
    assert layer_b.shape == found.shape[1:]
    np.testing.assert_allclose(found, convolved(images, layer.W.get_value(), mode), atol=1e-12)


def test_strides_leave_out_what_they_do_not_reach_whole(float64):
    images = RANDOM.randn(2, 7, 6, 1)
    layer = ConvElemwise(**OPTIONS, nonlinearity=IdentityConvNonlinearity(), kernel_stride=[3, 3], tied_b=True)
    found = output(layer, images)
    layer.set_biases(np.array([0.0, 0.0]))
    np.testing.assert_allclose(found, convolved(images, layer.W.get_value(), "valid")[:, :, ::3, ::3], atol=1e-12)


@pytest.mark.parametrize("pool_type", ["max", "mean"])
def test_pools_see_every_pixel_and_nothing_beyond_the_edge(pool_type, float64):
    images = RANDOM.randn(2, 7, 6, 1)
    layer = ConvRectifiedLinear(**OPTIONS, pool_shape=[2, 3], pool_stride=[2, 2], pool_type=pool_type)
    found = output(layer, images)
    z = np.maximum(convolved(images, layer.W.get_value(), "valid"), 0)
    of = {"max": np.max, "mean": np.mean}[pool_type]
    expected = [[of(z[:, :, y : y + 2, x : x + 3], axis=(2, 3)) for x in (0, 2)] for y in (0, 2, 4)]
    np.testing.assert_allclose(found, np.array(expected).transpose(2, 3, 0, 1), atol=1e-12)


def test_the_cost_of_sigmoids_is_their_cross_entropy(float64):
    images, layer = RANDOM.randn(2, 5, 5, 1), ConvElemwise(**OPTIONS, nonlinearity=SigmoidConvNonlinearity())
    p = output(layer, images)
    target = RANDOM.uniform(size=p.shape)
    x, y = pt.dtensor4(), pt.dtensor4()
    found = evaluate(layer.cost(y, layer.fprop(x)), {x: images, y: target})
    assert found == pytest.approx(-(target * np.log(p) + (1 - target) * np.log(1 - p)).mean(), rel=1e-12)


def test_kernels_keep_to_the_limit_of_their_norm(float64):
    layer = ConvElemwise(**OPTIONS, nonlinearity=IdentityConvNonlinearity(), max_kernel_norm=0.1)
    model = MLP([layer], input_space=Conv2DSpace(shape=[5, 5], num_channels=3))
    model.enforce_constraints()
    np.testing.assert_allclose(np.sqrt(np.square(layer.W.get_value()).sum(axis=(1, 2, 3))), 0.1, rtol=1e-5)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"pool_type": "max"}, "needs the option 'pool_shape'"),
        ({"kernel_shape": [9, 2]}, "a smaller kernel_shape fits"),
        ({"pool_type": "max", "pool_shape": [9, 9], "pool_stride": [1, 1]}, "larger than what it pools"),
    ],
)
def test_what_does_not_fit_is_said(changes, reason):
    layer = ConvElemwise(**OPTIONS | changes, nonlinearity=IdentityConvNonlinearity())
    with pytest.raises(OptionError, match=reason):
        MLP([layer], input_space=Conv2DSpace(shape=[5, 5], num_channels=1))


def test_other_units_have_no_cost():
    layer = ConvElemwise(**OPTIONS, nonlinearity=IdentityConvNonlinearity())
    with pytest.raises(ConfigurationError, match="only sigmoids without pools have a cost"):
        layer.cost(None, None)
