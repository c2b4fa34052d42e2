"""Keeping the best model."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from training_stand_ins import Pair, PlainReconstruction, data, interpret

from adversarial.backend import floatX
from adversarial.costs.autoencoder import MeanSquaredReconstructionError
from adversarial.errors import ConfigurationError
from adversarial.models.rbm import RBM
from adversarial.options import OptionError
from adversarial.train_extensions import best_params
from adversarial.train_extensions.best_params import KeepBestParams, MonitorBasedSaveBest

VALUES = [3.0, 2.0, 2.5, 2.0, 1.0, 4.0]


class Model:
    """Its parameter is the epoch."""

    def __init__(self):
        self.channel = SimpleNamespace(val_record=[])
        self.monitor = SimpleNamespace(channels={"valid_ll": self.channel})

    def get_param_values(self):
        return [np.array(len(self.channel.val_record))]


def saves(extension, model, values) -> list[int]:
    """The epochs at which the model was saved, 1 being the first."""
    saved = []
    original, best_params.checkpoint.save_model = best_params.checkpoint.save_model, None
    try:
        best_params.checkpoint.save_model = lambda path, model: saved.append(len(model.channel.val_record))
        for value in values:
            model.channel.val_record.append(value)
            extension.on_monitor(model, None, None)
    finally:
        best_params.checkpoint.save_model = original
    return saved


def test_only_improvements_are_saved():
    assert saves(MonitorBasedSaveBest("valid_ll", "best.pkl"), Model(), VALUES) == [1, 2, 5]
    assert saves(MonitorBasedSaveBest("valid_ll", "best.pkl", higher_is_better=True), Model(), VALUES) == [1, 6]
    assert saves(MonitorBasedSaveBest("valid_ll", "best.pkl"), Model(), [np.nan, 1.0, np.nan]) == [2]


def test_the_best_parameters_are_kept_in_memory():
    extension = MonitorBasedSaveBest("valid_ll", store_best_model=True)
    assert saves(extension, Model(), VALUES) == []
    assert extension.best_cost == 1.0
    assert extension.best_params == [5]


def test_a_restored_extension_remembers_the_best():
    first, second, model = (MonitorBasedSaveBest("valid_ll", "best.pkl") for _ in range(2)), None, Model()
    first, second = first
    saves(first, model, VALUES[:2])
    second.set_state(first.get_state())
    assert saves(second, model, VALUES[2:]) == [5]


def test_mistakes_are_found_before_training(tmp_path):
    with pytest.raises(OptionError, match="save_path or store_best_model"):
        MonitorBasedSaveBest("valid_ll")
    with pytest.raises(OptionError, match="tag_key"):
        MonitorBasedSaveBest("valid_ll", "best.pkl", tag_key="mine")
    with pytest.raises(OptionError, match="did you mean 'valid_ll'"):
        MonitorBasedSaveBest("valid_l", "best.pkl").setup(Model(), None, None)
    with pytest.raises(OptionError, match="there is no folder"):
        MonitorBasedSaveBest("valid_ll", str(tmp_path / "absent" / "best.pkl")).setup(Model(), None, None)


def test_the_parameters_of_the_lowest_cost_are_kept(monkeypatch):
    interpret(monkeypatch)
    model, held = Pair(), data(13, seed=1)
    extension = KeepBestParams(model, PlainReconstruction(), held, batch_size=5)
    extension.setup(model, held, None)
    costs, values = [], []
    for scale in (1.0, 0.2, 0.5):
        model.discriminator.W.set_value(np.eye(4, dtype=floatX()) * np.float32(scale))
        model.generator.W.set_value(np.eye(4, dtype=floatX()))
        costs.append(np.mean((held.X * scale - held.X) ** 2))
        values.append(model.get_param_values())
        extension.on_monitor(model, held, None)
    assert extension.best_cost == pytest.approx(costs[0], abs=1e-6)
    for found, expected in zip(extension.get_best_params(), values[0], strict=True):
        np.testing.assert_array_equal(found, expected)
    again = KeepBestParams(model, PlainReconstruction(), held, batch_size=5)
    again.set_state(extension.get_state())
    assert again.best_cost == extension.best_cost


def test_the_best_parameters_are_those_of_the_model_that_is_trained():
    extension = KeepBestParams(Pair(), PlainReconstruction(), data(13), batch_size=5)
    with pytest.raises(OptionError, match="model is not the one that is trained"):
        extension.setup(Pair(), data(13), None)


def test_a_cost_that_does_not_fit_the_model_is_named():
    rbm = RBM(nvis=4, nhid=2)
    extension = KeepBestParams(rbm, MeanSquaredReconstructionError(), data(13), batch_size=5)
    with pytest.raises(ConfigurationError, match="MeanSquaredReconstructionError"):
        extension.setup(rbm, data(13), None)
