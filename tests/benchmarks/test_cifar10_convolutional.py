"""What the convolutional benchmark compares computes the same, on a small network."""

from __future__ import annotations

import math

import numpy as np
import pytest

from adversarial.benchmarks import cifar10_convolutional as benchmark
from adversarial.config import yaml_parse


@pytest.fixture
def train(tmp_path):
    """The experiment with few channels and units."""
    np.save(tmp_path / "data.npy", np.random.default_rng(0).standard_normal((4, 32, 32, 3), dtype=np.float32))
    g, d = "model.generator.mlp.layers", "model.discriminator.layers"
    channels = {f"{d}.{layer}.num_channels": "3" for layer in range(3)}
    irange = {f"{d}.{layer}.irange": ".2" for layer in range(5)}
    dataset = f"!obj:adversarial.datasets.npy_npz.NpyDataset {{ file: '{tmp_path / 'data.npy'}' }}"
    small = {f"{g}.0.dim": "5", f"{g}.1.dim": "200", f"{g}.2.output_space.num_channels": "2", f"{d}.3.num_units": "4"}
    data = {"dataset": dataset, "algorithm.monitoring_dataset": "null"}
    return yaml_parse.load_path(benchmark.EXPERIMENT, overrides=small | channels | irange | data)


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_a_peer_gives_our_losses_from_our_weights_and_learns(library, train):
    pytest.importorskip(library, reason=f"{library} is not installed")
    peer = pytest.importorskip(f"adversarial.benchmarks.convolutional_{library}")
    images = train.dataset.get_topological_view()
    noise = np.random.default_rng(1).standard_normal((4, 100), dtype=np.float32)
    expected = benchmark.our_losses(train, images, noise)
    game, nchw = peer.Game(train), np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    assert game.losses(nchw, noise) == pytest.approx(expected, rel=1e-4)
    game.train(nchw, 1)
    after = game.losses(nchw, noise)
    assert after != pytest.approx(expected, rel=1e-6) and np.isfinite(after).all()


def test_bare_products_are_as_many_operations_as_the_layers_need(train):
    products = list(benchmark.bare_products(train.model, 4))
    # G: three layers forwards and to the weights, two to inputs. D, 5 layers: twice forwards and to the weights and 4
    # to inputs, once more 5 to inputs.
    assert len(products) == 8 + 2 * 14 + 5
    assert all(min(product) > 0 for product in products)
    deconv = 5 * 5 * 3 * 2 * 10 * 10 * 4
    assert [math.prod(product) for product in products[5:8]] == [deconv] * 3
