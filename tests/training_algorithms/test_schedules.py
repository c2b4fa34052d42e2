"""Schedules of the learning rate against their formulas."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from adversarial.backend import sharedX
from adversarial.errors import ConfigurationError
from adversarial.options import OptionError
from adversarial.training_algorithms.schedules import (
    AnnealedLearningRate,
    DecayToZero,
    ExponentialDecay,
    LinearDecay,
    LinearDecayOverEpoch,
    MonitorBasedLRAdjuster,
    OneOverEpoch,
    PolyakAveraging,
)


def algorithm(rate: float = 0.1) -> SimpleNamespace:
    return SimpleNamespace(learning_rate=sharedX(rate, name="learning_rate"))


def rates(schedule, steps: int, rate: float = 0.1) -> list[float]:
    """The learning rate after each of `steps` calls."""
    algo = algorithm(rate)
    call = schedule if callable(schedule) else lambda algo: schedule.on_monitor(None, None, algo)
    found = []
    for _ in range(steps):
        call(algo)
        found.append(float(algo.learning_rate.get_value()))
    return found


def test_exponential_decay(float64):
    found = rates(ExponentialDecay(decay_factor=1.5, min_lr=0.02), 6)
    expected = [max(0.1 / 1.5**t, 0.02) for t in range(1, 7)]
    np.testing.assert_array_equal(found, expected)


def test_exponential_decay_rounds_once_only():
    found = rates(ExponentialDecay(decay_factor=1.000004, min_lr=1e-6), 50)
    initial = float(np.float32(0.1))
    np.testing.assert_array_equal(found, [np.float32(initial / 1.000004**t) for t in range(1, 51)])


def test_exponential_decay_does_not_overflow():
    schedule = ExponentialDecay(decay_factor=1e300, min_lr=1e-6)
    assert rates(schedule, 5) == [float(np.float32(1e-6))] * 5


def test_linear_decay(float64):
    found = rates(LinearDecay(start=3, saturate=6, decay_factor=0.1), 8)
    step = (0.1 - 0.01) / 4
    expected = [0.1, 0.1, 0.1 - step, 0.1 - 2 * step, 0.1 - 3 * step, 0.01, 0.01, 0.01]
    np.testing.assert_allclose(found, expected, rtol=1e-14)
    by_epoch = rates(LinearDecayOverEpoch(start=3, saturate=6, decay_factor=0.1), 8)
    np.testing.assert_array_equal(by_epoch, found)


def test_decay_to_zero(float64):
    np.testing.assert_allclose(rates(DecayToZero(4), 6), [0.075, 0.05, 0.025, 0, 0, 0], rtol=1e-14)
    np.testing.assert_allclose(rates(DecayToZero(4, start=2), 5), [0.1, 0.1, 0.05, 0, 0], rtol=1e-14)
    half = 0.05 * (1 + np.cos(np.pi * np.arange(1, 5) / 4))
    np.testing.assert_allclose(rates(DecayToZero(4, shape="cosine"), 4), half, atol=1e-16)
    with pytest.raises(OptionError, match="start is 4, but must be before updates, which is 4"):
        DecayToZero(4, start=4)


def test_decay_to_zero_goes_on_where_it_was(float64):
    whole, begun, resumed = DecayToZero(10), DecayToZero(10), DecayToZero(10)
    rates(begun, 3)
    resumed.set_state(begun.get_state())
    assert rates(resumed, 4) == rates(whole, 7)[3:]


def test_one_over_epoch(float64):
    found = rates(OneOverEpoch(start=2, half_life=2, min_lr=0.03), 8)
    np.testing.assert_allclose(found, [0.1, 0.1, 0.2 / 3, 0.05, 0.04, 0.1 / 3, 0.03, 0.03], rtol=1e-14)


def test_annealing_falls_as_one_over_t(float64):
    np.testing.assert_allclose(rates(AnnealedLearningRate(2), 5), [0.1, 0.1, 0.2 / 3, 0.05, 0.04], rtol=1e-14)


def test_monitor_based_adjuster_shrinks_and_grows(float64):
    channel = SimpleNamespace(val_record=[])
    model = SimpleNamespace(monitor=SimpleNamespace(channels={"valid_objective": channel, "other": None}))
    schedule, algo = MonitorBasedLRAdjuster(shrink_amt=0.5, grow_amt=2.0, max_lr=0.15), algorithm()
    schedule.setup(model, None, algo)
    found = []
    for value in (1.0, 2.0, 1.995, 1.0, 0.999):
        channel.val_record.append(value)
        schedule.on_monitor(model, None, algo)
        found.append(float(algo.learning_rate.get_value()))
    assert found == [0.1, 0.05, 0.1, 0.1, 0.15]


def test_monitor_based_adjuster_asks_which_objective():
    channels = {"valid_objective": None, "test_objective": None}
    model = SimpleNamespace(monitor=SimpleNamespace(channels=channels))
    with pytest.raises(OptionError, match="valid_objective, test_objective"):
        MonitorBasedLRAdjuster().setup(model, None, None)
    with pytest.raises(OptionError, match="did you mean 'valid_objective'"):
        MonitorBasedLRAdjuster(dataset_name="valud").setup(model, None, None)
    MonitorBasedLRAdjuster(dataset_name="test").setup(model, None, None)


def test_polyak_averaging_is_the_running_mean(float64):
    param = sharedX(np.zeros(3), name="w")
    algo = SimpleNamespace(update_callbacks=[], model=SimpleNamespace(get_params=lambda: [param]))
    extension = PolyakAveraging(start=1)
    extension.setup(None, None, algo)
    seen = []
    for epoch in range(4):
        extension.on_monitor(None, None, algo)
        for update in range(3):
            param.set_value(np.random.RandomState(epoch * 3 + update).standard_normal(3))
            algo.update_callbacks[0](algo)
            if epoch >= 1:
                seen.append(param.get_value())
    np.testing.assert_allclose(extension.means[0], np.mean(seen, axis=0), rtol=1e-13)


@pytest.mark.parametrize(
    "make",
    [
        lambda: ExponentialDecay(decay_factor=1.1, min_lr=0.06),
        lambda: LinearDecay(start=2, saturate=7, decay_factor=0.2),
        lambda: LinearDecayOverEpoch(start=2, saturate=7, decay_factor=0.2),
        lambda: OneOverEpoch(start=1),
        lambda: AnnealedLearningRate(3),
    ],
)
def test_a_restored_schedule_goes_on_as_the_straight_one(make):
    straight = rates(make(), 10)
    for stop in (0, 1, 4, 9):
        first, second = make(), make()
        begun = rates(first, stop)
        second.set_state(first.get_state())
        assert begun + rates(second, 10 - stop, begun[-1] if begun else 0.1) == straight


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: ExponentialDecay(decay_factor=0, min_lr=1e-6), "decay_factor"),
        (lambda: ExponentialDecay(decay_factor=1.1, min_lr=-1.0), "min_lr"),
        (lambda: LinearDecay(start=5, saturate=5, decay_factor=0.1), "saturate"),
        (lambda: LinearDecay(start=0, saturate=5, decay_factor=0.1), "start"),
        (lambda: OneOverEpoch(start=-1), "start"),
        (lambda: PolyakAveraging(start=-1), "start"),
    ],
)
def test_options_are_checked(make, key):
    with pytest.raises(OptionError) as caught:
        make()
    assert caught.value.key == key


def test_one_over_epoch_refuses_a_rate_below_its_minimum():
    with pytest.raises(ConfigurationError, match="below min_lr"):
        rates(OneOverEpoch(start=1, min_lr=0.5), 1)
