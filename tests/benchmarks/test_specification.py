"""The benchmarks find their experiments, and peers get the layers, weights and dropout of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from adversarial.benchmarks import dense
from adversarial.benchmarks.specification import EXPERIMENTS
from adversarial.config import yaml_parse


@pytest.mark.parametrize("name", ["mnist", "cifar10_fully_connected", "cifar10_convolutional", "tfd_pretrain/pretrain"])
def test_the_experiments_exist(name):
    assert Path(EXPERIMENTS / f"{name}.yaml").is_file()


@pytest.fixture(scope="module")
def train():
    """The experiment on MNIST with few units."""
    small = {"model.generator.mlp.layers.0.dim": "6", "model.generator.mlp.layers.1.dim": "5",
             "model.discriminator.layers.0.num_units": "4", "model.discriminator.layers.1.num_units": "3"}  # fmt: skip
    return yaml_parse.load_path(EXPERIMENTS / "mnist.yaml", overrides=small)


def test_a_specification_has_the_layers_weights_and_dropout_of_the_experiment(train):
    game = dense.specification(train)
    assert [layer.kind for layer in game.generator] == ["RectifiedLinear", "RectifiedLinear", "Sigmoid"]
    assert [(layer.kind, layer.num_pieces) for layer in game.discriminator] == [
        ("Maxout", 5), ("Maxout", 5), ("Sigmoid", 1),
    ]  # fmt: skip
    assert [(layer.keep, layer.scale) for layer in game.discriminator] == [(0.8, 1.25), (0.5, 2.0), (0.5, 2.0)]
    assert {layer.keep for layer in game.generator} == {1.0}
    assert (game.noise, game.learning_rate, game.momentum) == ("uniform", pytest.approx(0.1), 0.5)
    np.testing.assert_array_equal(game.discriminator[0].W, train.model.discriminator.layers[0].W.get_value())


def test_a_peer_that_computes_something_else_is_refused(train):
    rng = np.random.default_rng(0)
    x, z = rng.random((4, 784), np.float32), rng.standard_normal((4, 100), np.float32)
    losses = dense.our_losses(train, x, z)
    assert all(np.isfinite(losses))
    dense.check_losses("a peer", losses, losses)
    with pytest.raises(dense.NumericalError, match="a peer computes something else"):
        dense.check_losses("a peer", (losses[0] * 1.01, losses[1]), losses)
