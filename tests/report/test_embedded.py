"""Players embedded in a page: outputs as the library's, and a sentence where a page cannot compute them."""

from __future__ import annotations

import base64

import numpy as np
import pytensor.tensor as pt
import pytest
from evaluation import evaluate

from adversarial.game.conditional import ConditionalGenerator
from adversarial.game.conditional_discriminator import ConditionalDiscriminator
from adversarial.game.distributions import OneHotDistribution
from adversarial.game.generator import Generator, IntrinsicDropoutGenerator
from adversarial.game.layers import SubtractHalf
from adversarial.models.composite import CompositeLayer
from adversarial.models.linear import HardSigmoid, Linear, RectifiedLinear, Sigmoid, Softplus, Tanh
from adversarial.models.maxout import Maxout
from adversarial.models.mlp import MLP
from adversarial.report import embedded
from adversarial.report.embedded import NotEmbeddable, embed, embed_discriminator
from adversarial.space import VectorSpace

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
    np.testing.assert_allclose(embed(made).outputs_of(z), expected, atol=2e-6)


def discriminator(nvis=16):
    hidden = Maxout(layer_name="h", num_units=4, num_pieces=3, irange=0.7)
    return MLP([hidden, Sigmoid(layer_name="y", dim=1, irange=0.7)], nvis=nvis)


def test_ds_opinion_is_the_librarys_to_three_digits():
    judge = discriminator()
    x = np.random.RandomState(1).uniform(0, 1, (20, 16)).astype(np.float32)
    expected = evaluate(judge.fprop(pt.as_tensor_variable(x)))
    found = embed_discriminator(judge, embed(generator()))
    np.testing.assert_allclose(found.outputs_of(x), expected, atol=2e-4)
    assert len(base64.b64decode(found.weights_text())) == 2 * (16 * 12 + 4)


def test_a_discriminator_of_other_images_or_without_room_is_refused(monkeypatch):
    with pytest.raises(NotEmbeddable, match="not the 16 values"):
        embed_discriminator(discriminator(nvis=15), embed(generator()))
    monkeypatch.setattr(embedded, "MOST_BYTES_OF_WEIGHTS", 300)
    with pytest.raises(NotEmbeddable, match="196 weights, and a page has room for 6"):
        embed_discriminator(discriminator(), embed(generator()))


def test_the_weights_text_holds_the_weights():
    found = embed(generator(LAYERS["tanh"]()))
    raw = np.frombuffer(base64.b64decode(found.weights_text()), np.uint8).reshape(-1, 3).astype(np.int32)
    whole = ((raw[:, 0] << 8 | raw[:, 1] << 16 | raw[:, 2] << 24).astype(np.int32)) >> 8
    np.testing.assert_array_equal(whole, np.concatenate([layer.blocks[0].ravel() for layer in found.layers]))
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
    page_g = embed(G)
    page_d = embed_discriminator(D, page_g)
    assert [len(each) for each in page_g.conditions] == [3, 3, 3]
    for condition in range(3):
        given = np.tile(np.eye(3, dtype=np.float32)[condition], (20, 1))
        images = evaluate(G.mlp.fprop((pt.as_tensor(z), pt.as_tensor(given))))
        np.testing.assert_allclose(page_g.outputs_of(z, condition), images, atol=2e-6)
        opinions = evaluate(D.fprop((pt.as_tensor(images), pt.as_tensor(given))))
        np.testing.assert_allclose(page_d.outputs_of(images, condition), opinions, atol=2e-4)


def test_a_row_of_layers_that_a_page_cannot_compute_is_refused(monkeypatch):
    with pytest.raises(NotEmbeddable, match="are of different kinds"):
        embed(conditional_pair(kinds=(RectifiedLinear, Tanh))[0])
    with pytest.raises(NotEmbeddable, match="no row of layers that read a part"):
        embed(conditional_pair(routes={0: [0, 1], 1: [1]})[0])
    monkeypatch.setattr(embedded, "MOST_CONDITIONS", 2)
    with pytest.raises(NotEmbeddable, match="3 conditions, more than 2"):
        embed(conditional_pair()[0])


def test_what_a_page_cannot_compute_is_refused(monkeypatch):
    with pytest.raises(NotEmbeddable, match=r"layer 'half' \(SubtractHalf\)"):
        embed(generator(SubtractHalf(layer_name="half")))
    with pytest.raises(NotEmbeddable, match="'h' .Maxout."):
        embed(generator(Maxout(layer_name="h", num_units=4, num_pieces=2, pool_stride=1, irange=0.7)))
    with pytest.raises(NotEmbeddable, match="at random"):
        embed(generator(kind=IntrinsicDropoutGenerator, default_input_include_prob=0.5, default_input_scale=2.0))
    monkeypatch.setattr(embedded, "MOST_BYTES_OF_WEIGHTS", 30)
    with pytest.raises(NotEmbeddable, match="96 weights"):
        embed(generator())
