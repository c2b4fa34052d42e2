"""Initial biases from data, after Pylearn2's `models/dbm`."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterable

import numpy as np

from adversarial.datasets.dataset import Dataset
from adversarial.errors import ConfigurationError
from adversarial.options import configurable


@configurable
def init_sigmoid_bias_from_marginals(dataset: Dataset, use_y: bool = False) -> np.ndarray:
    """The biases b for which sigmoid(b) has the means of the data's columns.

    Parameters
    ----------
    dataset : a dataset with a design matrix of values from 0 to 1 that reach both
    use_y : take the targets instead of the features

    Returns
    -------
    array (columns,) of log(m / (1 - m)), where the means m are kept 1e-7 away from 0 and 1
    """
    return _bias([np.asarray(dataset.y)] if use_y else dataset.design_matrix_in_parts())


def init_sigmoid_bias_from_array(X: np.ndarray) -> np.ndarray:
    """`init_sigmoid_bias_from_marginals` of a design matrix (examples, columns)."""
    return _bias([X])


def _bias(parts: Iterable[np.ndarray]) -> np.ndarray:
    """`init_sigmoid_bias_from_array` of a matrix given as matrices of some rows each, bit for bit.

    NumPy adds the rows of a matrix one after the other; so does this, whose sums so far are the first row.
    """
    low, high, total, examples = np.inf, -np.inf, None, 0
    for part in parts:
        low, high, examples = min(low, part.min()), max(high, part.max()), examples + len(part)
        rows = part if total is None else np.concatenate([total[None], part])
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

    NumPy has since 2014 got a float32 logarithm of its own, which differs in the last place here and there: enough
    to part two runs of the chaotic game within ten updates.
    """
    library = ctypes.util.find_library("m") if values.dtype == np.float32 else None
    if library is None:
        return np.log(values)
    logf = ctypes.CDLL(library).logf
    logf.argtypes, logf.restype = [ctypes.c_float], ctypes.c_float
    return np.array([logf(value) for value in values.ravel().tolist()], dtype=np.float32).reshape(values.shape)
