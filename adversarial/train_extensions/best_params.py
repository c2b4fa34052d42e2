"""Keep the model that was best by a channel or a cost; after Pylearn2's `train_extensions/best_params.py`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from adversarial import checkpoint
from adversarial.backend import function
from adversarial.checkpoint.paths import check_save_path
from adversarial.cost import Cost
from adversarial.datasets.data_specs import DataSpecsMapping, flat_specs
from adversarial.datasets.dataset import Dataset
from adversarial.models.model import Model
from adversarial.monitor import find_channel
from adversarial.options import Count, OptionError
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


class KeepBestParams(TrainExtension):
    """Keeps in memory the parameters with which a cost on a dataset was lowest, as measured after each epoch.

    Parameters
    ----------
    model : Model
        The model that is trained.
    cost : Cost
        What is measured; its value must be known.
    monitoring_dataset : Dataset
        The examples that it is measured on, in order.
    batch_size : int
        Examples at a time; the cost is the mean over examples.

    Attributes
    ----------
    best_cost : float
        The lowest cost so far.

    Examples
    --------
    >>> from adversarial.costs.mlp import Default
    >>> from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
    >>> from adversarial.models.mlp import MLP
    >>> from adversarial.models.softmax import Softmax
    >>> model = MLP([Softmax(n_classes=2, layer_name="y", irange=0.0)], nvis=3)
    >>> data = DenseDesignMatrix(X=np.ones((4, 3)), y=np.array([[0, 1]] * 4))
    >>> extension = KeepBestParams(model, Default(), data, batch_size=2)
    >>> extension.setup(model, data, None)
    >>> extension.on_monitor(model, data, None)
    >>> f"{extension.best_cost:.3f}"  # log 2
    '0.693'
    """

    def __init__(self, model: Model, cost: Cost, monitoring_dataset: Dataset, batch_size: Count):
        self.model = model
        self.cost = cost
        self.monitoring_dataset = monitoring_dataset
        self.batch_size = batch_size
        self.best_cost = math.inf
        self.best_params = model.get_param_values()
        self._measure: Callable | None = None

    def get_best_params(self) -> list[np.ndarray]:
        """Return the best values of the parameters so far, in the order of `model.get_params()`."""
        return self.best_params

    def setup(self, model: Any, dataset: Any, algorithm: Any) -> None:
        """Compile the cost."""
        owner = type(self).__name__
        if model is not self.model:
            raise OptionError(owner, "model", "model is not the one that is trained: name that by its anchor, *model")
        self.cost.check_model(model)
        data_specs = self.cost.get_data_specs(model)
        self._data_specs = space, sources = flat_specs(data_specs)
        batch = tuple(
            part.make_theano_batch(name=source) for part, source in zip(space.components, sources, strict=True)
        )
        value = self.cost.expr(model, DataSpecsMapping(data_specs).nest(batch))
        if value is None:
            raise OptionError(owner, "cost", f"cost is a {type(self.cost).__name__}, whose value is not known")
        self._measure = function(batch, value, name="cost of the best parameters")

    def on_monitor(self, model: Any, dataset: Any, algorithm: Any) -> None:
        """Measure the cost, and copy the parameters if it is lower than ever before."""
        assert self._measure is not None  # `setup` has been called
        total, examples = 0.0, 0
        space, _ = self._data_specs
        for batch in self.monitoring_dataset.iterator(
            "sequential", self.batch_size, data_specs=self._data_specs, return_tuple=True
        ):
            size = space.np_batch_size(batch)
            total, examples = total + float(self._measure(*batch)) * size, examples + size
        if total / examples < self.best_cost:
            self.best_cost = total / examples
            self.best_params = model.get_param_values()

    def get_state(self) -> dict[str, Any]:
        return {"best_cost": self.best_cost, "best_params": self.best_params}

    def set_state(self, state: dict[str, Any]) -> None:
        self.best_cost = float(state["best_cost"])
        self.best_params = [np.array(value) for value in state["best_params"]]
