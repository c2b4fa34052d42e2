"""What an inferer E makes of images: G(E(x)) beside x, and how far off it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adversarial.errors import CheckpointError
from adversarial.evaluation.features import features
from adversarial.evaluation.sheets import Sheet, image_shape
from adversarial.figures.grid import ImageShape, images_from_rows
from adversarial.figures.interpolation import path_through
from adversarial.figures.neighbours import nearest_rows
from adversarial.game.pair import AdversaryPair
from adversarial.game.sampling import Sampler
from adversarial.models.model import Model

#: New samples on which the error of z is measured, and among which the nearest are looked for.
NEW_SAMPLES = 10_000


@dataclass
class ReconstructionErrors:
    """How well z is inferred.

    Attributes
    ----------
    noise : float
        Mean over new samples and dimensions of (E(G(z)) - z)^2. E that is constant has the variance of z, 1.
    examples : float
        Mean over examples of |x - G(E(x))|^2.
    random_pairs : float
        The same of examples and reconstructions of others.
    """

    noise: float
    examples: float
    random_pairs: float

    def __str__(self) -> str:
        part = self.examples / self.random_pairs
        return (
            f"error of z on new samples {self.noise:.4f} (a constant: 1)\n"
            f"|x - G(E(x))|^2 of examples {self.examples:.2f}, of random pairs {self.random_pairs:.2f}: {part:.1%}"
        )


class Reconstruction:
    """An inferer and the generator whose noise it infers.

    Parameters
    ----------
    model : Model
        A pair with an inferer of z.
    seed : int, optional
        Of new samples; default 2014's.
    """

    def __init__(self, model: Model, seed: int | None = None):
        if not isinstance(model, AdversaryPair) or model.inferer is None:
            raise CheckpointError("this model has no inferer; train one by yaml/inference_mnist.yaml")
        self.model = model
        self._layer = f"inf/{model.inferer.layer_names[-1]}"
        self.sampler = Sampler(model, seed=seed)

    def infer(self, rows: np.ndarray) -> np.ndarray:
        """Return E(x), shape (count, dimension of z), for rows of a design matrix."""
        return features(self.model, self._layer, rows)

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Return G(E(x)), a row for each row."""
        return self.sampler.images_of(self.infer(rows))

    def errors(self, rows: np.ndarray, new_samples: int = NEW_SAMPLES) -> ReconstructionErrors:
        """Measure the errors on examples and on new samples."""
        z = self.sampler.draw_noise(new_samples).reshape(new_samples, -1)
        off = self.infer(self.sampler.images_of(z)) - z
        made = self.of(rows)
        own, others = (np.square(rows - each).sum(axis=1).mean() for each in (made, np.roll(made, 1, axis=0)))
        return ReconstructionErrors(float(np.square(off).mean()), float(own), float(others))

    def sheet(
        self, rows: np.ndarray, steps: int = 7, shape: ImageShape | None = None, name: str = "the model"
    ) -> Sheet:
        """Draw examples, their reconstructions and their nearest samples, then lines in z between every two.

        Parameters
        ----------
        rows : array of shape (count, dimension)
            Examples, two or more; a row of the sheet is as wide as the lines.
        steps : int, optional
            Steps from an example to the next on a line.
        shape : ImageShape, optional
            Of an image. The default is that of the training data, else square.
        name : str, optional
            What to call the model in the caption.

        Returns
        -------
        Sheet
            The images, the examples in a frame.
        """
        own = image_shape(self.sampler.generator.get_output_space(), self.model, shape)
        columns = steps + 3
        first = rows[:columns]
        samples = self.sampler.draw(NEW_SAMPLES)
        blank = np.zeros((columns - len(first), rows.shape[1]), rows.dtype)
        parts = [first, blank, self.of(first), blank, samples[nearest_rows(first, samples)[0]], blank]
        framed = list(range(len(first)))
        for start in range(0, len(rows) - 1, 2):
            ends = rows[start : start + 2]
            between = self.sampler.images_of(path_through(self.infer(ends)[None], steps)[0].astype(np.float32))
            at = sum(map(len, parts))
            framed += [at, at + columns - 1]
            parts += [ends[:1], between, ends[1:]]
        caption = [
            f"Test images in yellow frames; below the first row, what {name} makes of the z that it infers, and the "
            f"nearest of {NEW_SAMPLES:,} samples; then straight lines in z between two images"
        ]
        return Sheet(images_from_rows(np.concatenate(parts), own), columns, framed, caption, rows)
