"""A killed run with parts of a user's own goes on to the bit, or has said what is lost."""

from __future__ import annotations

import itertools
import logging
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training_stand_ins import Killed, KilledAt, experiment, interpret, parameters, record

from adversarial import checkpoint
from adversarial.termination_criteria import And, EpochCounter, TerminationCriterion
from adversarial.train import Reporter
from adversarial.train_extensions import TrainExtension

EPOCHS = 4


def change_rate(algorithm, factor):
    rate = algorithm.learning_rate
    rate.set_value(np.asarray(rate.get_value() * factor, dtype=rate.dtype))


class CountingCallback:
    """Counts updates itself; knows nothing of resuming."""

    def __init__(self):
        self.count = 0

    def __call__(self, algorithm):
        self.count += 1
        change_rate(algorithm, 1 - 0.01 * self.count)


class RandomCallback:
    """Draws random numbers, and remembers them in a dictionary by number."""

    def __init__(self):
        self.rng, self.seen = np.random.default_rng(7), {}

    def __call__(self, algorithm):
        self.seen[len(self.seen)] = self.rng.random()
        change_rate(algorithm, 1 - 0.1 * sum(self.seen.values()) / len(self.seen))


class CallbackWithState(CountingCallback):
    """Keeps what cannot be saved, and says itself how to go on."""

    def __init__(self):
        self.numbers, self.taken = itertools.count(), 0

    def __call__(self, algorithm):
        self.taken = next(self.numbers)
        change_rate(algorithm, 1 - 0.01 * self.taken)

    def get_state(self):
        return {"taken": self.taken}

    def set_state(self, state):
        self.numbers = itertools.count(state["taken"] + 1)


class LostCallback(CountingCallback):
    """Keeps what cannot be saved."""

    def __init__(self):
        self.numbers = itertools.count()

    def __call__(self, algorithm):
        change_rate(algorithm, 1 - 0.01 * next(self.numbers))


class CountingExtension(TrainExtension):
    """Counts monitoring steps itself."""

    def __init__(self):
        self.count = 0

    def on_monitor(self, model, dataset, algorithm):
        self.count += 1
        change_rate(algorithm, 0.5 if self.count % 2 else 1.1)


class ExtensionWithState(TrainExtension):
    """Keeps what cannot be saved, and says itself how to go on."""

    def __init__(self):
        self.numbers, self.taken = itertools.count(), 0

    def on_monitor(self, model, dataset, algorithm):
        self.taken = next(self.numbers)
        change_rate(algorithm, 1 - 0.1 * self.taken)

    get_state, set_state = CallbackWithState.get_state, CallbackWithState.set_state


class LostExtension(TrainExtension):
    """Keeps what cannot be saved."""

    def __init__(self):
        self.numbers = itertools.count()

    def on_monitor(self, model, dataset, algorithm):
        change_rate(algorithm, 1 - 0.1 * next(self.numbers))


class StatelessExtension(TrainExtension):
    """Has nothing to remember."""

    def on_monitor(self, model, dataset, algorithm):
        change_rate(algorithm, 0.9)


def stateless(algorithm):
    """Decays the rate by what it is: a callback with nothing to remember."""
    change_rate(algorithm, 0.99)


class CountingCriterion(TerminationCriterion):
    """Counts its own epochs, one more than it should stop at."""

    def __init__(self):
        self.count = 0

    def continue_learning(self, model):
        self.count += 1
        return self.count < EPOCHS


PARTS = (CountingCallback, RandomCallback, CallbackWithState, LostCallback, lambda: stateless)
EXTENSIONS = (CountingExtension, ExtensionWithState, LostExtension, StatelessExtension)
LOST = (LostCallback, LostExtension)


def run(folder, parts, extensions, own_criterion, every, reporter=None, content=None, keep=None):
    criterion = And([EpochCounter(max_epochs=EPOCHS), *([CountingCriterion()] if own_criterion else [])])
    train = experiment(
        update_callbacks=[part() for part in parts],
        termination_criterion=criterion,
        train={
            "save_path": str(Path(folder) / "m.pkl"),
            "save_freq": every,
            "extensions": [extension() for extension in extensions],
        },
    )
    train.reporter = reporter or Reporter()
    train.keep_every = keep
    if every == 0:
        train.save_every_seconds = 0.0  # after each update
    if content is not None:
        train.resume(content)
    train.main_loop()
    return train


@settings(deadline=None, max_examples=12)
@given(
    st.lists(st.sampled_from(PARTS), max_size=3),
    st.lists(st.sampled_from(EXTENSIONS), max_size=3),
    st.booleans(),
    st.integers(0, 2),
    st.sampled_from([None, 1, 2]),
    st.integers(1, 5 * EPOCHS),
)
def test_a_killed_run_goes_on_to_the_bit_or_has_said_what_is_lost(parts, extensions, own, every, keep, update):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        interpret(patch)
        with mock.patch.object(logging.getLogger("adversarial.checkpoint.run_state"), "warning") as said:
            straight = run(folder, parts, extensions, own, 0, keep=keep)
            Path(folder, "m.pkl").unlink()
            with pytest.raises(Killed):
                run(folder, parts, extensions, own, every, KilledAt(update), keep=keep)
            content = checkpoint.read(f"{folder}/m.pkl") if Path(folder, "m.pkl").exists() else None
            said.reset_mock()
            resumed = run(folder, parts, extensions, own, every, content=content, keep=keep)
        sentences = [" ".join(map(str, call.args[1:])) for call in said.call_args_list]
        for kind, made in (("update_callbacks", parts), ("extensions", extensions)):
            for place, part in enumerate(made):
                named = any(f"{kind}[{place}], a {part.__name__}" in sentence for sentence in sentences)
                assert named == (part in LOST)
        if not {*parts, *extensions} & {*LOST}:
            for one, other in zip(parameters(straight), parameters(resumed), strict=True):
                np.testing.assert_array_equal(one, other)
            assert record(straight) == record(resumed)
            assert straight.model.monitor.get_epochs_seen() == resumed.model.monitor.get_epochs_seen()


def test_a_run_saved_before_such_states_were_kept_says_what_starts_anew(tmp_path, monkeypatch, caplog):
    caplog.set_level("WARNING", logger="adversarial")
    interpret(monkeypatch)
    run(tmp_path, [CountingCallback], [CountingExtension], False, 1)
    content = checkpoint.read(tmp_path / "m.pkl")
    del content["training"]["own"]
    content["training"]["termination"] = content["training"]["termination"]["criterion"]
    run(tmp_path, [CountingCallback], [CountingExtension], False, 1, content=content)
    assert "update_callbacks[0], a CountingCallback, starts anew" in caplog.text
    assert "extensions[0], a CountingExtension, starts anew" in caplog.text
