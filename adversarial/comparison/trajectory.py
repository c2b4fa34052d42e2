"""The first 50 updates of an experiment beside those of 2014's mnist.yaml, recorded from its own code in float64.

The record keeps 19 figures of each parameter (`summary`), at the start and after some updates. The game is chaotic:
2014's own two precisions agree to 1e-5 at update 200 and part after it, so later updates would say nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib import resources
from typing import Any, NamedTuple

import numpy as np

from adversarial.progress.reporting import Silent
from adversarial.train import Train

#: The file of 2014 whose run was recorded.
FILE = "mnist.yaml"
#: Values put in for the rerun: the record's updates and no more, on a monitor of a hundredth of the data.
OVERRIDES = {"save_freq": "0", "algorithm.batches_per_iter": "50", "algorithm.monitoring_batch_size": "100"}


class Distance(NamedTuple):
    """The largest deviation from the record after so many updates, relative to the parameter's own size, and where."""

    update: int
    largest: float
    parameter: str


def record() -> dict[int, dict[str, np.ndarray]]:
    """{update: {parameter: its `summary`}} of 2014's run; update 0 is the start."""
    found: dict[int, dict[str, np.ndarray]] = {}
    with (resources.files(__package__) / "facts_2014" / "mnist_updates.npz").open("rb") as file:
        arrays = np.load(file)
        for key in arrays.files:
            moment, name = key.split("/")
            update = 0 if moment == "init" else int(moment.removeprefix("update"))
            found.setdefault(update, {})[name] = arrays[key]
    return dict(sorted(found.items()))


def summary(value: np.ndarray) -> np.ndarray:
    """The figures that the record keeps of a parameter: three sums, then the first and the last 8 values."""
    flat = np.asarray(value, dtype=np.float64).ravel()
    sums = [flat.sum(), np.sqrt((flat**2).sum()), (flat * np.cos(np.arange(flat.size))).sum()]
    return np.concatenate([sums, flat if flat.size < 16 else np.concatenate([flat[:8], flat[-8:]])])


def scale(value: np.ndarray) -> np.ndarray:
    """What each of those figures is compared with: sums with the sum of sizes, values with the largest."""
    size = np.abs(np.asarray(value, dtype=np.float64))
    sums = [size.sum(), np.sqrt((size**2).sum()), size.sum()]
    return np.concatenate([sums, np.full(summary(value).size - 3, size.max())])


def parameters_after(
    train: Train, updates: Collection[int], max_epochs: int | None = None
) -> dict[int, dict[str, np.ndarray]]:
    """Train to the end, and keep every parameter after each of `updates` and at the start, which is update 0.

    Returns
    -------
    {update: {name: array}}, named as in the record: gen_h0_W, dis_y_b ...
    """
    found = {0: _parameters(train.model)}
    done = 0

    def keep(algorithm: Any) -> None:
        nonlocal done
        done += 1
        if done in updates:
            found[done] = _parameters(algorithm.model)

    train.algorithm.update_callbacks.append(keep)
    train.reporter = Silent()
    train.main_loop(max_epochs=max_epochs)
    return found


def _parameters(model: Any) -> dict[str, np.ndarray]:
    return {
        f"{player}_{param.name}": np.array(param.get_value(borrow=True))
        for player, part in model.players().items()
        for param in part.get_params()
    }


def distances(train: Train) -> list[Distance]:
    """Run the first updates of an experiment of `FILE`'s layers, built with `OVERRIDES`, and measure how far it goes.

    A parameter of another shape or name is infinitely far.
    """
    recorded = record()
    found = parameters_after(train, recorded.keys(), max_epochs=1)
    return [_largest(update, found.get(update, {}), kept) for update, kept in recorded.items()]


def distance(model: Any, update: int) -> Distance:
    """How far the model of `FILE`'s layers is from the record, after one of the updates that it keeps."""
    return _largest(update, _parameters(model), record()[update])


def _largest(update: int, found: dict[str, np.ndarray], kept: dict[str, np.ndarray]) -> Distance:
    worst = Distance(update, 0.0, "")
    for name, expected in kept.items():
        value = found.get(name)
        if value is None or summary(value).shape != expected.shape:
            return Distance(update, np.inf, name)
        # A bias that is still all 0 is compared as it is.
        size = scale(value)
        deviation = float(np.max(np.abs(summary(value) - expected) / np.where(size > 0, size, 1.0)))
        if deviation > worst.largest or not worst.parameter:
            worst = Distance(update, deviation, name)
    return worst
