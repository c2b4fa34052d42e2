"""What is done to images before a model sees them; after Pylearn2's `expr/preprocessing.py`."""

from __future__ import annotations

from typing import Any

import numpy as np

from adversarial.errors import DataError
from adversarial.options import Configurable, NonNegative, OptionError, Positive


def global_contrast_normalize(
    X: np.ndarray,
    scale: float = 1.0,
    subtract_mean: bool = True,
    use_std: bool = False,
    sqrt_bias: float = 0.0,
    min_divisor: float = 1e-8,
) -> np.ndarray:
    """Rows of equal contrast: each less its mean, divided by its length, times `scale`; in a new array.

    Parameters
    ----------
    X : the rows (examples, features), floating point
    scale : length of each row afterwards
    subtract_mean : subtract from each row its mean
    use_std : divide by the standard deviation of a row, not by its length
    sqrt_bias : added to the sum of squares (or the variance) before its root is taken
    min_divisor : a row whose length over `scale` is less is not divided, so that a constant row stays zero

    Raises
    ------
    OptionError
        If `scale` is less than `min_divisor`.
    DataError
        If X is not a matrix.
    """
    if X.ndim != 2:
        raise DataError(f"contrast is normalised of rows of a matrix, but an array of shape {X.shape} came")
    if scale < min_divisor:
        reason = f"scale is {scale}, but must be at least min_divisor, which is {min_divisor}"
        raise OptionError("global_contrast_normalize", "scale", reason)
    X = X - X.mean(axis=1)[:, None] if subtract_mean else X.copy()
    # Python numbers keep the dtype of X.
    bias, scale = float(sqrt_bias), float(scale)
    if use_std:
        divisors = np.sqrt(bias + X.var(axis=1, ddof=0 if X.shape[1] == 1 else 1)) / scale
    else:
        divisors = np.sqrt(bias + (X**2).sum(axis=1)) / scale
    divisors[divisors < min_divisor] = 1.0
    X /= divisors[:, None]
    return X


class GlobalContrastNormalization(Configurable):
    """`global_contrast_normalize` as a preprocessor of datasets.

    Parameters
    ----------
    subtract_mean, scale, sqrt_bias, use_std, min_divisor : as there
    """

    def __init__(
        self,
        subtract_mean: bool = True,
        scale: Positive = 1.0,
        sqrt_bias: NonNegative = 0.0,
        use_std: bool = False,
        min_divisor: Positive = 1e-8,
    ):
        self.arguments = {
            "scale": scale,
            "subtract_mean": subtract_mean,
            "use_std": use_std,
            "sqrt_bias": sqrt_bias,
            "min_divisor": min_divisor,
        }

    def apply(self, dataset: Any, can_fit: bool = False) -> None:
        """Replace the dataset's design matrix; nothing is learned from it, so `can_fit` changes nothing."""
        dataset.set_design_matrix(global_contrast_normalize(dataset.get_design_matrix(), **self.arguments))
