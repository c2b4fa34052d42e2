"""A small model, cost and datasets on which the tests of training stand: a noisy linear map, learned by SGD."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode

from adversarial import backend, checkpoint
from adversarial.backend import floatX, sharedX
from adversarial.cost import Cost, DefaultDataSpecsMixin
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.models.model import Model
from adversarial.random_streams import MRG_RandomStreams
from adversarial.space import VectorSpace
from adversarial.train import Reporter, Train
from adversarial.training_algorithms.learning_rule import Momentum, MomentumAdjustor
from adversarial.training_algorithms.schedules import ExponentialDecay
from adversarial.training_algorithms.sgd import SGD


class Player(Model):
    """A matrix and a bias."""

    def __init__(self, name: str, seed: int, dim: int = 4):
        self.W = sharedX(np.random.RandomState(seed).uniform(-0.5, 0.5, (dim, dim)), name=f"{name}_W")
        self.b = sharedX(np.zeros(dim), name=f"{name}_b")
        self._params = [self.W, self.b]


class Pair(Model):
    """Two linear maps one after the other, called as the players of a game are."""

    def __init__(self, dim: int = 4):
        self.discriminator = Player("d", 1, dim)
        self.generator = Player("g", 2, dim)
        self._params = self.discriminator.get_params() + self.generator.get_params()
        self.input_space = self.output_space = VectorSpace(dim=dim)
        self.events: list[str] = []

    def get_monitoring_data_specs(self) -> Any:
        return self.input_space, "features"

    def get_monitoring_channels(self, data: Any) -> dict[str, Any]:
        self.events.append("model channels")
        return {"first": data[:, 0].mean(), "bias": self.discriminator.b.sum()}

    def _modify_updates(self, updates: dict[Any, Any]) -> None:
        self.events.append("modify_updates")

    def get_lr_scalers(self) -> dict[Any, float]:
        self.events.append("lr_scalers")
        return {self.generator.W: 0.5}


class NoisyReconstruction(DefaultDataSpecsMixin, Cost):
    """The squared error of reproducing the data, of which noise blurs the input; says in which order it is built."""

    def __init__(self, seed: int = 3):
        self.streams = MRG_RandomStreams(seed)

    def expr(self, model: Pair, data: Any, **kwargs: Any) -> Any:
        model.events.append("expr")
        noise = self.streams.uniform(size=data.shape, dtype=floatX())
        hidden = pt.dot(data + noise, model.discriminator.W) + model.discriminator.b
        return pt.sqr(pt.dot(hidden, model.generator.W) + model.generator.b - data).mean()

    def get_gradients(self, model: Pair, data: Any, **kwargs: Any) -> Any:
        model.events.append("gradients")
        return super().get_gradients(model, data, **kwargs)

    def get_monitoring_channels(self, model: Pair, data: Any, **kwargs: Any) -> dict[str, Any]:
        model.events.append("cost channels")
        return {"blurred": (data + self.streams.uniform(size=data.shape, dtype=floatX())).mean()}


class PlainReconstruction(NoisyReconstruction):
    """The same without noise."""

    def expr(self, model: Pair, data: Any, **kwargs: Any) -> Any:
        model.events.append("expr")
        hidden = pt.dot(data, model.discriminator.W) + model.discriminator.b
        loss = pt.sqr(pt.dot(hidden, model.generator.W) + model.generator.b - data).mean()
        loss.name = "loss"
        return loss


def data(examples: int, seed: int = 0, dim: int = 4) -> DenseDesignMatrix:
    """A design matrix of standard normal numbers."""
    return DenseDesignMatrix(X=np.random.RandomState(seed).standard_normal((examples, dim)).astype(floatX()))


def experiment(algorithm: type = SGD, cost: Cost | None = None, train: dict | None = None, **options: Any) -> Train:
    """A Train with everything that has a state: noise, momentum, schedules, callbacks; 5 updates an epoch."""
    options = {
        "learning_rate": 0.1,
        "batch_size": 5,
        "cost": cost or NoisyReconstruction(),
        "monitoring_dataset": {"valid": data(13, seed=1)},
        "learning_rule": Momentum(init_momentum=0.5),
        "update_callbacks": [ExponentialDecay(decay_factor=1.01, min_lr=1e-3)],
    } | options
    adjustor = MomentumAdjustor(start=1, saturate=4, final_momentum=0.8)
    return Train(
        **({"dataset": data(23), "model": Pair(), "algorithm": algorithm(**options), "extensions": [adjustor]})
        | (train or {})
    )


def parameters(train: Train) -> list[np.ndarray]:
    """Copies of the values of every parameter."""
    return train.model.get_param_values()


def record(train: Train) -> dict[str, list[float]]:
    """What the monitor holds, times aside."""
    channels = train.model.monitor.channels
    return {name: list(channel.val_record) for name, channel in channels.items() if "seconds" not in name}


def whole_and_resumed(experiment: Callable[[int], Train]) -> tuple[Train, Train]:
    """A run of two epochs, and one of one epoch that another goes on with, whose parameters are held to the first's."""
    whole, first, second = experiment(2), experiment(1), experiment(2)
    for train in (whole, first):
        train.main_loop()
    second.resume(checkpoint.model_content(first.model) | {"training": first.get_state()})
    second.main_loop()
    found = second.model.named_parameters()
    for name, param in whole.model.named_parameters().items():
        np.testing.assert_array_equal(found[name].get_value(), param.get_value())
    return whole, second


class Killed(BaseException):
    """What ends a run at once."""


class KilledAt(Reporter):
    """Ends a run at once after an update, counted from 1."""

    def __init__(self, update: int):
        self.left = update

    def on_update(self, train: Train) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed


def interpret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run graphs by their Ops' Python code: what is tested is not the backend, and nothing need be compiled."""
    monkeypatch.setattr(backend, "mode", lambda: Mode("py", "fast_compile"))
