"""Networks converted for a page, which then computes images and D's opinion of them.

A generator has three bytes a weight, as exact as float32, or fewer in its largest layers where all would be too many:
two, or one. The page measures how far its images then are from the library's, and has none that are off by more than
1e-3. A discriminator has two, as its one number is read to two digits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from adversarial.errors import UserError
from adversarial.game import layers as game_layers
from adversarial.game.conditional import ConditionalGenerator
from adversarial.game.conditional_discriminator import CompositeMLPLayer
from adversarial.game.generator import Generator, IntrinsicDropoutGenerator
from adversarial.game.noise import LearnedMixture
from adversarial.models.affine import AffineLayer
from adversarial.models.composite import CompositeLayer, SpaceConverter
from adversarial.models.deconv import Deconv
from adversarial.models.layer import Layer
from adversarial.models.linear import HardSigmoid, Linear, RectifiedLinear, Sigmoid, Softplus, Tanh
from adversarial.models.maxout import Maxout
from adversarial.models.mlp import MLP
from adversarial.report.page_network import INTEGERS, Deconvolution, EmbeddedLayer, EmbeddedNetwork
from adversarial.space import CompositeSpace, Conv2DSpace, Space, VectorSpace

#: Names that network.js has for what follows the affine map of a layer. Subclasses of these may compute otherwise.
ACTIVATIONS: dict[type, str] = {
    Linear: "linear",
    RectifiedLinear: "rectified",
    Sigmoid: "sigmoid",
    Tanh: "tanh",
    Softplus: "softplus",
    HardSigmoid: "hard sigmoid",
    Maxout: "maxout",
    Deconv: "linear",
}
#: Layers without weights, which are taken into the layer below them where that is linear.
ALONE: dict[type, str] = {game_layers.RectifiedLinear: "rectified", game_layers.Sigmoid: "sigmoid"}
#: Distributions that network.js draws z from.
NOISES = ("uniform", "gaussian", "spherical")
#: The bytes of weights, over those of the page: base64 makes four of three, and the rest needs some room.
SHARE_OF_WEIGHTS = 0.68
#: Bytes of a weight where it is as exact as float32, and where two digits are enough.
EXACT_BYTES, FEWER_BYTES = 3, 2
#: The most conditions that a page can be switched between.
MOST_CONDITIONS = 100

#: A layer with weights, and the layer without any that is taken into it.
_Pair = tuple[AffineLayer | Deconv, Layer | None]


class NotEmbeddable(UserError):
    """A page cannot compute this network; the message says why."""


def room_of(page_bytes: int) -> int:
    """Return the bytes of weights that a page of so many bytes has room for.

    Examples
    --------
    >>> room_of(15_000_000)
    10200000
    """
    return round(page_bytes * SHARE_OF_WEIGHTS)


def embed(generator: Generator, page_bytes: int) -> EmbeddedNetwork:
    """Convert a generator for a page.

    Parameters
    ----------
    generator : Generator
        A trained generator of dense layers and deconvolutions.
    page_bytes : int
        The most that the page may weigh.

    Returns
    -------
    EmbeddedNetwork
        Its layers, with three bytes a weight, or fewer in the largest layers where three would be too many.

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
    if generator.noise not in NOISES:
        kind = "learned mixture" if isinstance(generator.noise, LearnedMixture) else generator.noise.replace("_", " ")
        raise NotEmbeddable(f"a page draws z that are {', '.join(NOISES)}, and this generator's are of a {kind}")
    layers = _layers(generator.mlp, page_bytes, 0, range(EXACT_BYTES, 0, -1))
    return EmbeddedNetwork(layers, str(generator.noise), conditions)


def embed_discriminator(discriminator: MLP, generator: EmbeddedNetwork, page_bytes: int) -> EmbeddedNetwork:
    """Convert a discriminator for the page that has its generator; it computes as D does without dropout.

    Parameters
    ----------
    discriminator : MLP
        A trained discriminator of dense layers.
    generator : EmbeddedNetwork
        The generator that the page carries besides.
    page_bytes : int
        The most that the page may weigh.

    Returns
    -------
    EmbeddedNetwork
        Its layers, with two bytes a weight.

    Raises
    ------
    NotEmbeddable
        If it has a layer that network.js cannot compute or too many weights, or reads no images of the generator.
    """
    outputs = generator.layers[-1].outputs
    space = discriminator.get_input_space()
    read = space
    if generator.conditions and isinstance(space, CompositeSpace):
        read, condition = space.components
        if condition.get_total_dimension() != len(generator.conditions[0]):
            raise NotEmbeddable(f"this discriminator reads {condition} as a condition, and the generator another")
    if isinstance(read, Conv2DSpace):
        raise NotEmbeddable("this discriminator is convolutional, and a page computes no convolutions but those of G")
    if not isinstance(read, VectorSpace) or read.dim != outputs:
        raise NotEmbeddable(f"this discriminator reads {space}, not the {outputs:,} values that the generator makes")
    layers = _layers(discriminator, page_bytes, generator.bytes_of_weights, [FEWER_BYTES])
    return EmbeddedNetwork(layers, conditions=generator.conditions if read is not space else ())


def _layers(mlp: MLP, page_bytes: int, used: int, choices: Sequence[int]) -> tuple[EmbeddedLayer, ...]:
    """Convert layers, each weight to one of `choices` of bytes, the first where the page has room beside those used."""
    rows = _with_weights(_rows(mlp))
    sizes = [sum(layer.W.get_value(borrow=True).size for layer, _ in row) for row in rows]
    each = _bytes_each(sizes, page_bytes, used, choices)
    last, images = len(rows) - 1, isinstance(mlp.get_output_space(), Conv2DSpace)
    return tuple(
        _embedded(row, count, mlp.get_output_space() if images and number == last else None)
        for number, (row, count) in enumerate(zip(rows, each, strict=True))
    )


def _bytes_each(sizes: Sequence[int], page_bytes: int, used: int, choices: Sequence[int]) -> list[int]:
    """Return the bytes of a weight of each layer: fewer where they are most, the largest layer first, until all fit."""
    room, chosen = max(0, room_of(page_bytes) - used), [0] * len(sizes)
    while sum(size * choices[at] for size, at in zip(sizes, chosen, strict=True)) > room:
        larger = [number for number, at in enumerate(chosen) if at + 1 < len(choices)]
        if not larger:
            least, total = choices[-1], sum(sizes)
            more = math.ceil((used + total * FEWER_BYTES) / SHARE_OF_WEIGHTS / 1e6)
            raise NotEmbeddable(
                f"this network has {total:,} weights, and a page has room for {room // least:,}; "
                f"report.py --megabytes {more} makes a page with room for it"
            )
        chosen[max(larger, key=lambda number: (choices[chosen[number]], sizes[number]))] += 1
    return [choices[at] for at in chosen]


def _with_weights(rows: Sequence[Sequence[Layer]]) -> list[list[_Pair]]:
    """The rows of layers that have weights, with what is taken into them; none of a kind that no page computes."""
    found: list[list[_Pair]] = []
    for row in rows:
        layer = row[0]
        below = found[-1][0] if found and len(row) == len(found[-1]) == 1 else None
        if type(layer) in ALONE and below is not None and below[1] is None and ACTIVATIONS[type(below[0])] == "linear":
            found[-1] = [(below[0], layer)]
            continue
        found.append([(_computed(each, len(row)), None) for each in row])
    return found


def _computed(layer: Layer, beside: int) -> AffineLayer | Deconv:
    """Return a layer that network.js can compute in a row of so many; raise NotEmbeddable for any other."""
    if type(layer) in ACTIVATIONS and isinstance(layer, AffineLayer | Deconv) and not _unusual(layer, beside):
        return layer
    raise NotEmbeddable(
        f"layer '{layer.layer_name}' ({type(layer).__name__}) is of a kind that this page cannot compute"
    )


def _rows(layer: Layer) -> list[list[Layer]]:
    """The layers within a network, from the input on, each with those beside it that read another part of the input."""
    if isinstance(layer, MLP):
        return [row for each in layer.layers for row in _rows(each)]
    if type(layer) is SpaceConverter and not isinstance(layer.input_space, CompositeSpace):
        return []  # Values of images are in the order of vectors throughout.
    if type(layer) not in (CompositeLayer, CompositeMLPLayer):
        return [[layer]]
    assert isinstance(layer, CompositeLayer)
    own = {part: [part] for part in range(len(layer.layers))}
    parts = [_rows(part) for part in layer.layers]
    if layer.inputs_to_layers != own or any(len(part) != 1 or len(part[0]) != 1 for part in parts):
        raise NotEmbeddable(f"'{layer.layer_name}' is no row of layers that read a part of the input each")
    return [[part[0][0] for part in parts]]


def _unusual(layer: AffineLayer | Deconv, beside: int) -> bool:
    """Return whether a layer has options that network.js ignores."""
    if isinstance(layer, Deconv):
        return beside > 1
    return isinstance(layer, Maxout) and (layer.randomize_pools or layer.pool_stride != layer.pool_size)


def _embedded(row: list[_Pair], bytes_each: int, images: Space | None) -> EmbeddedLayer:
    """Convert a row of layers; the last of a network that makes `images` has their values channel by channel."""
    options = [_activation(layer, alone) for layer, alone in row]
    if any(other != options[0] for other in options):
        raise NotEmbeddable(f"'{row[0][0].layer_name}' and the layer beside it are of different kinds")
    name = {"name": " and ".join(str(layer.layer_name) for layer, _ in row)}
    parts, deconvolution = [], None
    for layer, _ in row:
        if isinstance(layer, Deconv):
            deconvolution = Deconvolution(layer.geometry, layer.num_channels, images is not None)
            parts.append(_of_deconvolution(layer, deconvolution))
            continue
        biases = np.zeros(layer.W.get_value(borrow=True).shape[1]) if layer.b is None else layer.b.get_value()
        parts.append((layer.W.get_value(borrow=True).T, biases))
    if isinstance(images, Conv2DSpace) and deconvolution is None:
        order = _channel_by_channel(images, options[0].get("num_pieces", 1))
        parts = [(weights[order], biases[order]) for weights, biases in parts]
    integers = [_as_integers(weights, bytes_each) for weights, _ in parts]
    scales = np.concatenate([scale for _, scale in integers])
    biases = np.concatenate([each for _, each in parts]).astype(np.float32)
    return EmbeddedLayer(
        name | options[0], tuple(block for block, _ in integers), scales, biases, bytes_each, deconvolution
    )


def _of_deconvolution(layer: Deconv, laid: Deconvolution) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights (values of a patch, channels read) and the biases of a deconvolution."""
    kernels, biases = layer.W.get_value(borrow=True), layer.b.get_value(borrow=True)
    shape = (layer.num_channels, *laid.geometry.image_shape)
    whole = np.broadcast_to(biases[:, None, None] if layer.tied_b else biases, shape)
    return kernels.reshape(-1, kernels.shape[3]), laid.ordered(whole).ravel()


def _channel_by_channel(images: Conv2DSpace, pieces: int) -> np.ndarray:
    """Return the units of a dense layer that makes images as vectors, in the order of a design matrix."""
    vector = np.arange(images.get_total_dimension()).reshape(*images.shape, images.num_channels)
    units = np.moveaxis(vector, 2, 0).reshape(-1, 1) * pieces + np.arange(pieces)
    return units.ravel()


def _as_integers(weights: np.ndarray, bytes_each: int) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (units, inputs) as integers, and what those of each unit are multiplied by."""
    largest_integer = (1 << (8 * bytes_each - 1)) - 1
    largest = np.maximum(weights.max(axis=1), -weights.min(axis=1)).astype(np.float64)
    scales = (np.where(largest > 0, largest, 1.0) / largest_integer).astype(np.float32)
    integers = np.empty(weights.shape, INTEGERS[bytes_each])
    for unit, scale in enumerate(scales):  # Unit by unit, so that a large layer is not there in float64 too.
        whole = np.rint(weights[unit].astype(np.float64) / scale)
        integers[unit] = np.clip(whole, -largest_integer, largest_integer)
    return integers, scales


def _activation(layer: AffineLayer | Deconv, alone: Layer | None) -> dict[str, Any]:
    """What follows the affine map of a layer."""
    if alone is not None:
        slope = {"slope": alone.left_slope} if isinstance(alone, game_layers.RectifiedLinear) else {}
        return {"activation": ALONE[type(alone)]} | slope
    options: dict[str, Any] = {"activation": ACTIVATIONS[type(layer)]}
    if isinstance(layer, RectifiedLinear):
        options["slope"] = layer.left_slope
    if isinstance(layer, Maxout):
        options |= {"num_pieces": layer.pool_size, "floor": bool(layer.min_zero)}
    return options
