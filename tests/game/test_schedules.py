"""When each player learns."""

from __future__ import annotations

from adversarial.game.costs import AdversaryCost2
from adversarial.game.schedules import ActivateGenerator, Cycler


class Algorithm:
    """As much of SGD as schedules look at."""

    def __init__(self):
        self.cost = AdversaryCost2()


def test_cycler_lets_the_generator_learn_every_kth_time():
    algorithm, cycler, seen = Algorithm(), Cycler(k=3), []
    for _ in range(6):
        cycler(algorithm)
        seen.append(float(algorithm.cost.now_train_generator.get_value()))
    assert seen == [0, 0, 1, 0, 0, 1]
    other = Cycler(k=3)
    other.set_state(cycler.get_state())
    assert other.i == cycler.i


def test_activate_generator_waits():
    algorithm, extension, seen = Algorithm(), ActivateGenerator(active_after=2, value=0.5), []
    for _ in range(4):
        extension.on_monitor(None, None, algorithm)
        seen.append(float(algorithm.cost.now_train_generator.get_value()))
    assert seen == [1, 1, 0.5, 0.5]
