"""What a trained generator makes, as sheets of images: samples beside training examples, and lines through z space."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from adversarial.errors import ConfigurationError
from adversarial.figures.grid import (
    ImageShape,
    Rescale,
    check_size,
    choose_rescale,
    guess_shape,
    images_from_rows,
    in_words,
    rescaled,
    sheet,
    write_png,
)
from adversarial.figures.interpolation import path_through
from adversarial.figures.neighbours import with_neighbours
from adversarial.game.sampling import Sampler
from adversarial.models.model import Model
from adversarial.space import Conv2DSpace, Space

#: Samples of the sheet that show_samples.py draws by default, whose numbers `through` takes.
SHEET_SAMPLES = 100


@dataclass
class Sheet:
    """Images to be drawn side by side.

    Attributes
    ----------
    images : numpy.ndarray
        Of shape (count, rows, columns, channels).
    columns : int
        Images in a row of the sheet.
    framed : list of int
        Numbers of the images in a yellow frame.
    caption : list of str
        Clauses of the sentence below the sheet.
    data : numpy.ndarray or None
        What the images should be like: its range says what is black and white; None for the images themselves.
    """

    images: np.ndarray
    columns: int
    framed: Collection[int] = ()
    caption: list[str] = field(default_factory=list)
    data: np.ndarray | None = None

    def write(self, path: str | os.PathLike, rescale: Rescale = "auto", zoom: int | None = None) -> None:
        """Write the sheet as a PNG, with a caption that says what is black and white.

        Parameters
        ----------
        path : str or path
            Ending in .png.
        rescale : {'auto', 'unit', 'tanh', 'all', 'each'}, optional
            How values become brightness; see `figures.grid.rescaled`.
        zoom : int, optional
            Pixels a side for each of an image's. The default makes a sheet of a comfortable size.

        Raises
        ------
        ConfigurationError, DataError
            If the images cannot be drawn, or the file cannot be written.
        """
        pixels, caption = self.drawn(rescale, zoom)
        write_png(path, pixels, caption)

    def drawn(self, rescale: Rescale = "auto", zoom: int | None = None) -> tuple[np.ndarray, str]:
        """Return the pixels (height, width, 3) of the sheet, uint8, and its caption; arguments as of `write`."""
        rule = self.rule(rescale)
        words = in_words(rule, float(np.abs(self.images).max()))
        pixels = sheet(rescaled(self.images, rule), self.columns, self.framed, zoom)
        return pixels, "; ".join([*self.caption, words]) + "."

    def rule(self, rescale: Rescale = "auto") -> Rescale:
        """Return the rule by which values become brightness: the one asked for, or that of the data."""
        by = self.images if self.data is None else self.data
        return choose_rescale(by.min(), by.max()) if rescale == "auto" else rescale


def image_shape(space: Space, model: Model, asked: ImageShape | None = None) -> ImageShape:
    """Return the shape of the images of a space.

    Parameters
    ----------
    space : Space
        Such as a generator's output.
    model : Model
        The model, which may know the shape of its training data.
    asked : ImageShape, optional
        What the user says.

    Returns
    -------
    ImageShape
        The space's own shape if it has one, else what is asked for, else that of the training data; where these were
        no images, or of another number of values, images are square.

    Raises
    ------
    ConfigurationError
        If they cannot be drawn.
    """
    if isinstance(space, Conv2DSpace):
        own = ImageShape(space.shape[0], space.shape[1], space.num_channels)
        if asked not in (None, own):
            raise ConfigurationError(f"the model says that its images are {own.rows}x{own.columns}x{own.channels}")
        return own
    return vector_image_shape(space.get_total_dimension(), model, asked)


def vector_image_shape(dimension: int, model: Model, asked: ImageShape | None = None) -> ImageShape:
    """Return the shape of images that are vectors of `dimension` values; see `image_shape`."""
    if asked is not None and asked.dimension != dimension:
        raise ConfigurationError(f"--shape says {asked.dimension} values an image, but the model makes {dimension}")
    own = getattr(model, "image_shape", None)
    trained_on = None if own is None or ImageShape(*own).dimension != dimension else ImageShape(*own)
    return asked or trained_on or guess_shape(dimension)


def sample_sheet(
    model: Model,
    rows: int = 10,
    columns: int = 10,
    *,
    seed: int | None = None,
    shape: ImageShape | None = None,
    training_examples: np.ndarray | None = None,
    neighbours: Literal["row", "each"] = "row",
    condition: int | None = None,
    name: str = "the model",
    samples: np.ndarray | None = None,
) -> Sheet:
    """Draw samples of a generator, as in Figure 2 of the paper.

    Of a conditional generator, each row has a class of its own, and each column one z.

    Parameters
    ----------
    model : Model
        An AdversaryPair or a Generator.
    rows, columns : int, optional
        Rows of samples, and samples in a row.
    seed : int, optional
        Of the noise. The default goes on from where the generator is, 2014's seed in a model that was just loaded.
    shape : ImageShape, optional
        Of an image. The default is that of the training data, else square.
    training_examples : numpy.ndarray, optional
        Of shape (examples, dimension). If given, the nearest ones stand beside the samples, in a frame.
    neighbours : {'row', 'each'}, optional
        Beside the last sample of each row, or beside each sample.
    condition : int, optional
        Of a conditional generator, the class of all samples, each with a z of its own.
    name : str, optional
        What to call the model in the caption.
    samples : numpy.ndarray, optional
        Samples (rows x columns, dimension) that are there already, of a model that is no generator.

    Returns
    -------
    Sheet
        The images.

    Raises
    ------
    CheckpointError, ConfigurationError
        If the model has no generator, or its samples are no images that fit on a picture.
    """
    framed, caption = list[int](), [f"Samples of {name}"]
    if samples is None:
        sampler = Sampler(model, seed=seed, condition=condition)
        own = image_shape(sampler.generator.get_output_space(), model, shape)
        check_size(rows * columns, own)
        drawn, under = _under_conditions(sampler, rows, columns, condition)
        caption += under
    else:
        own, drawn = vector_image_shape(samples.shape[1], model, shape), samples
    if training_examples is not None:
        drawn, framed, columns = with_neighbours(drawn, training_examples, columns, neighbours == "each")
        caption.append("framed in yellow, the training example nearest to the sample on its left")
    return Sheet(images_from_rows(drawn, own), columns, framed, caption, training_examples)


def interpolation_sheet(
    model: Model,
    rows: int = 2,
    points: int = 4,
    steps: int = 5,
    *,
    through: Sequence[int] | None = None,
    through_conditions: Sequence[int] | None = None,
    condition: int | None = None,
    seed: int | None = None,
    shape: ImageShape | None = None,
    name: str = "the model",
) -> Sheet:
    """Draw what a generator makes of straight lines through z space, as in Figure 3 of the paper.

    Of a conditional generator, each row has a class of its own, or one z and a line through classes.

    Parameters
    ----------
    model : Model
        An AdversaryPair or a Generator.
    rows : int, optional
        Lines, each through points of its own.
    points : int, optional
        Points that each line goes through.
    steps : int, optional
        Steps from a point to the next.
    through : sequence of int, optional
        One line, through these samples of the sheet of 100 that `sample_sheet` draws, counted from 0.
    through_conditions : sequence of int, optional
        Of a conditional generator: lines through these conditions, each with one z.
    condition : int, optional
        Of a conditional generator, the class of all lines.
    seed : int, optional
        Of the noise, as for `sample_sheet`.
    shape : ImageShape, optional
        Of an image, as for `sample_sheet`.
    name : str, optional
        What to call the model in the caption.

    Returns
    -------
    Sheet
        The images, those at the points framed.

    Raises
    ------
    CheckpointError, ConfigurationError
        As `sample_sheet` raises them, and if a line has fewer than two points.
    """
    sampler = Sampler(model, seed=seed, condition=condition)
    own = image_shape(sampler.generator.get_output_space(), model, shape)
    if through is not None:
        rows, points = 1, len(through)
    points = points if through_conditions is None else len(through_conditions)
    check_size(rows * points * steps, own)
    columns = (points - 1) * steps + 1
    conditions, what = None, "z space"
    if through_conditions is not None:
        what = "the space of conditions, each row with one z"
        z = np.repeat(sampler.draw_noise(rows), columns, axis=0)
        conditions = np.tile(path_through(_conditions(sampler, through_conditions), steps), (rows, 1))
    else:
        ends = _ends(sampler, rows, points, through)
        z = path_through(ends.reshape(rows, points, -1), steps).reshape(rows * columns, *ends.shape[2:])
        if sampler.centres is not None and condition is None:
            conditions, what = _row_by_row(sampler.centres, rows, columns), "z space, each row under a condition"
    framed = [row * columns + column for row in range(rows) for column in range(0, columns, steps)]
    caption = [f"{name} along straight lines in {what}", "framed in yellow, the points between which they run"]
    return Sheet(images_from_rows(sampler.images_of(z, conditions), own), columns, framed, caption)


def _conditions(sampler: Sampler, numbers: Sequence[int]) -> np.ndarray:
    """The conditions of these numbers, a row each."""
    centres = sampler.centres
    if centres is None:
        raise ConfigurationError("this model's generator is not conditional: it has no conditions to go through")
    absent = [number for number in numbers if not 0 <= number < len(centres)]
    if absent or len(numbers) < 2:
        reason = f"{absent[0]} is none of the conditions 0 to {len(centres) - 1}" if absent else "name 2 or more"
        raise ConfigurationError(f"a line through conditions cannot be drawn: {reason}")
    return centres[list(numbers)]


def _under_conditions(sampler: Sampler, rows: int, columns: int, condition: int | None) -> tuple[np.ndarray, list[str]]:
    """Samples of a sheet, and what to say of their conditions."""
    if condition is not None:
        return sampler.draw(rows * columns), [f"all under condition {condition}"]
    if sampler.centres is None:
        return sampler.draw(rows * columns), []
    z = np.tile(sampler.draw_noise(columns), (rows, 1))
    samples = sampler.images_of(z, _row_by_row(sampler.centres, rows, columns))
    return samples, ["each row under a condition, in their order, each column with one z"]


def _row_by_row(centres: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Conditions for a sheet of which each row has its own, starting again after the last."""
    return np.repeat(centres[np.arange(rows) % len(centres)], columns, axis=0)


def _ends(sampler: Sampler, rows: int, points: int, through: Sequence[int] | None) -> np.ndarray:
    """Return the points (rows, points, ...) of z space that the lines go through."""
    if points < 2:
        named = ": name 2 samples or more" if through is not None else ""
        raise ConfigurationError(f"a line takes at least 2 points{named}")
    if through is None:
        z = sampler.draw_noise(rows * points)
        return z.reshape(rows, points, *z.shape[1:])
    absent = [number for number in through if not 0 <= number < SHEET_SAMPLES]
    if absent:
        raise ConfigurationError(f"--through {absent[0]}: the samples of the sheet are 0 to {SHEET_SAMPLES - 1}")
    return sampler.draw_noise(SHEET_SAMPLES)[list(through)][None]
