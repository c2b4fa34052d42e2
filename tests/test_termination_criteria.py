"""When training stops."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adversarial.options import OptionError
from adversarial.termination_criteria import (
    And,
    ChannelInf,
    ChannelTarget,
    EpochCounter,
    MatchChannel,
    MonitorBased,
    Or,
    PatienceBasedTermCrit,
)


class Told:
    """A model whose monitor has the channel 'objective', to which values are added one by one."""

    def __init__(self, *values: float):
        channel = SimpleNamespace(val_record=list(values))
        self.monitor = SimpleNamespace(channels={"objective": channel}, get_epochs_seen=lambda: len(channel.val_record))

    def add(self, value: float) -> Told:
        self.monitor.channels["objective"].val_record.append(value)
        return self


def epochs(criterion, values) -> int:
    """How many of `values`, one an epoch, are recorded before training stops; all, and one more, if it does not."""
    model = Told()
    for count, value in enumerate(values, 1):
        if not criterion.continue_learning(model.add(value)):
            return count
    return len(values) + 1


@pytest.mark.parametrize("n", [1, 2, 5])
def test_epoch_counter_stops_after_its_epochs(n):
    assert epochs(EpochCounter(max_epochs=n), [0.0] * 10) == n


def test_epoch_counter_counts_earlier_epochs_where_asked():
    model = Told(0.0, 0.0, 0.0)
    assert not EpochCounter(max_epochs=3, new_epochs=False).continue_learning(model)
    assert EpochCounter(max_epochs=4, new_epochs=False).continue_learning(model)
    assert EpochCounter(max_epochs=2).continue_learning(model)


def test_monitor_based_waits_n_epochs_for_a_large_enough_fall():
    # 0.95 is a new lowest value, but not by a tenth; the countdown goes on.
    assert epochs(MonitorBased(prop_decrease=0.1, N=3), [1.0, 0.95, 0.94, 0.93, 0.1]) == 4
    assert epochs(MonitorBased(prop_decrease=0.0, N=3), [1.0, 0.95, 0.94, 0.93, 0.1]) == 6


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=30), st.integers(1, 5), st.floats(0, 0.5))
def test_monitor_based_is_the_plain_rule(values, n, prop_decrease):
    best, countdown, expected = np.inf, n, len(values) + 1
    for count, value in enumerate(values, 1):
        countdown = n if value < (1 - prop_decrease) * best else countdown - 1
        best = min(best, value)
        if countdown == 0:
            expected = count
            break
    assert epochs(MonitorBased(prop_decrease=prop_decrease, N=n), values) == expected


def test_patience_grows_with_improvement():
    assert epochs(PatienceBasedTermCrit(prop_decrease=0.1, initial_patience=3), [1.0] * 10) == 3
    # The improvement at record 2 asks for 4 records.
    assert epochs(PatienceBasedTermCrit(prop_decrease=0.1, initial_patience=3), [1.0, 0.5] + [0.5] * 8) == 4


def test_channel_criteria():
    assert epochs(ChannelTarget("objective", 0.5), [1.0, 0.6, 0.5, 0.4]) == 3
    assert epochs(ChannelInf("objective"), [1.0, np.inf]) == 2
    assert epochs(ChannelInf("objective"), [1.0, -np.inf]) == 2


def test_match_channel_follows_the_earlier_run():
    model = Told(0.5)
    model.earlier = Told(3.0, 0.4).monitor
    criterion = MatchChannel("objective", "objective", "earlier")
    assert criterion.continue_learning(model)
    assert not criterion.continue_learning(model.add(0.4))
    with pytest.raises(OptionError, match="push_monitor"):
        MatchChannel("objective", "objective", "elsewhere").continue_learning(model)


def test_and_stops_with_the_first_or_with_the_last():
    assert epochs(And([EpochCounter(max_epochs=2), EpochCounter(max_epochs=4)]), [0.0] * 10) == 2
    # As in 2014 the second begins to count only when the first is done.
    assert epochs(Or([EpochCounter(max_epochs=2), EpochCounter(max_epochs=4)]), [0.0] * 10) == 5


def test_an_unknown_channel_is_named_with_the_nearest():
    with pytest.raises(OptionError, match="did you mean 'objective'"):
        ChannelTarget("objectiv", 0.0).continue_learning(Told(1.0))


@pytest.mark.parametrize(
    "make",
    [
        lambda: EpochCounter(max_epochs=6),
        lambda: MonitorBased(N=2),
        lambda: PatienceBasedTermCrit(prop_decrease=0.2, initial_patience=2),
        lambda: And([EpochCounter(max_epochs=5), MonitorBased(N=2)]),
        lambda: Or([EpochCounter(max_epochs=2), MonitorBased(N=2)]),
    ],
)
def test_a_restored_criterion_goes_on_as_the_straight_one(make):
    values = [1.0, 0.5, 0.6, 0.3, 0.4, 0.2, 0.2, *[0.3] * 8]
    straight, first = make(), make()
    model = Told()
    answers = []
    for i, value in enumerate(values):
        model.add(value)
        answers.append(straight.continue_learning(model))
        if i == 2:
            second = make()
            second.set_state(first.get_state())
            first = second
        assert first.continue_learning(model) == answers[-1]
    assert not all(answers)


def test_options_are_checked():
    with pytest.raises(OptionError, match="max_epochs"):
        EpochCounter(max_epochs=-1)
    with pytest.raises(OptionError, match="criteria"):
        And([1])


@pytest.mark.parametrize(
    "criterion",
    [
        MonitorBased(channel_name="objectiv"),
        PatienceBasedTermCrit(prop_decrease=0.1, initial_patience=3, channel_name="objectiv"),
        MatchChannel("objectiv", "objective", "monitor"),
        ChannelTarget(channel_name="objectiv", target=0.0),
        ChannelInf(channel_name="objectiv"),
        And([EpochCounter(max_epochs=3), Or([ChannelInf(channel_name="objectiv")])]),
    ],
)
def test_a_channel_that_is_not_there_is_told_before_training(criterion):
    with pytest.raises(OptionError, match="has no channel 'objectiv'; did you mean 'objective'"):
        criterion.check_channels(Told())


def test_the_earlier_channel_is_checked_too():
    with pytest.raises(OptionError, match="no earlier monitor 'first'"):
        MatchChannel("objective", "objective", "first").check_channels(Told())
    with pytest.raises(OptionError, match="no channel 'objectiv'") as refusal:
        MatchChannel("objective", "objectiv", "monitor").check_channels(Told())
    assert refusal.value.key == "prev_channel_name"
    EpochCounter(max_epochs=1).check_channels(Told())
