"""The training examples nearest to samples, as in Figure 2 of the paper: does the model remember, or make up?"""

from __future__ import annotations

import numpy as np

from adversarial.errors import DataError

#: Values of a tile of examples, so that a tile and its distances stay small beside the data.
TILE_VALUES = 1 << 22


def nearest_rows(samples: np.ndarray, examples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The example nearest to each sample by squared Euclidean distance, one matrix product a tile of examples.

    |s - x|^2 = |s|^2 - 2 s.x + |x|^2, in float64, in which the differences of images do not drown; of equally near
    examples it is the first, to rounding.

    Parameters
    ----------
    samples : (count, dimension)
    examples : (number, dimension)

    Returns
    -------
    indices : int64 (count,), rows of `examples`
    distances : float64 (count,), squared, computed anew from the difference

    Raises
    ------
    DataError
        Where the two differ in dimension, there is no example, or a value is not finite.
    """
    if samples.shape[1] != examples.shape[1]:
        raise DataError(
            f"the samples have {samples.shape[1]} values, but the training examples {examples.shape[1]}: "
            f"they are not of one kind"
        )
    if not len(examples):
        raise DataError("there are no training examples to search")
    if not np.isfinite(samples).all():
        raise DataError("the samples have values that are NaN or infinite, which are near to nothing")
    wanted = samples.astype(np.float64)
    best = np.full(len(samples), np.inf)
    indices = np.zeros(len(samples), dtype=np.int64)
    size = max(1, TILE_VALUES // max(samples.shape[1], len(samples), 1))
    for start in range(0, len(examples), size):
        tile = examples[start : start + size].astype(np.float64)
        norms = np.einsum("ij,ij->i", tile, tile)
        if not np.isfinite(norms).all():
            raise DataError(f"training example {start + int(np.isfinite(norms).argmin())} has NaN or infinite values")
        # |s|^2 is the same for every example.
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
    """Samples in rows of `columns`, with the nearest example of a row's last one, or of each, on its right.

    Parameters
    ----------
    samples : (count, dimension)
    examples : (number, dimension)
    columns : samples in a row
    each : the neighbour of each sample (show_samples.py), not only of a row's last (the paper's figure)

    Returns
    -------
    rows : (count + neighbours, dimension), in the order of the sheet
    framed : which of them are examples
    columns : how many there are in a row of the sheet
    """
    step = 1 if each else columns
    ends = np.arange(step - 1, len(samples), step)
    indices, _ = nearest_rows(samples[ends], examples)
    rows = np.insert(samples, ends + 1, examples[indices], axis=0)
    return rows, list(range(step, len(rows), step + 1)), columns * 2 if each else columns + 1
