"""Learning rules against plain NumPy."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from training_stand_ins import interpret

from adversarial.backend import function, sharedX
from adversarial.errors import ConfigurationError
from adversarial.options import OptionError
from adversarial.training_algorithms.learning_rule import (
    AdaDelta,
    AdaGrad,
    Momentum,
    MomentumAdjustor,
    OptimisticMomentum,
    RMSProp,
    plain_updates,
)

RATE, SCALE = 0.1, 0.5


@pytest.fixture(autouse=True)
def interpreted(monkeypatch):
    interpret(monkeypatch)


def trajectory(get_updates, steps: int = 6) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Values of (W, b) after each step on a sum of quartics; the learning rate of W is scaled."""
    rng = np.random.RandomState(0)
    W, b = sharedX(rng.standard_normal((3, 2)), name="W"), sharedX(rng.standard_normal(2), name="b")
    loss = (W**4).sum() / 4 + pt.sum((b - 1) ** 4) / 4
    grads = dict(zip([W, b], pytensor.grad(loss, [W, b]), strict=True))
    step = function([], updates=get_updates(sharedX(RATE, name="learning_rate"), grads, {W: SCALE}))
    values = [[W.get_value()], [b.get_value()]]
    for _ in range(steps):
        step()
        values[0].append(W.get_value())
        values[1].append(b.get_value())
    return values[0], values[1]


def gradients() -> list:
    return [lambda W: W**3, lambda b: (b - 1) ** 3]


def test_plain_gradient_descent(float64):
    for values, gradient, rate in zip(trajectory(plain_updates), gradients(), (RATE * SCALE, RATE), strict=True):
        for before, after in zip(values, values[1:], strict=False):
            np.testing.assert_allclose(after, before - rate * gradient(before), rtol=1e-13)


def test_momentum(float64):
    found = trajectory(Momentum(init_momentum=0.7).get_updates)
    for values, gradient, rate in zip(found, gradients(), (RATE * SCALE, RATE), strict=True):
        value, velocity = values[0], np.zeros_like(values[0])
        for after in values[1:]:
            velocity = 0.7 * velocity - rate * gradient(value)
            value = value + velocity
            np.testing.assert_allclose(after, value, rtol=1e-13)


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_optimistic_updates(momentum, float64):
    found = trajectory(OptimisticMomentum(init_momentum=momentum).get_updates, steps=50)
    for values, gradient, rate in zip(found, gradients(), (RATE * SCALE, RATE), strict=True):
        value, velocity, previous = values[0], np.zeros_like(values[0]), np.zeros_like(values[0])
        for after in values[1:]:
            g = gradient(value)
            velocity, previous = momentum * velocity - rate * (2 * g - previous), g
            value = value + velocity
            np.testing.assert_allclose(after, value, atol=1e-6, rtol=1e-12)


def test_optimism_ends_a_game_that_plain_gradients_circle(float64):
    # x minimizes x y, y maximizes it; the equilibrium is 0.
    ends = []
    for get_updates in (OptimisticMomentum().get_updates, plain_updates):
        x, y = sharedX(1.0, name="x"), sharedX(1.0, name="y")
        step = function([], updates=get_updates(sharedX(0.3), {x: y, y: -x}))
        for _ in range(200):
            step()
        ends.append(np.hypot(x.get_value(), y.get_value()))
    assert ends[0] < 1e-3 and ends[1] > 2


def test_adadelta_has_the_learning_rate_for_its_epsilon(float64):
    found = trajectory(AdaDelta(decay=0.9).get_updates)
    for values, gradient, epsilon in zip(found, gradients(), (RATE * SCALE, RATE), strict=True):
        value, g2, dx2 = values[0], np.zeros_like(values[0]), np.zeros_like(values[0])
        for after in values[1:]:
            g = gradient(value)
            g2 = 0.9 * g2 + 0.1 * g**2
            dx = -np.sqrt(dx2 + epsilon) / np.sqrt(g2 + epsilon) * g
            dx2 = 0.9 * dx2 + 0.1 * dx**2
            value = value + dx
            np.testing.assert_allclose(after, value, rtol=1e-13)


@pytest.mark.parametrize("rule", [Momentum(init_momentum=0.5), OptimisticMomentum(), AdaDelta()])
def test_updates_keep_the_parameters_dtype(rule):
    W = sharedX(np.ones((2, 2)), name="W")
    for variable, value in rule.get_updates(sharedX(0.1), {W: 2 * W}, {}).items():
        assert variable.dtype == value.dtype == "float32"


def momenta(adjustor: MomentumAdjustor, steps: int, momentum: float = 0.5) -> list[float]:
    algorithm = SimpleNamespace(learning_rule=Momentum(init_momentum=momentum))
    adjustor.setup(None, None, algorithm)
    found = []
    for _ in range(steps):
        adjustor.on_monitor(None, None, algorithm)
        found.append(float(algorithm.learning_rule.momentum.get_value()))
    return found


def test_momentum_adjustor_is_linear_between_its_ends(float64):
    found = momenta(MomentumAdjustor(final_momentum=0.9, start=2, saturate=6), 8)
    np.testing.assert_allclose(found, [0.5, 0.5, 0.6, 0.7, 0.8, 0.9, 0.9, 0.9], rtol=1e-14)
    assert momenta(MomentumAdjustor(final_momentum=0.9, start=3, saturate=3), 4) == [0.5, 0.5, 0.9, 0.9]


def test_a_restored_adjustor_goes_on_as_the_straight_one():
    def make() -> MomentumAdjustor:
        return MomentumAdjustor(final_momentum=0.9, start=1, saturate=6)

    straight, first, second = momenta(make(), 8), make(), make()
    begun = momenta(first, 3)
    second.set_state(first.get_state())
    assert begun + momenta(second, 5, begun[-1]) == straight


def test_options_are_checked():
    with pytest.raises(OptionError, match="init_momentum"):
        Momentum(init_momentum=1.0)
    with pytest.raises(OptionError, match="decay"):
        AdaDelta(decay=-0.1)
    with pytest.raises(OptionError, match="saturate"):
        MomentumAdjustor(final_momentum=0.7, start=3, saturate=2)
    with pytest.raises(ConfigurationError, match="learning_rule is Momentum"):
        MomentumAdjustor(final_momentum=0.7, start=1, saturate=2).setup(
            None, None, SimpleNamespace(learning_rule=AdaDelta())
        )


def test_nesterov_momentum_steps_from_where_the_velocity_leads(float64):
    momentum, rates = 0.6, (RATE * SCALE, RATE)
    for values, gradient, rate in zip(
        trajectory(Momentum(momentum, nesterov_momentum=True).get_updates), gradients(), rates, strict=True
    ):
        velocity = 0.0
        for before, after in zip(values, values[1:], strict=False):
            velocity = momentum * velocity - rate * gradient(before)
            np.testing.assert_allclose(after, before + momentum * velocity - rate * gradient(before), rtol=1e-12)


def test_adagrad_divides_by_the_root_of_all_squares_so_far(float64):
    for values, gradient, rate in zip(
        trajectory(AdaGrad().get_updates), gradients(), (RATE * SCALE, RATE), strict=True
    ):
        total = 0.0
        for before, after in zip(values, values[1:], strict=False):
            total = total + gradient(before) ** 2
            np.testing.assert_allclose(after, before - rate * gradient(before) / np.sqrt(total), rtol=1e-12)


def test_adagrad_leaves_what_never_had_a_gradient(float64):
    param = sharedX(np.ones(2), name="b")
    updates = AdaGrad().get_updates(sharedX(RATE), {param: pt.constant(np.array([0.0, 1.0]))})
    np.testing.assert_allclose(updates[param].eval(), [1.0, 1.0 - RATE])


@pytest.mark.parametrize("max_scaling", [1e5, 2.0])
def test_rmsprop_divides_by_the_root_of_a_running_mean_of_squares(max_scaling, float64):
    rule = RMSProp(decay=0.7, max_scaling=max_scaling)
    for values, gradient, rate in zip(trajectory(rule.get_updates), gradients(), (RATE * SCALE, RATE), strict=True):
        mean = 0.0
        for before, after in zip(values, values[1:], strict=False):
            mean = 0.7 * mean + 0.3 * gradient(before) ** 2
            step = rate * gradient(before) / np.maximum(np.sqrt(mean), 1 / max_scaling)
            np.testing.assert_allclose(after, before - step, rtol=1e-12)
