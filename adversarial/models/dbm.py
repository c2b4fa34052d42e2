"""Initial biases from data, after Pylearn2's `models/dbm`."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterable
from typing import cast

import numpy as np

from adversarial.datasets.dataset import Dataset
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.errors import ConfigurationError
from adversarial.options import configurable


@configurable
def init_sigmoid_bias_from_marginals(dataset: Dataset, use_y: bool = False) -> np.ndarray:
    """Return the biases b for which sigmoid(b) is the mean of each column of the data.

    With such biases an untrained generator starts at the data's mean.

    Parameters
    ----------
    dataset : Dataset
        A dataset with a design matrix whose values span [0, 1].
    use_y : bool, default False
        Whether to read the targets instead of the features.

    Returns
    -------
    array of shape (columns,)
        The biases log(m / (1 - m)) for means m, which are clipped to [1e-7, 1 - 1e-7].

    Raises
    ------
    ConfigurationError
        If the smallest value is not 0, or the largest not 1.

    Examples
    --------
    >>> from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
    >>> data = DenseDesignMatrix(X=np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 0.0], [0.0, 1.0]]))
    >>> init_sigmoid_bias_from_marginals(data).round(4)
    array([-1.0986,  0.    ])
    """
    return _bias([np.asarray(cast(DenseDesignMatrix, dataset).y)] if use_y else dataset.design_matrix_in_parts())


def init_sigmoid_bias_from_array(X: np.ndarray) -> np.ndarray:
    """Return `init_sigmoid_bias_from_marginals` of a design matrix (examples, columns)."""
    return _bias([X])


def _bias(parts: Iterable[np.ndarray]) -> np.ndarray:
    """`init_sigmoid_bias_from_array` of a matrix given in parts of some rows each, bit for bit.

    NumPy adds the rows of a matrix one after the other; so does this: the sums so far are the first row of each part.
    """
    low, high, total, examples = np.inf, -np.inf, np.empty(0), 0
    for part in parts:
        low, high = min(low, part.min()), max(high, part.max())
        rows = np.concatenate([total[None], part]) if examples else part
        examples += len(part)
        total = np.add.reduce(rows, axis=0, dtype=np.result_type(part, np.float32))
    if low != 0.0 or high != 1.0:
        raise ConfigurationError(
            "init_sigmoid_bias_from_marginals needs data from 0 to 1 that reach both, "
            f"but these go from {low:g} to {high:g}"
        )
    mean = np.clip(total / total.dtype.type(examples), 1e-7, 1 - 1e-7)
    return _log(mean / (1.0 - mean))


def _log(values: np.ndarray) -> np.ndarray:
    """The natural logarithm; of float32, as the C library rounds it.

    Since 2014 NumPy has a float32 logarithm of its own, which at times differs in the last bit: enough to make two
    runs of the chaotic game diverge within ten updates.
    """
    library = ctypes.util.find_library("m") if values.dtype == np.float32 else None
    if library is None:
        return np.log(values)
    logf = ctypes.CDLL(library).logf
    logf.argtypes, logf.restype = [ctypes.c_float], ctypes.c_float
    return np.array([logf(value) for value in values.ravel().tolist()], dtype=np.float32).reshape(values.shape)
