"""Networks for a page: layers with weights as integers, from which JavaScript computes images and D's opinion of them.

Each unit's weights are divided by a scale of their own, so that the largest magnitude is that of the largest integer.
A generator has three bytes a weight, as exact as float32, or two where three would be too many (then images of a
trained model are off by up to 1e-3); a discriminator has two, as its one number is read to two digits.
`report/page/network.js` is the other half: it reads this format and computes the same forward pass.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adversarial.errors import UserError
from adversarial.game.conditional import ConditionalGenerator
from adversarial.game.conditional_discriminator import CompositeMLPLayer
from adversarial.game.generator import Generator, IntrinsicDropoutGenerator
from adversarial.models.affine import AffineLayer
from adversarial.models.composite import CompositeLayer
from adversarial.models.layer import Layer
from adversarial.models.linear import HardSigmoid, Linear, RectifiedLinear, Sigmoid, Softplus, Tanh
from adversarial.models.maxout import Maxout
from adversarial.models.mlp import MLP
from adversarial.space import CompositeSpace, Space, VectorSpace

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
#: Bytes of a weight where it is as exact as float32, and where room or two digits are enough.
EXACT_BYTES, FEWER_BYTES = 3, 2
#: The most conditions that a page can be switched between.
MOST_CONDITIONS = 100


class NotEmbeddable(UserError):
    """A page cannot compute this network; the message says why."""


@dataclass(frozen=True)
class EmbeddedLayer:
    """A layer as network.js reads it, or layers side by side that read one part of the input each.

    Attributes
    ----------
    options : dict
        The layer's name, its activation, and the parameters of that.
    blocks : tuple of ndarray of shape (units, inputs)
        Integers of two or three bytes, as int32, one array for each part of the input; for Maxout each piece is a unit.
    scales, biases : ndarray of shape (units,)
        What a unit's weights are multiplied by, and its bias, float32, for the units of all blocks.
    """

    options: dict[str, Any]
    blocks: tuple[np.ndarray, ...]
    scales: np.ndarray
    biases: np.ndarray

    def affine(self, state: np.ndarray) -> np.ndarray:
        """Return what each unit receives, (count, units)."""
        parts = np.split(state, np.cumsum([block.shape[1] for block in self.blocks])[:-1], axis=1)
        received = [part @ block.T.astype(np.float64) for part, block in zip(parts, self.blocks, strict=True)]
        return np.hstack(received) * self.scales + self.biases


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
    conditions : tuple of ndarray
        The conditions to choose from, each of which is the last part of the input; empty if there are none.
    """

    layers: tuple[EmbeddedLayer, ...]
    bytes_each: int
    noise: str = ""
    conditions: tuple[np.ndarray, ...] = ()

    def outputs_of(self, rows: np.ndarray, condition: int = 0) -> np.ndarray:
        """Return the output (count, dimension) float64 for each row, from the integers, as network.js computes it."""
        state = np.asarray(rows, dtype=np.float64)
        if self.conditions:
            state = np.hstack([state, np.tile(self.conditions[condition], (len(state), 1))])
        for layer in self.layers:
            state = _activated(layer.affine(state), layer.options)
        return state

    @property
    def weights(self) -> int:
        """Number of weights."""
        return sum(block.size for layer in self.layers for block in layer.blocks)

    def as_json(self) -> dict[str, Any]:
        """Return what network.js reads besides the weights, as JSON."""
        layers = [layer.options | {"blocks": [block.shape for block in layer.blocks]} for layer in self.layers]
        floats = np.concatenate([part for layer in self.layers for part in (layer.scales, layer.biases)])
        return {
            "noise": self.noise,
            "bytes_each": self.bytes_each,
            "conditions": [each.tolist() for each in self.conditions],
            "layers": layers,
            "floats": _base64(floats.astype("<f4")),
        }

    def weights_text(self) -> str:
        """Return the weights, layer by layer and unit by unit, as base64 of little-endian integers."""
        integers = np.concatenate([block.ravel() for layer in self.layers for block in layer.blocks]).astype("<i4")
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
        Its layers, with three bytes a weight, or two where three would be too many.

    Raises
    ------
    NotEmbeddable
        If it has a layer that network.js cannot compute, dropout while sampling, too many weights or conditions.
    """
    if isinstance(generator, IntrinsicDropoutGenerator):
        raise NotEmbeddable("this generator drops units at random, so that one z has no one image")
    space: Space = generator.get_input_space()
    conditions: tuple[np.ndarray, ...] = ()
    if isinstance(generator, ConditionalGenerator):
        conditions = tuple(generator.condition_centres())
        if len(conditions) > MOST_CONDITIONS:
            raise NotEmbeddable(f"this generator has {len(conditions):,} conditions, more than {MOST_CONDITIONS}")
        space = generator.noise_space
    if not isinstance(space, VectorSpace):
        raise NotEmbeddable(f"this generator's noise is no vector: {space}")
    whole = _weights(_rows(generator.mlp)) * EXACT_BYTES
    bytes_each = EXACT_BYTES if whole <= MOST_BYTES_OF_WEIGHTS else FEWER_BYTES
    return EmbeddedNetwork(
        _layers(generator.mlp, bytes_each, MOST_BYTES_OF_WEIGHTS), bytes_each, generator.noise, conditions
    )


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
    outputs = len(last.biases) // last.options.get("num_pieces", 1)
    space = discriminator.get_input_space()
    read = space
    if generator.conditions and isinstance(space, CompositeSpace):
        read, condition = space.components
        if condition.get_total_dimension() != len(generator.conditions[0]):
            raise NotEmbeddable(f"this discriminator reads {condition} as a condition, and the generator another")
    if not isinstance(read, VectorSpace) or read.dim != outputs:
        raise NotEmbeddable(f"this discriminator reads {space}, not the {outputs:,} values that the generator makes")
    layers = _layers(discriminator, FEWER_BYTES, MOST_BYTES_OF_WEIGHTS - generator.weights * generator.bytes_each)
    return EmbeddedNetwork(layers, FEWER_BYTES, conditions=generator.conditions if read is not space else ())


def _layers(mlp: MLP, bytes_each: int, most_bytes: int) -> tuple[EmbeddedLayer, ...]:
    rows: list[list[AffineLayer]] = []
    for row in _rows(mlp):
        for layer in row:
            if type(layer) not in ACTIVATIONS or not isinstance(layer, AffineLayer) or _unusual(layer):
                raise NotEmbeddable(
                    f"layer '{layer.layer_name}' ({type(layer).__name__}) is of a kind that this page cannot compute"
                )
        rows.append([layer for layer in row if isinstance(layer, AffineLayer)])
    total = _weights(rows)
    most = max(0, most_bytes // bytes_each)
    if total > most:
        raise NotEmbeddable(f"this network has {total:,} weights, and a page has room for {most:,}")
    return tuple(_embedded(row, (1 << (8 * bytes_each - 1)) - 1) for row in rows)


def _weights(rows: Sequence[Sequence[Layer]]) -> int:
    """Number of weights of affine layers."""
    affine = (layer for row in rows for layer in row if isinstance(layer, AffineLayer))
    return sum(layer.W.get_value(borrow=True).size for layer in affine)


def _rows(layer: Layer) -> list[list[Layer]]:
    """The layers within a network, from the input on, each with those beside it that read another part of the input."""
    if isinstance(layer, MLP):
        return [row for each in layer.layers for row in _rows(each)]
    if type(layer) not in (CompositeLayer, CompositeMLPLayer):
        return [[layer]]
    assert isinstance(layer, CompositeLayer)
    own = {part: [part] for part in range(len(layer.layers))}
    parts = [_rows(part) for part in layer.layers]
    if layer.inputs_to_layers != own or any(len(part) != 1 or len(part[0]) != 1 for part in parts):
        raise NotEmbeddable(f"'{layer.layer_name}' is no row of layers that read a part of the input each")
    return [[part[0][0] for part in parts]]


def _unusual(layer: AffineLayer) -> bool:
    """Return whether a layer has options that network.js ignores."""
    return isinstance(layer, Maxout) and (layer.randomize_pools or layer.pool_stride != layer.pool_size)


def _embedded(row: list[AffineLayer], largest_integer: int) -> EmbeddedLayer:
    first, *others = map(_activation, row)
    if any(other != first for other in others):
        raise NotEmbeddable(f"'{row[0].layer_name}' and the layer beside it are of different kinds")
    blocks, scales, biases = [], [], []
    for layer in row:
        weights = layer.W.get_value().T.astype(np.float64)
        largest = np.abs(weights).max(axis=1)
        scale = (np.where(largest > 0, largest, 1.0) / largest_integer).astype(np.float32)
        integers = np.clip(np.rint(weights / scale[:, None]), -largest_integer, largest_integer)
        blocks.append(integers.astype(np.int32))
        scales.append(scale)
        biases.append(np.zeros(len(integers)) if layer.b is None else layer.b.get_value())
    name = {"name": " and ".join(str(layer.layer_name) for layer in row)}
    return EmbeddedLayer(name | first, tuple(blocks), np.concatenate(scales), np.concatenate(biases).astype(np.float32))


def _activation(layer: AffineLayer) -> dict[str, Any]:
    """What follows the affine map of a layer."""
    options: dict[str, Any] = {"activation": ACTIVATIONS[type(layer)]}
    if isinstance(layer, RectifiedLinear):
        options["slope"] = layer.left_slope
    if isinstance(layer, Maxout):
        options |= {"num_pieces": layer.pool_size, "floor": bool(layer.min_zero)}
    return options


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
