"""Examples that are stored in one unit and given in another."""

from __future__ import annotations

import numpy as np

from adversarial.backend import floatX
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix


class ScaledRows(DenseDesignMatrix):
    """A design matrix whose rows are divided by a number when they are read, a minibatch at a time.

    Attributes
    ----------
    scale : float
        The divisor; 1 leaves the rows as they are stored.

    Examples
    --------
    >>> dataset = ScaledRows(X=np.array([[0, 255], [51, 0]], "uint8"))
    >>> dataset.scale = 255.0
    >>> [round(value, 3) for value in dataset.X[1].tolist()]
    [0.2, 0.0]
    """

    scale: float = 1.0

    def set_design_matrix(self, X: np.ndarray) -> None:
        # What a preprocessor makes of scaled values is not scaled again.
        self.scale = 1.0
        super().set_design_matrix(X)

    def _numbers(self, rows: np.ndarray) -> np.ndarray:
        if self.scale == 1.0:
            return rows
        numbers = rows.astype(floatX())
        return numbers / numbers.dtype.type(self.scale)
