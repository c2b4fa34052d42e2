"""What algorithms that read minibatches share: batch sizes, the order of examples, the monitor, resuming."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from pytensor.graph.basic import Variable

from adversarial.backend import denormals_flushed
from adversarial.checkpoint.training_state import get_states, random_state, set_random_state, set_states
from adversarial.cost import Cost
from adversarial.datasets.data_specs import DataSpecsMapping, flat_specs
from adversarial.datasets.dataset import Dataset
from adversarial.datasets.iteration import (
    MinibatchIterator,
    TooFewExamplesError,
    has_uniform_batch_size,
    is_stochastic,
)
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.monitor import Monitor
from adversarial.monitor.order_2014 import python2_order
from adversarial.options import OptionError
from adversarial.space import CompositeSpace
from adversarial.termination_criteria import TerminationCriterion
from adversarial.training_algorithms.finite import FiniteGuard
from adversarial.training_algorithms.training_algorithm import TrainingAlgorithm

log = logging.getLogger(__name__)


def refuse_function_mode(owner: str, mode: Any) -> None:
    """Raise an OptionError where a file of 2014 chooses Theano's mode for one algorithm."""
    if mode is not None:
        reason = "theano_function_mode is not taken: the backend is chosen for the whole program, by --backend"
        raise OptionError(owner, "theano_function_mode", reason)


class MinibatchAlgorithm(TrainingAlgorithm):
    """A base for algorithms that change parameters by one minibatch after the other.

    A subclass sets the attributes named here in its constructor, and defines `setup` and `_update`.
    """

    batch_size: int | None
    batches_per_iter: int | None
    monitoring_dataset: dict[str, Dataset] | None
    monitoring_batch_size: int | None
    monitoring_batches: int | None
    monitoring_costs: dict[str, Cost] | None = None
    monitor_iteration_mode: str = "sequential"
    set_batch_size: bool
    termination_criterion: TerminationCriterion | None
    train_iteration_mode: str = "shuffled_sequential"
    rng: np.random.RandomState
    cost: Cost | None

    monitor: Monitor
    _guard: FiniteGuard
    _data_specs: tuple[CompositeSpace, tuple[str, ...]]
    _on_load_batch: list[Callable[..., None]]
    _epoch_rng_state: dict[str, Any] | None = None

    def check_model(self, model: Any) -> None:
        for cost in (self.cost, *(self.monitoring_costs or {}).values()):
            if cost is not None:
                cost.check_model(model)

    def _symbolic_minibatch(self, cost: Cost, dataset: Dataset) -> tuple[tuple[Variable, ...], Any]:
        """Return the inputs of the compiled update, flat and nested as the cost's data_specs; the data must fit."""
        self.check_model(self.model)
        data_specs = cost.get_data_specs(self.model)
        self._data_specs = flat_specs(data_specs)
        space, sources = self._data_specs
        if not sources:
            raise ConfigurationError("the cost reads no data, so there are no minibatches to train on")
        for part, source in zip(space.components, sources, strict=True):
            dataset.check_request(part, source)
        inputs = tuple(
            part.make_theano_batch(name=f"{type(self).__name__}[{source}]", batch_size=self.batch_size)
            for part, source in zip(space.components, sources, strict=True)
        )
        return inputs, DataSpecsMapping(data_specs).nest(inputs)

    def check_channels(self) -> None:
        if self.termination_criterion is None:
            return
        self.termination_criterion.check_channels(self.model)
        counting = self.termination_criterion.counts_values()
        if counting is not None and self.monitor_every > 1:
            reason = (
                f"monitor_every is {self.monitor_every}, but {counting} counts the values of a channel, one an epoch: "
                "leave monitor_every out, or stop by another criterion, such as EpochCounter"
            )
            raise OptionError(type(self).__name__, "monitor_every", reason)

    def _setup_monitor(self, cost: Cost | None) -> None:
        if self.monitoring_dataset is None:
            return
        option, also = "monitoring_batches", ""
        if self.monitoring_batch_size is None and self.monitoring_batches is None:
            option, also = "batches_per_iter", ", and so is monitoring_batches, which is not given"
            self.monitoring_batch_size = self.batch_size
            self.monitoring_batches = self.batches_per_iter
        try:
            self.monitor.setup(
                self.monitoring_dataset,
                cost,
                self.monitoring_batch_size,
                self.monitoring_batches,
                self.monitoring_costs,
                self.monitor_iteration_mode,
            )
        except TooFewExamplesError as error:
            reason = f"{option} is {self.monitoring_batches}{also}, but {error}"
            raise OptionError(type(self).__name__, option, reason) from error

    def train(self, dataset: Dataset) -> bool:
        """Train for one epoch, or for the rest of one that was left early.

        Parameters
        ----------
        dataset : Dataset
            The training data.

        Returns
        -------
        bool
            False if the update hook ended the epoch early.

        Raises
        ------
        NumericalError
            If a parameter becomes NaN or infinite.
        """
        iterator = self._minibatches(dataset)
        self.updates_per_epoch = getattr(iterator, "num_batches", None)
        skip = getattr(iterator, "skip", iterator.__next__)
        for _ in range(self.updates_this_epoch):
            skip()
        for _ in self._updates(iterator):
            self._guard.check_after_update()
            if self._update_hook is not None and self._update_hook():
                return False
        self._guard.check_all()
        self._end_epoch()
        return True

    def _minibatches(self, dataset: Dataset) -> MinibatchIterator:
        """Return an iterator over this epoch's minibatches, from its beginning."""
        if self._epoch_rng_state is None:
            self._epoch_rng_state = random_state(self.rng)
        else:
            set_random_state(self.rng, self._epoch_rng_state)
        try:
            return dataset.iterator(
                mode=self.train_iteration_mode,
                batch_size=self.batch_size,
                num_batches=self.batches_per_iter,
                data_specs=self._data_specs,
                return_tuple=True,
                rng=self.rng if is_stochastic(self.train_iteration_mode) else None,
            )
        except TooFewExamplesError as error:
            reason = f"batches_per_iter is {self.batches_per_iter}, but the training data are too few: {error}"
            raise OptionError(type(self).__name__, "batches_per_iter", reason) from error

    def _updates(self, iterator: MinibatchIterator) -> Iterator[None]:
        """Update on each minibatch; yield after each update, or after several that the backend runs at once."""
        space, _ = self._data_specs
        for batch in iterator:
            for on_load in self._on_load_batch:
                on_load(*batch)
            with denormals_flushed():
                self._update(batch)
            self._after_update(space.np_batch_size(batch))
            yield

    def _after_update(self, examples: int) -> None:
        self.updates_this_epoch += 1
        self.monitor.report_batch(examples)
        for callback in self.update_callbacks:
            callback(self)

    def _update(self, batch: tuple[np.ndarray, ...]) -> None:
        """Change the parameters by a minibatch."""
        raise NotImplementedError(f"{type(self).__name__} must define _update")

    def _end_epoch(self) -> None:
        self.updates_this_epoch = 0
        self._epoch_rng_state = None

    def continue_learning(self, model: Any) -> bool:
        return self.termination_criterion is None or bool(self.termination_criterion.continue_learning(model))

    def get_state(self) -> dict[str, Any]:
        """Return the place in the epoch, the random state at its beginning, and the states of the callbacks."""
        return {
            "rng": self._epoch_rng_state or random_state(self.rng),
            "updates_this_epoch": self.updates_this_epoch,
            "train_iteration_mode": self.train_iteration_mode,
            "batch_size": self.batch_size,
            "update_callbacks": get_states(self.update_callbacks),
        }

    def set_state(self, state: dict[str, Any]) -> None:
        if state["updates_this_epoch"] and state["batch_size"] != self.batch_size:
            raise CheckpointError(
                f"the saved run stopped within an epoch of minibatches of {state['batch_size']} examples, and cannot "
                f"go on with {self.batch_size}"
            )
        set_states(self.update_callbacks, state["update_callbacks"], "update callbacks")
        self.updates_this_epoch = int(state["updates_this_epoch"])
        set_random_state(self.rng, state["rng"])
        self._epoch_rng_state = random_state(self.rng) if self.updates_this_epoch else None

    def get_termination_state(self) -> dict[str, Any]:
        return get_states([self.termination_criterion])[0]

    def set_termination_state(self, state: dict[str, Any]) -> None:
        if self.termination_criterion is not None and state:
            self.termination_criterion.set_state(state)

    def _synchronize_batch_size(self, model: Any) -> None:
        """Use the batch size of a model that requires one, or override it."""
        forced = getattr(model, "force_batch_size", None) or 0
        if forced and self.batch_size is None:
            self.batch_size = forced
        elif forced and self.batch_size != forced:
            if not self.set_batch_size:
                reason = f"batch_size is {self.batch_size}, but the model works with {forced} only"
                raise OptionError(type(self).__name__, "batch_size", reason)
            model.set_batch_size(self.batch_size)
        if self.batch_size is None:
            raise OptionError(type(self).__name__, "batch_size", "needs the option 'batch_size', which is not given")

    def _check_monitoring_batches(self, model: Any) -> None:
        """Check that all monitoring batches have the batch size that a model requires."""
        if not getattr(model, "force_batch_size", None) or self.monitoring_dataset is None:
            return
        assert self.batch_size is not None  # `_synchronize_batch_size` has seen to it
        named = self.monitoring_dataset.items()
        uneven = next((name for name, each in named if each.count_by_reading() % self.batch_size), None)
        if uneven is None or has_uniform_batch_size(self.monitor_iteration_mode):
            return
        which = f"the monitoring dataset '{uneven}'" if uneven else "the monitoring dataset"
        if not getattr(model, "takes_smaller_batches", False):
            reason = (
                f"monitor_iteration_mode is '{self.monitor_iteration_mode}', but must be even_sequential, "
                "even_shuffled_sequential or even_batchwise_shuffled_sequential: the model takes batches of "
                f"{self.batch_size} only, and {which} does not divide into such"
            )
            raise OptionError(type(self).__name__, "monitor_iteration_mode", reason)
        log.warning(
            "%s does not divide into batches of %d, the model's batch_size, so its last one is smaller; "
            "Pylearn2 refused that from March 2014 on",
            which,
            self.batch_size,
        )


def named_datasets(monitoring_dataset: Dataset | dict[str, Dataset] | None) -> dict[str, Dataset] | None:
    """Return the monitoring datasets by name, in the order in which 2014 took them, or None."""
    if monitoring_dataset is None:
        return None
    if isinstance(monitoring_dataset, dict):
        return {name: monitoring_dataset[name] for name in python2_order(monitoring_dataset)} or None
    return {"": monitoring_dataset}
