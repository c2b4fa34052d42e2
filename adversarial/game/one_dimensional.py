"""The game of Figure 1 of the paper: on the line, where densities and decisions can be seen.

Data are normal, G maps uniform noise to the line, D judges points of it; AdversaryCost2 and Algorithm 1 with k = 1
train them. The moments are the figure's, chosen by what they show: p_g like p_data but off, with D partly right; D
alone trained to D* = p_data / (p_data + p_g) (Proposition 1); G after it has followed D's gradient; and the end, p_g =
p_data and D = 1/2 (Theorem 1).

So that every seed converges, the hidden units of both players begin spread over their inputs, as in a basis of smooth
steps, and D learns much faster than G. G begins as an increasing map, whose density is a bump to the right of the
data's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor.sharedvar import TensorSharedVariable

from adversarial import backend
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.game.costs import AdversaryCost2
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.models.linear import Linear, Sigmoid, Tanh
from adversarial.models.mlp import MLP
from adversarial.training_algorithms.discriminator_steps import DiscriminatorStepsSGD

#: Bounds of uniform noise, as `Generator` draws it.
BOUND = float(np.sqrt(3))
#: The first moment is when the distance from p_g to p_data falls below this, the third when it falls below that and
#: G keeps the order of z: on the way there G may fold, for some updates.
FAR, NEAR = 0.7, 0.3
#: What each moment shows.
TITLES = (
    "G is off, D is partly right",
    "D alone has learnt: it is near D*",
    "G has followed D's gradient",
    "the end: D cannot tell them apart",
)
#: What the game is made of; the page's game in JavaScript reads the same figures.
SETTINGS: dict[str, Any] = {
    "batch": 100,
    "rate_d": 2.0,
    "rate_g": 0.03,
    # Updates of the pair; of these, how many first ones are gentle, by what factor, the share at the end in which the
    # learning rate falls, and the factor that it falls by.
    "updates": 8_000,
    # Of D alone, before the game: few, so that it is partly right at the first moment, as in the figure.
    "first_d": 10,
    "gentle": 500,
    "gently": 0.15,
    "falling": 0.7,
    "fall": 0.05,
    "units_g": 8,
    "units_d": 24,
    # Of the units' inputs: how steep (in units of their spacing for G), and for D how far they reach.
    "steep_g": 0.7,
    "steep_d": 1.5,
    "reach_d": 4.0,
    # Of the units' outputs: the mean weight and the bias of G, the largest weight of D.
    "weight_g": 0.3,
    "start_g": 1.5,
    "weight_d": 0.5,
    # Of the moments; between the first and the second are updates of D alone, gentle ones.
    "far": FAR,
    "near": NEAR,
    "alone": 2_000,
    "moments": TITLES,
}
_EXAMPLES, _CHECK = 50_000, 5
#: The line in bins, for distances.
_EDGES = np.linspace(-5, 5, 101)


@dataclass
class Moment:
    """The game after some updates.

    Attributes
    ----------
    title : str
        What it shows.
    updates : int
        Number of updates of D so far.
    samples : numpy.ndarray
        Of G, shape (count,), for z spread evenly over their range.
    discriminator : numpy.ndarray
        D at `Game.points`, shape (points,).
    mapped : numpy.ndarray
        G at `Game.z`, shape (arrows,).
    value : float
        V(D, G) of equation (1), in nats; -log 4 where p_g = p_data and D = 1/2.
    distance : float
        Total variation between p_g and p_data, from 0 to 1.
    """

    title: str
    updates: int
    samples: np.ndarray
    discriminator: np.ndarray
    mapped: np.ndarray
    value: float
    distance: float


@dataclass(frozen=True)
class Game:
    """What `play` returns.

    Attributes
    ----------
    points : numpy.ndarray
        Of the line, shape (points,).
    data_density : numpy.ndarray
        The density of the data there, shape (points,).
    z : numpy.ndarray
        Where the arrows begin, shape (arrows,).
    moments : list of Moment
        In order of time.
    """

    points: np.ndarray
    data_density: np.ndarray
    z: np.ndarray
    moments: list[Moment]


def play(seed: int = 0) -> Game:
    """Train the pair, and record the game at the four moments of Figure 1.

    Parameters
    ----------
    seed : int, optional
        Of the data, the weights and the order of examples. The same seed gives the same game.

    Returns
    -------
    Game
        The moments.
    """
    random = np.random.RandomState(seed)
    data = DenseDesignMatrix(X=random.normal(size=(_EXAMPLES, 1)).astype(backend.floatX()))
    pair = _pair(random)
    algorithm = DiscriminatorStepsSGD(
        learning_rate=SETTINGS["rate_d"],
        cost=AdversaryCost2(scale_grads=False),
        batch_size=SETTINGS["batch"],
        batches_per_iter=_CHECK,
        train_iteration_mode="random_uniform",
        seed=[seed],
    )
    algorithm.setup(pair, data)
    made, judged = _functions(pair)
    points, z = np.linspace(-4, 4, 401), np.linspace(-BOUND, BOUND, 19)[1:-1]
    even = (np.arange(4_000) + 0.5) / 4_000 * 2 * BOUND - BOUND
    density = np.exp(-(points**2) / 2) / math.sqrt(2 * math.pi)
    moments: list[Moment] = []
    trained = alone = 0

    def set_rate(factor: float) -> None:
        algorithm.learning_rate.set_value(np.asarray(SETTINGS["rate_d"] * factor, "float32"))

    def train_pair() -> None:
        nonlocal trained
        algorithm.discriminator_steps = 1
        through = max(0.0, trained / SETTINGS["updates"] - 1 + SETTINGS["falling"]) / SETTINGS["falling"]
        set_rate(SETTINGS["fall"] ** through if trained >= SETTINGS["gentle"] else SETTINGS["gently"])
        algorithm.train(data)
        trained += _CHECK

    def train_d(count: int) -> None:
        nonlocal alone
        algorithm.discriminator_steps = count + 1
        set_rate(SETTINGS["gently"])
        for _ in range(count // _CHECK):
            algorithm.train(data)
        alone += count
        algorithm.set_state(algorithm.get_state() | {"steps": 0})

    def record() -> None:
        samples, decisions = made(even), judged(points)
        value = np.trapezoid(density * np.log(decisions), points) + np.log1p(-judged(samples)).mean()
        distance = total_variation(samples)
        moments.append(
            Moment(TITLES[len(moments)], trained + alone, samples, decisions, made(z), float(value), distance)
        )

    train_d(SETTINGS["first_d"])
    while total_variation(made(even)) > FAR and trained < SETTINGS["updates"]:
        train_pair()
    record()
    train_d(SETTINGS["alone"])
    record()
    while (total_variation(made(even)) > NEAR or (np.diff(made(z)) <= 0).any()) and trained < SETTINGS["updates"]:
        train_pair()
    record()
    while trained < SETTINGS["updates"]:
        train_pair()
    record()
    return Game(points, density, z, moments)


def total_variation(samples: np.ndarray) -> float:
    """Return the total variation between samples (count,) and the standard normal distribution, in bins of 0.1."""
    below = np.array([math.erf(edge / math.sqrt(2)) for edge in _EDGES]) / 2
    expected = np.diff(np.r_[-0.5, below, 0.5])
    found = np.histogram(samples, np.r_[-np.inf, _EDGES, np.inf])[0] / len(samples)
    return float(np.abs(found - expected).sum() / 2)


def _pair(random: np.random.RandomState) -> AdversaryPair:
    """Return the pair with its first weights."""
    scale = SETTINGS["rate_g"] / SETTINGS["rate_d"]
    learn: dict[str, Any] = {"irange": 0.0, "W_lr_scale": scale, "b_lr_scale": scale}
    units_g, units_d = SETTINGS["units_g"], SETTINGS["units_d"]
    hidden_g, x = Tanh(dim=units_g, layer_name="h0", **learn), Linear(dim=1, layer_name="x", **learn)
    hidden_d, y = Tanh(dim=units_d, layer_name="h0", irange=0.0), Sigmoid(dim=1, layer_name="y", irange=0.0)
    generator, discriminator = MLP(layers=[hidden_g, x], nvis=1), MLP(layers=[hidden_d, y], nvis=1)
    # Denser towards the ends, where G must be steep to make the tails of the data of uniform noise.
    angles = _places(units_g, random) * np.pi / 2
    spacing = BOUND * np.cos(angles) * np.pi / units_g
    _rise_at(hidden_g, BOUND * np.sin(angles), SETTINGS["steep_g"] / spacing)
    _set(x.W, SETTINGS["weight_g"] * random.uniform(0.5, 1.5, (units_g, 1)))
    _set(x.b, np.full(1, SETTINGS["start_g"]))
    _rise_at(hidden_d, SETTINGS["reach_d"] * _places(units_d, random), np.full(units_d, SETTINGS["steep_d"]))
    _set(y.W, SETTINGS["weight_d"] * random.uniform(-1, 1, (units_d, 1)))
    return AdversaryPair(generator=Generator(mlp=generator, noise="uniform"), discriminator=discriminator)


def _places(count: int, random: np.random.RandomState) -> np.ndarray:
    """Return numbers spread over (-1, 1), each somewhere in the middle half of its share."""
    return (np.arange(count) + random.uniform(0.25, 0.75, count)) / count * 2 - 1


def _rise_at(hidden: Tanh, centres: np.ndarray, steepness: np.ndarray) -> None:
    """Let each hidden unit rise at its centre."""
    _set(hidden.W, steepness[None, :])
    _set(hidden.b, -centres * steepness)


def _set(param: TensorSharedVariable | None, value: np.ndarray) -> None:
    assert param is not None
    param.set_value(value.astype(param.dtype))


def _functions(pair: AdversaryPair) -> tuple[Callable, Callable]:
    """Return G and D as functions from arrays (count,) to arrays (count,)."""
    column = pt.matrix("column", dtype=backend.floatX())
    compiled = [backend.function([column], player.fprop(column)) for player in (pair.generator.mlp, pair.discriminator)]
    made, judged = (
        lambda values, run=run: run(np.asarray(values, dtype=backend.floatX())[:, None])[:, 0] for run in compiled
    )
    return made, judged
