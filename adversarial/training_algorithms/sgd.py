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

from adversarial.backend import function, sharedX, update_loop
from adversarial.cost import Cost
from adversarial.costs.mlp import default_cost
from adversarial.datasets.dataset import Dataset
from adversarial.datasets.iteration import (
    IndexedMinibatches,
    MinibatchIterator,
)
from adversarial.errors import ConfigurationError
from adversarial.monitor import NO_DATA, Monitor
from adversarial.options import Count, Momentum01, OptionError, UsuallyPositive
from adversarial.termination_criteria import PatienceBasedTermCrit, TerminationCriterion
from adversarial.training_algorithms.finite import FiniteGuard
from adversarial.training_algorithms.learning_rule import LearningRule, LrScalers, Momentum, plain_updates
from adversarial.training_algorithms.minibatches import MinibatchAlgorithm, named_datasets, refuse_function_mode
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
from adversarial.training_algorithms.training_algorithm import as_callbacks

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


class SGD(MinibatchAlgorithm):
    """Minibatch stochastic gradient descent that updates all parameters at once, by one compiled function.

    The paper's own experiments use it: both players take a step on each minibatch, which is Algorithm 1 with k = 1.

    Parameters
    ----------
    learning_rate : float
        Step size, above 0 as a rule. The attribute `learning_rate` is a shared scalar that callbacks and extensions may
        change.
    cost : Cost, optional
        The objective, default the model's own: `costs.mlp.Default` for an MLP.
    batch_size : int, optional
        Examples in a minibatch, at least 1, default the model's own.
    monitoring_batch_size : int, optional
        Examples in a batch of the monitor, default `batch_size` if `monitoring_batches` is not given either.
    monitoring_batches : int, optional
        Batches of each monitoring dataset, default `batches_per_iter` if `monitoring_batch_size` is not given either,
        else the whole dataset.
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
    gradients_first : bool, optional
        Whether the gradients are built before the monitor, as Pylearn2 of 2015 did, not after it, as in 2014; random
        streams depend on it. Default: what the cost says, true for conditional games.
    monitor_every : int
        Epochs from one monitoring step to the next, which are multiples of it; default 1: one after each epoch, as in
        2014. In between, channels keep their last values, extensions are called all the same, and a termination
        criterion asks on; one that counts the values of a channel is refused. The parameters are the same, as the
        monitor's random streams are its own; these move on at monitoring steps only, so what is measured on random
        numbers after an epoch depends on how often it was before.

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
        learning_rate: UsuallyPositive,
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
        gradients_first: bool | None = None,
        monitor_every: Count = 1,
    ):
        owner = type(self).__name__
        refuse_function_mode(owner, theano_function_mode)
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
        self.monitoring_dataset = named_datasets(monitoring_dataset)
        self.monitoring_batch_size = monitoring_batch_size
        self.monitoring_batches = monitoring_batches
        self.monitor_iteration_mode = monitor_iteration_mode
        self.monitoring_costs = monitoring_costs
        self.gradients_first = gradients_first
        self.monitor_every = monitor_every
        self.termination_criterion = termination_criterion
        self.train_iteration_mode = "shuffled_sequential" if train_iteration_mode is None else train_iteration_mode
        self.rng = seed if isinstance(seed, np.random.RandomState) else np.random.RandomState(seed)
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
        cost = self.cost = default_cost(model) if self.cost is None else self.cost
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

        inputs, data = self._symbolic_minibatch(cost, dataset)
        fixed = cost.get_fixed_var_descr(model, data)
        self._on_load_batch = fixed.on_load_batch
        # The value is unused, but 2014 built it first, and building it draws seeds.
        cost.expr(model, data, **fixed.fixed_vars)
        first = cost.gradients_first if self.gradients_first is None else self.gradients_first
        if not first:
            self._setup_monitor(cost)
        grads, updates = cost.get_gradients(model, data, **fixed.fixed_vars)
        if first:
            self._setup_monitor(cost)
        self._check_gradients(grads)
        self._compile(inputs, grads, updates, self._lr_scalers(model))

    def _setup_monitor(self, cost: Cost | None) -> None:
        super()._setup_monitor(cost)
        if self.monitoring_dataset is not None:
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
        updates |= self.model.averaging_updates(updates)
        compiled = function(list(inputs), updates=updates, later=True, on_unused_input="ignore", name=name)
        return NanSearch(cast(Compiled, compiled), inputs, updates, self.monitor) if self.find_nan else compiled

    def functions(self) -> list[Callable]:
        return [self.sgd_update]

    def _updates(self, iterator: MinibatchIterator) -> Iterator[None]:
        indexed = isinstance(iterator, IndexedMinibatches) and not self._on_load_batch
        if self._loop is not None and indexed and self._loop.can_run(iterator):
            ahead = all(getattr(callback, "runs_ahead", False) for callback in self.update_callbacks)
            yield from self._loop.run(iterator, self._after_update, ahead)
        else:
            yield from super()._updates(iterator)

    def _update(self, batch: tuple[np.ndarray, ...]) -> None:
        self.sgd_update(*batch)
