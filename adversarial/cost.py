"""Cost: an objective that a training algorithm minimizes, and its gradients; after Pylearn2's `costs/cost.py`."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytensor
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.variable import TensorVariable

from adversarial.datasets.data_specs import DataSpecs, DataSpecsMapping
from adversarial.errors import ConfigurationError
from adversarial.options import Configurable, OptionError, Positive
from adversarial.space import Batch, CompositeSpace, NullSpace

Gradients = dict[SharedVariable, TensorVariable]
Updates = dict[SharedVariable, Variable]


@dataclass
class FixedVarDescr:
    """What a cost holds fixed while a minibatch is in use, however often the parameters change meanwhile.

    Attributes
    ----------
    fixed_vars : dict
        Keyword arguments of the cost's `expr` and `get_gradients`.
    on_load_batch : list of callable
        Called with each new minibatch before it is used.
    """

    fixed_vars: dict[str, Any] = field(default_factory=dict)
    on_load_batch: list[Callable[..., None]] = field(default_factory=list)


def merge(left: FixedVarDescr, right: FixedVarDescr) -> FixedVarDescr:
    """Merge two descriptions; a name in both is an error."""
    shared = left.fixed_vars.keys() & right.fixed_vars.keys()
    if shared:
        raise ConfigurationError(f"two costs both hold '{min(shared)}' fixed; give one of them another name")
    added = [callback for callback in right.on_load_batch if callback not in left.on_load_batch]
    return FixedVarDescr(left.fixed_vars | right.fixed_vars, left.on_load_batch + added)


def gradients_of(objective: TensorVariable, wrt: Sequence[Variable], **kwargs: Any) -> list[TensorVariable]:
    """Return the gradient of a scalar with respect to each of `wrt`; `kwargs` are those of `pytensor.grad`."""
    return cast(list[TensorVariable], pytensor.grad(objective, list(wrt), **kwargs))


class Cost(Configurable):
    """An objective that training minimizes.

    A subclass defines `expr` and `get_data_specs`, and `get_gradients` where updates should not follow the gradient
    of `expr`.
    """

    #: Whether the data are pairs (features, targets).
    supervised = False
    #: Whether SGD builds its gradients before the monitor, as Pylearn2 did from 2015 on, unless it is told otherwise.
    gradients_first = False
    #: What the cost calls or reads of a model.
    needs: tuple[str, ...] = ()
    #: The models that have it, in words.
    trains: str = ""

    def check_model(self, model: Any) -> None:
        """Check, before any graph is built, that the model has what the cost needs; of what class it is, is left open.

        Parameters
        ----------
        model : Model
            The model that is to be trained or monitored.

        Raises
        ------
        ConfigurationError
            If it lacks something.

        Examples
        --------
        >>> from adversarial.costs.mlp import Default
        >>> Default().needs, Default().trains
        (('cost_from_X',), 'an MLP')
        """
        missing = [name for name in self.needs if not hasattr(model, name)]
        if missing:
            lack = f"the model is of class {type(model).__name__}, which has no '{missing[0]}'"
            raise ConfigurationError(f"{type(self).__name__}: {lack}; this cost trains {self.trains}")

    def expr(self, model: Any, data: Batch, **kwargs: Any) -> TensorVariable | None:
        """Return the scalar objective on a batch.

        Parameters
        ----------
        model : Model
            The model that is trained.
        data : TensorVariable or tuple
            A symbolic batch of the space of `get_data_specs`.
        **kwargs : dict
            The `fixed_vars` of `get_fixed_var_descr`.

        Returns
        -------
        TensorVariable or None
            None if only the gradient is known.
        """
        raise NotImplementedError(f"{type(self).__name__} must define expr")

    def get_gradients(self, model: Any, data: Batch, **kwargs: Any) -> tuple[Gradients, Updates]:
        """Return the gradient by parameter of the model, and updates of the cost's own shared variables."""
        objective = self.expr(model, data, **kwargs)
        if objective is None:
            raise NotImplementedError(f"{type(self).__name__} has no expr, so it must define get_gradients")
        params = list(model.get_params())
        gradients = gradients_of(objective, params, disconnected_inputs="ignore")
        return dict(zip(params, gradients, strict=True)), {}

    def get_monitoring_channels(self, model: Any, data: Batch, **kwargs: Any) -> dict[str, TensorVariable]:
        """Return scalars to monitor on a batch, by name, besides the objective."""
        self.get_data_specs(model)[0].validate(data)
        return {}

    def get_fixed_var_descr(self, model: Any, data: Batch) -> FixedVarDescr:
        """Return what is held fixed for each minibatch; nothing, unless a subclass overrides this."""
        self.get_data_specs(model)[0].validate(data)
        return FixedVarDescr()

    def get_data_specs(self, model: Any) -> DataSpecs:
        """Return the (space, source) of the data that the cost reads; the mixins below define the common cases."""
        raise NotImplementedError(f"{type(self).__name__} must define get_data_specs")


class DefaultDataSpecsMixin:
    """A mixin before Cost: the data are the model's input, with its targets if `supervised`."""

    supervised: bool

    def get_data_specs(self, model: Any) -> DataSpecs:
        """Return the specification of the model's input, or of (input, targets)."""
        if not self.supervised:
            return model.get_input_space(), model.get_input_source()
        space = CompositeSpace([model.get_input_space(), model.get_output_space()])
        return space, (model.get_input_source(), model.get_target_source())


class NullDataSpecsMixin:
    """A mixin before Cost: the cost reads no data, like a penalty on the parameters."""

    def get_data_specs(self, model: Any) -> DataSpecs:
        """Return the specification of no data."""
        return NullSpace(), ""


class LpPenalty(NullDataSpecsMixin, Cost):
    """The sum of the absolute values of the p-th powers of all entries of some variables; for Python callers.

    Parameters
    ----------
    variables : list of TensorVariable
        Such as a model's parameters; at least one.
    p : float
        The power, above 0.

    Examples
    --------
    >>> from adversarial.backend import sharedX
    >>> float(LpPenalty([sharedX([1.0, -2.0]), sharedX([[3.0]])], p=3).expr(None, None).eval())
    36.0
    """

    def __init__(self, variables: list, p: Positive):
        if not variables:
            raise OptionError("LpPenalty", "variables", "variables is empty, but must name at least one variable")
        self.variables = list(variables)
        self.p = p

    def expr(self, model: Any, data: Batch, **kwargs: Any) -> TensorVariable:
        self.get_data_specs(model)[0].validate(data)
        return functools.reduce(operator.add, (abs(variable**self.p).sum() for variable in self.variables))


class SumOfCosts(Cost):
    """A weighted sum of costs.

    Parameters
    ----------
    costs : list
        Cost objects, or pairs [coefficient, Cost]; a coefficient that is not given is 1.

    Examples
    --------
    >>> from adversarial.game.costs import AdversaryCost2
    >>> SumOfCosts([[0.5, AdversaryCost2()], AdversaryCost2()]).coeffs
    [0.5, 1.0]
    """

    def __init__(self, costs: list):
        if not costs:
            raise OptionError("SumOfCosts", "costs", "costs is empty, but must name at least one Cost")
        self.coeffs: list[float] = []
        self.costs: list[Cost] = []
        for entry in costs:
            coeff, cost = entry if isinstance(entry, (list, tuple)) and len(entry) == 2 else (1.0, entry)
            if not isinstance(cost, Cost):
                reason = f"costs holds {type(cost).__name__}, but must hold Cost objects or pairs [number, Cost]"
                raise OptionError("SumOfCosts", "costs", reason)
            self.coeffs.append(float(coeff))
            self.costs.append(cost)
        self.supervised = any(cost.supervised for cost in self.costs)

    def check_model(self, model: Any) -> None:
        """Check the model for each of the costs."""
        for cost in self.costs:
            cost.check_model(model)

    def _composite(self, model: Any) -> tuple[DataSpecs, DataSpecsMapping]:
        specs = [cost.get_data_specs(model) for cost in self.costs]
        composite = CompositeSpace([space for space, _ in specs]), tuple(source for _, source in specs)
        return composite, DataSpecsMapping(composite)

    def get_data_specs(self, model: Any) -> DataSpecs:
        (space, source), mapping = self._composite(model)
        return mapping.flatten(space), mapping.flatten(source)

    def _with_data(self, model: Any, data: Batch) -> list[tuple[Cost, Any]]:
        self.get_data_specs(model)[0].validate(data)
        _, mapping = self._composite(model)
        return list(zip(self.costs, mapping.nest(data), strict=True))

    def expr(self, model: Any, data: Batch, **kwargs: Any) -> TensorVariable | None:
        terms: list[TensorVariable] = []
        parts = self._with_data(model, data)
        values = [cost.expr(model, part, **kwargs) for cost, part in parts]
        for coeff, value in zip(self.coeffs, values, strict=True):
            if value is None:
                return None
            terms.append(coeff * value)
        return functools.reduce(operator.add, terms)

    def get_gradients(self, model: Any, data: Batch, **kwargs: Any) -> tuple[Gradients, Updates]:
        parts = [cost.get_gradients(model, part, **kwargs) for cost, part in self._with_data(model, data)]
        params = model.get_params()
        total: Gradients = {}
        updates: Updates = {}
        for coeff, (gradients, own_updates) in zip(self.coeffs, parts, strict=True):
            for param, gradient in gradients.items():
                if param not in params:
                    raise ValueError(f"a cost gives a gradient for {param}, which is not a parameter of the model")
                total[param] = coeff * gradient if param not in total else total[param] + coeff * gradient
            clash = [state for state in own_updates if state in updates or state in params]
            if clash:
                raise ValueError(f"two parts of a sum of costs both update {clash[0]}")
            updates |= own_updates
        return total, updates

    def get_monitoring_channels(self, model: Any, data: Batch, **kwargs: Any) -> dict[str, TensorVariable]:
        """Return the channels of each cost, then its value as `term_<i>` with its name."""
        channels: dict[str, TensorVariable] = {}
        for i, (cost, part) in enumerate(self._with_data(model, data)):
            channels |= cost.get_monitoring_channels(model, part, **kwargs)
            value = cost.expr(model, part, **kwargs)
            if value is not None:
                channels[f"term_{i}" + (f"_{value.name}" if value.name else "")] = value
        return channels

    def get_fixed_var_descr(self, model: Any, data: Batch) -> FixedVarDescr:
        descriptions = [cost.get_fixed_var_descr(model, part) for cost, part in self._with_data(model, data)]
        return functools.reduce(merge, descriptions)
