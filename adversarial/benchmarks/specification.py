"""The experiments that are timed: where their files are, and what a peer in another library needs of one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adversarial.config.shipped import shipped_folder

#: The folder of the paper's experiments.
EXPERIMENTS = shipped_folder()


@dataclass(frozen=True)
class LayerSpec:
    """What a peer needs of a dense layer.

    Attributes
    ----------
    kind : {'RectifiedLinear', 'Sigmoid', 'Linear', 'Maxout'}
        Name of its class.
    W : ndarray of shape (inputs, units * num_pieces)
        Initial weights, float32.
    b : ndarray of shape (units * num_pieces,)
        Initial biases, float32.
    num_pieces : int
        Pieces of each Maxout unit; 1 for other layers.
    max_col_norm : float or None
        Limit on the norm of each column of `W` after an update.
    keep : float
        Probability with which dropout keeps an input of the layer.
    scale : float
        Factor on inputs under dropout.
    """

    kind: str
    W: np.ndarray
    b: np.ndarray
    num_pieces: int
    max_col_norm: float | None
    keep: float = 1.0
    scale: float = 1.0


@dataclass(frozen=True)
class GameSpec:
    """What a peer needs of an experiment.

    Attributes
    ----------
    generator, discriminator : list of LayerSpec
        The players' layers, from the input up.
    noise : {'uniform', 'gaussian'}
        Distribution of z.
    learning_rate, momentum : float
        Of gradient descent with momentum.
    """

    generator: list[LayerSpec]
    discriminator: list[LayerSpec]
    noise: str
    learning_rate: float
    momentum: float
