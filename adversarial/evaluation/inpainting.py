"""Images whose right half a generator made from their left half and noise."""

from __future__ import annotations

import numpy as np

from adversarial import backend
from adversarial.errors import CheckpointError
from adversarial.evaluation.sheets import Sheet
from adversarial.figures.grid import ImageShape, images_from_rows
from adversarial.game.generator import Generator
from adversarial.models.model import Model
from adversarial.space import Conv2DSpace


def inpainting_generator(model: Model) -> Generator:
    """Return the generator of a model, if it fills in the right half of images.

    Parameters
    ----------
    model : Model
        An AdversaryPair or a Generator.

    Returns
    -------
    Generator
        The generator.

    Raises
    ------
    CheckpointError
        If there is none, or it does something else.
    """
    generator = getattr(model, "generator", model)
    if not isinstance(generator, Generator):
        raise CheckpointError(f"a model of class {type(model).__name__} has no generator to fill in images")
    image_space(generator)
    return generator


def image_space(generator: Generator) -> Conv2DSpace:
    """Return the space of the images that an inpainting generator reads; raises CheckpointError if there is none."""
    space = generator.mlp.get_input_space()
    made = generator.get_output_space().get_total_dimension()
    square = isinstance(space, Conv2DSpace) and space.shape[0] == space.shape[1]
    if not isinstance(space, Conv2DSpace) or not square or 2 * made != space.get_total_dimension():
        raise CheckpointError(
            "this model's generator does not fill in the right half of images; draw its samples by show_samples.py"
        )
    if tuple(space.axes) != ("b", 0, 1, "c"):
        raise CheckpointError(f"this model's generator reads images of axes {space.axes}, not ('b', 0, 1, 'c')")
    return space


def inpainting_sheet(
    generator: Generator, rows: np.ndarray, columns: int, originals: bool = False, name: str = "the model"
) -> Sheet:
    """Draw images whose right half a generator made.

    Parameters
    ----------
    generator : Generator
        What `inpainting_generator` returned.
    rows : numpy.ndarray
        Images of shape (count, dimension), channel by channel as in a DenseDesignMatrix.
    columns : int
        Filled images in a row of the sheet.
    originals : bool, optional
        Draw the image as it was on the right of each, in a frame.
    name : str, optional
        What to call the model in the caption.

    Returns
    -------
    Sheet
        The images.
    """
    space = image_space(generator)
    shape = ImageShape(space.shape[0], space.shape[1], space.num_channels)
    images = np.ascontiguousarray(images_from_rows(rows, shape), dtype=backend.floatX())
    shown = filled(generator, images)
    framed: list[int] = []
    caption = [f"Test images with their right half made by {name}"]
    if originals:
        shown = np.stack([shown, images], axis=1).reshape(-1, *shape)
        framed, columns = list(range(1, len(shown), 2)), columns * 2
        caption.append("framed in yellow, the image as it was")
    return Sheet(shown, columns, framed, caption, images)


def filled(generator: Generator, images: np.ndarray) -> np.ndarray:
    """Return images with their right half made by a generator.

    Parameters
    ----------
    generator : Generator
        What `inpainting_generator` returned.
    images : numpy.ndarray
        Of shape (count, rows, columns, channels), in floatX.

    Returns
    -------
    numpy.ndarray
        Of the same shape.
    """
    batch = generator.mlp.get_input_space().make_theano_batch()
    return np.asarray(backend.function([batch], generator.inpainting_sample_and_noise(batch)[0])(images))
