"""The main loop: order of events, stopping, saving, and resuming to the bit."""

from __future__ import annotations

import copy
import os
from unittest import mock

import numpy as np
import pytest
from training_stand_ins import data, experiment, interpret, parameters, record

from adversarial import backend, checkpoint
from adversarial import train as train_module
from adversarial.errors import CheckpointError, FileError, NumericalError
from adversarial.files import whole_file
from adversarial.files.whole_file import held
from adversarial.options import OptionError
from adversarial.termination_criteria import And, EpochCounter, MonitorBased
from adversarial.train import Reporter
from adversarial.train_extensions import TrainExtension
from adversarial.training_algorithms import alternating_steps, discriminator_steps
from adversarial.training_algorithms.sgd import SGD

COMPILED = backend.mode


@pytest.fixture(autouse=True)
def interpreted(monkeypatch):
    interpret(monkeypatch)


def content_of(train) -> dict:
    """What a checkpoint of `train` holds for resuming."""
    return copy.deepcopy(
        {
            "parameters": {name: param.get_value() for name, param in checkpoint.parameters_of(train.model).items()},
            "monitor": checkpoint.monitor_content(train.model.monitor),
            "training": train.get_state(),
        }
    )


def assert_same(left, right) -> None:
    """Bit for bit the same parameters and record."""
    for a, b in zip(parameters(left), parameters(right), strict=True):
        np.testing.assert_array_equal(a, b)
    assert record(left) == record(right)


class Listener(Reporter):
    def __init__(self):
        self.events = []

    def on_setup(self, train):
        self.events.append("setup")

    def on_ready(self, train):
        self.events.append("ready")

    def on_update(self, train):
        self.events.append("update")

    def on_monitor(self, train):
        self.events.append("monitor")

    def on_save(self, train):
        self.events.append("save")


class Extension(TrainExtension):
    def __init__(self, events: list):
        self.events = events

    def setup(self, model, dataset, algorithm):
        self.events.append("extension setup")

    def on_monitor(self, model, dataset, algorithm):
        self.events.append("extension monitor")

    def on_save(self, model, dataset, algorithm):
        self.events.append("extension save")


def saving(monkeypatch) -> list[dict]:
    """Makes saving keep contents in a list instead of writing them."""
    saved = []
    monkeypatch.setattr(train_module.checkpoint, "save_train", lambda train, path: saved.append(content_of(train)))
    return saved


def test_order_of_events_is_that_of_2014(tmp_path, monkeypatch):
    saving(monkeypatch)
    listener = Listener()
    train = experiment(
        termination_criterion=EpochCounter(max_epochs=1),
        train={
            "save_path": str(tmp_path / "m.pkl"),
            "save_freq": 1,
            "extensions": [Extension(listener.events)],
        },
    )
    train.reporter = listener
    assert train.main_loop() == "finished"
    assert listener.events == [
        *("setup", "extension setup", "ready", "extension monitor", "monitor"),
        *("update",) * 5,
        *("extension monitor", "monitor", "extension save", "save"),
        *("extension save", "save"),
    ]


@pytest.mark.parametrize(
    ("algorithm", "compiled"),
    [(SGD, False), (SGD, True), (discriminator_steps.SGD, False), (alternating_steps.SGD, False)],
)
def test_four_epochs_straight_are_two_and_two(algorithm, compiled, monkeypatch, tmp_path):
    if compiled:
        monkeypatch.setattr(backend, "mode", COMPILED)
    saved = saving(monkeypatch)
    options = {} if algorithm is SGD else {"discriminator_steps": 2}

    def make(max_epochs):
        patience = MonitorBased(prop_decrease=0.0, N=4, channel_name="valid_objective")
        criterion = And([EpochCounter(max_epochs=max_epochs), patience])
        train = {"save_path": str(tmp_path / "m.pkl"), "save_freq": 1}
        return experiment(algorithm, termination_criterion=criterion, train=train, **options)

    straight = make(4)
    assert straight.main_loop() == "finished"
    from_straight = list(saved)
    # The state after two epochs and that after the end of a run of two both lead to the same end.
    first = make(2)
    saved.clear()
    first.main_loop()
    for content in (from_straight[1], saved[0], saved[-1]):
        second = make(4)
        second.resume(content)
        assert second.main_loop() == "finished"
        assert second.model.monitor.get_epochs_seen() == 4
        assert_same(second, straight)


def test_a_finished_run_that_is_resumed_is_finished():
    first = experiment(termination_criterion=EpochCounter(max_epochs=2))
    first.main_loop()
    second = experiment(termination_criterion=EpochCounter(max_epochs=2))
    second.resume(content_of(first))
    assert second.main_loop() == "finished"
    assert_same(second, first)


@pytest.mark.parametrize("algorithm", [SGD, discriminator_steps.SGD, alternating_steps.SGD])
@pytest.mark.parametrize("stop_at", [1, 5, 8])
def test_a_run_stopped_within_an_epoch_goes_on_to_the_bit(algorithm, stop_at):
    options = {} if algorithm is SGD else {"discriminator_steps": 2}
    straight, first, second = (
        experiment(algorithm, termination_criterion=EpochCounter(max_epochs=2), **options) for _ in range(3)
    )
    straight.main_loop()

    def stop(train):
        if train.model.monitor.get_batches_seen() == stop_at:
            train.stop_requested = True

    first.reporter.on_update = stop
    assert first.main_loop() == "stop requested"
    assert first.model.monitor.get_batches_seen() == stop_at
    second.resume(content_of(first))
    assert second.main_loop() == "finished"
    assert_same(second, straight)


def test_a_run_goes_on_in_the_same_process():
    straight, train = (experiment(termination_criterion=EpochCounter(max_epochs=4)) for _ in range(2))
    straight.main_loop()
    assert train.main_loop(max_epochs=1) == "max epochs"
    assert train.main_loop(max_epochs=3) == "max epochs"
    assert train.main_loop() == "finished"
    assert_same(train, straight)


def test_limits():
    train = experiment()
    assert train.main_loop(max_epochs=2) == "max epochs"
    assert train.model.monitor.get_epochs_seen() == 2
    train = experiment()
    assert train.main_loop(time_budget=0) == "time budget"
    assert train.model.monitor.get_epochs_seen() == 0
    assert train.model.monitor.time_budget_exceeded


def test_an_extension_stops_training():
    class Enough(TrainExtension):
        def on_monitor(self, model, dataset, algorithm):
            if model.monitor.get_epochs_seen() == 2:
                raise StopIteration

    train = experiment(train={"extensions": [Enough()]})
    assert train.main_loop() == "finished"
    assert train.model.monitor.get_epochs_seen() == 2
    resumed = experiment(train={"extensions": [Enough()]})
    resumed.resume(content_of(train))
    assert resumed.main_loop() == "finished"
    assert resumed.model.monitor.get_epochs_seen() == 2


def test_save_freq_counts_epochs_and_the_end_is_saved(tmp_path, monkeypatch):
    saved = saving(monkeypatch)
    train = experiment(train={"save_path": str(tmp_path / "m.pkl"), "save_freq": 2})
    train.main_loop(max_epochs=3)
    assert [content["monitor"]["epochs_seen"] for content in saved] == [2, 3]


def test_save_every_saves_within_an_epoch(tmp_path, monkeypatch):
    saved = saving(monkeypatch)
    train = experiment(train={"save_path": str(tmp_path / "m.pkl")})
    train.save_every_seconds = 0.0
    train.main_loop(max_epochs=1)
    assert [content["monitor"]["batches_seen"] for content in saved] == [1, 2, 3, 4, 5, 5]
    straight = experiment()
    straight.main_loop(max_epochs=1)
    for content in saved[:-1]:
        resumed = experiment()
        resumed.resume(content)
        resumed.main_loop(max_epochs=1)
        assert_same(resumed, straight)


def test_without_save_freq_nothing_is_saved(tmp_path):
    train = experiment(train={"save_path": str(tmp_path / "m.pkl")})
    train.main_loop(max_epochs=1)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("path", "reason"),
    [("absent/m.pkl", "there is no folder"), ("m.txt", "must end in"), ("folder.pkl", "it is a folder")],
)
def test_a_path_that_cannot_be_written_is_found_before_anything_is_built(tmp_path, path, reason):
    (tmp_path / "folder.pkl").mkdir()
    train = experiment(train={"save_path": str(tmp_path / path), "save_freq": 1})
    with pytest.raises(OptionError, match=reason):
        train.main_loop()
    assert train.model.events == []


def test_allow_overwrite_protects_what_other_runs_saved(tmp_path, monkeypatch):
    saved = saving(monkeypatch)
    (tmp_path / "m.pkl").write_bytes(b"precious")
    options = {"save_path": str(tmp_path / "m.pkl"), "save_freq": 1}
    with pytest.raises(OptionError, match="allow_overwrite"):
        experiment(train=options | {"allow_overwrite": False}).main_loop()
    experiment(train=options).main_loop(max_epochs=1)
    resumed = experiment(train=options | {"allow_overwrite": False})
    resumed.resume(saved[-1])
    resumed.main_loop(max_epochs=2)


def test_the_place_to_save_may_come_from_the_yaml_file(monkeypatch):
    for name in ("PYLEARN2_TRAIN_FILE_FULL_STEM", "PYLEARN2_TRAIN_PHASE"):  # of files trained before in this process
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ValueError, match="save_path"):
        experiment(train={"save_freq": 1})
    monkeypatch.setenv("PYLEARN2_TRAIN_FILE_FULL_STEM", "/some/mnist")
    assert experiment(train={"save_freq": 1}).save_path == "/some/mnist.pkl"
    monkeypatch.setenv("PYLEARN2_TRAIN_PHASE", "phase2")
    assert experiment(train={"save_freq": 1}).save_path == "/some/mnist.phase2.pkl"
    assert experiment().save_path is None


def test_an_experiment_without_an_algorithm_can_be_looked_at_only():
    train = experiment(train={"algorithm": None})
    with pytest.raises(OptionError, match="algorithm"):
        train.main_loop()


def test_what_does_not_fit_is_refused():
    first = experiment()
    first.main_loop(max_epochs=1)
    content = content_of(first)

    def refused(match, train, content=content):
        train.resume(content)
        with pytest.raises(CheckpointError, match=match):
            train.setup()

    refused("other channels", experiment(monitoring_dataset={"test": data(3)}))
    refused("1 update callbacks, but this one has 0", experiment(update_callbacks=None))
    refused("1 extensions, but this one has 0", experiment(train={"extensions": []}))
    refused("something else|other channels", experiment(learning_rule=None, train={"extensions": []}))
    broken = copy.deepcopy(content)
    broken["parameters"]["d_W"] = np.zeros((2, 2), "float32")
    refused("d_W was float32 of shape", experiment(), broken)
    del broken["parameters"]["d_W"]
    refused("parameter d_W", experiment(), broken)
    with pytest.raises(CheckpointError, match="no state of training"):
        experiment().resume(content | {"training": None})


def test_floats_do_not_change_on_the_way(float64):
    first = experiment()
    first.main_loop(max_epochs=1)
    content = content_of(first)
    content["training"]["floatX"] = "float32"
    second = experiment()
    second.resume(content)
    with pytest.raises(CheckpointError, match="computed in float32"):
        second.setup()


def test_a_second_run_to_one_path_is_refused_at_its_start(tmp_path):
    first, second = (experiment(train={"save_path": str(tmp_path / "it.pkl"), "save_freq": 1}) for _ in range(2))
    started = []
    second.reporter.on_setup = started.append
    refusal = pytest.raises(FileError, match="trains to save there: end it or save elsewhere")
    with held(first.save_path), mock.patch.dict(whole_file._held, clear=True), refusal:
        second.main_loop(max_epochs=1)
    assert not started
    second.main_loop(max_epochs=1)
    assert os.listdir(tmp_path) == ["it.pkl"]


def test_nan_in_the_data_is_named_as_the_cause(tmp_path):
    train = experiment()
    train.dataset.X[7, 2] = np.nan
    with pytest.raises(NumericalError, match="example 7 of the data, counted from 0, is NaN"):
        train.main_loop(max_epochs=2)
