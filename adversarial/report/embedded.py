"""Networks for a page: layers with weights as integers, from which JavaScript computes images and D's opinion of them.

Each unit's weights are divided by a scale of their own, so that the largest magnitude is that of the largest integer.
A generator has three bytes a weight, as exact as float32 (with two, images of a trained model would be off by 1e-3); a
discriminator has two, as its one number is read to two digits. `report/page/network.js` is the other half: it reads
this format and computes the same forward pass.
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
from adversarial.models.mlp import MLP
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
#: The most bytes of weights of a page below 15 MB, where base64 makes four of three.
MOST_BYTES_OF_WEIGHTS = 10_200_000
#: Bytes of a weight of the generator, and of the discriminator.
BYTES_G, BYTES_D = 3, 2


class NotEmbeddable(UserError):
    """A page cannot compute this network; the message says why."""


@dataclass(frozen=True)
class EmbeddedLayer:
    """A layer as network.js reads it.

    Attributes
    ----------
    options : dict
        The layer's name, its activation, and the parameters of that.
    weights : ndarray of shape (units, inputs)
        Integers of two or three bytes, as int32; for Maxout each piece is a unit.
    scales, biases : ndarray of shape (units,)
        What a unit's weights are multiplied by, and its bias, float32.
    """

    options: dict[str, Any]
    weights: np.ndarray
    scales: np.ndarray
    biases: np.ndarray


@dataclass(frozen=True)
class EmbeddedNetwork:
    """A network as network.js reads it.

    Attributes
    ----------
    layers : tuple of EmbeddedLayer
        From the input on.
    bytes_each : int
        Bytes of a weight.
    noise : str
        The distribution of a generator's noise; empty for a discriminator.
    """

    layers: tuple[EmbeddedLayer, ...]
    bytes_each: int
    noise: str = ""

    def outputs_of(self, rows: np.ndarray) -> np.ndarray:
        """Return the output (count, dimension) float64 for each row, from the integers, as network.js computes it."""
        state = np.asarray(rows, dtype=np.float64)
        for layer in self.layers:
            state = _activated(state @ layer.weights.T.astype(np.float64) * layer.scales + layer.biases, layer.options)
        return state

    def as_json(self) -> dict[str, Any]:
        """Return what network.js reads besides the weights, as JSON."""
        layers = [
            layer.options | {"inputs": layer.weights.shape[1], "units": layer.weights.shape[0]} for layer in self.layers
        ]
        floats = np.concatenate([part for layer in self.layers for part in (layer.scales, layer.biases)])
        return {
            "noise": self.noise,
            "bytes_each": self.bytes_each,
            "layers": layers,
            "floats": _base64(floats.astype("<f4")),
        }

    def weights_text(self) -> str:
        """Return the weights, layer by layer and unit by unit, as base64 of little-endian integers."""
        integers = np.concatenate([layer.weights.ravel() for layer in self.layers]).astype("<i4")
        return _base64(integers.view(np.uint8).reshape(-1, 4)[:, : self.bytes_each])


def embed(generator: Generator) -> EmbeddedNetwork:
    """Convert a generator for a page.

    Parameters
    ----------
    generator : Generator
        A trained generator of dense layers.

    Returns
    -------
    EmbeddedNetwork
        Its layers, with three bytes a weight.

    Raises
    ------
    NotEmbeddable
        If it has a layer that network.js cannot compute, dropout while sampling, or too many weights.
    """
    if isinstance(generator, IntrinsicDropoutGenerator):
        raise NotEmbeddable("this generator drops units at random, so that one z has no one image")
    if not isinstance(generator.get_input_space(), VectorSpace):
        raise NotEmbeddable(f"this generator's noise is no vector: {generator.get_input_space()}")
    return EmbeddedNetwork(_layers(generator.mlp, BYTES_G, MOST_BYTES_OF_WEIGHTS), BYTES_G, generator.noise)


def embed_discriminator(discriminator: MLP, generator: EmbeddedNetwork) -> EmbeddedNetwork:
    """Convert a discriminator for the page that has its generator; it computes as D does without dropout.

    Parameters
    ----------
    discriminator : MLP
        A trained discriminator of dense layers.
    generator : EmbeddedNetwork
        The generator that the page carries besides.

    Returns
    -------
    EmbeddedNetwork
        Its layers, with two bytes a weight.

    Raises
    ------
    NotEmbeddable
        If it has a layer that network.js cannot compute or too many weights, or reads no images of the generator.
    """
    last = generator.layers[-1]
    outputs = last.weights.shape[0] // last.options.get("num_pieces", 1)
    space = discriminator.get_input_space()
    if not isinstance(space, VectorSpace) or space.dim != outputs:
        raise NotEmbeddable(f"this discriminator reads {space}, not the {outputs:,} values that the generator makes")
    taken = sum(layer.weights.size for layer in generator.layers) * generator.bytes_each
    return EmbeddedNetwork(_layers(discriminator, BYTES_D, MOST_BYTES_OF_WEIGHTS - taken), BYTES_D)


def _layers(mlp: MLP, bytes_each: int, most_bytes: int) -> tuple[EmbeddedLayer, ...]:
    layers: list[AffineLayer] = []
    for layer in mlp.layers:
        if type(layer) not in ACTIVATIONS or not isinstance(layer, AffineLayer) or _unusual(layer):
            raise NotEmbeddable(
                f"layer '{layer.layer_name}' ({type(layer).__name__}) is of a kind that this page cannot compute"
            )
        layers.append(layer)
    total = sum(layer.W.get_value(borrow=True).size for layer in layers)
    most = max(0, most_bytes // bytes_each)
    if total > most:
        raise NotEmbeddable(f"this network has {total:,} weights, and a page has room for {most:,}")
    return tuple(_embedded(layer, (1 << (8 * bytes_each - 1)) - 1) for layer in layers)


def _unusual(layer: AffineLayer) -> bool:
    """Return whether a layer has options that network.js ignores."""
    return isinstance(layer, Maxout) and (layer.randomize_pools or layer.pool_stride != layer.pool_size)


def _embedded(layer: AffineLayer, largest_integer: int) -> EmbeddedLayer:
    weights = layer.W.get_value().T.astype(np.float64)
    largest = np.abs(weights).max(axis=1)
    scales = (np.where(largest > 0, largest, 1.0) / largest_integer).astype(np.float32)
    integers = np.clip(np.rint(weights / scales[:, None]), -largest_integer, largest_integer).astype(np.int32)
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
