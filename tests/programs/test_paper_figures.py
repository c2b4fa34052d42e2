"""reproduce.py figures: each panel of Figures 2 and 3 from its model, or the command that makes the model."""

from __future__ import annotations

import json

import numpy as np
import pytest
from matplotlib import image

from adversarial import checkpoint
from adversarial.command_line import program
from adversarial.datasets import standins
from adversarial.errors import ConfigurationError
from adversarial.evaluation import named_sets
from adversarial.game.generator import Generator
from adversarial.models.linear import Linear, Sigmoid
from adversarial.models.mlp import MLP
from adversarial.programs import reproduce

CIFAR10 = "!obj:adversarial.datasets.cifar10.CIFAR10 { which_set: 'train', start: 0, stop: 40, gcn: 55. }"


def save(path, kind, dim, data):
    """A generator as if it had been trained on some data."""
    model = Generator(MLP([kind(dim=dim, layer_name="g", irange=0.5)], nvis=4, seed=[1]), noise="gaussian")
    model.image_shape = (32, 32, 3) if dim == 3072 else (6, 6, 1)
    checkpoint.save_model(path, model, yaml_src=f"!obj:adversarial.train.Train {{ dataset: {data} }}",
                          dataset_yaml_src=data)  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Models of two experiments: one of grey images in [0, 1], one of colours whose contrast was normalised."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYLEARN2_DATA_PATH", str(tmp_path))
    # A range of the made-up batches, whose whole is smaller than 2014's ranges of it.
    known = named_sets.NAMED_SETS["cifar10"]
    small = {"train": {"which_set": "train", "start": 0, "stop": 40}}
    monkeypatch.setitem(named_sets.NAMED_SETS, "cifar10", known._replace(splits=small))
    standins.cifar10(tmp_path, examples=10)
    np.save("grey.npy", np.random.default_rng(0).random((30, 36)).astype(np.float32))
    save("mnist.pkl", Sigmoid, 36, "!obj:adversarial.datasets.npy_npz.NpyDataset { file: 'grey.npy' }")
    save("elsewhere.pkl", Linear, 3072, CIFAR10)
    return tmp_path


def test_models_that_are_there_are_drawn_and_the_others_named_with_their_commands(folder, capsys):
    given = ["figures", "--dir", ".", "--model", "d=elsewhere.pkl", "--json", "figures.json"]
    assert reproduce.main(given) == 0
    shown = capsys.readouterr().out
    assert "| a) MNIST |" in shown and "not 28 x 28 x 1); in values" in shown
    assert "no model: train.py yaml/tfd_pretrain/pretrain.yaml && train.py yaml/tfd_pretrain/train.yaml" in shown
    assert "no model: train.py yaml/cifar10_fully_connected.yaml" in shown
    said = json.loads((folder / "figures.json").read_text())
    panels = {each["panel"]: each for each in said["panels"]}
    assert [panels[letter]["model"] for letter in "abcd"] == ["mnist.pkl", None, None, "elsewhere.pkl"]
    assert [each["where"] for each in panels["a"]["neighbours"]] == ["values"] * 4
    assert [each["where"] for each in panels["d"]["neighbours"]] == ["values"] * 4 + ["pixels"] * 4
    assert "the same example in both for" in panels["d"]["here"]
    assert "(another experiment: its images are 6 x 6 x 1, not 28 x 28 x 1)" in panels["a"]["here"]
    assert "(another experiment: its G is not deconvolutional)" in panels["d"]["here"]
    assert all(each["distance"] > 0 and each["apart"] > 0 for each in panels["d"]["neighbours"])
    for name in ("figure2.png", "figure3.png"):
        pixels = image.imread(folder / name)
        assert pixels.shape[0] > 300 and pixels.shape[1] > 300
        assert np.ptp(pixels[..., :3], axis=2).max() > 0.3  # Yellow frames, and colours.


def test_without_its_data_a_panel_has_no_neighbours_and_says_why(folder, capsys):
    (folder / "grey.npy").unlink()
    assert reproduce.main(["figures", "--dir", "."]) == 0
    assert "without neighbours: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--model", "e=mnist.pkl"], "--model e=...: the panels are a, b, c, d"),
        (["--model", "a=absent.pkl"], "--model a=absent.pkl: there is no such file"),
        (["--model", "mnist.pkl"], "--model mnist.pkl: give it as PANEL=FILE"),
        (["--epochs", "3"], "figures trains nothing: leave --epochs out"),
        (["--dir", "empty"], "there is none of the models in empty: train one or more (train.py yaml/mnist.yaml;"),
    ],
)
def test_what_cannot_be_drawn_is_said(folder, options, words, capsys):
    with pytest.raises(SystemExit) as ended:
        program.run(reproduce.main, ["figures", "--dir", ".", *options])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err
    assert not list(folder.glob("*.png"))


def test_its_options_go_with_no_other_experiment():
    with pytest.raises(ConfigurationError, match="--model and --json go with figures, not with mnist"):
        reproduce.main(["mnist", "--json", "it.json"])
