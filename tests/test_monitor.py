"""What the monitor measures, and what it calls it."""

from __future__ import annotations

import math

import numpy as np
import pytensor.tensor as pt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_stand_ins import Pair, PlainReconstruction, data, experiment, interpret, record

from adversarial import checkpoint
from adversarial.errors import CheckpointError, ConfigurationError, NumericalError
from adversarial.monitor import Monitor, format_value, number_aware_alphabetical_key, push_monitor, read_channel
from adversarial.options import OptionError
from adversarial.space import VectorSpace
from adversarial.termination_criteria import ChannelInf, EpochCounter

SPACE = VectorSpace(dim=4)


@pytest.fixture(autouse=True)
def interpreted(monkeypatch):
    interpret(monkeypatch)


def monitor_of(dataset, batch_size=5, **channels) -> Monitor:
    """A monitor with channels made by functions of a batch."""
    monitor = Monitor(Pair())
    monitor.add_dataset(dataset, batch_size=batch_size)
    for name, make in channels.items():
        batch = SPACE.make_theano_batch(name="batch")
        monitor.add_channel(name, batch, make(batch), dataset, data_specs=(SPACE, "features"))
    return monitor


def test_a_channel_is_the_mean_over_examples_of_uneven_batches():
    dataset = data(13)
    monitor = monitor_of(dataset, mean=lambda X: X.mean(), largest=lambda X: X.max())
    monitor()
    X = dataset.get_design_matrix().astype("float64")
    assert read_channel_of(monitor, "mean") == pytest.approx(X.mean(), rel=1e-6)
    maxima = [X[:5].max(), X[5:10].max(), X[10:].max()]
    assert read_channel_of(monitor, "largest") == pytest.approx(np.average(maxima, weights=[5, 5, 3]), rel=1e-6)


def read_channel_of(monitor: Monitor, name: str) -> float:
    return monitor.channels[name].val_record[-1]


def test_a_channel_without_data_is_its_value():
    dataset = data(13)
    monitor = monitor_of(dataset)
    monitor.add_channel("pi", None, 3.140625)
    monitor()
    assert monitor.channels["pi"].val_record == [3.140625]


def test_names_of_channels_and_their_record():
    train = experiment(termination_criterion=EpochCounter(max_epochs=2))
    train.main_loop()
    channels = train.model.monitor.channels
    of_the_dataset = {"valid_objective", "valid_blurred", "valid_first", "valid_bias"}
    of_the_run = {"learning_rate", "momentum", "training_seconds_this_epoch", "total_seconds_last_epoch"}
    assert set(channels) == of_the_dataset | of_the_run
    objective = channels["valid_objective"]
    assert objective.epoch_record == [0, 1, 2]
    assert objective.batch_record == [0, 5, 10]
    assert objective.example_record == [0, 23, 46]
    assert sorted(objective.time_record) == objective.time_record
    assert all(type(value) is float for value in objective.val_record)
    assert channels["momentum"].val_record == pytest.approx([0.5, 0.5, 0.6])
    assert channels["training_seconds_this_epoch"].val_record[1] > 0


def test_a_dataset_without_a_name_gives_no_prefix():
    train = experiment(monitoring_dataset=data(6))
    train.setup()
    assert {"objective", "first", "learning_rate"} <= set(train.model.monitor.channels)


def test_channels_of_two_datasets_are_measured_on_their_own():
    train = experiment(monitoring_dataset={"train": data(7, seed=4), "valid": data(6, seed=5)})
    train.setup()
    train.model.monitor()
    for name, seed, examples in (("train", 4, 7), ("valid", 5, 6)):
        expected = data(examples, seed=seed).get_design_matrix()[:, 0].mean()
        assert read_channel(train.model, f"{name}_first") == pytest.approx(expected, rel=1e-5)
    assert "learning_rate" in train.model.monitor.channels


def test_monitoring_batches_bound_what_is_read():
    dataset = data(20)
    train = experiment(monitoring_dataset=dataset, monitoring_batch_size=4, monitoring_batches=2)
    train.setup()
    train.model.monitor()
    expected = dataset.get_design_matrix()[:8, 0].mean()
    assert read_channel(train.model, "first") == pytest.approx(expected, rel=1e-5)


def test_prerequisites_are_called_once_a_batch():
    dataset, seen = data(7), []
    monitor = Monitor(Pair())
    monitor.add_dataset(dataset, batch_size=5)
    prereqs = [lambda X: seen.append(len(X))]
    for name in ("first", "second"):
        batch = SPACE.make_theano_batch(name="batch")
        monitor.add_channel(name, batch, batch.mean(), dataset, prereqs, (SPACE, "features"))
    monitor()
    assert seen == [5, 2]


def test_a_channel_may_be_added_between_records():
    dataset = data(5)
    monitor = monitor_of(dataset, mean=lambda X: X.mean())
    monitor()
    monitor.add_channel("one", None, 1.0)
    monitor()
    assert len(monitor.channels["mean"].val_record) == 2
    assert monitor.channels["one"].val_record == [1.0]


def test_noise_is_drawn_once_a_batch_for_all_channels(float64):
    # Two channels of one noisy expression agree; another measurement draws anew.
    train = experiment(monitoring_dataset=data(5))
    train.setup()
    channel = train.model.monitor.channels["blurred"]
    train.model.monitor.add_channel(
        "again", channel.graph_input, channel.val * 1.0, data_specs=(SPACE, "features"), dataset=channel.dataset
    )
    train.model.monitor()
    train.model.monitor()
    again = train.model.monitor.channels["again"]
    assert channel.val_record == again.val_record
    assert channel.val_record[0] != channel.val_record[1]


@pytest.mark.parametrize(
    ("add", "message"),
    [
        (lambda m, d: m.add_channel("mean", None, 1.0), "two monitoring channels named mean"),
        (lambda m, d: m.add_channel("x", None, pt.matrix("lost").sum()), "depends on lost"),
        (lambda m, d: m.add_channel("x", None, 1.0, data(3)), "not monitored"),
        (lambda m, d: m.add_channel("x", pt.matrix(), 1.0), "needs data_specs"),
        (lambda m, d: m.add_dataset(data(3), mode="shuffled_sequential", batch_size=2), "needs a seed"),
        (lambda m, d: m.add_dataset(data(3), batch_size=2, seed=[1]), "takes no seed"),
        (lambda m, d: Monitor(Pair()).add_channel("x", None, 1.0), "has no dataset"),
    ],
)
def test_mistakes_are_named(add, message):
    dataset = data(5)
    with pytest.raises(ConfigurationError, match=message):
        add(monitor_of(dataset, mean=lambda X: X.mean()), dataset)


def test_channels_are_scalars_in_floatX():
    with pytest.raises(TypeError, match="scalar"):
        monitor_of(data(5), rows=lambda X: X.mean(axis=1))
    with pytest.raises(TypeError, match="float32"):
        monitor_of(data(5), count=lambda X: pt.cast(X.sum(), "float64"))


class Shifted(PlainReconstruction):
    """An objective with a constant added, which leaves the gradients as they are."""

    def __init__(self, constant):
        super().__init__()
        self.constant = constant

    def expr(self, model, data, **kwargs):
        return super().expr(model, data, **kwargs) + self.constant


def test_an_objective_that_is_nan_stops_training():
    with pytest.raises(NumericalError, match="channel valid_objective is nan after update 0, at the end of epoch 0"):
        experiment(cost=Shifted(math.nan)).main_loop()


def test_an_infinite_objective_is_warned_of_and_training_goes_on(caplog):
    train = experiment(cost=Shifted(math.inf), termination_criterion=EpochCounter(max_epochs=2))
    train.main_loop()
    assert train.model.monitor.channels["valid_objective"].val_record == [math.inf] * 3
    assert "channel valid_objective is inf after update 0, at the end of epoch 0" in caplog.text


def test_a_channel_inf_may_watch_the_objective():
    train = experiment(cost=Shifted(math.inf), termination_criterion=ChannelInf("valid_objective"))
    train.main_loop()
    assert train.model.monitor.get_epochs_seen() <= 1


def test_a_record_is_taken_back():
    train, other = experiment(), experiment()
    for each in (train, other):
        each.setup()
    train.model.monitor()
    train.model.monitor.report_batch(5)
    train.model.monitor.report_epoch()
    train.model.monitor()
    other.model.monitor.set_state(checkpoint.monitor_content(train.model.monitor))
    assert record(other) == record(train)
    assert other.model.monitor.get_examples_seen() == 5
    other.model.monitor()
    times = other.model.monitor.channels["valid_objective"].time_record
    assert times == sorted(times)


def test_a_record_of_other_channels_is_refused():
    train, other = experiment(), experiment(monitoring_dataset={"test": data(5)})
    for each in (train, other):
        each.setup()
    with pytest.raises(CheckpointError, match="test_bias"):
        other.model.monitor.set_state(checkpoint.monitor_content(train.model.monitor))


def test_push_monitor_puts_the_record_aside():
    model = Pair()
    old = Monitor.get_monitor(model)
    old.report_batch(3)
    assert push_monitor(model, "earlier", transfer_experience=True).earlier is old
    assert Monitor.get_monitor(model) is not old
    assert model.monitor.get_examples_seen() == 3
    model.monitor = checkpoint.MonitorRecord()
    with pytest.raises(ConfigurationError, match="push_monitor"):
        Monitor.get_monitor(model)


def test_an_unknown_channel_is_named_with_the_nearest():
    train = experiment()
    train.setup()
    with pytest.raises(OptionError, match="did you mean 'valid_objective'"):
        read_channel(train.model, "valid_objectiv")


@given(st.lists(st.integers(0, 200), min_size=2, max_size=8))
def test_names_are_sorted_by_their_numbers(numbers):
    names = [f"h{number}_W" for number in numbers]
    assert sorted(names, key=number_aware_alphabetical_key) == [f"h{number}_W" for number in sorted(numbers)]


def test_values_are_printed_as_in_2014():
    assert format_value(0.25) == "0.25"
    assert format_value(-123456.0) == "-1.235e+05"
    assert format_value(math.nan) == "nan"
