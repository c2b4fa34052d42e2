"""Many updates in one dispatch change nothing: not a bit of a parameter, whatever the groups are."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from training_stand_ins import experiment, parameters, record

from adversarial import backend, checkpoint
from adversarial.errors import NumericalError
from adversarial.game.schedules import Cycler
from adversarial.termination_criteria import EpochCounter
from adversarial.training_algorithms.schedules import ExponentialDecay

pytest.importorskip("jax", reason="jax is not installed")
update_loop = pytest.importorskip("adversarial.engine.jax.update_loop")

pytestmark = [
    pytest.mark.parametrize("on", ["jax"], indirect=True),
    pytest.mark.usefixtures("on"),
]


def trained(train, epochs=2):
    train.main_loop(max_epochs=epochs)
    return train


def watched(train):
    """The experiment with a callback that must see each update when it is done, and a list of what it saw."""
    seen = []
    train.algorithm.update_callbacks.append(
        lambda algorithm: seen.append((float(algorithm.learning_rate.get_value()), parameters(train)))
    )
    return train, seen


def saved(train):
    """What a saved run holds."""
    content = checkpoint.model_content(train.model) | {"training": train.get_state()}
    return copy.deepcopy({name: content[name] for name in ("parameters", "monitor", "training")})


def assert_same_bits(one, other):
    for a, b in zip(parameters(one), parameters(other), strict=True):
        np.testing.assert_array_equal(a, b)
    assert record(one) == record(other)


def sizes_of_groups(monkeypatch):
    """A list that fills with the number of updates of each dispatch."""
    found, take = [], update_loop._Groups.take

    def noted(self, most):
        group = take(self, most)
        found.append(len(group))
        return group

    monkeypatch.setattr(update_loop._Groups, "take", noted)
    return found


def test_updates_in_groups_are_those_one_by_one(monkeypatch):
    sizes = sizes_of_groups(monkeypatch)
    monkeypatch.setattr(update_loop, "TARGET", 1e9)
    grouped = trained(experiment(), epochs=3)
    assert max(sizes) == 4, "an epoch is four minibatches of 5 and one of 3"
    del sizes[:]
    single, seen = watched(experiment())
    trained(single, epochs=3)
    assert max(sizes) == 1
    assert_same_bits(grouped, single)
    rates = [rate for rate, _ in seen]
    np.testing.assert_allclose(rates, [0.1 / 1.01**t for t in range(1, 16)], rtol=1e-6)
    for (_, before), (_, after) in zip(seen[:-1], seen[1:], strict=True):
        assert all(np.any(a != b) for a, b in zip(before, after, strict=True)), "each update is seen when it is done"


def test_a_run_stopped_within_an_epoch_goes_on_to_the_bit(monkeypatch):
    straight, first, second = (experiment(termination_criterion=EpochCounter(max_epochs=3)) for _ in range(3))
    straight.main_loop()

    def stop(train):
        train.stop_requested = train.model.monitor.get_batches_seen() >= 7

    first.reporter.on_update = stop
    assert first.main_loop() == "stop requested"
    second.resume(saved(first))
    monkeypatch.setattr(update_loop, "TARGET", 1e9)
    second.main_loop()
    assert_same_bits(second, straight)


def test_a_run_saved_on_one_backend_goes_on_on_another(on):
    straight, first, second = (experiment() for _ in range(3))
    trained(straight)
    backend.configure(backend="c")
    second.resume(saved(trained(first, epochs=1)))
    backend.configure(backend=on)
    for a, b in zip(parameters(straight), parameters(trained(second)), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)


def test_a_dataset_that_does_not_fit_comes_batch_by_batch(monkeypatch):
    resident = trained(experiment())
    monkeypatch.setattr(update_loop.devices, "fits", lambda size: False)
    for a, b in zip(parameters(resident), parameters(trained(experiment())), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)


def test_a_dataset_that_is_replaced_is_seen():
    train = experiment(update_callbacks=None)
    train.setup()
    train.algorithm.train(train.dataset)
    after_one = parameters(train)
    train.dataset.X = np.full_like(train.dataset.X, np.nan)
    with pytest.raises(NumericalError, match="after update"):
        train.algorithm.train(train.dataset)
    assert all(np.isfinite(value).all() for value in after_one), "copies are not given up to later updates"


def test_callbacks_of_this_library_that_set_scalars_run_ahead():
    assert ExponentialDecay(1.1, 0.1).runs_ahead and Cycler(2).runs_ahead


@pytest.mark.parametrize("train_iteration_mode", ["sequential", "random_uniform", "batchwise_shuffled_sequential"])
def test_every_order_gives_what_the_c_backend_gives(train_iteration_mode, on):
    options = {"train_iteration_mode": train_iteration_mode, "batches_per_iter": 3}
    here = trained(experiment(**options))
    backend.configure(backend="c")
    there = trained(experiment(**options))
    for a, b in zip(parameters(here), parameters(there), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)
