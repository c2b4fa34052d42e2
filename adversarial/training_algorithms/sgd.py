"""SGD: stochastic gradient descent on minibatches; after Pylearn2's module of this name.

`setup` builds the graphs in the order in which 2014 built them, since building them draws seeds: the objective, the
monitor's channels, the gradients, the updates. `train` runs one epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import denormals_flushed, function, sharedX, update_loop
from adversarial.checkpoint.training_state import get_states, random_state, set_random_state, set_states
from adversarial.cost import Cost
from adversarial.datasets.data_specs import DataSpecsMapping, flat_specs
from adversarial.datasets.dataset import Dataset
from adversarial.datasets.iteration import (
    IndexedMinibatches,
    MinibatchIterator,
    has_uniform_batch_size,
    is_stochastic,
)
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.monitor import NO_DATA, Monitor
from adversarial.monitor.order_2014 import python2_order
from adversarial.options import Count, Momentum01, OptionError, Positive
from adversarial.termination_criteria import PatienceBasedTermCrit, TerminationCriterion
from adversarial.training_algorithms.finite import FiniteGuard
from adversarial.training_algorithms.learning_rule import LearningRule, LrScalers, Momentum, plain_updates
from adversarial.training_algorithms.nan_search import Compiled, NanSearch
from adversarial.training_algorithms.schedules import (
    AnnealedLearningRate,
    ExponentialDecay,
    LinearDecay,
    LinearDecayOverEpoch,
    MonitorBasedLRAdjuster,
    OneOverEpoch,
    PolyakAveraging,
)
from adversarial.training_algorithms.training_algorithm import TrainingAlgorithm, as_callbacks

# Pylearn2 has the schedules in this module too, so they are found here as well.
__all__ = [
    "SGD",
    "AnnealedLearningRate",
    "ExponentialDecay",
    "LinearDecay",
    "LinearDecayOverEpoch",
    "MonitorBasedLRAdjuster",
    "OneOverEpoch",
    "PatienceBasedTermCrit",
    "PolyakAveraging",
]

#: 2014's seed of the order of training examples.
DEFAULT_SEED = (2012, 10, 5)


class SGD(TrainingAlgorithm):
    """Minibatch stochastic gradient descent that updates all parameters at once, by one compiled function.

    The paper's own experiments use it: both players take a step on each minibatch, which is Algorithm 1 with k = 1.

    Parameters
    ----------
    learning_rate : float
        Step size, above 0. The attribute `learning_rate` is a shared scalar that callbacks and extensions may change.
    cost : Cost, optional
        The objective, default the model's `get_default_cost()`.
    batch_size : int, optional
        Examples in a minibatch, at least 1, default the model's own.
    monitoring_batch_size : int, optional
        Examples in a batch of the monitor, default `batch_size` if `monitoring_batches` is not given either.
    monitoring_batches : int, optional
        Batches of each monitoring dataset.
    monitoring_dataset : Dataset or dict of Dataset, optional
        What to monitor on; the names of a dict become prefixes of channels. By default nothing is monitored. Several
        datasets are taken in the order of 2014, that of Python 2.7's dict of their names, not in the order written:
        each takes the next variates of the generator's noise.
    monitor_iteration_mode : str
        A key of `datasets.iteration.MODES`, default 'sequential'.
    termination_criterion : TerminationCriterion, optional
        When to stop, default never.
    update_callbacks : callable or list of callable, optional
        Called with this object after each update.
    learning_rule : LearningRule, optional
        Such as Momentum, default plain gradient descent.
    init_momentum : float, optional
        Pylearn2's older way to request Momentum; from 0 up to, not including, 1.
    set_batch_size : bool
        Whether `batch_size` overrides a batch size that the model requires, default false.
    train_iteration_mode : str, optional
        How an epoch iterates over the dataset, default 'shuffled_sequential'.
    batches_per_iter : int, optional
        Minibatches in an epoch, default the whole dataset.
    theano_function_mode : object, optional
        Refused: the backend is chosen for the whole program.
    monitoring_costs : dict of Cost, optional
        Further costs to monitor, by name.
    seed : int, sequence of int or RandomState, optional
        Seed of the order of the training examples, default Pylearn2's (2012, 10, 5).

    See Also
    --------
    adversarial.training_algorithms.discriminator_steps.DiscriminatorStepsSGD : The players in turn, k to 1.
    adversarial.training_algorithms.alternating_steps.AlternatingEpochsSGD : The generator in every other epoch.

    Examples
    --------
    >>> from adversarial.termination_criteria import EpochCounter
    >>> algorithm = SGD(learning_rate=0.1, batch_size=100, init_momentum=0.5, termination_criterion=EpochCounter(50))
    >>> algorithm.learning_rate.name, algorithm.learning_rule.options
    ('learning_rate', {'init_momentum': 0.5})
    """

    def __init__(
        self,
        learning_rate: Positive,
        cost: Cost | None = None,
        batch_size: Count | None = None,
        monitoring_batch_size: Count | None = None,
        monitoring_batches: Count | None = None,
        monitoring_dataset: Dataset | dict[str, Dataset] | None = None,
        monitor_iteration_mode: str = "sequential",
        termination_criterion: TerminationCriterion | None = None,
        update_callbacks: Any = None,
        learning_rule: LearningRule | None = None,
        init_momentum: Momentum01 | None = None,
        set_batch_size: bool = False,
        train_iteration_mode: str | None = None,
        batches_per_iter: Count | None = None,
        theano_function_mode: Any = None,
        monitoring_costs: dict[str, Cost] | None = None,
        seed: Any = DEFAULT_SEED,
    ):
        owner = type(self).__name__
        if theano_function_mode is not None:
            reason = "theano_function_mode is not taken: the backend is chosen for the whole program, by --backend"
            raise OptionError(owner, "theano_function_mode", reason)
        if init_momentum is not None and learning_rule is not None:
            raise OptionError(owner, "init_momentum", "init_momentum and learning_rule are both given; drop the first")
        if monitoring_dataset is None:
            for name, value in (("_batch_size", monitoring_batch_size), ("_batches", monitoring_batches)):
                if value is not None:
                    reason = f"monitoring{name} is given, but no monitoring_dataset"
                    raise OptionError(owner, f"monitoring{name}", reason)
        try:
            self.update_callbacks = as_callbacks(update_callbacks)
        except TypeError as error:
            raise OptionError(owner, "update_callbacks", str(error)) from error
        self.learning_rate = sharedX(learning_rate, name="learning_rate")
        self.learning_rule = Momentum(init_momentum) if init_momentum else learning_rule
        self.cost = cost
        self.batch_size = batch_size
        self.set_batch_size = set_batch_size
        self.batches_per_iter = batches_per_iter
        self.monitoring_dataset = _named(monitoring_dataset)
        self.monitoring_batch_size = monitoring_batch_size
        self.monitoring_batches = monitoring_batches
        self.monitor_iteration_mode = monitor_iteration_mode
        self.monitoring_costs = monitoring_costs
        self.termination_criterion = termination_criterion
        self.train_iteration_mode = "shuffled_sequential" if train_iteration_mode is None else train_iteration_mode
        self.rng = seed if isinstance(seed, np.random.RandomState) else np.random.RandomState(seed)
        self._epoch_rng_state: dict[str, Any] | None = None
        self._loop: Any = None

    def setup(self, model: Any, dataset: Dataset) -> None:
        """Build and compile everything that `train` needs, and add channels to the model's monitor.

        Parameters
        ----------
        model : Model
            What is trained.
        dataset : Dataset
            The training data.

        Raises
        ------
        ConfigurationError
            If the options do not go together or with the model.
        NumericalError
            If a parameter is not finite to begin with.
        """
        self.model = model
        cost = self.cost = model.get_default_cost() if self.cost is None else self.cost
        self.params = list(model.get_params())
        if not self.params:
            raise ConfigurationError("the model has no parameters to train")
        for i, param in enumerate(self.params):
            param.name = param.name or f"sgd_params[{i}]"
        self.monitor = Monitor.get_monitor(model)
        self._guard = FiniteGuard(self.params, self.monitor)
        self._guard.check_all()
        self._synchronize_batch_size(model)
        self._check_monitoring_batches(model)

        inputs, data = self._symbolic_minibatch(cost)
        fixed = cost.get_fixed_var_descr(model, data)
        self._on_load_batch = fixed.on_load_batch
        # The value is unused, but 2014 built it first, and building it draws seeds.
        cost.expr(model, data, **fixed.fixed_vars)
        self._setup_monitor(cost)
        grads, updates = cost.get_gradients(model, data, **fixed.fixed_vars)
        self._check_gradients(grads)
        self._compile(inputs, grads, updates, self._lr_scalers(model))

    def check_channels(self) -> None:
        if self.termination_criterion is not None:
            self.termination_criterion.check_channels(self.model)

    def _symbolic_minibatch(self, cost: Cost) -> tuple[tuple[Variable, ...], Any]:
        """Return the inputs of the compiled update, flat and nested as the cost's data_specs."""
        data_specs = cost.get_data_specs(self.model)
        self._data_specs = flat_specs(data_specs)
        space, sources = self._data_specs
        if not sources:
            raise ConfigurationError("the cost reads no data, so there are no minibatches to train on")
        inputs = tuple(
            part.make_theano_batch(name=f"{type(self).__name__}[{source}]", batch_size=self.batch_size)
            for part, source in zip(space.components, sources, strict=True)
        )
        return inputs, DataSpecsMapping(data_specs).nest(inputs)

    def _setup_monitor(self, cost: Cost) -> None:
        if self.monitoring_dataset is None:
            return
        if self.monitoring_batch_size is None and self.monitoring_batches is None:
            self.monitoring_batch_size = self.batch_size
            self.monitoring_batches = self.batches_per_iter
        self.monitor.setup(
            self.monitoring_dataset,
            cost,
            self.monitoring_batch_size,
            self.monitoring_batches,
            self.monitoring_costs,
            self.monitor_iteration_mode,
        )
        first = next(iter(self.monitoring_dataset.values()))
        self.monitor.add_channel("learning_rate", None, self.learning_rate, first, data_specs=NO_DATA)
        if self.learning_rule is not None:
            self.learning_rule.add_channels_to_monitor(self.monitor, first)

    def _check_gradients(self, grads: dict[SharedVariable, TensorVariable]) -> None:
        owner = type(self.cost).__name__
        strange = [each for each in [*grads, *self.params] if (each in grads) != (each in self.params)]
        if strange:
            missing = "gives no gradient for the parameter" if strange[0] in self.params else "gives a gradient for"
            raise ConfigurationError(f"{owner} {missing} {strange[0]}, so the model cannot be trained by it")
        for param, grad in grads.items():
            if grad.dtype != param.type.dtype:
                raise ConfigurationError(
                    f"{owner} gives a gradient of dtype {grad.dtype} for {param}, whose dtype is {param.type.dtype}"
                )
            grad.name = grad.name or f"grad(objective, {param.name})"

    def _lr_scalers(self, model: Any) -> LrScalers:
        scalers = model.get_lr_scalers()
        for param in scalers:
            if param not in self.params:
                raise ConfigurationError(f"the model scales the learning rate of {param}, which is not a parameter")
        return scalers

    def _compile(
        self,
        inputs: tuple[Variable, ...],
        grads: dict[SharedVariable, TensorVariable],
        updates: dict[SharedVariable, Variable],
        lr_scalers: LrScalers,
    ) -> None:
        self.sgd_update = self._compile_update(inputs, grads, updates, lr_scalers, "sgd_update")
        self._loop = update_loop(self.sgd_update)

    def _compile_update(
        self,
        inputs: tuple[Variable, ...],
        grads: dict[SharedVariable, TensorVariable],
        updates: dict[SharedVariable, Variable],
        lr_scalers: LrScalers,
        name: str,
    ) -> Callable[..., None]:
        """Compile the function that updates the parameters in `grads` once."""
        rule = plain_updates if self.learning_rule is None else self.learning_rule.get_updates
        updates = updates | rule(self.learning_rate, grads, lr_scalers)
        for param in grads:
            updates[param].name = updates[param].name or f"{name}({param.name})"
        self.model.modify_updates(updates)
        compiled = function(list(inputs), updates=updates, later=True, on_unused_input="ignore", name=name)
        return NanSearch(cast(Compiled, compiled), inputs, updates, self.monitor) if self.find_nan else compiled

    def functions(self) -> list[Callable]:
        return [self.sgd_update]

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
        for _ in range(self.updates_this_epoch):
            next(iterator)
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
        return dataset.iterator(
            mode=self.train_iteration_mode,
            batch_size=self.batch_size,
            num_batches=self.batches_per_iter,
            data_specs=self._data_specs,
            return_tuple=True,
            rng=self.rng if is_stochastic(self.train_iteration_mode) else None,
        )

    def _updates(self, iterator: MinibatchIterator) -> Iterator[None]:
        """Update on each minibatch; yield after each update, or after several that the backend runs at once."""
        indexed = isinstance(iterator, IndexedMinibatches) and not self._on_load_batch
        if self._loop is not None and indexed and self._loop.can_run(iterator):
            ahead = all(getattr(callback, "runs_ahead", False) for callback in self.update_callbacks)
            yield from self._loop.run(iterator, self._after_update, ahead)
            return
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
        self.sgd_update(*batch)

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
        if has_uniform_batch_size(self.monitor_iteration_mode):
            return
        assert self.batch_size is not None  # `_synchronize_batch_size` has seen to it
        for dataset in self.monitoring_dataset.values():
            if dataset.get_num_examples() % self.batch_size:
                reason = (
                    f"monitor_iteration_mode is '{self.monitor_iteration_mode}', but must be even_sequential, "
                    "even_shuffled_sequential or even_batchwise_shuffled_sequential: the model takes batches of "
                    f"{self.batch_size} only, and a monitoring dataset does not divide into such"
                )
                raise OptionError(type(self).__name__, "monitor_iteration_mode", reason)


def _named(monitoring_dataset: Dataset | dict[str, Dataset] | None) -> dict[str, Dataset] | None:
    """Return the monitoring datasets by name, in the order in which 2014 took them, or None."""
    if monitoring_dataset is None:
        return None
    if isinstance(monitoring_dataset, dict):
        return {name: monitoring_dataset[name] for name in python2_order(monitoring_dataset)} or None
    return {"": monitoring_dataset}
