"""The game of Figure 1 of the paper: on the line, where densities and decisions can be seen.

Data are normal, G maps uniform noise to the line, D judges points of it; AdversaryCost2 and SGD train them. The
moments are the figure's: the pair early on, D after it alone has learnt (so that it comes near
D* = p_data / (p_data + p_g), Proposition 1), G after a few updates along D's gradient, and the end of training.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytensor.tensor as pt

from adversarial import backend
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.game.costs import AdversaryCost2
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.models.linear import Linear, Sigmoid, Tanh
from adversarial.models.mlp import MLP
from adversarial.training_algorithms.sgd import SGD

#: The data's mean and standard deviation.
MEAN, DEVIATION = 0.0, 1.0
#: Bounds of uniform noise, as `Generator` draws it.
BOUND = float(np.sqrt(3))

_EXAMPLES, _BATCH, _HIDDEN = 5_000, 100, 20
# No momentum: it would carry G on while D alone learns.
_RATES = (0.1, 0.01)
#: Updates: of the pair before the first moment, of D alone, of the pair with G, and of the pair to the end.
_EARLY, _D_ALONE, _STEP, _REST = 25, 1_500, 4, 20_000


@dataclass
class Moment:
    """The game after some updates.

    Attributes
    ----------
    title : str
        What has just been trained.
    updates : int
        Number of updates so far.
    samples : numpy.ndarray
        Of G, shape (count,), for z spread evenly over their range.
    discriminator : numpy.ndarray
        D at `Game.points`, shape (points,).
    mapped : numpy.ndarray
        G at `Game.z`, shape (arrows,).
    """

    title: str
    updates: int
    samples: np.ndarray
    discriminator: np.ndarray
    mapped: np.ndarray


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


def play(seed: int = 0, scale: float = 1.0) -> Game:
    """Train the pair, and record the game at the four moments of Figure 1.

    Parameters
    ----------
    seed : int, optional
        Of the data, the weights and the order of examples. The same seed gives the same game.
    scale : float, optional
        Factor on the numbers of updates.

    Returns
    -------
    Game
        The moments.
    """
    random = np.random.RandomState(seed)
    data = DenseDesignMatrix(X=random.normal(MEAN, DEVIATION, (_EXAMPLES, 1)).astype(backend.floatX()))
    pair = _pair(seed)
    cost = AdversaryCost2(scale_grads=False)
    algorithm = SGD(
        learning_rate=_RATES[0],
        cost=cost,
        batch_size=_BATCH,
        batches_per_iter=1,
        train_iteration_mode="random_uniform",
        seed=[seed],
    )
    algorithm.setup(pair, data)
    made, judged = _functions(pair)
    points, z = np.linspace(MEAN - 4 * DEVIATION, MEAN + 4 * DEVIATION, 401), np.linspace(-BOUND, BOUND, 17)
    even = (np.arange(4_000) + 0.5) / 4_000 * 2 * BOUND - BOUND
    moments: list[Moment] = []
    updates = 0

    def train(count: int, title: str, rates: tuple[float, float] = (_RATES[0], _RATES[0])) -> None:
        nonlocal updates
        count = max(1, round(count * scale))
        for step in range(count):
            algorithm.learning_rate.set_value(np.asarray(rates[0] * (rates[1] / rates[0]) ** (step / count), "float32"))
            algorithm.train(data)
        updates += count
        moments.append(Moment(title, updates, made(even), judged(points), made(z)))

    train(_EARLY, "early in training")
    cost.now_train_generator.set_value(np.asarray(0.0, dtype=backend.floatX()))
    train(_D_ALONE, "after D alone has learnt")
    cost.now_train_generator.set_value(np.asarray(1.0, dtype=backend.floatX()))
    train(_STEP, "after G has followed D")
    train(_REST, "at the end", _RATES)
    density = np.exp(-(((points - MEAN) / DEVIATION) ** 2) / 2) / (DEVIATION * np.sqrt(2 * np.pi))
    return Game(points, density, z, moments)


def _pair(seed: int) -> AdversaryPair:
    """Return a pair whose G starts narrow and to the right of the data."""
    generator = MLP(
        layers=[
            Tanh(dim=_HIDDEN, layer_name="h0", irange=1.0),
            Linear(dim=1, layer_name="x", irange=0.2, init_bias=MEAN + 1.5 * DEVIATION),
        ],
        nvis=1,
        seed=[seed, 1],
    )
    discriminator = MLP(
        layers=[
            Tanh(dim=_HIDDEN, layer_name="h0", irange=1.0),
            Tanh(dim=_HIDDEN, layer_name="h1", irange=0.5),
            Sigmoid(dim=1, layer_name="y", irange=0.1),
        ],
        nvis=1,
        seed=[seed, 2],
    )
    return AdversaryPair(generator=Generator(mlp=generator, noise="uniform"), discriminator=discriminator)


def _functions(pair: AdversaryPair) -> tuple[Callable, Callable]:
    """Return G and D as functions from arrays (count,) to arrays (count,)."""
    column = pt.matrix("column", dtype=backend.floatX())
    compiled = [backend.function([column], player.fprop(column)) for player in (pair.generator.mlp, pair.discriminator)]
    made, judged = (
        lambda values, run=run: run(np.asarray(values, dtype=backend.floatX())[:, None])[:, 0] for run in compiled
    )
    return made, judged
