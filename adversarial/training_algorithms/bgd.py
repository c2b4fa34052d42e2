"""BGD: gradient descent on large minibatches with line searches; after Pylearn2's module of this name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from adversarial.cost import Cost
from adversarial.costs.mlp import default_cost
from adversarial.datasets.dataset import Dataset
from adversarial.errors import ConfigurationError
from adversarial.monitor import NO_DATA, Monitor
from adversarial.options import Count, OptionError, Positive
from adversarial.termination_criteria import TerminationCriterion
from adversarial.training_algorithms.finite import FiniteGuard
from adversarial.training_algorithms.line_search import LineSearch
from adversarial.training_algorithms.minibatches import MinibatchAlgorithm, named_datasets, refuse_function_mode

#: 2014's seed of the order of training examples.
DEFAULT_SEED = (2012, 10, 16)


class BGD(MinibatchAlgorithm):
    """Batch gradient descent: on each minibatch several steps, each as long as a line search finds best.

    Minibatches should be large, up to all of the data.

    Parameters
    ----------
    cost : Cost, optional
        The objective, whose value must be known; default the model's own: `costs.mlp.Default` for an MLP.
    batch_size : int, optional
        Examples in a minibatch, at least 1, default the model's own.
    batches_per_iter : int, optional
        Minibatches in an epoch, default the whole dataset.
    updates_per_batch : int, default 10
        Steps on each minibatch, at least 1.
    monitoring_batch_size : int, optional
        Examples in a batch of the monitor, default `batch_size` if `monitoring_batches` is not given either.
    monitoring_batches : int, optional
        Batches of each monitoring dataset, default `batches_per_iter` if `monitoring_batch_size` is not given either,
        else the whole dataset.
    monitoring_dataset : Dataset or dict of Dataset, optional
        What to monitor on; the names of a dict become prefixes of channels.
    termination_criterion : TerminationCriterion, optional
        When to stop, default never.
    set_batch_size : bool, default False
        Whether `batch_size` overrides a batch size that the model requires.
    reset_alpha : bool, default True
        Whether the search on each minibatch begins with `init_alpha`, or where that on the last one ended.
    conjugate : bool, default False
        Whether directions are conjugate to the last one (nonlinear conjugate gradients, Polak and Ribiere).
    min_init_alpha : float or None, default .001
        Half of the smallest step with which an exhaustive search may begin, above 0.
    reset_conjugate : bool, default True
        Whether the first step on each minibatch follows the gradient.
    line_search_mode : {'exhaustive'}, optional
        Whether to search for the best step by bisection; the default takes the best of a list.
    verbose_optimization : bool, default False
        Accepted and without effect: it printed each step.
    scale_step : float, default 1
        Factor on the change that all steps on a minibatch made.
    theano_function_mode : object, optional
        Refused: the backend is chosen for the whole program.
    init_alpha : list of float, optional
        Steps that are tried first, rising; default [.5, 1] for an exhaustive search, [.001, .005, .01, .05, .1] else.
    seed : int, sequence of int or RandomState, optional
        Seed of the order of the training examples, default Pylearn2's (2012, 10, 16).
    monitor_every : int
        Epochs from one monitoring step to the next, default 1; as of SGD.

    Examples
    --------
    That of Pylearn2's tutorial on softmax regression:

    >>> BGD(batch_size=10_000, line_search_mode="exhaustive", conjugate=True).init_alpha
    [0.5, 1.0]
    """

    def __init__(
        self,
        cost: Cost | None = None,
        batch_size: Count | None = None,
        batches_per_iter: Count | None = None,
        updates_per_batch: Count = 10,
        monitoring_batch_size: Count | None = None,
        monitoring_batches: Count | None = None,
        monitoring_dataset: Dataset | dict[str, Dataset] | None = None,
        termination_criterion: TerminationCriterion | None = None,
        set_batch_size: bool = False,
        reset_alpha: bool = True,
        conjugate: bool = False,
        min_init_alpha: Positive | None = 0.001,
        reset_conjugate: bool = True,
        line_search_mode: Literal["exhaustive"] | None = None,
        verbose_optimization: bool = False,
        scale_step: float = 1.0,
        theano_function_mode: Any = None,
        init_alpha: list[Positive] | None = None,
        seed: Any = DEFAULT_SEED,
        monitor_every: Count = 1,
    ):
        refuse_function_mode("BGD", theano_function_mode)
        if init_alpha is not None and sorted(set(init_alpha)) != list(init_alpha):
            raise OptionError("BGD", "init_alpha", f"init_alpha is {init_alpha}, but each step must be above the last")
        self.cost = cost
        self.batch_size = batch_size
        self.batches_per_iter = batches_per_iter
        self.updates_per_batch = updates_per_batch
        self.monitoring_batch_size = monitoring_batch_size
        self.monitoring_batches = monitoring_batches
        self.monitoring_dataset = named_datasets(monitoring_dataset)
        self.termination_criterion = termination_criterion
        self.set_batch_size = set_batch_size
        self.reset_alpha = reset_alpha
        self.conjugate = conjugate
        self.min_init_alpha = min_init_alpha
        self.reset_conjugate = reset_conjugate
        self.exhaustive = line_search_mode == "exhaustive"
        self.scale_step = scale_step
        self.init_alpha = init_alpha or ([0.5, 1.0] if self.exhaustive else [0.001, 0.005, 0.01, 0.05, 0.1])
        self.monitor_every = monitor_every
        self.update_callbacks = []
        self.rng = seed if isinstance(seed, np.random.RandomState) else np.random.RandomState(seed)

    def setup(self, model: Any, dataset: Dataset) -> None:
        """Build and compile everything that `train` needs, and add channels to the model's monitor."""
        self.model = model
        cost = self.cost = default_cost(model) if self.cost is None else self.cost
        self.monitor = Monitor.get_monitor(model)
        self.params = model.get_params()
        self._guard = FiniteGuard(self.params, self.monitor)
        self._guard.check_all()
        self._synchronize_batch_size(model)
        self._check_monitoring_batches(model)
        if model.averaging_updates({param: param for param in self.params}):
            raise ConfigurationError("BGD averages no parameters: leave the generator's average_decay out, or use SGD")
        inputs, data = self._symbolic_minibatch(cost, dataset)
        fixed = cost.get_fixed_var_descr(model, data)
        self._on_load_batch = fixed.on_load_batch
        objective = cost.expr(model, data, **fixed.fixed_vars)
        if objective is None:
            reason = f"cost is a {type(cost).__name__}, whose value is not known, but line searches need it"
            raise OptionError("BGD", "cost", reason)
        gradients, updates = cost.get_gradients(model, data, **fixed.fixed_vars)
        if set(gradients) != set(self.params):
            raise ConfigurationError(f"{type(cost).__name__} gives no gradient for a parameter, so BGD cannot train it")
        self._setup_monitor(cost)
        self.optimizer = LineSearch(
            model,
            inputs,
            objective,
            gradients,
            updates,
            model.get_lr_scalers(),
            self.exhaustive,
            self.conjugate,
            self.init_alpha,
            self.min_init_alpha,
            self.updates_per_batch,
            self.reset_alpha,
            self.reset_conjugate,
        )
        if self.monitoring_dataset is not None:
            first = next(iter(self.monitoring_dataset.values()))
            for name in ("ave_step_size", "ave_grad_size", "ave_grad_mult"):
                self.monitor.add_channel(name, None, getattr(self.optimizer, name), first, data_specs=NO_DATA)

    def _update(self, batch: tuple[np.ndarray, ...]) -> None:
        before = [param.get_value() for param in self.params] if self.scale_step != 1 else []
        self.optimizer.minimize(batch)
        for param, value in zip(self.params, before, strict=False):
            scaled = (1.0 - self.scale_step) * value + self.scale_step * param.get_value()
            param.set_value(scaled.astype(param.dtype))

    def functions(self) -> list[Callable]:
        return self.optimizer.functions()

    def get_state(self) -> dict[str, Any]:
        """Return the place in the epoch, the random state at its beginning, and the state of the line search."""
        return super().get_state() | {"optimizer": self.optimizer.get_state()}

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state(state)
        self.optimizer.set_state(state["optimizer"])
