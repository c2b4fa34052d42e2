"""Save the model that was best by a channel; after Pylearn2's `train_extensions/best_params.py`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adversarial import checkpoint
from adversarial.checkpoint.paths import check_save_path
from adversarial.monitor import find_channel
from adversarial.options import OptionError
from adversarial.train_extensions import TrainExtension


class MonitorBasedSaveBest(TrainExtension):
    """Saves the model whenever a channel has a new lowest (or highest) value.

    Parameters
    ----------
    channel_name : str
        The channel.
    save_path : str, optional
        Where to save, .pkl or .h5; may be left out with `store_best_model`.
    store_best_model : bool
        Whether to copy the best parameters to `best_params` in memory (2014 copied the whole model), default
        false.
    higher_is_better : bool
        Whether the highest value is the best, not the lowest; default false.
    tag_key : str, optional
        Refused: 2014 marked the model with it, and a saved model holds the monitor's whole record now.

    Attributes
    ----------
    best_cost : float
        The best value so far.
    best_params : list of array
        Values of the parameters at the best value, in the order of `model.get_params()`; None unless stored.

    Examples
    --------
    >>> MonitorBasedSaveBest(channel_name="valid_objective", save_path="best.pkl").best_cost
    inf
    """

    def __init__(
        self,
        channel_name: str,
        save_path: str | None = None,
        store_best_model: bool = False,
        higher_is_better: bool = False,
        tag_key: str | None = None,
    ):
        owner = type(self).__name__
        if save_path is None and not store_best_model:
            raise OptionError(owner, "save_path", "needs save_path or store_best_model, or both")
        if tag_key is not None:
            raise OptionError(owner, "tag_key", "tag_key is not taken: a saved model holds the record itself")
        self.channel_name = channel_name
        self.save_path = save_path
        self.store_best_model = store_best_model
        self.higher_is_better = higher_is_better
        self.best_cost = -math.inf if higher_is_better else math.inf
        self.best_params: list[np.ndarray] | None = None

    def setup(self, model: Any, dataset: Any, algorithm: Any) -> None:
        find_channel(model.monitor, self.channel_name, type(self).__name__)
        if self.save_path is not None:
            check_save_path(type(self).__name__, self.save_path)

    def on_monitor(self, model: Any, dataset: Any, algorithm: Any) -> None:
        cost = model.monitor.channels[self.channel_name].val_record[-1]
        improved = cost > self.best_cost if self.higher_is_better else cost < self.best_cost
        if not improved:
            return
        self.best_cost = cost
        if self.store_best_model:
            self.best_params = model.get_param_values()
        if self.save_path is not None:
            checkpoint.save_model(self.save_path, model)

    def get_state(self) -> dict[str, Any]:
        return {"best_cost": self.best_cost, "best_params": self.best_params}

    def set_state(self, state: dict[str, Any]) -> None:
        self.best_cost = float(state["best_cost"])
        stored = state["best_params"]
        self.best_params = None if stored is None else [np.array(value) for value in stored]
