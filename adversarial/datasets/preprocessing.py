"""What is done to images before a model sees them; after Pylearn2's `expr/preprocessing.py`."""

from __future__ import annotations

from typing import Any

import numpy as np

from adversarial.errors import DataError
from adversarial.options import Configurable, Count, NonNegative, OptionError, Positive


def global_contrast_normalize(
    X: np.ndarray,
    scale: float = 1.0,
    subtract_mean: bool = True,
    use_std: bool = False,
    sqrt_bias: float = 0.0,
    min_divisor: float = 1e-8,
) -> np.ndarray:
    """Give all rows the same contrast: subtract a row's mean, divide by its length, multiply by `scale`.

    Parameters
    ----------
    X : array
        Rows (examples, features), floating point.
    scale : float
        Length of each row afterwards, default 1.
    subtract_mean : bool
        Whether to subtract from each row its mean, default true.
    use_std : bool
        Whether to divide by the standard deviation of a row, not by its length; default false.
    sqrt_bias : float
        Added to the sum of squares (or the variance) before its root is taken, default 0.
    min_divisor : float
        A row whose length over `scale` is less is not divided, so that a constant row stays zero; default 1e-8.

    Returns
    -------
    array
        A new array, of the dtype of X.

    Raises
    ------
    OptionError
        If `scale` is less than `min_divisor`.
    DataError
        If X is not a matrix.

    Examples
    --------
    >>> global_contrast_normalize(np.array([[1.0, 3.0], [5.0, 5.0]]), scale=np.sqrt(2))
    array([[-1.,  1.],
           [ 0.,  0.]])
    """
    if X.ndim != 2:
        raise DataError(f"contrast is normalised over rows of a matrix, not of an array of shape {X.shape}")
    if scale < min_divisor:
        reason = f"scale is {scale}, but must be at least min_divisor, which is {min_divisor}"
        raise OptionError("global_contrast_normalize", "scale", reason)
    X = X - X.mean(axis=1)[:, None] if subtract_mean else X.copy()
    # Python floats: a NumPy scalar would promote the dtype of X.
    bias, scale = float(sqrt_bias), float(scale)
    if use_std:
        divisors = np.sqrt(bias + X.var(axis=1, ddof=0 if X.shape[1] == 1 else 1)) / scale
    else:
        divisors = np.sqrt(bias + (X**2).sum(axis=1)) / scale
    divisors[divisors < min_divisor] = 1.0
    X /= divisors[:, None]
    return X


class GlobalContrastNormalization(Configurable):
    """A preprocessor that gives all examples the same contrast: `global_contrast_normalize` of each row.

    Parameters
    ----------
    subtract_mean : bool
        Whether to subtract from each row its mean, default true.
    scale : float
        Length of each row afterwards, above 0, default 1.
    sqrt_bias : float
        Added to the sum of squares (or the variance) before its root is taken, at least 0, default 0.
    use_std : bool
        Whether to divide by the standard deviation of a row, not by its length; default false.
    min_divisor : float
        A row whose length over `scale` is less is not divided; above 0, default 1e-8.
    batch_size : int, optional
        Accepted as in 2014, and without effect on what comes out.

    Examples
    --------
    >>> from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
    >>> normalization = GlobalContrastNormalization(scale=2.0, subtract_mean=False)
    >>> DenseDesignMatrix(X=np.array([[3.0, 4.0]]), preprocessor=normalization).X
    array([[1.2, 1.6]])
    """

    def __init__(
        self,
        subtract_mean: bool = True,
        scale: Positive = 1.0,
        sqrt_bias: NonNegative = 0.0,
        use_std: bool = False,
        min_divisor: Positive = 1e-8,
        batch_size: Count | None = None,
    ):
        self.arguments: dict[str, Any] = {
            "scale": scale,
            "subtract_mean": subtract_mean,
            "use_std": use_std,
            "sqrt_bias": sqrt_bias,
            "min_divisor": min_divisor,
        }

    def apply(self, dataset: Any, can_fit: bool = False) -> None:
        """Replace the dataset's design matrix; nothing is learned from it, so `can_fit` has no effect."""
        dataset.set_design_matrix(global_contrast_normalize(dataset.get_design_matrix(), **self.arguments))


class Pipeline(Configurable):
    """A preprocessor that is several, one after the other.

    Parameters
    ----------
    items : list, optional
        The preprocessors, default none.

    Examples
    --------
    >>> from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
    >>> both = Pipeline([GlobalContrastNormalization(subtract_mean=False), Standardize()])
    >>> DenseDesignMatrix(X=np.array([[3.0, 4.0], [4.0, 3.0]]), preprocessor=both, fit_preprocessor=True).X.round(2)
    array([[-1.,  1.],
           [ 1., -1.]])
    """

    def __init__(self, items: list | None = None):
        self.items = items or []

    def apply(self, dataset: Any, can_fit: bool = False) -> None:
        """Apply each preprocessor to the dataset."""
        for item in self.items:
            item.apply(dataset, can_fit)


class Standardize(Configurable):
    """A preprocessor that gives each feature the mean 0 and the standard deviation 1.

    Parameters
    ----------
    global_mean : bool, default False
        Whether to subtract one mean of all features, not one of each.
    global_std : bool, default False
        Whether to divide by one standard deviation of all features, not one of each.
    std_eps : float, default 1e-4
        Added to standard deviations, at least 0.

    Attributes
    ----------
    moments : tuple or None
        The mean and the standard deviation that were learned.

    Examples
    --------
    >>> from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
    >>> DenseDesignMatrix(X=np.array([[1.0], [3.0]]), preprocessor=Standardize(std_eps=0.0), fit_preprocessor=True).X
    array([[-1.],
           [ 1.]])
    """

    def __init__(self, global_mean: bool = False, global_std: bool = False, std_eps: NonNegative = 1e-4):
        self.global_mean = global_mean
        self.global_std = global_std
        self.std_eps = std_eps
        self.moments: tuple[Any, Any] | None = None

    def apply(self, dataset: Any, can_fit: bool = False) -> None:
        """Replace the dataset's design matrix; with `can_fit` its own mean and deviation are learned first."""
        X = dataset.get_design_matrix()
        if can_fit:
            self.moments = X.mean(None if self.global_mean else 0), X.std(None if self.global_std else 0)
        if self.moments is None:
            raise DataError("Standardize has learned no mean yet: give fit_preprocessor where it meets training data")
        mean, std = self.moments
        dataset.set_design_matrix((X - mean) / (self.std_eps + std))


class CentralWindow(Configurable):
    """A preprocessor that keeps the middle of images.

    Parameters
    ----------
    window_shape : [int, int]
        Rows and columns that are kept.

    Examples
    --------
    >>> from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
    >>> images = DenseDesignMatrix(topo_view=np.arange(16.0).reshape(1, 4, 4, 1), preprocessor=CentralWindow([2, 2]))
    >>> images.X
    array([[ 5.,  6.,  9., 10.]])
    """

    def __init__(self, window_shape: tuple[Count, Count]):
        self.window_shape = tuple(window_shape)

    def apply(self, dataset: Any, can_fit: bool = False) -> None:
        """Replace the dataset's images."""
        axes = dataset.view_converter.axes
        images, window = dataset.get_topological_view(), [slice(None)] * 4
        for axis, length in enumerate(self.window_shape):
            place = axes.index(axis)
            offset = (images.shape[place] - length) // 2
            if offset < 0:
                reason = f"window_shape is {list(self.window_shape)}, larger than images of {dataset.image_shape}"
                raise OptionError("CentralWindow", "window_shape", reason)
            window[place] = slice(offset, offset + length)
        dataset.set_topological_view(images[tuple(window)], axes)
