"""Maxout with its winners equals the maximum and gradient of PyTensor, ties and NaN included."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adversarial import backend
from adversarial.engine.rewrites.maxout import LargestPiece, ToWinners

#: Pieces that a vector's values are dealt out to, and more than are dealt out so.
PIECES = (1, 3, 5, 9)


def responses(rows, units, pieces, dtype, seed):
    """Small whole numbers, so that pieces tie often."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-2, 3, (rows, units * pieces)).astype(dtype)
    return x, rng.integers(-1, 2, units * pieces).astype(dtype)


@pytest.fixture(scope="module")
def compiled():
    """Op by Op, in C (where there is a compiler), and their `perform`, by pieces and dtype."""
    made = {}
    for pieces in PIECES:
        for dtype in ("float32", "float64"):
            x, grad, winners = (pt.matrix(dtype=each) for each in (dtype, dtype, "uint32"))
            b = pt.vector(dtype=dtype)
            both = [x, b], LargestPiece(pieces)(x, b), [grad, winners], [ToWinners(pieces)(grad, winners)]
            made[pieces, dtype] = [
                (pytensor.function(both[0], both[1], mode=mode), pytensor.function(both[2], both[3], mode=mode))
                for mode in (backend.mode(), backend.interpreted())
            ]
    return made


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("pieces", PIECES)
@settings(max_examples=20, deadline=None)
@given(rows=st.integers(0, 5), units=st.integers(1, 70), seed=st.integers(0, 999))
def test_every_piece_that_is_largest_wins(compiled, pieces, dtype, rows, units, seed):
    x, b = responses(rows, units, pieces, dtype, seed)
    responded = (x + b).reshape(rows, units, pieces)
    grad = np.arange(rows * units, dtype=dtype).reshape(rows, units) + 1
    for up, down in compiled[pieces, dtype]:
        largest, winners = up(x, b)
        np.testing.assert_array_equal(largest, responded.max(axis=2))
        expected = grad[:, :, None] * (responded == largest[:, :, None])
        np.testing.assert_array_equal(down(grad, winners)[0], expected.reshape(rows, units * pieces))


def test_nan_is_propagated_and_wins_nothing(compiled):
    x = np.array([[np.nan, 1, 2, 1, np.nan, 2, 1, 2, np.nan, 3, 2, 1]], dtype="float32")
    for up, _ in compiled[3, "float32"]:
        largest, winners = up(x, np.zeros(12, dtype="float32"))
        np.testing.assert_array_equal(largest, [[np.nan, np.nan, np.nan, 3]])
        np.testing.assert_array_equal(winners, [[0, 0, 0, 1]])


def test_rows_that_are_no_whole_units_are_refused(compiled):
    with pytest.raises(ValueError):
        compiled[3, "float32"][0][0](np.zeros((2, 7), dtype="float32"), np.zeros(7, dtype="float32"))
