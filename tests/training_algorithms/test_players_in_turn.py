"""SGD with the players in turn: the paper's k steps, and epochs of the discriminator alone."""

from __future__ import annotations

import numpy as np
import pytest
from training_stand_ins import PlainReconstruction, Player, experiment, interpret

from adversarial.errors import ConfigurationError
from adversarial.options import OptionError, building_with
from adversarial.space import VectorSpace
from adversarial.termination_criteria import EpochCounter
from adversarial.training_algorithms import alternating_steps, discriminator_steps
from adversarial.training_algorithms.learning_rule import Momentum


@pytest.fixture(autouse=True)
def interpreted(monkeypatch):
    interpret(monkeypatch)


def who_moves(algorithm: type, epochs: int, **options) -> list[str]:
    """After each minibatch, the players whose parameters changed: 'd', 'g' or 'dg'. Five minibatches an epoch."""
    moves, last = [], {}

    def look(algorithm):
        now = {name[0]: getattr(algorithm.model, name).W.get_value() for name in ("discriminator", "generator")}
        moves.append("".join(player for player in now if not np.array_equal(now[player], last[player])))
        last.update(now)

    train = experiment(
        algorithm,
        cost=PlainReconstruction(),
        termination_criterion=EpochCounter(max_epochs=epochs),
        **({"update_callbacks": [look], "train": {"extensions": []}} | options),
    )
    for name in ("discriminator", "generator"):
        last[name[0]] = getattr(train.model, name).W.get_value()
    train.main_loop()
    return moves


@pytest.mark.parametrize("rule", [None, Momentum(init_momentum=0.5)])
def test_the_generator_learns_after_every_k_steps_across_epochs(rule):
    moves = who_moves(discriminator_steps.SGD, 2, discriminator_steps=3, learning_rule=rule)
    assert moves == ["d", "d", "dg"] * 3 + ["d"]


def test_without_a_rule_an_update_of_2014_changes_both_players():
    options = {"discriminator_steps": 3, "learning_rule": None}
    with building_with("2014"):
        assert who_moves(discriminator_steps.SGD, 1, **options) == ["dg"] * 5
        assert who_moves(discriminator_steps.SGD, 1, **options | {"learning_rule": Momentum(0.5)})[0] == "d"


def test_one_step_each_by_default():
    assert who_moves(discriminator_steps.SGD, 1) == ["dg"] * 5


def test_the_generator_learns_in_every_other_epoch():
    moves = who_moves(alternating_steps.SGD, 4, discriminator_steps=1)
    assert moves == (["d"] * 5 + ["d", "g", "d", "g", "d"]) * 2


def step(value, player, X, rate):
    """One step of a player of `PlainReconstruction` down its gradient, in NumPy; G's W learns at half the rate."""
    hidden = X @ value["d_W"] + value["d_b"]
    error = 2 * (hidden @ value["g_W"] + value["g_b"] - X) / X.size
    below = error @ value["g_W"].T
    if player == "d":
        value["d_W"], value["d_b"] = value["d_W"] - rate * X.T @ below, value["d_b"] - rate * below.sum(axis=0)
    else:
        value["g_W"] = value["g_W"] - rate / 2 * hidden.T @ error
        value["g_b"] = value["g_b"] - rate * error.sum(axis=0)


@pytest.mark.parametrize(
    ("algorithm", "k", "turns"),
    [
        (discriminator_steps.SGD, 2, ["d", "dg", "d", "dg", "d", "dg", "d", "dg", "d", "dg"]),
        (alternating_steps.SGD, 2, [*"ddddd", *"ddgdd"]),
    ],
)
def test_each_step_is_down_the_players_own_gradient(algorithm, k, turns, float64):
    train = experiment(
        algorithm,
        cost=PlainReconstruction(),
        termination_criterion=EpochCounter(max_epochs=2),
        train_iteration_mode="sequential",
        learning_rule=None,
        update_callbacks=None,
        discriminator_steps=k,
        train={"extensions": []},
    )
    value = {param.name: param.get_value() for param in train.model.get_params()}
    X = train.dataset.get_design_matrix()
    train.main_loop()
    for number, turn in enumerate(turns):
        for player in turn:
            step(value, player, X[number % 5 * 5 :][:5], 0.1)
    for param in train.model.get_params():
        np.testing.assert_allclose(param.get_value(), value[param.name], rtol=1e-12, atol=1e-15)


def test_options_are_checked():
    with pytest.raises(OptionError, match="discriminator_steps"):
        discriminator_steps.SGD(learning_rate=0.1, discriminator_steps=0)
    with pytest.raises(OptionError, match="learning_rate"):
        alternating_steps.SGD(discriminator_steps=1)
    with pytest.raises(OptionError, match="did you mean 'discriminator_steps'"):
        alternating_steps.SGD(learning_rate=0.1, discriminator_step=1)


def test_a_model_without_players_is_refused():
    class Alone(Player):
        def __init__(self):
            super().__init__("d", 1)
            self.events = []

    class OfOne(PlainReconstruction):
        def expr(self, model, data, **kwargs):
            return (data @ model.W + model.b).mean()

        def get_data_specs(self, model):
            return VectorSpace(dim=4), "features"

    train = experiment(
        discriminator_steps.SGD, cost=OfOne(), monitoring_dataset=None, train={"model": Alone(), "extensions": []}
    )
    with pytest.raises(ConfigurationError, match="a model with a discriminator"):
        train.setup()
