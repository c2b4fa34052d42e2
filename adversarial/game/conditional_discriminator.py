"""The discriminator of a conditional game: a network for examples, one for conditions, and one on both outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from adversarial.models.composite import CompositeLayer
from adversarial.models.dropout import Dropout
from adversarial.models.mlp import MLP
from adversarial.options import Count, OptionError, nearest
from adversarial.random_streams import MRG_RandomStreams
from adversarial.space import Batch, CompositeSpace, Space


class CompositeMLPLayer(CompositeLayer):
    """MLPs side by side, each with its own dropout; the output is the tuple of their outputs.

    Parameters
    ----------
    layer_name : str
        The layer's name, different from any other in its MLP.
    layers : list of MLP
        The networks.
    inputs_to_layers : dict, optional
        As of `CompositeLayer`.

    Examples
    --------
    >>> from adversarial.models.linear import Linear
    >>> from adversarial.models.composite import IdentityLayer
    >>> networks = [
    ...     MLP([Linear(dim=2, layer_name="h0", irange=0.1)], layer_name="data"),
    ...     MLP([IdentityLayer(layer_name="c0")], layer_name="condition"),
    ... ]
    >>> layer = CompositeMLPLayer(layer_name="both", layers=networks, inputs_to_layers={0: [0], 1: [1]})
    >>> layer.names_within()
    ['h0', 'c0']
    """

    layers: list[MLP]  # type: ignore[assignment]

    def __init__(self, layer_name: str, layers: list[MLP], inputs_to_layers: dict[int, list[int]] | None = None):
        super().__init__(layer_name, list(layers), inputs_to_layers)

    def names_within(self) -> list[str | None]:
        """Return the names of the networks' layers."""
        return [name for network in self.layers for name in network.layer_names]

    def fprop(self, state_below: Batch, dropout: Dropout | None = None, per_example: bool = True) -> tuple[Batch, ...]:
        parts = zip(self.layers, self.parts_of(state_below), strict=True)
        return tuple(
            network.fprop(part, dropout=None if dropout is None else _for(network, dropout), per_example=per_example)
            for network, part in parts
        )


class ConditionalDiscriminator(MLP):
    """D(x, c): the probability that an example is data, given its condition.

    Dropout is that of hans/adversarial: each layer of `data_mlp` and `condition_mlp` has its own, and so has the input
    of `joint_mlp`, but the layers within `joint_mlp` have none unless a dropout names them. So a condition that
    `condition_mlp` passes on unchanged is dropped out twice.

    Parameters
    ----------
    data_mlp : MLP
        Reads the example; its output is a vector.
    condition_mlp : MLP
        Reads the condition; its output is a vector.
    joint_mlp : MLP
        Reads both outputs, and ends in one unit.
    input_data_space : Space
        The space of examples.
    input_condition_space : Space
        The space of conditions.
    input_source : list of str, default ['features', 'condition']
        Names of the data sources of examples and of conditions; labels of a dataset are its 'targets'.
    batch_size : int, optional
        As of `MLP`.
    seed : int or list of int, default [2013, 1, 4]
        As of `MLP`; the three networks have no seeds of their own.

    Examples
    --------
    >>> from adversarial.models.composite import IdentityLayer
    >>> from adversarial.models.linear import Sigmoid
    >>> from adversarial.models.maxout import Maxout
    >>> from adversarial.space import VectorSpace
    >>> discriminator = ConditionalDiscriminator(
    ...     data_mlp=MLP([Maxout(layer_name="h0", num_units=240, num_pieces=5, irange=0.005)], layer_name="data"),
    ...     condition_mlp=MLP([IdentityLayer(layer_name="c0")], layer_name="condition"),
    ...     joint_mlp=MLP([Sigmoid(layer_name="y", dim=1, irange=0.005)], layer_name="joint"),
    ...     input_data_space=VectorSpace(784),
    ...     input_condition_space=VectorSpace(10),
    ... )
    >>> discriminator.named_parameters()["y_W"].get_value().shape
    (250, 1)
    """

    def __init__(
        self,
        data_mlp: MLP,
        condition_mlp: MLP,
        joint_mlp: MLP,
        input_data_space: Space,
        input_condition_space: Space,
        input_source: str | Sequence[str] = ("features", "condition"),
        batch_size: Count | None = None,
        seed: int | list[int] | None = None,
    ):
        self.data_mlp, self.joint_mlp = data_mlp, joint_mlp
        self.composite = CompositeMLPLayer("discriminator_composite", [data_mlp, condition_mlp], {0: [0], 1: [1]})
        super().__init__(
            [self.composite, joint_mlp],
            batch_size=batch_size,
            input_space=CompositeSpace([input_data_space, input_condition_space]),
            seed=seed,
            input_source=input_source,
        )

    def describe_options(self) -> dict[str, Any]:
        return dict(self.options)

    def fprop(
        self,
        state_below: Batch,
        return_all: bool = False,
        dropout: Dropout | None = None,
        per_example: bool = True,
    ) -> Batch:
        """Return the output for a pair (example, condition); as `MLP.fprop`, of which it differs in its dropout."""
        if dropout is None:
            return super().fprop(state_below, return_all)
        self.check_dropout(dropout)
        # This seed comes before those of the networks, though its masks are the last.
        streams = MRG_RandomStreams(max(int(self.rng.randint(2**15)), 1))
        parts = self.composite.fprop(state_below, dropout, per_example)
        joint = self.joint_mlp
        own = _for(joint, dropout)
        within = replace(own, default_include_prob=1.0) if own.include_probs or own.scales else None
        output = joint.fprop(dropout.drop_inputs(parts, joint, streams, per_example), False, within, per_example)
        return [parts, output] if return_all else output

    def check_dropout(self, dropout: Dropout) -> None:
        """Raise OptionError if a dropout names a layer that none of the three networks has."""
        known = [name for name in [*self.composite.names_within(), *self.joint_mlp.layer_names] if name]
        known.append(str(self.joint_mlp.layer_name))
        for option, given in (("input_include_probs", dropout.include_probs), ("input_scales", dropout.scales)):
            for name in given:
                if name not in known:
                    hint = nearest(name, known) or f"; its layers are {', '.join(known)}"
                    reason = f"{option} names the layer '{name}', which does not exist{hint}"
                    raise OptionError("ConditionalDiscriminator", option, reason)

    def get_weights(self) -> np.ndarray:
        return self.data_mlp.get_weights()

    def get_weights_format(self) -> tuple[str, str]:
        return self.data_mlp.get_weights_format()

    def get_weights_view_shape(self) -> tuple[int, int]:
        return self.data_mlp.get_weights_view_shape()

    def get_weights_topo(self) -> np.ndarray:
        return self.data_mlp.get_weights_topo()


def _for(network: MLP, dropout: Dropout) -> Dropout:
    """The part of a dropout that names layers of a network, with the defaults."""
    names = network.layer_names
    include_probs = {name: value for name, value in dropout.include_probs.items() if name in names}
    return replace(dropout, include_probs=include_probs, scales={n: v for n, v in dropout.scales.items() if n in names})
