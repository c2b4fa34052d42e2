"""MLP: layers one after another, with dropout; after Pylearn2's `models/mlp.py`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from adversarial.models.dropout import Dropout
from adversarial.models.layer import Layer, sum_over
from adversarial.models.model import Source
from adversarial.options import Count, OptionError, nearest
from adversarial.random_streams import MRG_RandomStreams
from adversarial.space import Batch, CompositeSpace, Space, VectorSpace


class MLP(Layer):
    """A multilayer perceptron: the networks of the paper's G and D (section 3) are of this class.

    It is itself a layer, so that an MLP can be part of another.

    Parameters
    ----------
    layers : list of Layer
        The layers, from input to output. Their names must differ.
    batch_size : int, optional
        Number of examples in every minibatch, where a layer must know it.
    input_space : Space, optional
        The space of the input. Either this or `nvis` is given; neither is where the MLP is part of another.
    nvis : int, optional
        Number of inputs; short for an `input_space` of VectorSpace(nvis).
    seed : int or list of int, default [2013, 1, 4]
        Seed of the NumPy RandomState that draws the initial weights, then the seeds of dropout.
    layer_name : str, optional
        The MLP's name where it is part of another.
    repeated_names : bool, default False
        Whether layers may have the same name, as where a trained network was put on top of another. A monitoring
        channel of that name is then the upper layer's, as in 2014.
    extensions : list, optional
        Empty, as it had to be in Pylearn2.
    input_source : str or list of str, default 'features'
        Name of the data source that the network reads; for a CompositeSpace one for each component.

    See Also
    --------
    adversarial.models.dropout.Dropout : What `fprop` drops.

    Examples
    --------
    The discriminator of the paper's MNIST experiment:

    >>> from adversarial.models.linear import Sigmoid
    >>> from adversarial.models.maxout import Maxout
    >>> discriminator = MLP(
    ...     [
    ...         Maxout(layer_name="h0", num_units=240, num_pieces=5, irange=0.005, max_col_norm=1.9365),
    ...         Maxout(layer_name="h1", num_units=240, num_pieces=5, irange=0.005, max_col_norm=1.9365),
    ...         Sigmoid(layer_name="y", dim=1, irange=0.005, max_col_norm=1.9365),
    ...     ],
    ...     nvis=784,
    ... )
    >>> sum(param.get_value().size for param in discriminator.get_params())
    1231441
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
        extensions: list | None = None,
        input_source: str | Sequence[str] = "features",
    ):
        if extensions:
            raise OptionError("MLP", "extensions", "extensions must be empty: nothing that extends models is here")
        self.seed = [2013, 1, 4] if seed is None else seed
        self.layer_name = layer_name
        self.batch_size = batch_size
        self.repeated_names = repeated_names
        self.input_source: Source = input_source if isinstance(input_source, str) else tuple(input_source)
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
        """Return the constructor options that build this MLP anew, with the layers added since it was built."""
        options = self.options | {"layers": list(self.layers)}
        return options | {"repeated_names": True} if self.repeated_names else options

    def get_input_source(self) -> Source:
        return self.input_source

    def set_input_space(self, space: Space) -> None:
        """Set the space of the input, which draws all weights; within another MLP from that one's random numbers."""
        if self.parent is not None:
            self.rng = self.parent.rng
            self.batch_size = self.parent.batch_size
        elif not hasattr(self, "rng"):
            self.rng = np.random.RandomState(self.seed)
        self._set_spaces(space)

    def _set_spaces(self, space: Space) -> None:
        self.input_space = space
        for layer in self.layers:
            layer.set_input_space(space)
            space = layer.get_output_space()

    def get_output_space(self) -> Space:
        return self.layers[-1].get_output_space()

    #: No layer here is bound to a number of examples, so that monitoring may end with a smaller batch.
    takes_smaller_batches = True

    @property
    def force_batch_size(self) -> int | None:
        """The number of examples that every minibatch of training must have, or None."""
        return self.batch_size

    def add_layers(self, layers: Iterable[Layer]) -> None:
        """Append new layers at the output; their parameters are made here."""
        for layer in layers:
            space = self.get_output_space()
            self._adopt(layer)
            layer.set_input_space(space)

    def take_layers(self, layers: Iterable[Layer]) -> None:
        """Append layers that already have parameters; the first must read the present output space.

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
            layer.parent = self
            self.layers.append(layer)

    def remove_last_layer(self) -> Layer:
        """Remove the output layer and return it."""
        return self.layers.pop()

    def set_batch_size(self, batch_size: int) -> None:
        self.batch_size = batch_size
        for layer in self.layers:
            layer.set_batch_size(batch_size)

    def freeze(self, parameter_set: Iterable[SharedVariable]) -> None:
        """Exclude these parameters from `get_params`, so that training does not change them."""
        self._freeze_set |= set(parameter_set)

    def get_params(self) -> list[TensorSharedVariable]:
        params: list[TensorSharedVariable] = []
        for layer in self.layers:
            params += [param for param in layer.get_params() if param not in params and param not in self._freeze_set]
        return params

    def _all_params(self) -> list[TensorSharedVariable]:
        return [param for layer in self.layers for param in layer._all_params()]

    def get_lr_scalers(self) -> dict[SharedVariable, float]:
        scalers: dict[SharedVariable, float] = {}
        for layer in self.layers:
            scalers |= layer.get_lr_scalers()
        return scalers

    def _modify_updates(self, updates: dict[SharedVariable, Variable]) -> None:
        for layer in self.layers:
            layer.modify_updates(updates)

    def fprop(
        self,
        state_below: Batch,
        return_all: bool = False,
        dropout: Dropout | None = None,
        per_example: bool = True,
    ) -> Batch:
        """Return the output for an input.

        Parameters
        ----------
        state_below : TensorVariable or tuple
            A batch of the input space.
        return_all : bool, default False
            Whether to return the list of every layer's output instead.
        dropout : Dropout, optional
            Which inputs of each layer are dropped; default none. Each call with a `dropout` draws the seed of its
            masks from the MLP's `rng`, as 2014's did, even where nothing is dropped.
        per_example : bool, default True
            Whether each example has a mask of its own, or the minibatch shares one.

        Returns
        -------
        TensorVariable, or list
            A batch of the output space; one for each layer, from input to output, if `return_all`.
        """
        if dropout is not None:
            self.check_dropout(dropout)
            streams = MRG_RandomStreams(max(int(self.rng.randint(2**15)), 1))
        states = []
        for layer in self.layers:
            if dropout is not None:
                state_below = dropout.drop_inputs(state_below, layer, streams, per_example)
            state_below = layer.fprop(state_below)
            states.append(state_below)
        return states if return_all else state_below

    def dropout_fprop(
        self,
        state_below: Batch,
        default_input_include_prob: float | None = 0.5,
        input_include_probs: dict[str, float] | None = None,
        default_input_scale: float = 2.0,
        input_scales: dict[str, float] | None = None,
        per_example: bool = True,
        return_all: bool = False,
    ) -> Batch:
        """Return the output under dropout: `fprop` with the keywords of 2014.

        Parameters
        ----------
        state_below : TensorVariable or tuple
            A batch of the input space.
        default_input_include_prob : float or None, default .5
            `default_include_prob` of `Dropout`.
        input_include_probs : dict, optional
            `include_probs` of `Dropout`.
        default_input_scale : float, default 2
            `default_scale` of `Dropout`.
        input_scales : dict, optional
            `scales` of `Dropout`.
        per_example : bool, default True
            As of `fprop`.
        return_all : bool, default False
            As of `fprop`.

        Returns
        -------
        TensorVariable, or list
            As of `fprop`.
        """
        dropout = Dropout(
            default_input_include_prob, default_input_scale, input_include_probs or {}, input_scales or {}
        )
        return self.fprop(state_below, return_all, dropout, per_example)

    def check_dropout(self, dropout: Dropout) -> None:
        """Raise OptionError if a dropout names a layer that this MLP does not have."""
        named = [("input_include_probs", name) for name in dropout.include_probs]
        for option, name in named + [("input_scales", name) for name in dropout.scales]:
            if name not in self.layer_names:
                known = [n for n in self.layer_names if n]
                hint = nearest(name, known) or f"; its layers are {', '.join(known)}"
                raise OptionError("MLP", option, f"{option} names the layer '{name}', which does not exist{hint}")

    def cost(self, Y: Batch, Y_hat: Batch) -> TensorVariable:
        value = self.layers[-1].cost(Y, Y_hat)
        # PyTensor names a mean "mean", Theano did not; a sum of costs makes the name part of a channel's.
        value.name = None
        return value

    def cost_matrix(self, Y: Batch, Y_hat: Batch) -> TensorVariable:
        return self.layers[-1].cost_matrix(Y, Y_hat)

    def get_weight_decay(self, coeff: Any) -> TensorVariable:
        """Return the sum of the layers' decays; `coeff` is a number for all, or a list with one for each."""
        return sum_over(self.layers, coeff, lambda layer, own: layer.get_weight_decay(own))

    def get_l1_weight_decay(self, coeff: Any) -> TensorVariable:
        """Return the same of absolute values."""
        return sum_over(self.layers, coeff, lambda layer, own: layer.get_l1_weight_decay(own))

    def cost_from_X(self, data: tuple[Batch, Batch]) -> TensorVariable:
        """Return the cost of the output for an input X, without dropout, where the target is Y, given (X, Y)."""
        self.get_monitoring_data_specs()[0].validate(data)
        X, Y = data
        return self.cost(Y, self.fprop(X))

    def cost_from_X_data_specs(self) -> tuple[Space, Any]:
        """Return the (space, source) of what `cost_from_X` reads, which `MethodCost` asks for."""
        return self.get_monitoring_data_specs()

    def get_monitoring_data_specs(self) -> tuple[Space, Any]:
        space = CompositeSpace((self.get_input_space(), self.get_output_space()))
        return space, (self.get_input_source(), self.get_target_source())

    def get_monitoring_channels(self, data: tuple[Batch, Batch | None]) -> dict[str, TensorVariable]:
        X, Y = data
        return self.get_layer_monitoring_channels(state_below=X, targets=Y)

    def get_layer_monitoring_channels(
        self, state_below: Batch | None = None, state: Batch | None = None, targets: Batch | None = None
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
