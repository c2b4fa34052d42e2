"""MaxoutConvC01B and Deconv against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from evaluation import evaluate
from old_pickles import Obj, binary_pickle, shared

from adversarial import checkpoint
from adversarial.config import yaml_parse
from adversarial.errors import ConfigurationError
from adversarial.models.deconv import Deconv
from adversarial.models.maxout_conv import MaxoutConvC01B
from adversarial.models.mlp import MLP
from adversarial.options import OptionError
from adversarial.space import Conv2DSpace, VectorSpace

RANDOM = np.random.RandomState(0)
#: Sizes of a layer that are no multiple of anything cuda-convnet liked.
CONV = {"layer_name": "h", "num_channels": 3, "num_pieces": 2, "kernel_shape": [3, 2], "pool_shape": [2, 3],
        "pool_stride": [2, 2], "irange": 0.5, "pad": 1}  # fmt: skip
DECONV = {"layer_name": "y", "num_channels": 2, "kernel_shape": [3, 4], "irange": 0.5, "output_stride": [2, 3]}


def space(axes=("c", 0, 1, "b"), shape=(5, 6), channels=5):
    return Conv2DSpace(shape=shape, num_channels=channels, axes=axes)


def output(layer, images, of=None):
    """What the layer makes of c01b images, given in the order of its input space."""
    of = of or space(shape=images.shape[1:3], channels=images.shape[0])
    MLP([layer], input_space=of)
    x = pt.dtensor4()
    return evaluate(layer.fprop(x), {x: Conv2DSpace.convert(images, ("c", 0, 1, "b"), of.axes)})


def correlated(images, kernels, pad):
    images = np.pad(images, ((0, len(kernels) - len(images)), (pad, pad), (pad, pad), (0, 0)))
    shape = kernels.shape[1:3]
    windows = np.lib.stride_tricks.sliding_window_view(images, shape, axis=(1, 2))
    return np.einsum("cyxbij,cijf->fyxb", windows, kernels)


def pooled(z, shape, stride):
    """The largest of each window that covers some pixel which the ones before it do not."""
    rows, columns = (-(-(n - p) // s) + 1 for n, p, s in zip(z.shape[1:3], shape, stride, strict=True))
    windows = [
        [z[:, y : y + shape[0], x : x + shape[1]].max(axis=(1, 2)) for x in range(0, columns * stride[1], stride[1])]
        for y in range(0, rows * stride[0], stride[0])
    ]
    return np.array(windows).transpose(2, 0, 1, 3)


@pytest.mark.parametrize("tied_b", [False, True])
def test_maxout_conv_is_correlation_then_maxout_then_pooling(tied_b, float64):
    images = RANDOM.randn(5, 5, 6, 4)
    layer = MaxoutConvC01B(**CONV, tied_b=tied_b)
    MLP([layer], input_space=space())
    layer.set_biases(RANDOM.randn(*layer.get_biases().shape))
    x = pt.dtensor4()
    found = evaluate(layer.fprop(x), {x: images})
    b = layer.get_biases()[:, None, None, None] if tied_b else layer.get_biases()[..., None]
    z = correlated(images, layer.W.get_value(), 1) + b
    expected = pooled(z.reshape(3, 2, *z.shape[1:]).max(axis=1), (2, 3), (2, 2))
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    assert layer.get_biases().shape == ((6,) if tied_b else (6, 5, 7))
    assert layer.get_output_space() == Conv2DSpace(shape=[3, 3], num_channels=3, axes=("c", 0, 1, "b"))
    assert found.shape == (3, 3, 3, 4)


@pytest.mark.parametrize("axes", [("b", 0, 1, "c"), (1, "b", "c", 0), ("b", "c", 0, 1)])
def test_images_come_in_any_order_and_leave_as_c01b(axes, float64):
    images = RANDOM.randn(5, 5, 6, 4)
    for make in (lambda: MaxoutConvC01B(**CONV), lambda: Deconv(**DECONV)):
        np.testing.assert_allclose(output(make(), images, space(axes)), output(make(), images), rtol=1e-10)


def test_deconv_puts_a_weighted_kernel_for_each_input(float64):
    maps = RANDOM.randn(5, 3, 4, 2)
    layer = Deconv(**DECONV, pad_out=1)
    found = output(layer, maps)
    whole = np.zeros((2, 2 * 2 + 3, 3 * 3 + 4, 2))
    for c, y, x in np.ndindex(5, 3, 4):
        whole[:, 2 * y : 2 * y + 3, 3 * x : 3 * x + 4] += layer.W.get_value()[..., c, None] * maps[c, y, x]
    np.testing.assert_allclose(found, whole[:, 1:-1, 1:-1], rtol=1e-10)
    assert layer.get_output_space() == Conv2DSpace(shape=[5, 11], num_channels=2, axes=("c", 0, 1, "b"))
    assert layer.get_biases().shape == (2, 5, 11) and layer.W.get_value().shape == (2, 3, 4, 5)


def test_initial_kernels_are_drawn_as_pylearn2_drew_them(float64):
    layer = MaxoutConvC01B(**CONV)
    MLP([layer], input_space=space(channels=4), seed=[1, 2, 3])
    drawn = np.random.RandomState([1, 2, 3]).uniform(-0.5, 0.5, (4, 3, 2, 6))
    np.testing.assert_array_equal(layer.W.get_value(), drawn)
    assert [param.name for param in layer.get_params()] == ["h_W", "h_b"]


@pytest.mark.parametrize(("channels", "drawn_for"), [(1, 1), (3, 3), (4, 4), (5, 8), (7, 8), (8, 8), (9, 12)])
def test_kernels_are_drawn_for_the_dummy_channels_of_cuda_convnet_too(channels, drawn_for, float64):
    first = MaxoutConvC01B(**CONV)
    then = MaxoutConvC01B(**CONV | {"layer_name": "then", "num_channels": 2})
    MLP([first, then], input_space=space(channels=channels), seed=[1, 2, 3])
    rng = np.random.RandomState([1, 2, 3])
    np.testing.assert_array_equal(first.W.get_value(), rng.uniform(-0.5, 0.5, (drawn_for, 3, 2, 6)))
    np.testing.assert_array_equal(then.W.get_value(), rng.uniform(-0.5, 0.5, (3, 3, 2, 4)))


def test_normalizations_stand_where_they_are_named(float64):
    images = RANDOM.randn(5, 5, 6, 4)
    plain = MaxoutConvC01B(**CONV)
    expected = output(plain, 2 * images) + 1
    found = output(MaxoutConvC01B(**CONV, input_normalization=lambda x: 2 * x, output_normalization=lambda p: p + 1),
                   images)  # fmt: skip
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    z = correlated(images, plain.W.get_value(), 1)
    expected = pooled(-z.reshape(3, 2, *z.shape[1:]).max(axis=1), (2, 3), (2, 2))
    found = output(MaxoutConvC01B(**CONV, detector_normalization=lambda z: -z), images)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_min_zero_never_goes_below(float64):
    images = RANDOM.randn(5, 5, 6, 4) - 2
    plain, cut = (output(MaxoutConvC01B(**CONV, init_bias=-2.0, min_zero=zero), images) for zero in (False, True))
    assert plain.min() < 0
    np.testing.assert_allclose(cut, np.maximum(plain, 0))


def test_partial_sum_changes_nothing(float64):
    images = RANDOM.randn(5, 5, 6, 4)
    for cls, options in ((MaxoutConvC01B, CONV), (Deconv, DECONV)):
        one, other = (output(cls(**options, partial_sum=number), images) for number in (1, 33))
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("cls", "options"), [(MaxoutConvC01B, CONV), (Deconv, DECONV)])
def test_kernel_norms_are_limited_and_learning_rates_scaled(cls, options, float64):
    layer = cls(**options, max_kernel_norm=0.3, W_lr_scale=0.05)
    MLP([layer], input_space=space())
    updates = {layer.W: layer.W * 1.0, layer.b: layer.b * 1.0}
    layer.modify_updates(updates)
    norms = np.sqrt((evaluate(updates[layer.W]) ** 2).sum(axis=(0, 1, 2)))
    assert norms.max() <= 0.3 < np.sqrt((layer.W.get_value() ** 2).sum(axis=(0, 1, 2))).min()
    assert layer.get_lr_scalers() == {layer.W: 0.05}


@pytest.mark.parametrize(("cls", "options"), [(MaxoutConvC01B, CONV), (Deconv, DECONV)])
def test_channels_are_of_kernels_and_of_units_over_examples_and_pixels(cls, options, float64):
    images = RANDOM.randn(5, 5, 6, 4)
    layer = cls(**options)
    state = output(layer, images)
    x = pt.dtensor4()
    channels = layer.get_layer_monitoring_channels(state_below=x)
    assert len(channels) == 15
    found = dict(zip(channels, evaluate(list(channels.values()), {x: images}), strict=True))
    norms = np.sqrt((layer.W.get_value() ** 2).sum(axis=(0, 1, 2)))
    assert found["kernel_norms_max"] == pytest.approx(norms.max())
    assert found["max_x.mean_u"] == pytest.approx(state.max(axis=(1, 2, 3)).mean())
    assert found["range_x.min_u"] == pytest.approx(np.ptp(state, axis=(1, 2, 3)).min())


def test_weights_to_show_are_images(float64):
    layer = MaxoutConvC01B(**CONV)
    MLP([layer], input_space=space())
    np.testing.assert_array_equal(layer.get_weights_topo(), layer.W.get_value().transpose(3, 1, 2, 0))
    assert layer.get_weights_view_shape() == (3, 2)


def test_what_does_not_fit_can_be_shrunk(float64):
    options = CONV | {"kernel_shape": [9, 2], "pool_shape": [2, 9], "pool_stride": [2, 9]}
    with pytest.raises(OptionError, match="the pool is 2x9, larger than what it pools, 1x7"):
        MLP([MaxoutConvC01B(**options, fix_kernel_shape=True)], input_space=space())
    layer = MaxoutConvC01B(**options, fix_kernel_shape=True, fix_pool_shape=True, fix_pool_stride=True)
    MLP([layer], input_space=space())
    assert layer.W.get_value().shape == (8, 7, 2, 6) and layer.get_output_space().shape == (1, 1)


@pytest.mark.parametrize(
    ("make", "given", "message"),
    [
        (lambda: MaxoutConvC01B(**CONV | {"kernel_shape": [8, 2]}), space(),
         "kernel is 8x2, larger than its padded input, 7x8; a smaller kernel_shape or a larger pad fits"),
        (lambda: MaxoutConvC01B(**CONV | {"pool_shape": [6, 3]}), space(),
         "pool is 6x3, larger than what it pools, 5x7"),
        (lambda: MaxoutConvC01B(**CONV | {"pool_stride": [2, 4]}), space(), "pixels would be left out"),
        (lambda: MaxoutConvC01B(**CONV), VectorSpace(12), "must be images, not VectorSpace.12.; a SpaceConverter"),
        (lambda: Deconv(**DECONV), VectorSpace(12), "must be images"),
        (lambda: Deconv(**DECONV | {"pad_out": 9}), space(), "pad_out is 9, which leaves nothing"),
        (lambda: MaxoutConvC01B(**CONV, init_bias=np.zeros(3)), space(), r"init_bias has shape \(3,\)"),
    ],
)  # fmt: skip
def test_layers_that_cannot_be(make, given, message):
    with pytest.raises(OptionError, match=message):
        MLP([make()], input_space=given)


def test_a_kernel_that_does_not_fit_is_found_at_its_line():
    text = """
!obj:adversarial.models.mlp.MLP {
    input_space: !obj:adversarial.space.Conv2DSpace { shape: [4, 4], num_channels: 3 },
    layers: [
        !obj:adversarial.models.maxout_conv.MaxoutConvC01B {
            layer_name: 'h0', num_channels: 2, num_pieces: 2, pool_shape: [1, 1], pool_stride: [1, 1], irange: .1,
            kernel_shape: [5, 5],
        },
    ],
}
"""
    with pytest.raises(ConfigurationError, match="kernel is 5x5, larger than its padded input, 4x4"):
        yaml_parse.load(text)


def test_a_convolutional_model_that_2014_pickled_on_its_gpu_is_read(tmp_path):
    images = Obj("pylearn2.space.Conv2DSpace", {"shape": [5, 6], "num_channels": 3, "axes": ("c", 0, 1, "b")})
    kernels, more = (RANDOM.randn(*shape).astype("f4") for shape in ((3, 3, 2, 32), (2, 3, 4, 16)))
    b, other_b = (RANDOM.randn(*shape).astype("f4") for shape in ((32,), (2, 7, 10)))

    def layer(name, options, b, kernels, tied_b):
        # What locals() left on 2014's objects: options, and some more.
        state = options | {"init_bias": 0.0, "tied_b": tied_b, "partial_sum": 1, "W_lr_scale": None}
        state["detector_channels"] = 32
        transformer = Obj("pylearn2.linear.conv2d_c01b.Conv2D", {"_filters": shared(f"{name}_W", kernels, gpu=True)})
        return state | {"b": shared(f"{name}_b", b, gpu=True), "transformer": transformer}

    conv = Obj("pylearn2.models.maxout.MaxoutConvC01B", layer("h", CONV | {"num_channels": 16}, b, kernels, 1))
    deconv = Obj("adversarial.deconv.Deconv", layer("y", DECONV | {"pad_out": 0}, other_b, more, 0))
    state = {"layers": [conv, deconv], "input_space": images, "layer_name": None, "batch_size": None, "seed": [1]}
    path = tmp_path / "model.pkl"
    path.write_bytes(binary_pickle(Obj("pylearn2.models.mlp.MLP", state)))
    found = checkpoint.load_model(path)
    assert [type(layer) for layer in found.layers] == [MaxoutConvC01B, Deconv]
    assert found.layers[0].get_output_space().shape == (3, 3)
    for value, expected in zip(found.get_param_values(), (kernels, b, more, other_b), strict=True):
        np.testing.assert_array_equal(value, expected)
