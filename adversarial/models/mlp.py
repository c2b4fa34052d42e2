"""MLP: layers one after another, with dropout; after Pylearn2's `models/mlp.py`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.variable import TensorVariable

from adversarial.models.layer import Layer
from adversarial.options import Count, OptionError, Probability, nearest
from adversarial.random_streams import MRG_RandomStreams
from adversarial.space import CompositeSpace, Space, VectorSpace


class MLP(Layer):
    """A multilayer perceptron; itself a layer, so that an MLP can be part of another.

    Parameters
    ----------
    layers : the layers, from input to output; names must differ
    batch_size : number of examples in every batch, where a layer must know it
    input_space : the space of the input (`nvis` or this; neither where the MLP is part of another)
    nvis : number of inputs: short for an input_space of VectorSpace(nvis)
    seed : of the numpy RandomState that draws initial weights, then the seeds of dropout (2014's: 2013, 1, 4)
    layer_name : the MLP's name where it is part of another
    repeated_names : let layers have one name, as where a trained network was put on top of another; a channel of that
        name is then the upper layer's, as it was in 2014
    """

    def __init__(
        self,
        layers: list[Layer],
        batch_size: Count | None = None,
        input_space: Space | None = None,
        nvis: Count | None = None,
        seed: int | list[int] | None = None,
        layer_name: str | None = None,
        repeated_names: bool = False,
    ):
        self.seed = [2013, 1, 4] if seed is None else seed
        self.layer_name = layer_name
        self.batch_size = batch_size
        self.repeated_names = repeated_names
        self.layers: list[Layer] = []
        self._freeze_set: set[SharedVariable] = set()
        if not layers:
            raise OptionError("MLP", "layers", "layers is empty; an MLP needs at least one layer")
        for layer in layers:
            self._adopt(layer)
        if nvis is not None and input_space is not None:
            raise OptionError("MLP", "input_space", "input_space and nvis say the same thing; give one of them")
        if nvis is not None:
            input_space = VectorSpace(nvis)
        if input_space is not None:
            if layer_name is not None:
                reason = "layer_name is for an MLP within another, which takes its input space from there"
                raise OptionError("MLP", "layer_name", reason)
            self.rng = np.random.RandomState(self.seed)
            self._set_spaces(input_space)

    def _adopt(self, layer: Layer) -> None:
        if layer.layer_name in self.layer_names and not self.repeated_names:
            raise OptionError("MLP", "layers", f"two layers are named '{layer.layer_name}'; give each its own name")
        layer.set_mlp(self)
        self.layers.append(layer)

    @property
    def layer_names(self) -> list[str | None]:
        """The names of the layers, from input to output."""
        return [layer.layer_name for layer in self.layers]

    def describe_options(self) -> dict[str, Any]:
        """The constructor options that give this MLP as it stands, with layers added since it was built."""
        options = self.options | {"layers": list(self.layers)}
        return options | {"repeated_names": True} if self.repeated_names else options

    def set_input_space(self, space: Space) -> None:
        """Take `space` for input within another MLP, whose random numbers and batch size hold here too."""
        self.rng = self.mlp.rng
        self.batch_size = self.mlp.batch_size
        self._set_spaces(space)

    def _set_spaces(self, space: Space) -> None:
        self.input_space = space
        for layer in self.layers:
            layer.set_input_space(space)
            space = layer.get_output_space()

    def get_output_space(self) -> Space:
        return self.layers[-1].get_output_space()

    def add_layers(self, layers: Iterable[Layer]) -> None:
        """Put new layers, with fresh parameters, on top of those that are there."""
        for layer in layers:
            space = self.get_output_space()
            self._adopt(layer)
            layer.set_input_space(space)

    def take_layers(self, layers: Iterable[Layer]) -> None:
        """Put layers that already have parameters on top; the first must fit the present output space.

        Their names may be those of layers below: a network trained before often has its own h0.
        """
        for layer in layers:
            if layer.get_input_space() != self.get_output_space():
                raise OptionError(
                    "MLP",
                    "layers",
                    f"layer '{layer.layer_name}' reads {layer.get_input_space()}, "
                    f"but the layer below it gives {self.get_output_space()}",
                )
            self.repeated_names |= layer.layer_name in self.layer_names
            layer.mlp = self
            self.layers.append(layer)

    def remove_last_layer(self) -> Layer:
        """Take the output layer off and return it."""
        return self.layers.pop()

    def set_batch_size(self, batch_size: int) -> None:
        self.batch_size = batch_size
        for layer in self.layers:
            layer.set_batch_size(batch_size)

    def freeze(self, parameter_set: Iterable[SharedVariable]) -> None:
        """Leave these parameters out of `get_params`, so that training does not change them."""
        self._freeze_set |= set(parameter_set)

    def get_params(self) -> list[SharedVariable]:
        params: list[SharedVariable] = []
        for layer in self.layers:
            params += [param for param in layer.get_params() if param not in params and param not in self._freeze_set]
        return params

    def get_lr_scalers(self) -> dict[SharedVariable, float]:
        scalers: dict[SharedVariable, float] = {}
        for layer in self.layers:
            scalers |= layer.get_lr_scalers()
        return scalers

    def _modify_updates(self, updates: dict[SharedVariable, Variable]) -> None:
        for layer in self.layers:
            layer.modify_updates(updates)

    def fprop(self, state_below: Variable, return_all: bool = False) -> Any:
        """The output for an input, without dropout; with `return_all`, the list of every layer's output."""
        states = []
        for layer in self.layers:
            state_below = layer.fprop(state_below)
            states.append(state_below)
        return states if return_all else state_below

    def dropout_fprop(
        self,
        state_below: Variable,
        default_input_include_prob: float | None = 0.5,
        input_include_probs: dict[str, float] | None = None,
        default_input_scale: float = 2.0,
        input_scales: dict[str, float] | None = None,
        per_example: bool = True,
        return_all: bool = False,
    ) -> Any:
        """The output when each input of each layer is left out at random (Hinton et al., 2012).

        Each call draws the seed of its masks from the MLP's `rng`, even where nothing is left out, as 2014's did.

        Parameters
        ----------
        state_below : the input
        default_input_include_prob, default_input_scale : the probability that an input of a layer stays, and the
            factor on those that stay, for layers that the next two do not name
        input_include_probs, input_scales : the same, by layer name
        per_example : draw a mask for each example, or else one for the whole batch
        return_all : give the list of every layer's output
        """
        include_probs, scales = input_include_probs or {}, input_scales or {}
        self.check_layer_names(include_probs, "input_include_probs")
        self.check_layer_names(scales, "input_scales")
        streams = MRG_RandomStreams(max(int(self.rng.randint(2**15)), 1))
        states = []
        for layer in self.layers:
            state_below = self._drop_out(
                state_below,
                include_probs.get(layer.layer_name, default_input_include_prob),
                scales.get(layer.layer_name, default_input_scale),
                streams,
                layer,
                per_example,
            )
            state_below = layer.fprop(state_below)
            states.append(state_below)
        return states if return_all else state_below

    def _drop_out(
        self,
        state: Any,
        include_prob: Probability | None,
        scale: float,
        streams: MRG_RandomStreams,
        layer: Layer,
        per_example: bool,
    ) -> Any:
        if include_prob in (None, 1.0):
            return state
        if isinstance(state, tuple):
            return tuple(self._drop_out(part, include_prob, scale, streams, layer, per_example) for part in state)
        if per_example:
            mask = streams.binomial(p=include_prob, size=state.shape, dtype=state.dtype)
        else:
            one = layer.get_input_space().get_origin_batch(1)
            mask = streams.binomial(p=include_prob, size=one.shape, dtype=state.dtype)
            mask = pt.specify_broadcastable(mask, *[axis for axis, length in enumerate(one.shape) if length == 1])
        if layer.dropout_input_mask_value == 0:
            return pt.cast(state * mask * scale, state.dtype)
        return pt.cast(pt.switch(mask, state * scale, layer.dropout_input_mask_value), state.dtype)

    def check_layer_names(self, names: Iterable[str], option: str) -> None:
        """Raise OptionError where `option` names a layer that is not here."""
        for name in names:
            if name not in self.layer_names:
                known = [n for n in self.layer_names if n]
                hint = nearest(name, known) or f"; its layers are {', '.join(known)}"
                raise OptionError("MLP", option, f"{option} names the layer '{name}', which is not there{hint}")

    def cost(self, Y: TensorVariable, Y_hat: TensorVariable) -> TensorVariable:
        return self.layers[-1].cost(Y, Y_hat)

    def cost_matrix(self, Y: TensorVariable, Y_hat: TensorVariable) -> TensorVariable:
        return self.layers[-1].cost_matrix(Y, Y_hat)

    def cost_from_X(self, data: tuple[Variable, Variable]) -> TensorVariable:
        """The cost of the output for an input X (no dropout) where the target is Y, given (X, Y)."""
        self.get_monitoring_data_specs()[0].validate(data)
        X, Y = data
        return self.cost(Y, self.fprop(X))

    def get_monitoring_data_specs(self) -> tuple[Space, Any]:
        space = CompositeSpace((self.get_input_space(), self.get_output_space()))
        return space, (self.get_input_source(), self.get_target_source())

    def get_monitoring_channels(self, data: tuple[Variable, Variable | None]) -> dict[str, TensorVariable]:
        X, Y = data
        return self.get_layer_monitoring_channels(state_below=X, targets=Y)

    def get_layer_monitoring_channels(
        self, state_below: Any = None, state: Any = None, targets: Any = None
    ) -> dict[str, TensorVariable]:
        channels = {}
        state = state_below
        for layer in self.layers:
            state_below, state = state, layer.fprop(state)
            last = {"targets": targets} if layer is self.layers[-1] and targets is not None else {}
            for key, value in layer.get_layer_monitoring_channels(state_below, state, **last).items():
                channels[f"{layer.layer_name}_{key}"] = value
        return channels

    def get_weights(self) -> np.ndarray:
        return self.layers[0].get_weights()

    def get_weights_format(self) -> tuple[str, str]:
        return self.layers[0].get_weights_format()

    def get_weights_view_shape(self) -> tuple[int, int]:
        return self.layers[0].get_weights_view_shape()

    def get_weights_topo(self) -> np.ndarray:
        return self.layers[0].get_weights_topo()

    def __str__(self) -> str:
        return "\n".join(f"{layer.layer_name}: {layer.get_input_space()}" for layer in self.layers)
