"""Dropout: which inputs of a layer are left out at random, and by what factor the others grow (Hinton et al., 2012)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytensor.tensor as pt

from adversarial.backend import floatX
from adversarial.models.layer import Layer
from adversarial.random_streams import MRG_RandomStreams
from adversarial.space import Batch


@dataclass(frozen=True)
class Dropout:
    """How the inputs of a network's layers are dropped.

    Attributes
    ----------
    default_include_prob : float or None, default .5
        Probability, in (0, 1], that an input is included. None is 1: no input is dropped.
    default_scale : float, default 2
        Factor on the inputs that are included; 1 over the probability preserves their mean. It is not applied where
        the probability is 1.
    include_probs : mapping, optional
        {layer name: probability} for layers that differ from the default.
    scales : mapping, optional
        {layer name: scale} for layers that differ from the default.

    See Also
    --------
    MLP.fprop : Applies it.

    Examples
    --------
    The discriminator of the paper's MNIST experiment drops a fifth of the pixels and half of the hidden units:

    >>> dropout = Dropout(0.5, 2.0, include_probs={"h0": 0.8}, scales={"h0": 1.25})
    >>> dropout.include_prob("h0"), dropout.scale("h0")
    (0.8, 1.25)
    >>> dropout.include_prob("h1"), dropout.scale("h1")
    (0.5, 2.0)
    >>> Dropout.none().include_prob("h1")
    1.0
    """

    default_include_prob: float | None = 0.5
    default_scale: float = 2.0
    include_probs: Mapping[str, float] = field(default_factory=dict)
    scales: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def none(cls) -> Dropout:
        """Return the dropout that drops nothing."""
        return cls(default_include_prob=1.0, default_scale=1.0)

    def include_prob(self, layer_name: str | None) -> float:
        """Return the probability that an input of the layer is included."""
        found = self.include_probs.get(layer_name or "", self.default_include_prob)
        return 1.0 if found is None else found

    def scale(self, layer_name: str | None) -> float:
        """Return the factor on the inputs of the layer that are included."""
        return self.scales.get(layer_name or "", self.default_scale)

    def drop_inputs(self, inputs: Batch, layer: Layer, streams: MRG_RandomStreams, per_example: bool = True) -> Batch:
        """Return the inputs of a layer with some of them dropped.

        Parameters
        ----------
        inputs : TensorVariable or tuple
            A batch of the layer's input space.
        layer : Layer
            The layer; what is dropped becomes its `dropout_input_mask_value`, 0 in most layers.
        streams : MRG_RandomStreams
            The source of masks; a variate is drawn for each tensor, and none where the probability is 1.
        per_example : bool, default True
            Whether each example has a mask of its own, or the batch shares one.

        Returns
        -------
        TensorVariable or tuple
            A batch of the same space and dtype; of whole numbers, in floatX.
        """
        include_prob, scale = self.include_prob(layer.layer_name), self.scale(layer.layer_name)
        if include_prob == 1.0:
            return inputs
        if isinstance(inputs, tuple):
            return tuple(self.drop_inputs(part, layer, streams, per_example) for part in inputs)
        if not inputs.dtype.startswith("float"):
            # Conditions in whole numbers: a scale such as 1.25 is none.
            inputs = pt.cast(inputs, floatX())
        if per_example:
            mask = streams.binomial(p=include_prob, size=inputs.shape, dtype=inputs.dtype)
        else:
            one = layer.get_input_space().get_origin_batch(1)
            mask = streams.binomial(p=include_prob, size=one.shape, dtype=inputs.dtype)
            mask = pt.specify_broadcastable(mask, *[axis for axis, length in enumerate(one.shape) if length == 1])
        if layer.dropout_input_mask_value == 0:
            return pt.cast(inputs * mask * scale, inputs.dtype)
        return pt.cast(pt.switch(mask, inputs * scale, layer.dropout_input_mask_value), inputs.dtype)
