"""Layers that combine or reshape: SpaceConverter, CompositeLayer, FlattenerLayer; after Pylearn2's `models/mlp.py`."""

from __future__ import annotations

from typing import Any

from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.variable import TensorVariable

from adversarial.models.layer import Layer
from adversarial.models.mlp import MLP
from adversarial.options import OptionError
from adversarial.space import CompositeSpace, Space, VectorSpace


class SpaceConverter(Layer):
    """A layer that gives its input in another space, such as vectors as images.

    Parameters
    ----------
    layer_name : the layer's name
    output_space : the space to convert to
    """

    def __init__(self, layer_name: str, output_space: Space):
        self.layer_name = layer_name
        self.output_space = output_space
        self._params = []

    def set_input_space(self, space: Space) -> None:
        have, want = space.get_total_dimension(), self.output_space.get_total_dimension()
        if have != want:
            reason = f"output_space is {self.output_space} with {want} values, but the input {space} has {have}"
            raise OptionError(f"SpaceConverter '{self.layer_name}'", "output_space", reason)
        self.input_space = space

    def fprop(self, state_below: Variable) -> Variable:
        return self.input_space.format_as(state_below, self.output_space)


class CompositeLayer(Layer):
    """Layers side by side; the output is the tuple of theirs.

    Parameters
    ----------
    layer_name : the layer's name
    layers : the component layers
    inputs_to_layers : where the input is composite, which components get which input: {input: [components]}; an
        input that it does not name goes to all, one with an empty list to none
    """

    def __init__(self, layer_name: str, layers: list[Layer], inputs_to_layers: dict[int, list[int]] | None = None):
        self.layer_name = layer_name
        self.layers = list(layers)
        self.inputs_to_layers = inputs_to_layers
        for key, components in (inputs_to_layers or {}).items():
            if not all(0 <= component < len(self.layers) for component in components):
                reason = f"inputs_to_layers sends input {key} to {components}, but there are {len(self.layers)} layers"
                raise OptionError(f"CompositeLayer '{layer_name}'", "inputs_to_layers", reason)

    def set_mlp(self, mlp: MLP) -> None:
        super().set_mlp(mlp)
        for layer in self.layers:
            layer.set_mlp(mlp)

    def set_input_space(self, space: Space) -> None:
        self.input_space = space
        self._inputs_of: list[list[int] | None] = [None] * len(self.layers)
        if self.inputs_to_layers is not None:
            self._route(space)
        for layer, inputs in zip(self.layers, self._inputs_of, strict=True):
            layer.set_input_space(space if inputs is None else space.restrict(inputs))
        self.output_space = CompositeSpace(tuple(layer.get_output_space() for layer in self.layers))

    def _route(self, space: Space) -> None:
        if not isinstance(space, CompositeSpace) or max(self.inputs_to_layers) >= len(space.components):
            reason = f"inputs_to_layers names inputs that {space} does not have"
            raise OptionError(f"CompositeLayer '{self.layer_name}'", "inputs_to_layers", reason)
        everywhere = range(len(self.layers))
        for component in everywhere:
            self._inputs_of[component] = [
                source
                for source in range(len(space.components))
                if component in self.inputs_to_layers.get(source, everywhere)
            ]

    def get_params(self) -> list[SharedVariable]:
        params: list[SharedVariable] = []
        for layer in self.layers:
            # 2014's order: a later component's parameters come first.
            params = [param for param in layer.get_params() if param not in params] + params
        return params

    def get_lr_scalers(self) -> dict[SharedVariable, float]:
        return {param: scale for layer in self.layers for param, scale in layer.get_lr_scalers().items()}

    def _modify_updates(self, updates: dict[SharedVariable, Variable]) -> None:
        for layer in self.layers:
            layer.modify_updates(updates)

    def fprop(self, state_below: Any) -> tuple:
        states = []
        for layer, inputs in zip(self.layers, self._inputs_of, strict=True):
            own = state_below
            if inputs is not None:
                own = state_below[inputs[0]] if len(inputs) == 1 else tuple(state_below[i] for i in inputs)
            states.append(layer.fprop(own))
        return tuple(states)

    def cost(self, Y: tuple, Y_hat: tuple) -> TensorVariable:
        """The sum of the components' costs."""
        return sum(layer.cost(y, y_hat) for layer, y, y_hat in zip(self.layers, Y, Y_hat, strict=True))

    def get_layer_monitoring_channels(
        self, state_below: Any = None, state: Any = None, targets: Any = None
    ) -> dict[str, TensorVariable]:
        channels = {}
        for index, (layer, inputs) in enumerate(zip(self.layers, self._inputs_of, strict=True)):
            own_below = state_below
            if state_below is not None and inputs is not None:
                own_below = state_below[inputs[0]] if len(inputs) == 1 else tuple(state_below[i] for i in inputs)
            own = layer.get_layer_monitoring_channels(
                own_below, None if state is None else state[index], None if targets is None else targets[index]
            )
            channels |= {f"{layer.layer_name}_{key}": value for key, value in own.items()}
        return channels


class FlattenerLayer(Layer):
    """A layer whose composite output is joined to one vector.

    Parameters
    ----------
    raw_layer : the layer to wrap; the wrapper goes by its name
    """

    def __init__(self, raw_layer: Layer):
        self.raw_layer = raw_layer
        self.layer_name = raw_layer.layer_name

    def set_mlp(self, mlp: MLP) -> None:
        super().set_mlp(mlp)
        self.raw_layer.set_mlp(mlp)

    def set_input_space(self, space: Space) -> None:
        self.raw_layer.set_input_space(space)
        self.input_space = space
        self.output_space = VectorSpace(self.raw_layer.get_output_space().get_total_dimension())

    def get_params(self) -> list[SharedVariable]:
        return self.raw_layer.get_params()

    def get_lr_scalers(self) -> dict[SharedVariable, float]:
        return self.raw_layer.get_lr_scalers()

    def _modify_updates(self, updates: dict[SharedVariable, Variable]) -> None:
        self.raw_layer.modify_updates(updates)

    def fprop(self, state_below: Any) -> TensorVariable:
        return self.raw_layer.get_output_space().format_as(self.raw_layer.fprop(state_below), self.output_space)

    def cost(self, Y: TensorVariable, Y_hat: TensorVariable) -> TensorVariable:
        """The wrapped layer's cost of the parts that `fprop` joined."""
        # The joined parts are the matrices among the inputs: PyTensor before 3.3 has the axis among them too.
        parts = tuple(part for part in Y_hat.owner.inputs if part.ndim == Y_hat.ndim)
        return self.raw_layer.cost(self.output_space.format_as(Y, self.raw_layer.get_output_space()), parts)
