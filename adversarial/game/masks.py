"""Masks of pixels: which part of an image a completing generator sees."""

from __future__ import annotations

from typing import Literal, cast, get_args

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from adversarial import backend
from adversarial.backend import floatX
from adversarial.game.generator import Length
from adversarial.options import Configurable, Count, OptionError, Probability
from adversarial.random_streams import MRG_RandomStreams

Kind = Literal["pixels", "halves", "left", "right", "top", "bottom", "patches", "nothing"]

#: All kinds of masks.
KINDS: tuple[Kind, ...] = get_args(Kind)
#: The halves of an image, by the name of the one that is visible.
SIDES = ("left", "right", "top", "bottom")
#: Seed of the masks, where none is given.
MASK_SEED = 20140610


class Masks(Configurable):
    """A distribution of masks: 1 where a pixel is visible, 0 where it is missing.

    Each example's mask is of one of `kinds`, drawn with equal probability:

    - 'pixels': each pixel is visible with probability `visible_prob`, by itself (.5 in the
      multi-prediction training of Goodfellow et al., 2013, which section 7 extends);
    - 'left', 'right', 'top', 'bottom': that half is visible; 'halves': one of the four;
    - 'patches': all but a rectangle is visible, whose sides are a quarter to three quarters of the image's;
    - 'nothing': nothing is visible, so that a completion is a sample.

    Parameters
    ----------
    rows : int
        Rows of an image.
    columns : int
        Columns of an image.
    kinds : list of str, optional
        What is drawn from; default pixels, halves, patches and nothing.
    visible_prob : float, default .5
        Probability, in (0, 1], that a pixel is visible under 'pixels'.
    seed : int, default 20140610
        Seed of the masks.

    Examples
    --------
    >>> Masks(rows=2, columns=4, kinds=["left"]).draw(1).reshape(2, 4).astype(int).tolist()
    [[1, 1, 0, 0], [1, 1, 0, 0]]
    """

    def __init__(
        self,
        rows: Count,
        columns: Count,
        kinds: list[Kind] | None = None,
        visible_prob: Probability = 0.5,
        seed: Count = MASK_SEED,
    ):
        self.rows, self.columns = rows, columns
        self.kinds: list[Kind] = ["pixels", "halves", "patches", "nothing"] if kinds is None else kinds
        if not self.kinds:
            raise OptionError("Masks", "kinds", "kinds is empty, but masks must be of some kind")
        self.visible_prob = visible_prob
        self.theano_rng = MRG_RandomStreams(seed)

    @property
    def pixels(self) -> int:
        """Number of pixels of an image."""
        return self.rows * self.columns

    def sample(self, count: Length) -> TensorVariable:
        """Draw masks, shape (count, rows * columns), in floatX; each call is a new variate.

        Parameters
        ----------
        count : int or TensorVariable
            Number of masks.

        Returns
        -------
        TensorVariable
            1 where a pixel is visible, else 0.
        """
        masks = [self._of_kind(kind, count) for kind in self.kinds]
        visible = masks[0] if len(masks) == 1 else self._one_of(masks, count)
        return pt.cast(visible, floatX())

    def draw(self, count: int) -> np.ndarray:
        """Draw masks as an array; as `sample`."""
        return np.asarray(backend.function([], self.sample(count))())

    def _one_of(self, masks: list[TensorVariable], count: Length) -> TensorVariable:
        """For each example the row of one of several boolean matrices, with equal probability."""
        which = self._below(count, len(masks))
        chosen = pt.and_(pt.eq(which, 0), masks[0])
        for number, mask in enumerate(masks[1:], start=1):
            chosen = pt.or_(chosen, pt.and_(pt.eq(which, number), mask))
        return chosen

    def _below(self, count: Length, bound: int | TensorVariable) -> TensorVariable:
        """Whole numbers from 0 to `bound` - 1, shape (count, 1)."""
        return pt.floor(self.theano_rng.uniform((count, 1), dtype=floatX()) * bound)

    def _of_kind(self, kind: Kind, count: Length) -> TensorVariable:
        """Masks of a kind, boolean."""
        if kind == "pixels":
            return self.theano_rng.uniform((count, self.pixels), dtype=floatX()) < self.visible_prob
        if kind == "halves":
            return self._one_of([self._constant(_half(side, self.rows, self.columns), count) for side in SIDES], count)
        if kind == "patches":
            row, column = np.divmod(np.arange(self.pixels), self.columns)
            return ~pt.and_(self._in_stretch(row, self.rows, count), self._in_stretch(column, self.columns, count))
        visible = np.zeros(self.pixels, bool) if kind == "nothing" else _half(kind, self.rows, self.columns)
        return self._constant(visible, count)

    def _constant(self, visible: np.ndarray, count: Length) -> TensorVariable:
        return cast(TensorVariable, pt.alloc(pt.as_tensor(visible), count, self.pixels))

    def _in_stretch(self, place: np.ndarray, length: int, count: Length) -> TensorVariable:
        """Whether places lie in a stretch of a quarter to three quarters of a side, drawn for each example."""
        extent = pt.floor(length * (0.25 + 0.5 * self.theano_rng.uniform((count, 1), dtype=floatX())))
        start = self._below(count, length - extent + 1)
        places = place.astype(floatX())
        inside: TensorVariable = (places >= start) & (places < start + extent)
        return inside


def _half(side: str, rows: int, columns: int) -> np.ndarray:
    """Where the named half of an image is."""
    row, column = np.divmod(np.arange(rows * columns), columns)
    halves = {
        "left": column < columns // 2,
        "right": column >= columns // 2,
        "top": row < rows // 2,
        "bottom": row >= rows // 2,
    }
    return halves[side]
