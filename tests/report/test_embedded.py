"""Players embedded in a page: outputs as the library's, and a sentence where a page cannot compute them."""

from __future__ import annotations

import base64

import numpy as np
import pytensor.tensor as pt
import pytest
from evaluation import evaluate
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from adversarial.game import layers as game_layers
from adversarial.game.conditional import ConditionalGenerator
from adversarial.game.conditional_discriminator import ConditionalDiscriminator
from adversarial.game.distributions import OneHotDistribution
from adversarial.game.generator import Generator, IntrinsicDropoutGenerator
from adversarial.game.layers import SubtractHalf
from adversarial.game.sampling import design_matrix
from adversarial.models.composite import CompositeLayer, SpaceConverter
from adversarial.models.deconv import Deconv
from adversarial.models.linear import HardSigmoid, Linear, RectifiedLinear, Sigmoid, Softplus, Tanh
from adversarial.models.maxout import Maxout
from adversarial.models.mlp import MLP
from adversarial.report import embedded
from adversarial.report.embedded import NotEmbeddable, embed, embed_discriminator
from adversarial.space import Conv2DSpace, VectorSpace

#: Bytes of a page with room for all that these tests convert.
PAGE = 1_000_000
LAYERS = {
    "rectified": lambda: RectifiedLinear(layer_name="h", dim=9, irange=0.7, left_slope=0.1),
    "tanh": lambda: Tanh(layer_name="h", dim=9, irange=0.7),
    "softplus": lambda: Softplus(layer_name="h", dim=9, irange=0.7, init_bias=0.3),
    "hard sigmoid": lambda: HardSigmoid(layer_name="h", dim=9, irange=0.7),
    "linear": lambda: Linear(layer_name="h", dim=9, irange=0.7, use_bias=False),
    "maxout": lambda: Maxout(layer_name="h", num_units=4, num_pieces=3, irange=0.7),
    "maxout with 0": lambda: Maxout(layer_name="h", num_units=4, num_pieces=3, irange=0.7, min_zero=True),
}


def generator(layer=None, kind=Generator, **options):
    layers = [*([layer] if layer else []), Sigmoid(layer_name="y", dim=16, irange=0.7)]
    return kind(mlp=MLP(layers=layers, nvis=6), **options)


@pytest.mark.parametrize("name", LAYERS)
def test_images_are_the_librarys(name):
    made = generator(LAYERS[name]())
    z = np.random.RandomState(1).uniform(-2, 2, (20, 6)).astype(np.float32)
    expected = evaluate(made.mlp.fprop(pt.as_tensor_variable(z)))
    np.testing.assert_allclose(embed(made, PAGE).outputs_of(z), expected, atol=2e-6)


def discriminator(nvis=16):
    hidden = Maxout(layer_name="h", num_units=4, num_pieces=3, irange=0.7)
    return MLP([hidden, Sigmoid(layer_name="y", dim=1, irange=0.7)], nvis=nvis)


def test_ds_opinion_is_the_librarys_to_three_digits():
    judge = discriminator()
    x = np.random.RandomState(1).uniform(0, 1, (20, 16)).astype(np.float32)
    expected = evaluate(judge.fprop(pt.as_tensor_variable(x)))
    found = embed_discriminator(judge, embed(generator(), PAGE), PAGE)
    np.testing.assert_allclose(found.outputs_of(x), expected, atol=2e-4)
    assert len(base64.b64decode(found.weights_text())) == 2 * (16 * 12 + 4)


def test_a_discriminator_of_other_images_or_without_room_is_refused():
    with pytest.raises(NotEmbeddable, match="not the 16 values"):
        embed_discriminator(discriminator(nvis=15), embed(generator(), PAGE), PAGE)
    found = embed(generator(), PAGE)
    with pytest.raises(NotEmbeddable, match=r"196 weights, and a page has room for 6; report\.py --megabytes 1 makes"):
        embed_discriminator(discriminator(), found, page_bytes=442)


def test_the_weights_text_holds_the_weights():
    found = embed(generator(LAYERS["tanh"]()), PAGE)
    raw = np.frombuffer(base64.b64decode(found.weights_text()), np.uint8).reshape(-1, 3).astype(np.int32)
    whole = ((raw[:, 0] << 8 | raw[:, 1] << 16 | raw[:, 2] << 24).astype(np.int32)) >> 8
    np.testing.assert_array_equal(whole, np.concatenate([layer.blocks[0].T.ravel() for layer in found.layers]))
    assert [layer["blocks"] for layer in found.as_json()["layers"]] == [[(9, 6)], [(16, 9)]]


def conditional_pair(kinds=(RectifiedLinear, RectifiedLinear), routes=None):
    """A game whose players read z or an image, and a class, by layers of their own; as in conditional_mnist.yaml."""
    classes, images = VectorSpace(3), VectorSpace(16)
    sides = [kind(layer_name=name, dim=dim, irange=0.7) for kind, name, dim in zip(kinds, "zc", (5, 4), strict=True)]
    both = CompositeLayer(layer_name="both", layers=sides, inputs_to_layers=routes or {0: [0], 1: [1]})
    mlp = MLP([both, Sigmoid(layer_name="y", dim=16, irange=0.7)])
    G = ConditionalGenerator(mlp, classes, OneHotDistribution(classes), noise_dim=6, noise="uniform")
    maxouts = [Maxout(layer_name=name, num_units=4, num_pieces=3, irange=0.7) for name in ("x0", "c0")]
    networks = [MLP([layer], layer_name=f"of_{layer.layer_name}") for layer in maxouts]
    joint = MLP([Sigmoid(layer_name="dy", dim=1, irange=0.7)], layer_name="joint")
    return G, ConditionalDiscriminator(*networks, joint, images, classes)


def test_both_players_of_a_conditional_game_are_the_librarys_under_each_condition():
    G, D = conditional_pair()
    z = np.random.RandomState(1).uniform(-1, 1, (20, 6)).astype(np.float32)
    page_g = embed(G, PAGE)
    page_d = embed_discriminator(D, page_g, PAGE)
    assert [len(each) for each in page_g.conditions] == [3, 3, 3]
    for condition in range(3):
        given = np.tile(np.eye(3, dtype=np.float32)[condition], (20, 1))
        images = evaluate(G.mlp.fprop((pt.as_tensor(z), pt.as_tensor(given))))
        np.testing.assert_allclose(page_g.outputs_of(z, condition), images, atol=2e-6)
        opinions = evaluate(D.fprop((pt.as_tensor(images), pt.as_tensor(given))))
        np.testing.assert_allclose(page_d.outputs_of(images, condition), opinions, atol=2e-4)


def test_a_row_of_layers_that_a_page_cannot_compute_is_refused(monkeypatch):
    with pytest.raises(NotEmbeddable, match="are of different kinds"):
        embed(conditional_pair(kinds=(RectifiedLinear, Tanh))[0], PAGE)
    with pytest.raises(NotEmbeddable, match="no row of layers that read a part"):
        embed(conditional_pair(routes={0: [0, 1], 1: [1]})[0], PAGE)
    monkeypatch.setattr(embedded, "MOST_CONDITIONS", 2)
    with pytest.raises(NotEmbeddable, match="3 conditions, more than 2"):
        embed(conditional_pair()[0], PAGE)


def test_what_a_page_cannot_compute_is_refused():
    with pytest.raises(NotEmbeddable, match=r"layer 'half' \(SubtractHalf\)"):
        embed(generator(SubtractHalf(layer_name="half")), PAGE)
    with pytest.raises(NotEmbeddable, match="'h' .Maxout."):
        embed(generator(Maxout(layer_name="h", num_units=4, num_pieces=2, pool_stride=1, irange=0.7)), PAGE)
    with pytest.raises(NotEmbeddable, match="at random"):
        embed(generator(kind=IntrinsicDropoutGenerator, default_input_include_prob=0.5, default_input_scale=2.0), PAGE)
    with pytest.raises(NotEmbeddable, match=r"96 weights, and a page has room for 68; report\.py --megabytes 1 makes"):
        embed(generator(), page_bytes=100)


# Deconvolutions.


def images_of(made, z):
    """What the library makes of z, as rows of a design matrix."""
    return evaluate(design_matrix(made.mlp.fprop(pt.as_tensor_variable(z)), made.get_output_space()))


def convolutional(maps, axes, layers, channels=2):
    """A generator of a dense layer, whose units are images of the given shape and order, and layers of images."""
    space = Conv2DSpace(shape=maps, num_channels=channels, axes=axes)
    dense = RectifiedLinear(layer_name="h", dim=space.get_total_dimension(), irange=0.7)
    return Generator(MLP([dense, SpaceConverter(layer_name="images", output_space=space), *layers], nvis=6))


def z_of(count=5):
    return np.random.RandomState(1).uniform(-2, 2, (count, 6)).astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(
    maps=st.tuples(*[st.integers(1, 4)] * 2),
    kernel=st.tuples(*[st.integers(1, 4)] * 2),
    stride=st.tuples(*[st.integers(1, 3)] * 2),
    pad=st.integers(0, 1),
    tied=st.booleans(),
    axes=st.sampled_from([("c", 0, 1, "b"), ("b", 0, 1, "c"), ("b", "c", 0, 1)]),
    seed=st.integers(0, 99),
)
def test_a_deconvolutions_images_are_the_librarys(maps, kernel, stride, pad, tied, axes, seed):
    lengths = [s * (n - 1) - 2 * pad + k for s, n, k in zip(stride, maps, kernel, strict=True)]
    assume(min(lengths) >= 1)
    layer = Deconv(3, kernel, "y", irange=0.7, pad_out=pad, tied_b=tied, output_stride=stride)
    made = convolutional(maps, axes, [layer])
    layer.b.set_value(np.random.RandomState(seed).normal(size=layer.b.get_value().shape).astype(layer.b.dtype))
    np.testing.assert_allclose(embed(made, PAGE).outputs_of(z_of()), images_of(made, z_of()), atol=1e-5)


def test_deconvolutions_one_on_another_and_layers_without_weights_are_the_librarys():
    maps, colours = [
        Deconv(channels, (2, 3), name, irange=0.7, output_stride=(2, 1)) for channels, name in ((4, "m"), (3, "y"))
    ]
    made = convolutional((2, 3), ("b", 0, 1, "c"), [maps, game_layers.RectifiedLinear("r"), colours,
                                                   game_layers.Sigmoid("s")])  # fmt: skip
    found = embed(made, PAGE)
    assert [layer.options["activation"] for layer in found.layers] == ["rectified", "rectified", "sigmoid"]
    np.testing.assert_allclose(found.outputs_of(z_of()), images_of(made, z_of()), atol=1e-5)


@pytest.mark.parametrize("axes", [("c", 0, 1, "b"), ("b", 0, 1, "c")])
@pytest.mark.parametrize("kind", [Sigmoid, Maxout])
def test_images_of_a_dense_layer_are_the_librarys(axes, kind):
    space = Conv2DSpace(shape=(2, 3), num_channels=3, axes=axes)
    options = {"num_units": 18, "num_pieces": 2} if kind is Maxout else {"dim": 18}
    dense = kind(layer_name="h", irange=0.7, **options)
    made = Generator(MLP([dense, SpaceConverter(layer_name="images", output_space=space)], nvis=6))
    np.testing.assert_allclose(embed(made, PAGE).outputs_of(z_of()), images_of(made, z_of()), atol=1e-5)


def test_the_largest_layer_gets_fewer_bytes_where_there_is_no_room_for_three():
    layer = Deconv(3, (3, 3), "y", irange=0.7)
    made = convolutional((4, 4), ("c", 0, 1, "b"), [layer], channels=4)  # 384 and 108 weights
    for bytes_each, off in (((3, 3), 1e-5), ((2, 3), 1e-3), ((2, 2), 1e-3), ((1, 2), 0.1), ((1, 1), 0.1)):
        needed = 384 * bytes_each[0] + 108 * bytes_each[1]
        found = embed(made, round(needed / embedded.SHARE_OF_WEIGHTS + 1))
        assert tuple(each.bytes_each for each in found.layers) == bytes_each
        assert len(base64.b64decode(found.weights_text())) == found.bytes_of_weights == needed
        np.testing.assert_allclose(found.outputs_of(z_of()), images_of(made, z_of()), atol=off)
    with pytest.raises(NotEmbeddable, match="this network has 492 weights, and a page has room for 483"):
        embed(made, 710)
