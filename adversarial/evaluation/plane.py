"""A game of two values: samples beside training examples, and what D thinks of each place of the plane."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt

from adversarial import backend
from adversarial.figures.plane import grid_around, plane_png
from adversarial.game.sampling import Sampler, generator_of
from adversarial.models.model import Model
from adversarial.space import VectorSpace

#: Samples and examples that are drawn.
POINTS = 2000


def is_of_the_plane(model: Model) -> bool:
    """Return whether a model's samples have two values, so that they are points of a plane and no images."""
    return generator_of(model).get_output_space() == VectorSpace(2)


def plane_picture(model: Model, seed: int | None = None, data: np.ndarray | None = None) -> bytes:
    """Draw samples of a game of the plane beside its data, and the contours of D.

    Parameters
    ----------
    model : Model
        An AdversaryPair or a Generator whose samples have two values.
    seed : int, optional
        Of the noise, as for `sample_sheet`.
    data : numpy.ndarray, optional
        Training examples (examples, 2), of which the first 2,000 are drawn.

    Returns
    -------
    bytes
        A PNG.
    """
    drawn = Sampler(model, seed=seed).draw(POINTS)
    near = None if data is None else data[:POINTS]
    x, y = grid_around(drawn, *(() if near is None else (near,)))
    return plane_png(drawn, near, _contours(model, x, y))


def _contours(model: Model, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    discriminator = getattr(model, "discriminator", None)
    if discriminator is None or discriminator.get_input_space() != VectorSpace(2):
        return None
    points = pt.matrix("points")
    values = backend.function([points], discriminator.fprop(points))
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).astype(backend.floatX())
    return x, y, np.asarray(values(grid)).reshape(len(y), len(x))
