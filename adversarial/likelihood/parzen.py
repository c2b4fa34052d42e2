"""The Parzen window: log of the mean of isotropic Gaussians around samples, at each point (section 5 of the paper).

log p(x) = log (1/N) sum_j exp(-|x - m_j|^2 / 2 sigma^2) - D/2 log(2 pi sigma^2), in nats.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytensor.tensor as pt

from adversarial import backend
from adversarial.errors import DataError
from adversarial.ops.parzen import ParzenSums, error_bound

#: Samples and points of one tile; its distances take 16 MiB in float32.
TILE = 2048


class Estimate(NamedTuple):
    """A mean log-likelihood per example and its standard error, in nats."""

    mean: float
    standard_error: float


def estimate(log_likelihoods: np.ndarray) -> Estimate:
    """Mean and standard error of log-likelihoods (points,), as 2014 had them (population standard deviation)."""
    return Estimate(float(log_likelihoods.mean()), float(log_likelihoods.std() / np.sqrt(len(log_likelihoods))))


@cache
def _compiled(dtype: str) -> Callable:
    x, m, y = (pt.matrix(name, dtype=dtype) for name in ("x", "m", "y"))
    vectors = pt.dvectors("x_terms", "m_terms", "errors", "inverse_widths", "nearest")
    sums = pt.dmatrix("sums")
    outputs = ParzenSums()(pt.dot(x, y.T), x, m, *vectors, sums, return_list=True)
    # The sums are float64, which JAX lacks unless everything is float64.
    mode = {"mode": "CVM"} if backend.backend_name() == "jax" else {}
    with warnings.catch_warnings():
        # For numba, the Op's NumPy code is what runs, and it is fast: no news to the user.
        warnings.filterwarnings("ignore", message="Numba will use object mode to run ParzenSums")
        return backend.function([x, m, y, *vectors, sums], outputs, **mode)


class ParzenWindow:
    """Log-likelihoods of `points` under the samples added so far; of the samples it keeps nothing.

    Parameters
    ----------
    points : (points, dim) numbers
    sigmas : widths of the Gaussians, one or several, in the unit of the data
    dtype : float32 or float64, in which distances are multiplied out; None is that of `points`
    tile : number of points whose distances are in memory at a time

    Raises
    ------
    DataError
        Where there are no points, one is not finite, or a width is not above 0.

    Notes
    -----
    With c about the mean of the samples and y_j = m_j - c, small numbers where data are alike,

        |x_i - m_j|^2 = |x_i - c|^2 + |m_j - o|^2 - |c - o|^2 - 2 (x_i - o).y_j

    for any o. The last term's rounding goes with |x_i - o|, so o is c; but 0 in those columns where most points are 0,
    as at the edges of digits: products take the time here, and they pass over zeros.

    Memory: the points once more, and tiles of TILE x TILE distances. In float32 a log-likelihood is within 1e-3 nats
    of the exact one at widths from .1 on, for data of about a thousand values in [0, 1]; see `ops.parzen`.
    """

    def __init__(self, points: np.ndarray, sigmas: Sequence[float] | float, dtype: str | None = None, tile: int = TILE):
        points = check_rows(points, "the data to score")
        self.sigmas = check_widths(sigmas)
        self.dtype = np.dtype(dtype or (points.dtype if points.dtype == np.float32 else np.float64)).name
        self.count = 0
        self._tile = tile
        self._points = points
        self._inverse_widths = 0.5 / self.sigmas**2
        self._nearest = np.full(len(points), np.inf)
        self._sums = np.zeros((len(points), len(self.sigmas)))
        self._shift: np.ndarray | None = None

    def add(self, samples: np.ndarray) -> None:
        """Add samples (count, dim); raises DataError where they are of another width than the points or not finite."""
        samples = check_rows(samples, "the samples", first=self.count)
        if samples.shape[1] != self._points.shape[1]:
            raise DataError(
                f"the samples have {samples.shape[1]} values each, but the data to score have {self._points.shape[1]}"
            )
        if self._shift is None:
            self._place_by(samples)
        update = _compiled(self.dtype)
        for start in range(0, len(samples), TILE):
            m = self._from(self._origin, samples[start : start + TILE])
            y = self._from(self._shift, m)
            m_terms = _norm2(m) - _norm2(self._shift[None])
            errors = np.zeros(len(self._points))
            if self.dtype == "float32":
                errors = error_bound(self._norm2, _norm2(y).max(), self._x_terms, abs(m_terms).max(), m.shape[1])
            for first in range(0, len(self._points), self._tile):
                part = slice(first, first + self._tile)
                self._nearest[part], self._sums[part] = update(
                    self._points[part],
                    m,
                    y,
                    self._x_terms[part],
                    m_terms,
                    errors[part],
                    self._inverse_widths,
                    self._nearest[part],
                    self._sums[part],
                )
        self.count += len(samples)

    def _place_by(self, samples: np.ndarray) -> None:
        """Choose c and o; `_shift` is c - o, and points are held less o."""
        centre = samples[:TILE].mean(axis=0, dtype=np.float64).astype(self.dtype)
        mostly_zero = np.count_nonzero(self._points, axis=0) < len(self._points) / 2
        self._origin = np.where(mostly_zero, np.zeros_like(centre), centre)
        self._shift = centre - self._origin
        self._points = self._from(self._origin, self._points)
        self._norm2 = _norm2(self._points)
        self._x_terms = _norm2(self._points, self._shift)

    def _from(self, origin: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return np.subtract(rows, origin, dtype=self.dtype)

    def log_likelihoods(self) -> np.ndarray:
        """log p(x), (widths, points) float64, in nats."""
        if self.count == 0:
            raise DataError("there are no samples yet, so that there is no likelihood")
        exponents = -np.outer(self._inverse_widths, self._nearest) + np.log(self._sums.T / self.count)
        return exponents - 0.5 * self._points.shape[1] * np.log(2 * np.pi * self.sigmas**2)[:, None]

    def estimates(self) -> list[Estimate]:
        """Mean and standard error over the points, for each width."""
        return [estimate(row) for row in self.log_likelihoods()]


def log_likelihoods(
    samples: Any, points: np.ndarray, sigmas: Sequence[float] | float, progress: Callable[[int], None] | None = None
) -> np.ndarray:
    """log p of each point under Parzen windows of the given widths around `samples`.

    Parameters
    ----------
    samples : (samples, dim): an array, or anything with `shape` whose slices are arrays (see `arrays`)
    points : (points, dim)
    sigmas : widths
    progress : is told the number of samples of each block, once it is done

    Returns
    -------
    (widths, points) float64, in nats
    """
    window = ParzenWindow(points, sigmas)
    for block in blocks(samples):
        window.add(block)
        if progress is not None:
            progress(len(block))
    return window.log_likelihoods()


def blocks(samples: Any) -> Iterator[np.ndarray]:
    """The rows of `samples` in order, TILE at a time."""
    for start in range(0, samples.shape[0], TILE):
        yield np.asarray(samples[start : start + TILE])


def check_rows(rows: np.ndarray, what: str, first: int = 0) -> np.ndarray:
    """`rows` as a matrix of finite numbers, or DataError; `what` names them, `first` is the number of the first row."""
    rows = np.asarray(rows)
    if rows.ndim != 2 or rows.size == 0:
        raise DataError(f"{what} must be a table with a row an example, but their shape is {rows.shape}")
    if rows.dtype.kind not in "fiub":
        raise DataError(f"{what} must be numbers, but they are of type {rows.dtype}")
    if rows.dtype.kind == "f" and not np.isfinite(rows.sum(dtype=np.float64)):
        bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
        if len(bad):
            raise DataError(f"{what} have a value that is not a finite number, the first in row {first + bad[0]}")
    return rows


def check_widths(sigmas: Sequence[float] | float) -> np.ndarray:
    """`sigmas` as a vector of float64, or DataError where one is not above 0."""
    sigmas = np.atleast_1d(np.asarray(sigmas, dtype=np.float64))
    for sigma in sigmas:
        if not 0 < sigma < np.inf:
            raise DataError(f"the width sigma is {sigma:g}, but must be a number above 0")
    return sigmas


def _norm2(rows: np.ndarray, origin: np.ndarray | None = None) -> np.ndarray:
    """|row - origin|^2 of each row, in float64."""
    norms = []
    for part in blocks(rows):
        exact = part.astype(np.float64)
        if origin is not None:
            exact -= origin
        norms.append(np.vecdot(exact, exact))
    return np.concatenate(norms)
