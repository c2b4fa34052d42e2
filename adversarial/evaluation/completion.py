"""Images of which a generator of all conditionals filled in what a mask hides, several times each."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt

from adversarial import backend
from adversarial.errors import ConfigurationError
from adversarial.evaluation.sheets import Sheet
from adversarial.figures.grid import ImageShape, images_from_rows
from adversarial.game.all_conditionals import AllConditionalsPair

#: What a missing pixel is drawn as, where 0 is black and 1 is white.
GREY = 0.5


def completions(model: AllConditionalsPair, rows: np.ndarray, masks: np.ndarray, count: int) -> np.ndarray:
    """Complete images.

    Parameters
    ----------
    model : AllConditionalsPair
        The model; its noise goes on.
    rows : array of shape (images, pixels)
        The images.
    masks : array of shape (images, pixels)
        1 where an image is visible, 0 where it is filled in.
    count : int
        Completions of each image.

    Returns
    -------
    array of shape (images, count, pixels)
        The completions in floatX; visible pixels are those of the images.

    Examples
    --------
    >>> completions(model, test_images, model.masks.draw(len(test_images)), 5).shape  # doctest: +SKIP
    (10000, 5, 784)
    """
    if rows.ndim != 2 or rows.shape[1] != model.masks.pixels or masks.shape != rows.shape:
        raise ConfigurationError(
            f"the model completes images of {model.masks.pixels} pixels under as many masks, but the images have shape "
            f"{rows.shape} and the masks {masks.shape}"
        )
    images, visible = pt.matrix(dtype=backend.floatX()), pt.matrix(dtype=backend.floatX())
    complete = backend.function([images, visible], model.generator.complete(images, visible).samples)
    given = [np.asarray(each, dtype=backend.floatX()) for each in (rows, masks)]
    return np.stack([np.asarray(complete(*given)) for _ in range(count)], axis=1)


def completion_sheet(
    model: AllConditionalsPair,
    rows: np.ndarray,
    masks: np.ndarray,
    count: int,
    originals: bool = False,
    name: str = "the model",
) -> Sheet:
    """Draw images as they are seen, with grey for what is missing, and completions beside them.

    Parameters
    ----------
    model : AllConditionalsPair
        The model.
    rows : array of shape (images, pixels)
        The images, with values from 0 to 1.
    masks : array of shape (images, pixels)
        1 where an image is visible.
    count : int
        Completions of each image.
    originals : bool, optional
        Draw the image as it was at the end of its row, in a frame.
    name : str, optional
        What to call the model in the caption.

    Returns
    -------
    Sheet
        A row for each image.
    """
    made = completions(model, rows, masks, count)
    parts = [np.where(masks > 0, rows, GREY)[:, None], made]
    caption = [f"Each row: a test image with what is missing in grey, and {count} completions by {name}"]
    columns = count + 1
    framed: list[int] = []
    if originals:
        parts.append(rows[:, None])
        columns += 1
        framed = list(range(columns - 1, columns * len(rows), columns))
        caption.append("framed in yellow, the image as it was")
    shape = ImageShape(model.masks.rows, model.masks.columns, 1)
    every = np.concatenate(parts, axis=1).reshape(-1, rows.shape[1])
    return Sheet(images_from_rows(every, shape), columns, framed, caption, images_from_rows(rows, shape))
