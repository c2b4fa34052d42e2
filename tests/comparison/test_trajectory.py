"""The figures of the record, and distances from it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytensor import shared

from adversarial.comparison import trajectory
from adversarial.comparison.trajectory import distance, distances, parameters_after, record, scale, summary
from adversarial.config import yaml_parse


@given(st.integers(1, 60), st.floats(-9, 9), st.integers(0, 9))
def test_figures_are_linear_and_no_larger_than_their_scale(size, factor, seed):
    value = np.random.default_rng(seed).normal(size=(size, 2))
    figures = summary(value)
    assert figures.shape == scale(value).shape == (3 + min(2 * size, 16),)
    expected = factor * figures
    expected[1] = abs(factor) * figures[1]
    np.testing.assert_allclose(summary(factor * value), expected, atol=1e-9)
    assert (np.abs(figures) <= scale(value) + 1e-12).all()


def test_the_record_has_the_same_parameters_at_each_update():
    found = record()
    assert list(found) == sorted(found) and found.keys() >= {0, 50}
    assert all({name: each.shape for name, each in moment.items()} ==
               {name: each.shape for name, each in found[0].items()} for moment in found.values())  # fmt: skip
    assert {"gen_h0_W", "dis_h0_W", "dis_y_b"} <= found[0].keys()


def test_the_shapes_of_the_record_are_those_of_our_file():
    train = yaml_parse.load_path(Path(__file__).parents[2] / "yaml" / trajectory.FILE)
    assert {name: value.shape for name, value in trajectory.parameters(train.model).items()} == trajectory.SHAPES
    trajectory.check_shapes(train.model, "it")
    assert trajectory.SHAPES.keys() == record()[0].keys()


@pytest.fixture
def model():
    """A stand-in for a pair: one parameter a player."""
    params = {"gen": shared(np.arange(1.0, 41).reshape(8, 5), "h0_W"), "dis": shared(np.zeros(3), "y_b")}
    players = {name: SimpleNamespace(get_params=lambda param=param: [param]) for name, param in params.items()}
    return SimpleNamespace(players=lambda: players, params=params)


@pytest.fixture
def recorded(model, monkeypatch):
    """A record of 3 updates, each of which adds 1 to the weights, of that model."""
    weights = model.params["gen"].get_value()
    found = {update: {"gen_h0_W": summary(weights + update), "dis_y_b": summary(np.zeros(3))} for update in (0, 1, 3)}
    monkeypatch.setattr(trajectory, "record", lambda: found)
    return found


def training(model, step):
    """A stand-in for an experiment: three updates, each of which adds `step` to the weights."""
    algorithm = SimpleNamespace(update_callbacks=[], model=model)

    def main_loop(max_epochs=None):
        for _ in range(3):
            model.params["gen"].set_value(model.params["gen"].get_value() + step)
            for callback in algorithm.update_callbacks:
                callback(algorithm)

    return SimpleNamespace(algorithm=algorithm, model=model, main_loop=main_loop)


def test_parameters_are_copied_after_the_updates_named(model):
    found = parameters_after(training(model, 1.0), [1, 3])
    assert list(found) == [0, 1, 3] and set(found[0]) == {"gen_h0_W", "dis_y_b"}
    for update, parameters in found.items():
        np.testing.assert_array_equal(parameters["gen_h0_W"], np.arange(1.0, 41).reshape(8, 5) + update)


def test_the_same_run_is_at_distance_0_and_another_at_its_relative_deviation(model, recorded):
    assert [(each.update, each.largest) for each in distances(training(model, 1.0))] == [(0, 0.0), (1, 0.0), (3, 0.0)]
    assert distance(model, 3).largest == 0
    model.params["gen"].set_value(1.01 * model.params["gen"].get_value())
    found = distance(model, 3)
    assert found.parameter == "gen_h0_W" and found.largest == pytest.approx(0.01 / 1.01, rel=1e-6)


def test_a_parameter_that_is_absent_or_of_another_shape_is_infinitely_far(model, recorded):
    model.params["dis"].set_value(np.zeros(4))
    assert distance(model, 0) == (0, np.inf, "dis_y_b")
    recorded[0]["gen_h1_W"] = np.zeros(19)
    del recorded[0]["dis_y_b"]
    assert distance(model, 0) == (0, np.inf, "gen_h1_W")
