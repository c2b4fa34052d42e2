"""A generator for a page: its layers with weights as 24-bit integers, from which JavaScript computes images.

Each unit's weights are divided by a scale of their own, their largest magnitude over 2^23 - 1: three bytes a weight,
and as exact as float32 (with two bytes, images of a trained model would be off by 1e-3). `report/page/network.js` is
the other half: it reads this format and computes the same forward pass.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np

from adversarial.errors import UserError
from adversarial.game.generator import Generator, IntrinsicDropoutGenerator
from adversarial.models.affine import AffineLayer
from adversarial.models.linear import HardSigmoid, Linear, RectifiedLinear, Sigmoid, Softplus, Tanh
from adversarial.models.maxout import Maxout
from adversarial.space import VectorSpace

#: Names that network.js has for what follows the affine map of a layer. Subclasses of these may compute otherwise.
ACTIVATIONS: dict[type, str] = {
    Linear: "linear",
    RectifiedLinear: "rectified",
    Sigmoid: "sigmoid",
    Tanh: "tanh",
    Softplus: "softplus",
    HardSigmoid: "hard sigmoid",
    Maxout: "maxout",
}
#: The most weights of a page below 15 MB.
MOST_WEIGHTS = 3_400_000
_LARGEST = (1 << 23) - 1


class NotEmbeddable(UserError):
    """A page cannot compute this generator; the message says why."""


@dataclass(frozen=True)
class EmbeddedLayer:
    """A layer as network.js reads it.

    Attributes
    ----------
    options : dict
        The layer's name, its activation, and the parameters of that.
    weights : ndarray of shape (units, inputs)
        Integers of 24 bits, as int32; for Maxout each piece is a unit.
    scales, biases : ndarray of shape (units,)
        What a unit's weights are multiplied by, and its bias, float32.
    """

    options: dict[str, Any]
    weights: np.ndarray
    scales: np.ndarray
    biases: np.ndarray


@dataclass(frozen=True)
class EmbeddedGenerator:
    """A generator as network.js reads it: its layers, and the distribution of its noise."""

    layers: tuple[EmbeddedLayer, ...]
    noise: str

    def images_of(self, z: np.ndarray) -> np.ndarray:
        """Return G(z) (count, dimension) float64 for each row of z, from the integers, as network.js computes it."""
        state = np.asarray(z, dtype=np.float64)
        for layer in self.layers:
            state = _activated(state @ layer.weights.T.astype(np.float64) * layer.scales + layer.biases, layer.options)
        return state

    def as_json(self) -> dict[str, Any]:
        """Return what network.js reads besides the weights, as JSON."""
        layers = [
            layer.options | {"inputs": layer.weights.shape[1], "units": layer.weights.shape[0]} for layer in self.layers
        ]
        floats = np.concatenate([part for layer in self.layers for part in (layer.scales, layer.biases)])
        return {"noise": self.noise, "layers": layers, "floats": _base64(floats.astype("<f4"))}

    def weights_text(self) -> str:
        """Return the weights, layer by layer and unit by unit, as base64 of little-endian 24-bit integers."""
        integers = np.concatenate([layer.weights.ravel() for layer in self.layers]).astype("<i4")
        return _base64(integers.view(np.uint8).reshape(-1, 4)[:, :3])


def embed(generator: Generator) -> EmbeddedGenerator:
    """Convert a generator for a page.

    Parameters
    ----------
    generator : Generator
        A trained generator of dense layers.

    Returns
    -------
    EmbeddedGenerator
        Its layers, with weights as 24-bit integers.

    Raises
    ------
    NotEmbeddable
        If it has a layer that network.js cannot compute, dropout while sampling, or too many weights.
    """
    if isinstance(generator, IntrinsicDropoutGenerator):
        raise NotEmbeddable("this generator drops units at random, so that one z has no one image")
    if not isinstance(generator.get_input_space(), VectorSpace):
        raise NotEmbeddable(f"this generator's noise is no vector: {generator.get_input_space()}")
    layers: list[AffineLayer] = []
    for layer in generator.mlp.layers:
        if type(layer) not in ACTIVATIONS or not isinstance(layer, AffineLayer) or _unusual(layer):
            raise NotEmbeddable(
                f"layer '{layer.layer_name}' ({type(layer).__name__}) is of a kind that this page cannot compute"
            )
        layers.append(layer)
    total = sum(layer.W.get_value(borrow=True).size for layer in layers)
    if total > MOST_WEIGHTS:
        raise NotEmbeddable(f"this generator has {total:,} weights, and a page carries {MOST_WEIGHTS:,} at most")
    return EmbeddedGenerator(tuple(_embedded(layer) for layer in layers), generator.noise)


def _unusual(layer: AffineLayer) -> bool:
    """Return whether a layer has options that network.js ignores."""
    return isinstance(layer, Maxout) and (layer.randomize_pools or layer.pool_stride != layer.pool_size)


def _embedded(layer: AffineLayer) -> EmbeddedLayer:
    weights = layer.W.get_value().T.astype(np.float64)
    largest = np.abs(weights).max(axis=1)
    scales = (np.where(largest > 0, largest, 1.0) / _LARGEST).astype(np.float32)
    integers = np.clip(np.rint(weights / scales[:, None]), -_LARGEST, _LARGEST).astype(np.int32)
    biases = np.zeros(len(integers)) if layer.b is None else layer.b.get_value()
    options: dict[str, Any] = {"name": layer.layer_name, "activation": ACTIVATIONS[type(layer)]}
    if isinstance(layer, RectifiedLinear):
        options["slope"] = layer.left_slope
    if isinstance(layer, Maxout):
        options |= {"num_pieces": layer.pool_size, "floor": bool(layer.min_zero)}
    return EmbeddedLayer(options, integers, scales, biases.astype(np.float32))


def _activated(x: np.ndarray, options: dict[str, Any]) -> np.ndarray:
    kind = options["activation"]
    if kind == "maxout":
        largest = x.reshape(len(x), -1, options["num_pieces"]).max(axis=2)
        return np.maximum(largest, 0) if options["floor"] else largest
    if kind == "rectified":
        return np.where(x > 0, x, options["slope"] * x)
    functions = {
        "linear": lambda: x,
        "sigmoid": lambda: 0.5 * (1 + np.tanh(0.5 * x)),
        "tanh": lambda: np.tanh(x),
        "softplus": lambda: np.logaddexp(0, x),
        "hard sigmoid": lambda: x.clip(0, 1),
    }
    return functions[kind]()


def _base64(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")
