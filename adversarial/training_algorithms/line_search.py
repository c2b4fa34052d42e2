"""Descent along gradient or conjugate directions with line searches; after Pylearn2's `batch_gradient_descent`."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX, function, sharedX
from adversarial.errors import NumericalError
from adversarial.models.model import Model
from adversarial.training_algorithms.learning_rule import LrScalers

#: Points that an exhaustive search tries beside those it begins with.
_POINTS = 10
#: Ratio of neighbouring steps above which a list of steps is drawn together.
_MAX_GAP = 5.0


class LineSearch:
    """Minimises an objective on one minibatch by steps along directions of norm 1.

    Parameters
    ----------
    model : Model
        What is changed; its constraints hold at each point that is tried.
    inputs : sequence of Variable
        The symbolic minibatch.
    objective : TensorVariable
        What is minimised.
    gradients : dict
        Its gradient by parameter.
    gradient_updates : dict
        Updates of other shared variables whenever the gradient is computed.
    lr_scalers : dict
        Factors of the step by parameter; 1 where a parameter is absent.
    exhaustive : bool
        Whether to search by bisection for the best step, or to take the best of a list.
    conjugate : bool
        Whether directions are conjugate to the last one (Polak and Ribiere's formula, never below 0).
    init_alpha : sequence of float
        The steps that are tried first.
    min_init_alpha : float or None
        Lower end of the steps that an exhaustive search begins with.
    max_iter : int
        Directions for each minibatch; -1 is until it converges.
    reset_alpha : bool
        Whether each minibatch begins with `init_alpha`.
    reset_conjugate : bool
        Whether each minibatch begins with the gradient.

    Attributes
    ----------
    ave_step_size, ave_grad_size, ave_grad_mult : shared scalar
        Running means of the step, of the norm of the gradient, and of their ratio.
    """

    def __init__(
        self,
        model: Model,
        inputs: Sequence[Variable],
        objective: TensorVariable,
        gradients: dict[SharedVariable, TensorVariable],
        gradient_updates: dict[SharedVariable, Variable],
        lr_scalers: LrScalers,
        exhaustive: bool,
        conjugate: bool,
        init_alpha: Sequence[float],
        min_init_alpha: float | None,
        max_iter: int,
        reset_alpha: bool,
        reset_conjugate: bool,
    ):
        self.exhaustive = exhaustive
        self.conjugate = conjugate
        self.alphas = [float(alpha) for alpha in init_alpha]
        self.min_init_alpha = min_init_alpha
        self.max_iter = max_iter
        self.reset_alpha = reset_alpha
        self.reset_conjugate = reset_conjugate
        self.tolerance = 1e-6 if objective.dtype == "float32" else 3e-7
        self.ave_step_size, self.ave_grad_size, self.ave_grad_mult = sharedX(0.0), sharedX(0.0), sharedX(0.0)
        #: Weight of the newest value in the means: 1 at first, then .01.
        self.new_weight = sharedX(1.0)
        self._compile(model, inputs, objective, gradients, gradient_updates, lr_scalers)

    def _compile(
        self,
        model: Model,
        inputs: Sequence[Variable],
        objective: TensorVariable,
        gradients: dict[SharedVariable, TensorVariable],
        gradient_updates: dict[SharedVariable, Variable],
        lr_scalers: LrScalers,
    ) -> None:
        direction = {param: _zeros_like(param, "direction") for param in gradients}
        cache = {param: _zeros_like(param, "cache") for param in gradients}
        updates: dict[SharedVariable, Variable] = dict(gradient_updates)
        updates |= {direction[param]: gradient for param, gradient in gradients.items()}
        self._compute_gradient = function(list(inputs), updates=updates, on_unused_input="ignore", name="gradient")
        self._objective = function(list(inputs), objective, on_unused_input="ignore", name="objective")
        self._keep = function([], updates={cache[param]: param for param in gradients}, name="keep")
        alpha = pt.scalar("alpha", dtype=floatX())
        moved: dict[SharedVariable, Variable] = {
            param: cache[param] - alpha * lr_scalers.get(param, 1.0) * direction[param] for param in gradients
        }
        model.modify_updates(moved)
        self._go_to = function([alpha], updates=moved, name="go_to")
        norm = pt.sqrt(_dot(direction.values(), direction.values()))
        mean = self.new_weight * norm + (1.0 - self.new_weight) * self.ave_grad_size
        normalized: dict[SharedVariable, Variable] = {each: each / norm for each in direction.values()}
        self._normalize = function([], norm, updates=normalized | {self.ave_grad_size: mean}, name="normalize")
        if self.conjugate:
            self._compile_conjugate(direction)

    def _compile_conjugate(self, direction: dict[SharedVariable, TensorSharedVariable]) -> None:
        old = {each: _zeros_like(each, "old") for each in direction.values()}
        scale = pt.scalar("norm", dtype=floatX())
        self._keep_direction = function([scale], updates={old[each]: each * scale for each in old}, name="keep_old")
        difference = _dot(old, old) - _dot(old, old.values())
        beta = pt.maximum(difference / (1e-7 + _dot(old.values(), old.values())), 0.0)
        self._make_conjugate = function([], updates={each: each + beta * old[each] for each in old}, name="conjugate")

    def functions(self) -> list[Callable]:
        """Return the compiled functions that have the state of the search in their shared variables."""
        own = [self._compute_gradient, self._keep, self._go_to, self._normalize]
        return [*own, self._keep_direction] if self.conjugate else own

    def minimize(self, batch: Sequence[np.ndarray]) -> None:
        """Change the parameters so that the objective on a minibatch falls."""
        # 2014 computed it here too, and an objective with dropout draws masks each time.
        self._here(batch)
        alphas = list(self.alphas)
        # The norm gives the last direction its length back; 0 forgets it.
        norm = 0.0 if self.reset_conjugate else 1.0
        iterations = 0
        while iterations != self.max_iter:
            iterations += 1
            self._keep()
            if self.conjugate:
                self._keep_direction(norm)
            self._compute_gradient(*batch)
            if self.conjugate:
                self._make_conjugate()
            norm = float(self._normalize())
            search = self._search_by_bisection if self.exhaustive else self._search_in_list
            step, proposed = search(alphas, batch)
            if proposed is None:
                break
            alphas = proposed
            self._average(step, norm)
        if not self.reset_alpha:
            self.alphas = alphas

    def _at(self, alpha: float, batch: Sequence[np.ndarray]) -> float:
        """Go to a step and return the objective there, infinite where it is NaN."""
        self._go_to(alpha)
        value = float(self._objective(*batch))
        return np.inf if np.isnan(value) else value

    def _here(self, batch: Sequence[np.ndarray]) -> float:
        value = float(self._objective(*batch))
        if np.isnan(value):
            raise NumericalError("the objective is NaN, so that no step can be better: check the data, or --debug-nan")
        return value

    def _search_in_list(self, alphas: list[float], batch: Sequence[np.ndarray]) -> tuple[float, list[float] | None]:
        """Go to the best of a list of steps; return it and the steps to try next, None where it has converged."""
        lowest, step, best = self._here(batch), 0.0, -1
        for index, alpha in enumerate(alphas):
            value = self._at(alpha, batch)
            # Of equal ones the larger step.
            if value <= lowest:
                lowest, step, best = value, alpha, index
        self._go_to(step)
        if best < 1 and alphas[0] > self.tolerance:
            return step, [alpha / 3.0 for alpha in alphas]
        if best > len(alphas) - 2:
            return step, [alpha * 2.0 for alpha in alphas]
        if best == -1:
            if alphas[-1] > 1:
                return step, None
            return step, [alpha * 1.5 ** (index + 1) for index, alpha in enumerate(alphas)]
        if max(second / first for first, second in zip(alphas, alphas[1:], strict=False)) > _MAX_GAP:
            return step, [alpha**0.99 * step**0.01 for alpha in alphas]
        return step, alphas

    def _search_by_bisection(self, alphas: list[float], batch: Sequence[np.ndarray]) -> tuple[float, list[float]]:
        """Go to the best step that bisection finds; return it and the steps to try next."""
        points = [(0.0, self._here(batch))] + [(alpha, self._at(alpha, batch)) for alpha in alphas]
        before = 0.0
        while True:
            best = _lowest(points)
            alpha = _between(points, best)
            if alpha < 1e-20:
                break
            size, lowest = len(points), points[best][1]
            value = self._at(alpha, batch)
            points = sorted([*points, (alpha, value)])
            gain = lowest - value
            if 0 < gain < 0.01 * before or size > _POINTS:
                break
            before = gain
        best = _lowest(points)
        step = points[best][0]
        self._go_to(step)
        largest = points[1][0] if best == 0 else step
        if self.min_init_alpha is not None:
            largest = max(largest, 2.0 * self.min_init_alpha)
        return step, [largest / 2.0, largest]

    def _average(self, step: float, norm: float) -> None:
        weight = float(self.new_weight.get_value())
        for mean, value in ((self.ave_step_size, step), (self.ave_grad_mult, step / norm)):
            updated = weight * value + (1.0 - weight) * float(mean.get_value())
            mean.set_value(np.asarray(updated, dtype=mean.dtype))
        if weight == 1.0:
            self.new_weight.set_value(np.asarray(0.01, dtype=self.new_weight.dtype))

    def get_state(self) -> dict[str, Any]:
        """Return the steps and the means, as plain values."""
        means = (self.ave_step_size, self.ave_grad_size, self.ave_grad_mult, self.new_weight)
        return {"alphas": list(self.alphas), "means": [float(mean.get_value()) for mean in means]}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore what `get_state` returned."""
        self.alphas = [float(alpha) for alpha in state["alphas"]]
        means = (self.ave_step_size, self.ave_grad_size, self.ave_grad_mult, self.new_weight)
        for mean, value in zip(means, state["means"], strict=True):
            mean.set_value(np.asarray(value, dtype=mean.dtype))


def _lowest(points: list[tuple[float, float]]) -> int:
    return min(range(len(points)), key=lambda index: points[index][1])


def _between(points: list[tuple[float, float]], best: int) -> float:
    """The step to try: between the best one and its better neighbour, or twice the largest."""
    steps = [step for step, _ in points]
    if best == 0:
        return (steps[0] + steps[1]) / 2.0
    if best == len(points) - 1:
        return 2.0 * steps[-1]
    other = best + 1 if points[best + 1][1] < points[best - 1][1] else best - 1
    return (steps[best] + steps[other]) / 2.0


def _zeros_like(variable: SharedVariable, prefix: str) -> TensorSharedVariable:
    return sharedX(np.zeros_like(variable.get_value(borrow=True)), name=f"{prefix}_{variable.name}")


def _dot(left: Any, right: Any) -> TensorVariable:
    """The dot product of two lists of tensors."""
    products = [cast(TensorVariable, (a * b).sum()) for a, b in zip(left, right, strict=True)]
    return functools.reduce(operator.add, products)
