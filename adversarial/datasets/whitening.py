"""ZCA whitening, and a dataset that was whitened; after Pylearn2's `preprocessing.ZCA` and `zca_dataset.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.linalg

from adversarial.datasets.dense_design_matrix import DenseDesignMatrix, one_hot_rows
from adversarial.errors import DataError
from adversarial.options import Configurable, Count, Index, OptionError, Positive


class ZCA(Configurable):
    """A preprocessor that makes all features uncorrelated and of the same variance, near to what they were.

    It multiplies centred examples by P = E (D + filter_bias)^(-1/2) E^T, where E D E^T is the covariance of the
    examples that it learned from.

    Parameters
    ----------
    n_components : int, optional
        Leave out all but this many components, those of the smallest variance first; by default none.
    n_drop_components : int, optional
        Leave out this many components, those of the smallest variance; by default none.
    filter_bias : float, default .1
        Added to the variance of each component, above 0.
    store_inverse : bool, default True
        Whether to compute the inverse of P as well.

    Attributes
    ----------
    P_, inv_P_ : array or None
        The matrix (features, features) and its inverse; None before it has learned.
    mean_ : array or None
        The mean of the examples that it learned from.

    References
    ----------
    Bell and Sejnowski, *The independent components of natural scenes are edge filters*, 1997.

    Examples
    --------
    >>> rng = np.random.RandomState(0)
    >>> data = DenseDesignMatrix(X=rng.randn(500, 2) @ np.array([[2.0, 1.0], [0.0, 1.0]]))
    >>> data.apply_preprocessor(ZCA(filter_bias=1e-6), can_fit=True)
    >>> np.allclose(np.cov(data.X.T, ddof=0), np.eye(2), atol=1e-4)
    True
    """

    def __init__(
        self,
        n_components: Count | None = None,
        n_drop_components: Count | None = None,
        filter_bias: Positive = 0.1,
        store_inverse: bool = True,
    ):
        self.n_components = n_components
        self.n_drop_components = n_drop_components
        self.filter_bias = filter_bias
        self.store_inverse = store_inverse
        self.P_: np.ndarray | None = None
        self.inv_P_: np.ndarray | None = None
        self.mean_: np.ndarray | None = None

    def fit(self, X: np.ndarray) -> None:
        """Learn from a design matrix (examples, features)."""
        if not np.isfinite(X).all():
            raise DataError("ZCA cannot learn from examples that are NaN or infinite")
        self.mean_ = X.mean(axis=0)
        centred = X - self.mean_
        covariance = centred.T @ centred / len(X) + X.dtype.type(self.filter_bias) * np.eye(X.shape[1], dtype=X.dtype)
        variances, components = scipy.linalg.eigh(covariance)
        kept = slice(self.n_drop_components or 0, self.n_components)
        variances, components = variances[kept], components[:, kept]
        roots = np.sqrt(variances)
        self.P_ = (components / roots) @ components.T
        self.inv_P_ = (components * roots) @ components.T if self.store_inverse else None

    def apply(self, dataset: Any, can_fit: bool = False) -> None:
        """Whiten a dataset's examples; learn from them first where nothing was learned yet and `can_fit`."""
        X = dataset.get_design_matrix()
        if self.P_ is None and not can_fit:
            reason = "the preprocessor has learned nothing yet: give fit_preprocessor, or one that was saved trained"
            raise OptionError("ZCA", "store_inverse", reason)
        if self.P_ is None:
            self.fit(X)
        dataset.set_design_matrix((X - self.mean_) @ self.P_)

    def inverse(self, X: np.ndarray) -> np.ndarray:
        """Return the examples that whitening made `X` of."""
        if self.P_ is None or self.mean_ is None:
            raise DataError("ZCA has learned nothing yet, so it has no inverse")
        if self.inv_P_ is None:
            self.inv_P_ = np.linalg.inv(self.P_)
        return X @ self.inv_P_ + self.mean_


class ZCA_Dataset(DenseDesignMatrix):
    """A dataset that was whitened by ZCA, shown as it was before.

    Parameters
    ----------
    preprocessed_dataset : DenseDesignMatrix
        The whitened examples with their labels.
    preprocessor : ZCA
        What whitened them.
    convert_to_one_hot : bool, default True
        Whether labels from 0 become rows with a 1 at the label.
    start : int, optional
        First example, default 0.
    stop : int, optional
        End of the examples (not included), default all of them.
    axes : sequence, optional
        Order of the axes of images, default ('b', 0, 1, 'c').

    Examples
    --------
    >>> data, zca = DenseDesignMatrix(X=np.eye(4, 3), y=np.array([0, 1, 2, 1])), ZCA()
    >>> data.apply_preprocessor(zca, can_fit=True)
    >>> whitened = ZCA_Dataset(data, zca, stop=2)
    >>> whitened.y.tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    >>> whitened.mapback(whitened.X).round(6).tolist() == np.eye(4, 3)[:2].tolist()
    True
    """

    def __init__(
        self,
        preprocessed_dataset: DenseDesignMatrix,
        preprocessor: ZCA,
        convert_to_one_hot: bool = True,
        start: Index | None = None,
        stop: Index | None = None,
        axes: Sequence[Any] = ("b", 0, 1, "c"),
    ):
        y = preprocessed_dataset.y
        if convert_to_one_hot and y is not None and (y.ndim == 1 or y.shape[1] == 1):
            y = one_hot_rows(np.ravel(y), int(np.max(y)) + 1)
        converter = preprocessed_dataset.view_converter
        super().__init__(X=preprocessed_dataset.X, y=y, view_converter=converter, rng=preprocessed_dataset.rng)
        if converter is not None:
            rows, columns, channels = converter.shape
            self.view_converter = type(converter)((rows, columns, channels), axes)
        self.restrict(start, stop)
        self.preprocessed_dataset = preprocessed_dataset
        self.preprocessor = preprocessor

    def adjust_for_viewer(self, X: np.ndarray) -> np.ndarray:
        return X / (np.abs(X).max(axis=1, keepdims=True) + 1e-12)

    def mapback(self, X: np.ndarray) -> np.ndarray:
        """Return the examples that whitening made `X` of."""
        return self.preprocessor.inverse(X)

    def mapback_for_viewer(self, X: np.ndarray) -> np.ndarray:
        """Return `mapback` of `X`, as the dataset that was whitened shows it."""
        return self.preprocessed_dataset.adjust_for_viewer(self.mapback(X))
