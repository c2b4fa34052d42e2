"""An experiment as its peers in other libraries need to know it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LayerSpec:
    """A dense layer as a peer needs to know it.

    Attributes
    ----------
    kind : the class's name: RectifiedLinear, Sigmoid, Linear or Maxout
    W, b : initial parameters, float32
    pieces : pieces of each unit; 1 where it is no Maxout
    max_col_norm : limit on column norms after each update, or None
    keep, scale : dropout of its input
    """

    kind: str
    W: np.ndarray
    b: np.ndarray
    pieces: int
    max_col_norm: float | None
    keep: float = 1.0
    scale: float = 1.0


@dataclass(frozen=True)
class GameSpec:
    """An experiment as a peer needs to know it.

    Attributes
    ----------
    generator, discriminator : layers
    noise : uniform or gaussian
    learning_rate, momentum : of gradient descent with momentum
    """

    generator: list[LayerSpec]
    discriminator: list[LayerSpec]
    noise: str
    learning_rate: float
    momentum: float
