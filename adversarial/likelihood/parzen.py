"""The Parzen window: log of the mean of isotropic Gaussians around samples, at each point (section 5 of the paper).

log p(x) = log (1/N) sum_j exp(-|x - m_j|^2 / 2 sigma^2) - D/2 log(2 pi sigma^2), in nats.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple, Protocol

import numpy as np
import pytensor.tensor as pt

from adversarial import backend
from adversarial.errors import DataError
from adversarial.ops.parzen_sums import ParzenSums, error_bound

#: Samples and points of one tile; its distances take 16 MiB in float32.
TILE = 2048

#: The largest 1 / (2 sigma^2) that distances in float32 are multiplied by; above, they overflow.
_MOST_IN_FLOAT32 = 1e20

#: Called with the number of samples of each block, once that block is done.
Progress = Callable[[int], None]
#: Widths (standard deviations) of the Gaussians, one or several, in the unit of the data.
Widths = Sequence[float] | np.ndarray | float


class Rows(Protocol):
    """Rows (count, dimension) that are read a slice at a time: an array, or a file that `files.rows` opened."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __getitem__(self, rows: slice, /) -> np.ndarray: ...


class Estimate(NamedTuple):
    """A mean log-likelihood per example and its standard error, in nats."""

    mean: float
    standard_error: float


def estimate(log_likelihoods: np.ndarray) -> Estimate:
    """Return mean and standard error of log-likelihoods, with the population standard deviation, as in 2014.

    Parameters
    ----------
    log_likelihoods : ndarray of shape (points,)
        Log p(x) of each point, in nats.

    Returns
    -------
    Estimate
        The mean over the points and its standard error, in nats.

    Raises
    ------
    DataError
        If there is only one point, which has no standard error, or a value is not finite.

    Examples
    --------
    >>> estimate(np.array([1.0, 3.0]))
    Estimate(mean=2.0, standard_error=0.7071067811865475)
    """
    if len(log_likelihoods) < 2:
        raise DataError("there is only one example to score, of which there is no standard error: give two or more")
    if not np.isfinite(log_likelihoods).all():
        raise DataError("the log-likelihood of an example is not a finite number: look at the width and the unit")
    return Estimate(float(log_likelihoods.mean()), float(log_likelihoods.std() / np.sqrt(len(log_likelihoods))))


def float64_options() -> dict[str, Any]:
    """Return options of `backend.function` for a graph in float64, which JAX lacks unless everything is float64."""
    return {"mode": "CVM"} if backend.backend_name() == "jax" else {}


@cache
def _compiled(dtype: str) -> Callable:
    x, m, y = (pt.matrix(name, dtype=dtype) for name in ("x", "m", "y"))
    vectors = pt.dvectors("x_terms", "m_terms", "errors", "inverse_widths", "nearest")
    sums = pt.dmatrix("sums")
    outputs = ParzenSums()(pt.dot(x, y.T), x, m, *vectors, sums, return_list=True)
    with warnings.catch_warnings():
        # With numba the Op's NumPy code runs. It is fast, so that the user need not hear of it.
        warnings.filterwarnings("ignore", message="Numba will use object mode to run ParzenSums")
        return backend.function([x, m, y, *vectors, sums], outputs, **float64_options())


class ParzenWindow:
    """Log-likelihoods of `points` under the samples added so far, in memory that does not grow with the samples.

    Parameters
    ----------
    points : ndarray of shape (points, dimension)
        The data to score, finite numbers.
    sigmas : float or sequence of float
        Widths (standard deviations) of the Gaussians, above 0, in the unit of the data.
    dtype : {'float32', 'float64'}, optional
        The precision of the matrix products that give distances. The default is float32 for points of float32, unless
        a width is below 1e-10, else float64.
    tile : int, default 2048
        Number of points whose distances are in memory at a time.

    Raises
    ------
    DataError
        If there are no points, a value is not finite, or a width is not above 0.

    See Also
    --------
    log_likelihoods : The same for samples that are all at hand.
    adversarial.likelihood.bernoulli.BernoulliMixture : The same for binary data.

    Notes
    -----
    With c about the mean of the samples and y_j = m_j - c, small numbers where data are alike,

        |x_i - m_j|^2 = |x_i - c|^2 + |m_j - o|^2 - |c - o|^2 - 2 (x_i - o).y_j

    for any o. The rounding error of the last term grows with |x_i - o|, so o is c; but o is 0 in those columns where
    most points are 0, as at the edges of digits: matrix products take most of the time, and they skip zeros.

    Memory: a second copy of the points, and tiles of TILE x TILE distances. In float32 a log-likelihood is within
    1e-3 nats of the exact one at widths from .1 on, for data of about a thousand values in [0, 1]; see
    `ops.parzen_sums`.

    References
    ----------
    .. [1] Goodfellow et al., Generative Adversarial Nets, 2014, section 5 and Table 1.
    .. [2] Breuleux, Bengio and Vincent, Quickly generating representative samples from an RBM-derived process, 2011.

    Examples
    --------
    Samples may come a few at a time. These are spread evenly over [-1, 1], where the log-density is log .5:

    >>> window = ParzenWindow(np.zeros((1, 1)), 0.05)
    >>> for some in np.array_split(np.linspace(-1, 1, 1000)[:, None], 4):
    ...     window.add(some)
    >>> window.count
    1000
    >>> window.log_likelihoods().round(2)
    array([[-0.69]])
    """

    def __init__(self, points: np.ndarray, sigmas: Widths, dtype: str | None = None, tile: int = TILE):
        points = check_rows(points, "the data to score")
        self.sigmas = check_widths(sigmas)
        self._inverse_widths = 0.5 / self.sigmas**2
        small = points.dtype == np.float32 and self._inverse_widths.max() < _MOST_IN_FLOAT32
        self.dtype = np.dtype(dtype or (np.float32 if small else np.float64)).name
        self.count = 0
        self._tile = tile
        self._points = points
        self._nearest = np.full(len(points), np.inf)
        self._sums = np.zeros((len(points), len(self.sigmas)))
        self._shift: np.ndarray | None = None

    def add(self, samples: np.ndarray) -> None:
        """Add samples to the mixture.

        Parameters
        ----------
        samples : ndarray of shape (count, dimension)
            Finite numbers, in the unit of the points.

        Raises
        ------
        DataError
            If their dimension is not that of the points, or a value is not finite.
        """
        samples = check_rows(samples, "the samples", first=self.count)
        if samples.shape[1] != self._points.shape[1]:
            raise DataError(
                f"the samples have {samples.shape[1]} values each, but the data to score have {self._points.shape[1]}"
            )
        shift = self._center_on(samples) if self._shift is None else self._shift
        update = _compiled(self.dtype)
        for start in range(0, len(samples), TILE):
            m = self._from(self._origin, samples[start : start + TILE])
            y = self._from(shift, m)
            m_terms = _norm2(m) - _norm2(shift[None])
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

    def _center_on(self, samples: np.ndarray) -> np.ndarray:
        """Choose c and o, subtract o from the points, and return c - o."""
        centre = samples[:TILE].mean(axis=0, dtype=np.float64).astype(self.dtype)
        mostly_zero = np.count_nonzero(self._points, axis=0) < len(self._points) / 2
        self._origin = np.where(mostly_zero, np.zeros_like(centre), centre)
        self._shift = centre - self._origin
        self._points = self._from(self._origin, self._points)
        self._norm2 = _norm2(self._points)
        self._x_terms = _norm2(self._points, self._shift)
        return self._shift

    def _from(self, origin: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return np.subtract(rows, origin, dtype=self.dtype)

    def log_likelihoods(self) -> np.ndarray:
        """Return log p(x), (widths, points) float64, in nats."""
        if self.count == 0:
            raise DataError("there are no samples yet, so that there is no likelihood")
        # Each sample adds at most 1 to a sum, the nearest one 1; in a very narrow window rounding can hide that.
        sums = np.clip(self._sums.T, 1.0, self.count)
        exponents = -np.outer(self._inverse_widths, self._nearest) + np.log(sums / self.count)
        return exponents - 0.5 * self._points.shape[1] * np.log(2 * np.pi * self.sigmas**2)[:, None]

    def estimates(self) -> list[Estimate]:
        """Return mean and standard error over the points, for each width."""
        return [estimate(row) for row in self.log_likelihoods()]


def log_likelihoods(samples: Rows, points: np.ndarray, sigmas: Widths, progress: Progress | None = None) -> np.ndarray:
    """Return log p of each point under Parzen windows of the given widths around `samples`.

    Parameters
    ----------
    samples : array-like of shape (samples, dimension)
        An array, or anything with a `shape` whose slices are arrays, such as a file opened by `files.rows.open_rows`.
    points : ndarray of shape (points, dimension)
        The data to score, finite numbers in the unit of the samples.
    sigmas : float or sequence of float
        Widths (standard deviations) of the Gaussians, above 0, in the unit of the data.
    progress : callable, optional
        Called with the number of samples of each block, once it is done.

    Returns
    -------
    ndarray of shape (widths, points)
        Log-likelihoods in nats, float64.

    Raises
    ------
    DataError
        If samples and points are not finite numbers of one dimension, or a width is not above 0.

    See Also
    --------
    ParzenWindow : The same for samples that come a few at a time.
    adversarial.likelihood.cross_validation.choose_width : Choose the width on validation data.

    Examples
    --------
    A Gaussian of width 1 and one of width 2 around a single sample, at its centre:

    >>> log_likelihoods(np.zeros((1, 2)), np.zeros((1, 2)), [1.0, 2.0]).round(4)
    array([[-1.8379],
           [-3.2242]])
    """
    window = ParzenWindow(points, sigmas)
    for block in blocks(samples):
        window.add(block)
        if progress is not None:
            progress(len(block))
    return window.log_likelihoods()


def blocks(samples: Rows) -> Iterator[np.ndarray]:
    """Yield the rows of `samples` in order, TILE at a time."""
    for start in range(0, samples.shape[0], TILE):
        yield np.asarray(samples[start : start + TILE])


def check_rows(rows: np.ndarray, what: str, first: int = 0) -> np.ndarray:
    """Return `rows` as a matrix of finite numbers.

    Parameters
    ----------
    rows : array-like of shape (count, dimension)
        Real numbers, at least one.
    what : str
        What to call them in an error, a plural.
    first : int, default 0
        The number of the first row, for the error.

    Returns
    -------
    ndarray of shape (count, dimension)
        The same, not copied if it is an array.

    Raises
    ------
    DataError
        If they are something else, or a value is not finite.

    Examples
    --------
    >>> check_rows([[1, 2]], "the samples")
    array([[1, 2]])
    """
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


def check_widths(sigmas: Widths) -> np.ndarray:
    """Return widths as a vector of float64.

    Parameters
    ----------
    sigmas : float or sequence of float
        One width or several, above 0 and finite.

    Returns
    -------
    ndarray of shape (widths,)
        The same, float64.

    Raises
    ------
    DataError
        If a width is not a finite number above 0.

    Examples
    --------
    >>> check_widths(0.2)
    array([0.2])
    """
    widths = np.atleast_1d(np.asarray(sigmas, dtype=np.float64))
    for sigma in widths:
        if not 0 < sigma < np.inf:
            raise DataError(f"the width sigma is {sigma:g}, but must be a number above 0")
        if not 1e-100 < sigma < 1e100:
            raise DataError(f"the width sigma is {sigma:g}, but must be from 1e-100 to 1e100")
    return widths


def _norm2(rows: np.ndarray, origin: np.ndarray | None = None) -> np.ndarray:
    """Return |row - origin|^2 of each row, in float64."""
    norms = []
    for part in blocks(rows):
        exact = part.astype(np.float64)
        if origin is not None:
            exact -= origin
        norms.append(np.vecdot(exact, exact))
    return np.concatenate(norms)
