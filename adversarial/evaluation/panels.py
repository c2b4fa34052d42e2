"""A panel of Figure 2: samples of a model and, framed, the training examples nearest to them, with the distances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from adversarial.evaluation.data_sources import ScoringData, named
from adversarial.evaluation.named_sets import NAMED_SETS
from adversarial.evaluation.sheets import Sheet, image_shape, sample_sheet
from adversarial.figures.grid import images_from_rows, rescaled
from adversarial.figures.neighbours import nearest_rows
from adversarial.game.sampling import Sampler
from adversarial.models.model import Model

#: In what two images are near each other: the values that the model was trained on, or the pixels of a picture.
Where = Literal["values", "pixels"]


@dataclass(frozen=True)
class Neighbour:
    """The training example nearest to a sample.

    Attributes
    ----------
    sample : int
        The sample, counted from 0.
    example : int
        The training example, counted from 0.
    distance : float
        Euclidean, between the two.
    apart : float
        Euclidean, from that training example to the one nearest to it: of a copy, `distance` would be far less.
    where : {'values', 'pixels'}
        'values': as the model was trained on them; 'pixels': the sample as shown, brightness in [0, 1], and the example
        as the picture that it was before its contrast was normalised.
    """

    sample: int
    example: int
    distance: float
    apart: float
    where: Where


def in_pixels(data: ScoringData) -> ScoringData | None:
    """Return a data set as pixels in [0, 1] where it is one that is scored in another form; None for any other.

    Parameters
    ----------
    data : ScoringData
        Such as CIFAR-10, contrast-normalised.

    Returns
    -------
    ScoringData or None
        The same examples.

    Examples
    --------
    >>> in_pixels(named("cifar10")).name, in_pixels(named("mnist"))
    ('CIFAR10', None)
    """
    found = [key for key, known in NAMED_SETS.items() if known.cls == data.name and list(known.forms) != ["pixels"]]
    return named(f"{found[0]}:pixels") if found else None


def panel(
    model: Model,
    examples: np.ndarray,
    photographs: np.ndarray | None = None,
    rows: int = 4,
    columns: int = 5,
    name: str = "the model",
) -> tuple[Sheet, list[Neighbour]]:
    """Draw samples, and beside the last of each row its nearest training example.

    Parameters
    ----------
    model : Model
        An AdversaryPair or a Generator.
    examples : numpy.ndarray
        Of shape (examples, dimension): what it was trained on.
    photographs : numpy.ndarray, optional
        The same examples as pixels in [0, 1], where their contrast was normalised. Then there are two neighbours: the
        nearest in the values that the model was trained on, and the photograph nearest to the sample as it is shown.
    rows, columns : int, optional
        Rows of samples, and samples in a row.
    name : str, optional
        What to call the model in the caption.

    Returns
    -------
    sheet : Sheet
        The images.
    neighbours : list of Neighbour
        Of the last sample of each row, in all values, then in all pixels.

    Raises
    ------
    CheckpointError, ConfigurationError, DataError
        As `sample_sheet` and `nearest_rows` raise them.
    """
    drawn = sample_sheet(model, rows, columns, training_examples=examples, name=name)
    ends = np.arange(columns - 1, rows * columns, columns)
    flat = np.moveaxis(drawn.images, 3, 1).reshape(len(drawn.images), -1)
    samples = np.delete(flat, list(drawn.framed), axis=0)[ends]
    neighbours = _neighbours(samples, examples, ends, "values")
    if photographs is None:
        return drawn, neighbours
    # What is black and white is the rule of the whole sheet, which is turned round to put photographs into it.
    rule = drawn.rule()
    shown = rescaled(flat, rule)[np.asarray(drawn.framed) - 1]
    found = _neighbours(shown, photographs, ends, "pixels")
    largest = np.abs(flat).max() if rule == "all" else 1.0
    black, white = (0.0, 1.0) if rule == "unit" else (-largest, largest)
    values = black + photographs[[each.example for each in found]] * (white - black)
    shape = image_shape(Sampler(model).generator.get_output_space(), model)
    places = np.asarray(drawn.framed) + 1
    images = np.insert(drawn.images, places, images_from_rows(values, shape), axis=0)
    step = drawn.columns + 1
    framed = [row * step + place for row in range(rows) for place in (step - 2, step - 1)]
    caption = [
        *drawn.caption[:-1],
        "framed in yellow, the training example nearest to the sample on their left, in the values that the model was "
        "trained on, and, as the photograph that it is, in pixels as shown",
    ]
    return Sheet(images, step, framed, caption, examples), [*neighbours, *found]


def _neighbours(samples: np.ndarray, examples: np.ndarray, numbers: np.ndarray, where: Where) -> list[Neighbour]:
    nearest, squares = nearest_rows(samples, examples)
    found = []
    for number, example, square in zip(numbers.tolist(), nearest.tolist(), squares.tolist(), strict=True):
        # The nearest of all but itself: those before and those after.
        parts = [part for part in (examples[:example], examples[example + 1 :]) if len(part)]
        others = [nearest_rows(examples[example : example + 1], part)[1][0] for part in parts]
        found.append(Neighbour(number, example, square**0.5, min(others, default=np.inf) ** 0.5, where))
    return found
