"""What a generative stochastic network minimises: errors of reconstruction at every step; after Pylearn2's namesake."""

from __future__ import annotations

import functools
import operator
from typing import Any, Literal

from pytensor.tensor.variable import TensorVariable

from adversarial.cost import Cost
from adversarial.costs.autoencoder import ReconstructionCost
from adversarial.datasets.data_specs import DataSpecs
from adversarial.models.gsn import GSN
from adversarial.options import Index, OptionError
from adversarial.space import CompositeSpace


class GSNCost(Cost):
    """Costs at one or two layers of a network, averaged over its steps.

    Parameters
    ----------
    costs : list of [int, float, ReconstructionCost]
        Layer, coefficient and cost; one entry, or two of which the first is the input and the second the labels.
    walkback : int, optional
        Steps beyond the number of autoencoders, at least 0, default 0.
    mode : {'joint', 'supervised', 'anti_supervised'}, optional
        Which layers are set: all of them, the input alone, or the labels alone. Default 'joint'.

    Examples
    --------
    >>> from adversarial.costs.autoencoder import MeanBinaryCrossEntropy
    >>> GSNCost([[0, 1.0, MeanBinaryCrossEntropy()]], walkback=1).walkback
    1
    """

    needs, trains = ("layer_space", "steps"), "a GSN"

    def __init__(
        self, costs: list, walkback: Index = 0, mode: Literal["joint", "supervised", "anti_supervised"] = "joint"
    ):
        self.costs = [self._checked(entry) for entry in costs]
        layers = [layer for layer, _, _ in self.costs]
        if len(layers) not in (1, 2) or len(set(layers)) != len(layers):
            raise OptionError("GSNCost", "costs", "costs must have one entry, or two of different layers")
        if mode != "joint" and len(layers) != 2:
            raise OptionError("GSNCost", "mode", f"mode is '{mode}', which needs costs of an input and of labels")
        self.walkback = walkback
        self.mode = mode

    @staticmethod
    def _checked(entry: Any) -> tuple[int, float, ReconstructionCost]:
        match entry:
            case [int() as layer, int() | float() as coefficient, ReconstructionCost() as cost]:
                return layer, float(coefficient), cost
        raise OptionError("GSNCost", "costs", "each of costs must be [layer, coefficient, cost of a reconstruction]")

    def _outputs(self, model: GSN, data: tuple[TensorVariable, ...]) -> list[list[TensorVariable]]:
        """Return the means of the costs' layers at every step."""
        layers = [layer for layer, _, _ in self.costs]
        given = list(zip(layers, data, strict=True))
        given = {"joint": given, "supervised": given[:1], "anti_supervised": given[1:]}[self.mode]
        return [[step[layer] for layer in layers] for step in model.steps(given, self.walkback)]

    def _mean_over_steps(self, index: int, data: Any, outputs: list[list[TensorVariable]]) -> TensorVariable:
        cost = self.costs[index][2].cost
        return functools.reduce(operator.add, [cost(data[index], step[index]) for step in outputs]) / len(outputs)

    def expr(self, model: GSN, data: tuple[TensorVariable, ...], **kwargs: Any) -> TensorVariable:
        self.get_data_specs(model)[0].validate(data)
        outputs = self._outputs(model, data)
        coefficients = [coefficient for _, coefficient, _ in self.costs]
        terms = [coefficient * self._mean_over_steps(i, data, outputs) for i, coefficient in enumerate(coefficients)]
        return functools.reduce(operator.add, terms) / sum(coefficients)

    def get_monitoring_channels(
        self, model: GSN, data: tuple[TensorVariable, ...], **kwargs: Any
    ) -> dict[str, TensorVariable]:
        self.get_data_specs(model)[0].validate(data)
        if len(self.costs) == 1:
            return {}
        outputs = self._outputs(model, data)
        names = ("reconstruction_cost", "classification_cost")
        return {name: self._mean_over_steps(index, data, outputs) for index, name in enumerate(names)}

    def get_data_specs(self, model: GSN) -> DataSpecs:
        spaces = [model.layer_space(layer) for layer, _, _ in self.costs]
        sources = (model.get_input_source(), model.get_target_source())
        return CompositeSpace(spaces), sources[: len(spaces)]
