"""Peers of the dense experiments compute the same game, and the bare products are those of 2014's graph."""

from __future__ import annotations

import numpy as np
import pytest

from adversarial.benchmarks.dense import GameSpec, LayerSpec, bare_products, made_up_examples
from adversarial.models import dbm


def layer(kind, inputs, units, seed, num_pieces=1, **options):
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((inputs, units * num_pieces)).astype("float32") / 3
    b = rng.standard_normal(units * num_pieces).astype("float32") / 3
    return LayerSpec(kind, W, b, num_pieces, options.pop("max_col_norm", None), **options)


def game(noise="uniform"):
    generator = [layer("RectifiedLinear", 5, 7, 0), layer("Sigmoid", 7, 6, 1, max_col_norm=0.8)]
    discriminator = [layer("Maxout", 6, 4, 2, num_pieces=3, keep=0.8, scale=1.25), layer("Sigmoid", 4, 1, 3)]
    return GameSpec(generator, discriminator, noise, 0.1, 0.5)


def softplus(x):
    return np.log1p(np.exp(x))


def losses(spec, x, z):
    """D's and G's loss by NumPy, without dropout."""

    def forward(layers, x):
        for each in layers:
            z = x @ each.W + each.b
            if each.kind == "Maxout":
                x = z.reshape(len(z), -1, each.num_pieces).max(axis=2)
            else:
                x = np.maximum(z, 0) if each.kind == "RectifiedLinear" else 1 / (1 + np.exp(-z))
        return x, z

    (_, real), (_, fake) = forward(spec.discriminator, x), forward(spec.discriminator, forward(spec.generator, z)[0])
    return 0.5 * (softplus(-real).mean() + softplus(fake).mean()), softplus(-fake).mean()


@pytest.mark.parametrize("peer", ["torch", "jax"])
@pytest.mark.parametrize("noise", ["uniform", "gaussian"])
def test_a_peer_has_the_same_losses_and_learns(peer, noise):
    pytest.importorskip(peer)
    module = pytest.importorskip(f"adversarial.benchmarks.peers_{peer}")
    rng = np.random.default_rng(4)
    x, z = rng.random((8, 6), dtype="float32"), rng.standard_normal((8, 5), dtype="float32")
    spec = game(noise)
    peer = module.Game(spec)
    np.testing.assert_allclose(peer.losses(x, z), losses(spec, x, z), rtol=1e-5)
    before = peer.losses(x, z)
    peer.train(x, 3)
    after = peer.losses(x, z)
    assert np.isfinite(after).all() and not np.isclose(after, before).any()


def test_many_updates_in_one_dispatch_are_those_of_many_dispatches():
    pytest.importorskip("jax", reason="jax is not installed")
    from adversarial.benchmarks import peers_jax

    rng = np.random.default_rng(4)
    x, z = rng.random((8, 6), dtype="float32"), rng.standard_normal((8, 5), dtype="float32")
    each, together = peers_jax.Game(game()), peers_jax.Game(game())
    each.train(x, 3)
    together.train_at_once(x, 3)
    np.testing.assert_allclose(each.losses(x, z), together.losses(x, z), rtol=1e-5)


def test_bare_products_are_those_of_two_passes_through_d_and_one_through_g():
    n, (h0, h1), d0 = 10, [layer.W.shape for layer in game().generator], game().discriminator[0].W.shape
    # G: the way up, weights, and h1's input; D: up and weights, twice; G's gradient through D.
    expected = 2 * np.prod(h0) + 3 * np.prod(h1) + 4 * np.prod(d0) + np.prod(d0)
    assert sum(a * b * c for a, b, c in bare_products(game(), n)) == n * expected


def test_made_up_examples_have_marginals_that_biases_can_start_at():
    biases = dbm.init_sigmoid_bias_from_array(made_up_examples(7))
    assert np.isfinite(biases).all() and biases.shape == (7,)
