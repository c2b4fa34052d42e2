"""Monitoring some epochs only: training is the same to the bit, and the record has the epochs that it should."""

from __future__ import annotations

import numpy as np
import pytest
from training_stand_ins import Killed, KilledAt, PlainReconstruction, experiment, interpret, parameters, record

from adversarial import checkpoint
from adversarial.checkpoint import MonitorRecord
from adversarial.errors import ConfigurationError
from adversarial.options import OptionError
from adversarial.progress.reporting import Console
from adversarial.termination_criteria import And, ChannelTarget, EpochCounter, MonitorBased, PatienceBasedTermCrit
from adversarial.training_algorithms.alternating_steps import AlternatingEpochsSGD
from adversarial.training_algorithms.bgd import BGD
from adversarial.training_algorithms.discriminator_steps import DiscriminatorStepsSGD
from adversarial.training_algorithms.schedules import MonitorBasedLRAdjuster
from adversarial.training_algorithms.sgd import SGD

EPOCHS = 4


@pytest.fixture(autouse=True)
def interpreted(monkeypatch):
    interpret(monkeypatch)


def run(every, epochs=EPOCHS, reporter=None, content=None, train=None, **options):
    criterion = options.pop("termination_criterion", EpochCounter(max_epochs=epochs))
    made = experiment(termination_criterion=criterion, monitor_every=every, train=train, **options)
    made.reporter = reporter or made.reporter
    if content is not None:
        made.resume(content)
    made.main_loop()
    return made


def epochs_of(train):
    found = {tuple(channel.epoch_record) for channel in train.model.monitor.channels.values()}
    assert len(found) == 1
    return list(found.pop())


@pytest.mark.parametrize("every, epochs", [(1, [0, 1, 2, 3, 4]), (2, [0, 2, 4]), (3, [0, 3]), (9, [0])])
@pytest.mark.parametrize("algorithm", [SGD, DiscriminatorStepsSGD, AlternatingEpochsSGD])
def test_training_is_the_same_and_the_record_has_multiples(algorithm, every, epochs):
    whole, sparse = run(1, algorithm=algorithm), run(every, algorithm=algorithm)
    for one, other in zip(parameters(whole), parameters(sparse), strict=True):
        np.testing.assert_array_equal(one, other)
    assert epochs_of(sparse) == epochs
    # What is measured without random numbers is the same too.
    for name in ("valid_first", "valid_bias", "learning_rate", "momentum"):
        assert record(sparse)[name] == [record(whole)[name][epoch] for epoch in epochs]


def test_line_searches_may_monitor_some_epochs_too():
    def algorithm(learning_rate, learning_rule, update_callbacks, **options):
        return BGD(**options)

    made = run(2, epochs=3, algorithm=algorithm, cost=PlainReconstruction(), train={"extensions": []})
    assert epochs_of(made) == [0, 2]


@pytest.mark.parametrize("update", [3, 8, 12, 18])
def test_a_killed_run_goes_on_to_the_bit(tmp_path, update):
    saving = {"save_path": str(tmp_path / "m.pkl"), "save_freq": 1}
    straight = run(2)
    with pytest.raises(Killed):
        run(2, reporter=KilledAt(update), train=saving)
    content = checkpoint.read(tmp_path / "m.pkl") if (tmp_path / "m.pkl").exists() else None
    resumed = run(2, content=content, train=saving)
    for one, other in zip(parameters(straight), parameters(resumed), strict=True):
        np.testing.assert_array_equal(one, other)
    assert record(straight) == record(resumed)
    assert epochs_of(resumed) == [0, 2, 4]


def test_a_line_in_between_has_what_is_known(capsys):
    run(2, reporter=Console(verbose=True))
    lines = capsys.readouterr().out.splitlines()
    header = next(number for number, line in enumerate(lines) if line.split()[:1] == ["epoch"])
    shown = [line for line in lines[header + 1 :] if not line.startswith("\t")]
    assert [line.split()[0] for line in shown] == ["0", "1", "2", "3", "4"]
    # Epoch, objective and momentum where they were measured, learning rate, seconds.
    assert [len(line.split()) for line in shown] == [5, 3, 5, 3, 5]
    assert len({len(line) for line in shown}) == 1
    assert len([line for line in lines if line.startswith("\tvalid_first: ")]) == 3


def test_criteria_see_the_last_values():
    # The rate is below the target from the second epoch on, but not measured before the third.
    rates = [0.1 / 1.01 ** (5 * epoch) for epoch in (1, 2)]
    stopping = ChannelTarget("learning_rate", target=sum(rates) / 2)
    assert run(1, termination_criterion=stopping).model.monitor.get_epochs_seen() == 2
    assert run(3, termination_criterion=stopping).model.monitor.get_epochs_seen() == 3
    # Patience is counted in records.
    patience = PatienceBasedTermCrit(prop_decrease=1.0, initial_patience=3, channel_name="valid_bias")
    assert run(2, termination_criterion=patience).model.monitor.get_epochs_seen() == 4


@pytest.mark.parametrize("combined", [False, True])
def test_a_criterion_that_counts_values_is_refused(combined):
    alone = MonitorBased(channel_name="valid_objective")
    counting = And([EpochCounter(max_epochs=3), alone]) if combined else alone
    with pytest.raises(OptionError, match="monitor_every is 2, but MonitorBased counts the values of a channel"):
        run(2, termination_criterion=counting)
    run(1, termination_criterion=And([EpochCounter(1), counting]))


def test_so_is_a_schedule_that_compares_epochs():
    extensions = {"extensions": [MonitorBasedLRAdjuster(channel_name="valid_objective")]}
    with pytest.raises(OptionError, match="compares the channel after each epoch, but .* monitor_every is 2"):
        run(2, train=extensions)


def test_it_is_at_least_1():
    with pytest.raises(ConfigurationError, match="monitor_every"):
        run(0)


def test_the_time_of_epochs_in_between_is_that_of_the_next():
    train = run(2, epochs=1)
    channel = train.model.monitor.channels["training_seconds_this_epoch"]
    for values, epochs, total in (([0, 2, 3], [0, 1, 2], 5), ([0, 2, 3], [0, 2, 4], 10), ([], [], 0)):
        channel.val_record, channel.epoch_record = values, epochs
        assert MonitorRecord({"training_seconds_this_epoch": channel}).training_seconds() == total
    assert MonitorRecord().training_seconds() is None
