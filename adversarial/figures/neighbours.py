"""The training examples nearest to samples, as in Figure 2 of the paper, which shows that nothing was memorised."""

from __future__ import annotations

import numpy as np

from adversarial.errors import DataError

#: Values of a tile of examples, so that a tile and its distances stay small beside the data.
TILE_VALUES = 1 << 22


def nearest_rows(samples: np.ndarray, examples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the example nearest to each sample by Euclidean distance.

    Parameters
    ----------
    samples : ndarray of shape (count, dimension)
        Finite numbers.
    examples : ndarray of shape (number, dimension)
        Finite numbers, at least one row.

    Returns
    -------
    indices : ndarray of shape (count,)
        Rows of `examples`, int64; of equally near ones the first, up to rounding.
    distances : ndarray of shape (count,)
        Squared distances, float64.

    Raises
    ------
    DataError
        If the two differ in dimension, there is no example, or a value is not finite.

    Notes
    -----
    |s - x|^2 = |s|^2 - 2 s.x + |x|^2 takes one matrix product for a tile of examples. It is in float64, since in
    float32 the difference of similar images would cancel. The distances returned are summed from the differences
    themselves.

    Examples
    --------
    >>> indices, distances = nearest_rows(np.array([[0.9], [3.0]]), np.array([[0.0], [1.0], [5.0]]))
    >>> indices, distances.round(2)
    (array([1, 1]), array([0.01, 4.  ]))
    """
    if samples.shape[1] != examples.shape[1]:
        raise DataError(
            f"the samples have {samples.shape[1]} values, but the training examples {examples.shape[1]}: "
            f"they are not of one kind"
        )
    if not len(examples):
        raise DataError("there are no training examples to search")
    if not np.isfinite(samples).all():
        raise DataError("the samples have values that are NaN or infinite, which have no nearest example")
    wanted = samples.astype(np.float64)
    best = np.full(len(samples), np.inf)
    indices = np.zeros(len(samples), dtype=np.int64)
    size = max(1, TILE_VALUES // max(samples.shape[1], len(samples), 1))
    for start in range(0, len(examples), size):
        tile = examples[start : start + size].astype(np.float64)
        norms = np.einsum("ij,ij->i", tile, tile)
        if not np.isfinite(norms).all():
            raise DataError(f"training example {start + int(np.isfinite(norms).argmin())} has NaN or infinite values")
        # Without |s|^2, which is the same for every example.
        relative = wanted @ tile.T
        relative *= -2
        relative += norms
        where = relative.argmin(axis=1)
        found = relative[np.arange(len(wanted)), where]
        closer = found < best
        best[closer], indices[closer] = found[closer], start + where[closer]
    differences = wanted - examples[indices]
    return indices, np.einsum("ij,ij->i", differences, differences)


def with_neighbours(
    samples: np.ndarray, examples: np.ndarray, columns: int, each: bool = False
) -> tuple[np.ndarray, list[int], int]:
    """Insert the nearest example to the right of the last sample of each row, or of each sample.

    Parameters
    ----------
    samples : ndarray of shape (count, dimension)
        The samples, in the order of the sheet.
    examples : ndarray of shape (number, dimension)
        The training examples.
    columns : int
        Samples in a row of the sheet.
    each : bool, default False
        Insert the neighbour of each sample, as 2014's show_samples.py did, and not only of the last of a row, as in
        Figure 2 of the paper.

    Returns
    -------
    rows : ndarray of shape (count + neighbours, dimension)
        Samples and neighbours, in the order of the sheet.
    framed : list of int
        Indices of the rows that are examples.
    columns : int
        Images in a row of the sheet, neighbours included.

    Examples
    --------
    >>> samples, examples = np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([[2.1], [4.2]])
    >>> rows, framed, columns = with_neighbours(samples, examples, columns=2)
    >>> rows.ravel(), framed, columns
    (array([1. , 2. , 2.1, 3. , 4. , 4.2]), [2, 5], 3)
    """
    step = 1 if each else columns
    ends = np.arange(step - 1, len(samples), step)
    indices, _ = nearest_rows(samples[ends], examples)
    rows = np.insert(samples, ends + 1, examples[indices], axis=0)
    return rows, list(range(step, len(rows), step + 1)), columns * 2 if each else columns + 1
