"""What a stranger's model names is built as a data set, within bounds, without the environment or files elsewhere."""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest

from adversarial import checkpoint
from adversarial.command_line import program
from adversarial.config.reader import read
from adversarial.config.variables import Variables, hide_environment
from adversarial.errors import ConfigurationError, DataError
from adversarial.evaluation import data_sources
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.models.linear import Sigmoid
from adversarial.models.mlp import MLP
from adversarial.programs import train_changes

SECRET = "a-value-that-nobody-else-may-see"


def network(inputs, outputs, name):
    return MLP(layers=[Sigmoid(dim=outputs, layer_name=name, irange=0.5)], nvis=inputs)


@pytest.fixture
def data_of(tmp_path, monkeypatch):
    """The training data of a model, in a folder of its own, whose YAML names `dataset`."""
    monkeypatch.setenv("SECRET_TOKEN", SECRET)
    folder = tmp_path / "downloaded"
    folder.mkdir()
    np.save(folder / "beside.npy", np.ones((4, 3), "float32"))
    np.save(tmp_path / "elsewhere.npy", np.ones((4, 3), "float32"))
    monkeypatch.chdir(folder)

    def load(dataset):
        path = folder / "model.pkl"
        model = AdversaryPair(Generator(network(2, 3, "g")), network(3, 1, "d"))
        checkpoint.save_model(path, model, yaml_src=f"!obj:adversarial.train.Train {{dataset: {dataset}}}")
        return data_sources.of_model(checkpoint.read(path), str(path)).split("train")

    return load


def npy(file):
    return f"!obj:adversarial.datasets.npy_npz.NpyDataset {{ file: '{file}' }}"


def test_data_beside_the_model_are_read(data_of):
    assert data_of(npy("beside.npy")).shape == (4, 3)


LARGE = "!obj:adversarial.models.mlp.MLP { nvis: 30000, layers: ["
LARGE += "!obj:adversarial.models.linear.Linear { layer_name: y, dim: 30000, irange: .1 } ] }"
TRANSFORMED = f"!obj:adversarial.datasets.transformer_dataset.TransformerDataset {{ raw: {npy('beside.npy')}, "
TRANSFORMED += f"transformer: {LARGE} }}"


@pytest.mark.parametrize(
    ("dataset", "reason"),
    [
        (npy("/x/${SECRET_TOKEN}"), "'SECRET_TOKEN' is asked for, but a saved model gets none"),
        (npy("../elsewhere.npy"), "neither beside the model nor below the working directory"),
        (LARGE, "names MLP as its data, which is no data set"),
        (TRANSFORMED, "more values than the file holds"),
        ("!obj:adversarial.datasets.mnist.MNIST { which_set: train, center: '${SECRET_TOKEN}' }", "gets none"),
        (TRANSFORMED.replace(LARGE, "!obj:adversarial.train.Train { dataset: 1, model: 2 }"), "no part of data"),
    ],
)
def test_what_is_not_the_models_business_is_refused_at_once(data_of, dataset, reason):
    started = time.process_time()
    with pytest.raises((DataError, ConfigurationError), match=reason) as refusal:
        data_of(dataset)
    assert SECRET not in str(refusal.value) and time.process_time() - started < 2


def test_a_programs_error_shows_no_value_of_the_environment(monkeypatch, capsys):
    monkeypatch.setenv("SECRET_TOKEN", SECRET)

    def main(argv):
        raise ConfigurationError(
            f"save_path is {Variables().substitute('/x/${SECRET_TOKEN}.pkl')}, but it is not there"
        )

    monkeypatch.setattr(sys, "argv", ["train.py"])
    with pytest.raises(SystemExit):
        program.run(main, [])
    assert capsys.readouterr().err == "train.py: error: save_path is /x/${SECRET_TOKEN}.pkl, but it is not there\n"
    assert SECRET in f"{SECRET}" and hide_environment(f"<{SECRET}>") == "<${SECRET_TOKEN}>"


def test_what_changed_since_is_told_as_it_was_written(monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", SECRET)
    then, now = "{ seed: !float: '${SECRET_TOKEN}', name: '${SECRET_TOKEN}' }", "{ seed: 1, name: x }"
    read(then, "then")
    told = train_changes.changes_since({"yaml_src": then}, now, {})
    assert told == ["name: ${SECRET_TOKEN} then, x now", "seed: ${SECRET_TOKEN} then, 1 now"]
