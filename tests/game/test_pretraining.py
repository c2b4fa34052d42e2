"""The two steps on faces: the layers that the first trained are taken over by the second, bit for bit."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from adversarial import checkpoint
from adversarial.config import yaml_parse
from adversarial.datasets import standins
from adversarial.errors import CheckpointError, ConfigurationError

EXPERIMENTS = Path(__file__).parents[2] / "yaml" / "tfd_pretrain"
_G = "model.generator.mlp"
_SMALL_D = {f"model.discriminator.layers.{layer}.num_units": "4" for layer in (0, 1)}
PRETRAIN = _SMALL_D | {f"{_G}.layers.0.dim": "12", f"{_G}.layers.1.dim": "8", f"{_G}.layers.2.sparse_init": "3"}
TRAIN = _SMALL_D | {f"{_G}.mlp.layers.0.dim": "9"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with both files and a trained-looking pretrain.pkl; made-up faces; and work going on elsewhere."""
    standins.tfd(tmp_path / "data", examples=60)
    monkeypatch.setenv("PYLEARN2_DATA_PATH", str(tmp_path / "data"))
    there = tmp_path / "experiments"
    shutil.copytree(EXPERIMENTS, there)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    train = yaml_parse.load_path(there / "pretrain.yaml", overrides=PRETRAIN)
    random = np.random.RandomState(0)
    for param in train.model.get_params():
        param.set_value(random.standard_normal(param.get_value().shape).astype(param.dtype))
    checkpoint.save_model(there / "pretrain.pkl", train.model)
    return there


def values(layers):
    return [value for layer in layers for value in layer.get_param_values()]


def assert_same_bits(found, expected):
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def test_trained_layers_are_taken_over_bit_for_bit_and_saved_again(folder):
    first = checkpoint.load_model(folder / "pretrain.pkl").generator.mlp.layers
    train = yaml_parse.load_path(folder / "train.yaml", overrides=TRAIN)
    layers = train.model.generator.mlp.layers
    assert [layer.layer_name for layer in layers] == ["h0", "h1", "h0", "h1", "y"]
    assert_same_bits(values(layers[2:]), values(first))
    checkpoint.save_model(folder / "train.pkl", train.model)
    assert_same_bits(values(checkpoint.load_model(folder / "train.pkl").generator.mlp.layers), values(layers))


def test_all_layers_learn(folder):
    train = yaml_parse.load_path(folder / "train.yaml", overrides=TRAIN)
    assert len(train.model.generator.get_params()) == 10


def test_pretrained_layers_of_another_shape(folder):
    with pytest.raises(
        ConfigurationError, match=r"layer 'h0' reads VectorSpace\(100\), but mlp gives VectorSpace\(7\)"
    ):
        yaml_parse.load_path(folder / "train.yaml", overrides=TRAIN | {f"{_G}.mlp.layers.1.dim": "7"})


def test_nothing_pretrained_yet(folder):
    (folder / "pretrain.pkl").unlink()
    with pytest.raises((ConfigurationError, CheckpointError), match=r"pretrain\.pkl"):
        yaml_parse.load_path(folder / "train.yaml", overrides=TRAIN)
