"""A network as a page has it: layers with weights as integers, and its forward pass in NumPy.

`report/page/network.js` is the other half: it reads this format and computes the same. Each unit's weights are divided
by a scale of their own, so that the largest magnitude is that of the largest integer. Values of images are in the order
that vectors of this library have, (row, column, channel), between layers, and channel by channel, as rows of a design
matrix, after the last one.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np

from adversarial.ops.geometry import Geometry

#: The integers that hold a weight of so many bytes.
INTEGERS = {1: np.int8, 2: np.int16, 3: np.int32}
#: Weights that are made floats at a time.
_WEIGHTS_OF_A_PART = 1 << 22


@dataclass(frozen=True)
class Deconvolution:
    """How the patches are laid that a layer makes of the channels at each place of its input; where they meet they add.

    Attributes
    ----------
    geometry : Geometry
        Of the convolution whose transpose the layer is: its images are what is made, its maps what is read.
    channels : int
        Channels of what is made.
    channels_first : bool
        Whether what is made is channel by channel, as after the last layer of a network.
    """

    geometry: Geometry
    channels: int
    channels_first: bool

    def laid(self, patches: np.ndarray) -> np.ndarray:
        """Return the sums (count, values) of patches (count, rows, columns, channels, kernel rows, kernel columns)."""
        geometry = self.geometry
        sheet = np.zeros((self.channels, *geometry.padded_shape, len(patches)))
        places = patches.transpose(3, 1, 2, 0, 4, 5)
        for row, column in np.ndindex(geometry.kernel_shape):
            geometry.windows(sheet)[..., row, column] += places[..., row, column]
        return self.ordered(geometry.inner(sheet)).reshape(-1, len(patches)).T

    def ordered(self, values: np.ndarray) -> np.ndarray:
        """Return values (channels, rows, columns, ...) in the order of what is made."""
        return values if self.channels_first else np.moveaxis(values, 0, 2)

    def as_json(self) -> dict[str, Any]:
        """Return what network.js reads of it."""
        geometry = self.geometry
        return {
            "places": geometry.map_shape,
            "shape": geometry.image_shape,
            "kernel": geometry.kernel_shape,
            "stride": geometry.stride,
            "pad": geometry.pad,
            "channels": self.channels,
            "channels_first": self.channels_first,
        }


@dataclass(frozen=True)
class EmbeddedLayer:
    """A layer as network.js reads it, or layers side by side that read one part of the input each.

    Attributes
    ----------
    options : dict
        The layer's name, its activation, and the parameters of that.
    blocks : tuple of ndarray of shape (units, inputs)
        Integers, one array for each part of the input; for Maxout each piece is a unit, and of a deconvolution each
        value of a patch, channel by channel.
    scales : ndarray of shape (units,)
        What a unit's weights are multiplied by, float32, for the units of all blocks.
    biases : ndarray of shape (values,)
        Float32; a value is a unit's, or, of a deconvolution, a pixel's of a channel.
    bytes_each : int
        Bytes of a weight.
    deconvolution : Deconvolution or None
        None for a dense layer.
    """

    options: dict[str, Any]
    blocks: tuple[np.ndarray, ...]
    scales: np.ndarray
    biases: np.ndarray
    bytes_each: int
    deconvolution: Deconvolution | None = None

    @property
    def outputs(self) -> int:
        """Number of values that the layer makes."""
        return len(self.biases) // self.options.get("num_pieces", 1)

    def affine(self, state: np.ndarray) -> np.ndarray:
        """Return what each unit, or each value of the images made, receives, (count, values)."""
        if self.deconvolution is None:
            return self._received(state) + self.biases
        deconvolution = self.deconvolution
        places, kernel = deconvolution.geometry.map_shape, deconvolution.geometry.kernel_shape
        patches = self._received(state.reshape(len(state) * places[0] * places[1], -1))
        return deconvolution.laid(patches.reshape(-1, *places, deconvolution.channels, *kernel)) + self.biases

    def _received(self, state: np.ndarray) -> np.ndarray:
        parts = np.split(state, np.cumsum([block.shape[1] for block in self.blocks])[:-1], axis=1)
        return np.hstack([_product(part, block) for part, block in zip(parts, self.blocks, strict=True)]) * self.scales

    def as_json(self) -> dict[str, Any]:
        """Return what network.js reads of it besides its numbers."""
        found = {"bytes_each": self.bytes_each, "blocks": [block.shape for block in self.blocks]}
        laid = {} if self.deconvolution is None else {"deconvolution": self.deconvolution.as_json()}
        return self.options | found | {"values": len(self.biases)} | laid

    def weights_bytes(self) -> bytes:
        """Return the integers, little-endian, input by input: a page passes over inputs that are 0."""
        columns = [np.ascontiguousarray(block.T) for block in self.blocks]
        if self.bytes_each < 3:
            return b"".join(each.astype(f"<i{self.bytes_each}", copy=False).tobytes() for each in columns)
        return b"".join(each.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes() for each in columns)


@dataclass(frozen=True)
class EmbeddedNetwork:
    """A network as network.js reads it.

    Attributes
    ----------
    layers : tuple of EmbeddedLayer
        From the input on.
    noise : str
        The distribution of a generator's noise; empty for a discriminator.
    conditions : tuple of ndarray
        The conditions to choose from, each of which is the last part of the input; empty if there are none.
    """

    layers: tuple[EmbeddedLayer, ...]
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
    def bytes_of_weights(self) -> int:
        """Number of bytes of all weights."""
        return sum(block.size * layer.bytes_each for layer in self.layers for block in layer.blocks)

    def as_json(self) -> dict[str, Any]:
        """Return what network.js reads besides the weights, as JSON."""
        floats = np.concatenate([part for layer in self.layers for part in (layer.scales, layer.biases)])
        return {
            "noise": self.noise,
            "conditions": [each.tolist() for each in self.conditions],
            "layers": [layer.as_json() for layer in self.layers],
            "floats": _base64(floats.astype("<f4").tobytes()),
        }

    def weights_text(self) -> str:
        """Return the weights, layer by layer and input by input, as base64."""
        return _base64(b"".join(layer.weights_bytes() for layer in self.layers))


def _product(rows: np.ndarray, block: np.ndarray) -> np.ndarray:
    """Return rows (count, inputs) times integers (units, inputs), few of which are made floats at a time."""
    step = max(1, _WEIGHTS_OF_A_PART // block.shape[1])
    parts = [rows @ block[start : start + step].T.astype(np.float64) for start in range(0, len(block), step)]
    return np.hstack(parts)


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


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
