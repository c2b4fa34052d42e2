"""Layers that combine, reshape or do nothing: composite layers, SpaceConverter; after Pylearn2's `models/mlp.py`."""

from __future__ import annotations

from typing import Any, cast

import pytensor.tensor as pt
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from adversarial.models.layer import Layer, LayerParent, sum_over
from adversarial.options import OptionError
from adversarial.space import Batch, CompositeSpace, Space, VectorSpace


class SpaceConverter(Layer):
    """A layer that converts its input to another space, such as vectors to images.

    Parameters
    ----------
    layer_name : str
        The layer's name, different from any other in its MLP.
    output_space : Space
        The space to convert to; it must have as many values as the input space.

    Examples
    --------
    >>> from adversarial.models.mlp import MLP
    >>> from adversarial.space import Conv2DSpace
    >>> images = Conv2DSpace(shape=[4, 4], num_channels=3)
    >>> MLP([SpaceConverter(layer_name="images", output_space=images)], nvis=48).get_output_space()
    Conv2DSpace(4x4, 3 channels, b01c)
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

    def fprop(self, state_below: Batch) -> Batch:
        return self.input_space.format_as(state_below, self.output_space)


class IdentityLayer(Layer):
    """A layer whose output is its input; of hans/adversarial, to feed conditions through unchanged.

    Parameters
    ----------
    layer_name : str
        The layer's name, different from any other in its MLP.

    Examples
    --------
    >>> from adversarial.models.mlp import MLP
    >>> MLP([IdentityLayer(layer_name="condition")], nvis=10).get_output_space()
    VectorSpace(10)
    """

    def __init__(self, layer_name: str):
        self.layer_name = layer_name
        self._params = []

    def set_input_space(self, space: Space) -> None:
        self.input_space = self.output_space = space

    def fprop(self, state_below: Batch) -> Batch:
        return state_below


class CompositeLayer(Layer):
    """Layers side by side; the output is the tuple of their outputs.

    Parameters
    ----------
    layer_name : str
        The layer's name, different from any other in its MLP.
    layers : list of Layer
        The component layers.
    inputs_to_layers : dict, optional
        For a composite input, which components read which part: {part: [components]}, by index. A part that is
        absent is read by all components, one with an empty list by none. Default: all components read everything.

    Examples
    --------
    >>> from adversarial.models.linear import Linear
    >>> from adversarial.models.mlp import MLP
    >>> heads = [Linear(dim=2, layer_name="a", irange=0.1), Linear(dim=3, layer_name="b", irange=0.1)]
    >>> MLP([CompositeLayer(layer_name="heads", layers=heads)], nvis=4).get_output_space()
    CompositeSpace(VectorSpace(2), VectorSpace(3))
    """

    def __init__(self, layer_name: str, layers: list[Layer], inputs_to_layers: dict[int, list[int]] | None = None):
        self.layer_name = layer_name
        self.layers = list(layers)
        self.inputs_to_layers = inputs_to_layers
        for key, components in (inputs_to_layers or {}).items():
            if not all(0 <= component < len(self.layers) for component in components):
                reason = f"inputs_to_layers sends input {key} to {components}, but there are {len(self.layers)} layers"
                raise OptionError(f"CompositeLayer '{layer_name}'", "inputs_to_layers", reason)

    def set_mlp(self, mlp: LayerParent) -> None:
        super().set_mlp(mlp)
        for layer in self.layers:
            layer.set_mlp(mlp)

    def set_input_space(self, space: Space) -> None:
        self.input_space = space
        self._inputs_of: list[list[int] | None] = [None] * len(self.layers)
        if self.inputs_to_layers is not None:
            self._route(space, self.inputs_to_layers)
        for layer, inputs in zip(self.layers, self._inputs_of, strict=True):
            layer.set_input_space(
                space.restrict(inputs) if isinstance(space, CompositeSpace) and inputs is not None else space
            )
        self.output_space = CompositeSpace(tuple(layer.get_output_space() for layer in self.layers))

    def _route(self, space: Space, inputs_to_layers: dict[int, list[int]]) -> None:
        if not isinstance(space, CompositeSpace) or max(inputs_to_layers) >= len(space.components):
            reason = f"inputs_to_layers names inputs that {space} does not have"
            raise OptionError(f"CompositeLayer '{self.layer_name}'", "inputs_to_layers", reason)
        everywhere = range(len(self.layers))
        for component in everywhere:
            self._inputs_of[component] = [
                source
                for source in range(len(space.components))
                if component in inputs_to_layers.get(source, everywhere)
            ]

    def get_params(self) -> list[TensorSharedVariable]:
        params: list[TensorSharedVariable] = []
        for layer in self.layers:
            # 2014's order: a later component's parameters come first.
            params = [param for param in layer.get_params() if param not in params] + params
        return params

    def _all_params(self) -> list[TensorSharedVariable]:
        return [param for layer in self.layers for param in layer._all_params()]

    def get_lr_scalers(self) -> dict[SharedVariable, float]:
        return {param: scale for layer in self.layers for param, scale in layer.get_lr_scalers().items()}

    def _modify_updates(self, updates: dict[SharedVariable, Variable]) -> None:
        for layer in self.layers:
            layer.modify_updates(updates)

    def fprop(self, state_below: Batch) -> tuple[Batch, ...]:
        parts = self.parts_of(state_below)
        return tuple(layer.fprop(part) for layer, part in zip(self.layers, parts, strict=True))

    def parts_of(self, state_below: Batch) -> list[Batch]:
        """Return what each component reads of a batch of the input space."""
        return [_parts(state_below, inputs) for inputs in self._inputs_of]

    def cost(self, Y: tuple[Batch, ...], Y_hat: tuple[Batch, ...]) -> TensorVariable:
        """Return the sum of the components' costs."""
        return cast(TensorVariable, sum(layer.cost(*pair) for layer, *pair in zip(self.layers, Y, Y_hat, strict=True)))

    def get_weight_decay(self, coeff: Any) -> TensorVariable:
        """Return the sum of the components' decays; `coeff` is a number for all, or a list with one for each."""
        return sum_over(self.layers, coeff, lambda layer, own: layer.get_weight_decay(own))

    def get_l1_weight_decay(self, coeff: Any) -> TensorVariable:
        """Return the same of absolute values."""
        return sum_over(self.layers, coeff, lambda layer, own: layer.get_l1_weight_decay(own))

    def get_layer_monitoring_channels(
        self, state_below: Batch | None = None, state: Batch | None = None, targets: Batch | None = None
    ) -> dict[str, TensorVariable]:
        channels: dict[str, TensorVariable] = {}
        for index, (layer, inputs) in enumerate(zip(self.layers, self._inputs_of, strict=True)):
            below = None if state_below is None else _parts(state_below, inputs)
            own = layer.get_layer_monitoring_channels(
                below, None if state is None else state[index], None if targets is None else targets[index]
            )
            channels |= {f"{layer.layer_name}_{key}": value for key, value in own.items()}
        return channels


def _parts(state_below: Batch, inputs: list[int] | None) -> Batch:
    """The parts of a composite batch that a component reads; None is all."""
    if inputs is None:
        return state_below
    return state_below[inputs[0]] if len(inputs) == 1 else tuple(state_below[i] for i in inputs)


class FlattenerLayer(Layer):
    """A layer whose composite output is concatenated to one vector.

    Parameters
    ----------
    raw_layer : Layer
        The layer that is wrapped; the wrapper has its name.

    Examples
    --------
    >>> from adversarial.models.linear import Linear
    >>> from adversarial.models.mlp import MLP
    >>> heads = [Linear(dim=2, layer_name="a", irange=0.1), Linear(dim=3, layer_name="b", irange=0.1)]
    >>> MLP([FlattenerLayer(CompositeLayer(layer_name="heads", layers=heads))], nvis=4).get_output_space()
    VectorSpace(5)
    """

    def __init__(self, raw_layer: Layer):
        self.raw_layer = raw_layer
        self.layer_name = raw_layer.layer_name

    def set_mlp(self, mlp: LayerParent) -> None:
        super().set_mlp(mlp)
        self.raw_layer.set_mlp(mlp)

    def set_input_space(self, space: Space) -> None:
        self.raw_layer.set_input_space(space)
        self.input_space = space
        self.output_space = VectorSpace(self.raw_layer.get_output_space().get_total_dimension())

    def get_params(self) -> list[TensorSharedVariable]:
        return self.raw_layer.get_params()

    def get_lr_scalers(self) -> dict[SharedVariable, float]:
        return self.raw_layer.get_lr_scalers()

    def _modify_updates(self, updates: dict[SharedVariable, Variable]) -> None:
        self.raw_layer.modify_updates(updates)

    def fprop(self, state_below: Batch) -> TensorVariable:
        return self.raw_layer.get_output_space().format_as(self.raw_layer.fprop(state_below), self.output_space)

    def cost(self, Y: TensorVariable, Y_hat: TensorVariable) -> TensorVariable:
        """Return the wrapped layer's cost of the parts that `fprop` concatenated."""
        # The parts are the matrices among the inputs: PyTensor before 3.3 has the axis among them too.
        parts = tuple(part for part in Y_hat.owner.inputs if part.ndim == Y_hat.ndim)
        return self.raw_layer.cost(self.output_space.format_as(Y, self.raw_layer.get_output_space()), parts)

    def get_weight_decay(self, coeff: Any) -> TensorVariable:
        return self.raw_layer.get_weight_decay(coeff)

    def get_l1_weight_decay(self, coeff: Any) -> TensorVariable:
        return self.raw_layer.get_l1_weight_decay(coeff)

    def get_layer_monitoring_channels(
        self, state_below: Batch | None = None, state: Batch | None = None, targets: Batch | None = None
    ) -> dict[str, TensorVariable]:
        """Return the wrapped layer's channels; of an output, what 2014 measured.

        Parameters
        ----------
        state_below : TensorVariable or tuple, optional
            A batch of the input space.
        state : TensorVariable, optional
            The output for it, shape (batch, values).
        targets : TensorVariable, optional
            Without effect.

        Returns
        -------
        dict
            {name: scalar}.

        Notes
        -----
        In 2014 component i took row i of the concatenated output, that is the whole output of example i, for its own
        output. So max_x, mean_x, min_x and range_x of it are over that row, and the same for max_u, mean_u and min_u.
        """
        raw = self.raw_layer
        if isinstance(raw, CompositeLayer) and state is not None:
            last = state.shape[0] - 1
            rows = tuple(state[pt.minimum(index, last)] for index in range(len(raw.layers)))
            try:
                return raw.get_layer_monitoring_channels(state_below, rows)
            except ValueError:
                # The channels of some layers need a matrix or images: those failed in 2014.
                pass
        return raw.get_layer_monitoring_channels(state_below)
