"""The first 50 updates of an experiment beside those of 2014's mnist.yaml, recorded from its own code in float64.

The record has 19 figures of each parameter (`summary`), at the start and after some updates. The game is chaotic:
float64 and float32 of 2014's own code agree to 1e-5 at update 200 and diverge after it, so later updates would say
nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib import resources
from typing import Any, NamedTuple

import numpy as np

from adversarial.errors import ConfigurationError
from adversarial.models.mlp import MLP
from adversarial.models.pretrained import PretrainedLayer
from adversarial.progress.reporting import Silent
from adversarial.train import Train

#: The file of 2014 whose run was recorded.
FILE = "mnist.yaml"
#: Shapes of that run's parameters, of whose values the record has too few to tell.
SHAPES = {
    "gen_h0_W": (100, 1200), "gen_h0_b": (1200,), "gen_h1_W": (1200, 1200), "gen_h1_b": (1200,),
    "gen_y_W": (1200, 784), "gen_y_b": (784,), "dis_h0_W": (784, 1200), "dis_h0_b": (1200,),
    "dis_h1_W": (240, 1200), "dis_h1_b": (1200,), "dis_y_W": (240, 1), "dis_y_b": (1,),
}  # fmt: skip
#: Overrides for the rerun: the record's updates and no more, with a monitor on a hundredth of the data.
OVERRIDES = {"save_freq": "0", "algorithm.batches_per_iter": "50", "algorithm.monitoring_batch_size": "100"}


class Distance(NamedTuple):
    """The largest deviation from the record after `update` updates, relative to its `parameter`'s own size."""

    update: int
    largest: float
    parameter: str


def record() -> dict[int, dict[str, np.ndarray]]:
    """Return {update: {parameter: its `summary`}} of 2014's run, where update 0 is the start.

    Examples
    --------
    >>> sorted(record())
    [0, 1, 2, 3, 5, 10, 20, 50]
    """
    found: dict[int, dict[str, np.ndarray]] = {}
    with (resources.files(__package__) / "facts_2014" / "mnist_updates.npz").open("rb") as file:
        arrays = np.load(file)
        for key in arrays.files:
            moment, name = key.split("/")
            update = 0 if moment == "init" else int(moment.removeprefix("update"))
            found.setdefault(update, {})[name] = arrays[key]
    return dict(sorted(found.items()))


def summary(value: np.ndarray) -> np.ndarray:
    """Return the figures that the record has of a parameter: three sums, then the first and the last 8 values.

    Parameters
    ----------
    value : ndarray
        The parameter, of any shape.

    Returns
    -------
    ndarray of shape (19,)
        Sum, norm and a cosine-weighted sum, then values, float64; with fewer than 16 values, all of them.

    Examples
    --------
    >>> summary(np.array([3.0, 4.0]))[[0, 1, 3, 4]]
    array([7., 5., 3., 4.])
    """
    flat = np.asarray(value, dtype=np.float64).ravel()
    sums = [flat.sum(), np.sqrt((flat**2).sum()), (flat * np.cos(np.arange(flat.size))).sum()]
    return np.concatenate([sums, flat if flat.size < 16 else np.concatenate([flat[:8], flat[-8:]])])


def scale(value: np.ndarray) -> np.ndarray:
    """Return what each deviation of `summary` is divided by: the sum of magnitudes for sums, else the largest one.

    Parameters
    ----------
    value : ndarray
        The parameter, of any shape.

    Returns
    -------
    ndarray of shape (19,)
        A magnitude for each figure of `summary`.

    Examples
    --------
    >>> scale(np.array([3.0, -4.0]))
    array([7., 5., 7., 4., 4.])
    """
    size = np.abs(np.asarray(value, dtype=np.float64))
    sums = [size.sum(), np.sqrt((size**2).sum()), size.sum()]
    return np.concatenate([sums, np.full(summary(value).size - 3, size.max())])


def parameters_after(
    train: Train, updates: Collection[int], max_epochs: int | None = None
) -> dict[int, dict[str, np.ndarray]]:
    """Train to the end, and copy every parameter after each of `updates` and at the start, which is update 0.

    Parameters
    ----------
    train : Train
        The experiment; its model is an AdversaryPair.
    updates : collection of int
        Numbers of updates, from 1.
    max_epochs : int, optional
        Stop after this many epochs; the default leaves that to the experiment.

    Returns
    -------
    dict of {int: dict of {str: ndarray}}
        Parameters by update and by name, as in the record: gen_h0_W, dis_y_b ...
    """
    assert train.algorithm is not None
    found = {0: parameters(train.model)}
    done = 0

    def copy(algorithm: Any) -> None:
        nonlocal done
        done += 1
        if done in updates:
            found[done] = parameters(algorithm.model)

    train.algorithm.update_callbacks.append(copy)
    train.reporter = Silent()
    train.main_loop(max_epochs=max_epochs)
    return found


def parameters(model: Any) -> dict[str, np.ndarray]:
    """Return copies of a model's parameters by their names in the record: gen_h0_W; of a repeated name, gen_h0_W__1.

    Parameters
    ----------
    model : Model
        The model.

    Returns
    -------
    dict of {str: ndarray}
        The parameters that training changes.
    """
    if hasattr(model, "players"):
        players = model.players()
    else:
        # The parts of a generative stochastic network share names of parameters, as they did in the record.
        parts = getattr(model, "autoencoders", ())
        players = {f"ae{index}": part for index, part in enumerate(parts)} or {"": model}
    found: dict[str, np.ndarray] = {}
    for player, part in players.items():
        pretrained = {
            param: layer.layer_name
            for layer in (part.layers if isinstance(part, MLP) else ())
            if isinstance(layer, PretrainedLayer)
            for param in layer.get_params()
        }
        for param in part.get_params():
            prefix = pretrained.get(param, player)
            name = f"{prefix}_{param.name}".removeprefix("_")
            found[f"{name}__1" if name in found else name] = np.array(param.get_value(borrow=True))
    return found


def check_shapes(model: Any, name: str) -> None:
    """Check, before it is trained, that a model has the layers of `FILE`.

    Parameters
    ----------
    model : Model
        The model.
    name : str
        What to call it in the sentence.

    Raises
    ------
    ConfigurationError
        If a parameter is missing, or has another shape: deviations from the record would mean nothing.
    """
    found = parameters(model)
    for parameter, shape in SHAPES.items():
        own = found[parameter].shape if parameter in found else None
        if own != shape:
            here = "is missing" if own is None else f"is {' x '.join(map(str, own))}"
            raise ConfigurationError(
                f"--trajectory: {parameter} of {name} {here}, but {' x '.join(map(str, shape))} in 2014's {FILE}, so "
                "that a distance from its run means nothing"
            )


def distances(train: Train) -> list[Distance]:
    """Train the first updates of an experiment, and measure its distance from the record after some of them.

    Parameters
    ----------
    train : Train
        An experiment with the layers of `FILE`, built with `OVERRIDES`.

    Returns
    -------
    list of Distance
        One for each update of the record; infinite if a parameter has another shape or name.
    """
    recorded = record()
    found = parameters_after(train, recorded.keys(), max_epochs=1)
    return [_largest(update, found.get(update, {}), expected) for update, expected in recorded.items()]


def distance(model: Any, update: int) -> Distance:
    """Return how far a model with the layers of `FILE` is from the record after `update` updates, which it has."""
    return _largest(update, parameters(model), record()[update])


def _largest(update: int, found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> Distance:
    worst = Distance(update, 0.0, "")
    for name, figures in expected.items():
        value = found.get(name)
        if value is None or summary(value).shape != figures.shape:
            return Distance(update, np.inf, name)
        # A bias that is still all 0 has no size to divide by.
        size = scale(value)
        deviation = float(np.max(np.abs(summary(value) - figures) / np.where(size > 0, size, 1.0)))
        if deviation > worst.largest or not worst.parameter:
            worst = Distance(update, deviation, name)
    return worst
