"""DefaultTrainingAlgorithm: models that train themselves; after Pylearn2's module of this name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.random import RandomState

from adversarial.backend import denormals_flushed
from adversarial.datasets.dataset import Dataset
from adversarial.errors import ConfigurationError
from adversarial.monitor import Monitor
from adversarial.options import Count, OptionError
from adversarial.termination_criteria import TerminationCriterion
from adversarial.training_algorithms.finite import FiniteGuard, check_data
from adversarial.training_algorithms.minibatches import MinibatchAlgorithm, named_datasets


class DefaultTrainingAlgorithm(MinibatchAlgorithm):
    """Calls ``model.train_batch(dataset, batch_size)`` until it returns False: the model has its own way to learn.

    An `RBM` has one, stochastic maximum likelihood. A model of your own may: its `train_batch` returns whether to go
    on, and, so that a run resumes to the bit, its `training_functions` returns the compiled functions that it calls.

    Parameters
    ----------
    batch_size : int, optional
        Examples in a batch, at least 1, default the model's own.
    batches_per_iter : int, default 1000
        Batches in an epoch.
    monitoring_batch_size : int, optional
        Examples in a batch of the monitor, default `batch_size` if `monitoring_batches` is not given either.
    monitoring_batches : int, optional
        Batches of each monitoring dataset, default `batches_per_iter` if `monitoring_batch_size` is not given either,
        else the whole dataset; -1, as in 2014, is the default.
    monitoring_dataset : Dataset or dict of Dataset, optional
        What to monitor on; the names of a dict become prefixes of channels.
    termination_criterion : TerminationCriterion, optional
        When to stop, default when `train_batch` returns False.
    set_batch_size : bool, default False
        Whether `batch_size` overrides a batch size that the model requires.
    monitor_every : int, default 1
        Epochs from one monitoring step to the next, as of SGD.

    Examples
    --------
    >>> DefaultTrainingAlgorithm(batch_size=10, batches_per_iter=50).batches_per_iter
    50
    """

    cost = None

    def __init__(
        self,
        batch_size: Count | None = None,
        batches_per_iter: Count = 1000,
        monitoring_batch_size: Count | None = None,
        monitoring_batches: Count | Literal[-1] | None = None,
        monitoring_dataset: Dataset | dict[str, Dataset] | None = None,
        termination_criterion: TerminationCriterion | None = None,
        set_batch_size: bool = False,
        monitor_every: Count = 1,
    ):
        self.batch_size = batch_size
        self.batches_per_iter: int = batches_per_iter
        self.monitoring_batch_size = monitoring_batch_size
        self.monitoring_batches = None if monitoring_batches == -1 else monitoring_batches
        self.monitoring_dataset = named_datasets(monitoring_dataset)
        self.termination_criterion = termination_criterion
        self.set_batch_size = set_batch_size
        self.monitor_every = monitor_every
        self.update_callbacks = []
        self.rng = RandomState()
        self.learn_more = True

    def check_model(self, model: Any) -> None:
        if not callable(getattr(model, "train_batch", None)):
            raise ConfigurationError(
                f"DefaultTrainingAlgorithm calls train_batch, which {type(model).__name__} does not have: use SGD with "
                "a cost, or a model that has one, such as RBM"
            )

    def setup(self, model: Any, dataset: Dataset) -> None:
        """Add the model's channels to its monitor, and compile what its `train_batch` calls."""
        self.model = model
        # The model has the dataset draw its batches.
        self.rng = getattr(dataset, "rng", self.rng)
        self.monitor = Monitor.get_monitor(model)
        self._guard = FiniteGuard(model.get_params(), self.monitor)
        self._guard.check_all()
        if self.find_nan:
            self._guard.every = 1
        self._synchronize_batch_size(model)
        self._check_batch(dataset)
        self._setup_monitor(None)
        self.functions()

    def _check_batch(self, dataset: Dataset) -> None:
        dataset.check_request(self.model.get_input_space(), "features")
        examples = dataset.get_num_examples()
        if self.batch_size is not None and self.batch_size > examples:
            reason = f"batch_size is {self.batch_size}, but there are {examples} examples to train on"
            raise OptionError(type(self).__name__, "batch_size", reason)
        # A model that trains itself may have no objective that would show it.
        check_data(dataset)

    def functions(self) -> list[Callable]:
        return list(self.model.training_functions()) if hasattr(self.model, "training_functions") else []

    def train(self, dataset: Dataset) -> bool:
        self.updates_per_epoch = self.batches_per_iter
        while self.updates_this_epoch < self.batches_per_iter:
            with denormals_flushed():
                self.learn_more = self._train_batch(dataset)
            self._after_update(self.batch_size or 0)
            self._guard.check_after_update()
            if self._update_hook is not None and self._update_hook():
                return False
            if not self.learn_more:
                break
        self._guard.check_all()
        self._end_epoch()
        return True

    def _train_batch(self, dataset: Dataset) -> bool:
        learn_more = self.model.train_batch(dataset, self.batch_size)
        if not isinstance(learn_more, (bool, np.bool_)):
            owner = type(self.model).__name__
            raise ConfigurationError(
                f"train_batch of {owner} returned {learn_more!r}, but must return whether to go on: True or False"
            )
        return bool(learn_more)

    def continue_learning(self, model: Any) -> bool:
        return self.learn_more and super().continue_learning(model)

    def get_state(self) -> dict[str, Any]:
        """Return the place in the epoch, the random state of the dataset, and whether the model wants to go on."""
        return super().get_state() | {"learn_more": self.learn_more}

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state(state)
        # An epoch left early goes on with the batches that the dataset draws next.
        self._epoch_rng_state = None
        self.learn_more = bool(state["learn_more"])
