"""The nearest training example is the one that comparing with every one of them finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adversarial.errors import DataError
from adversarial.figures import neighbours
from adversarial.figures.neighbours import nearest_rows, with_neighbours


@given(
    samples=st.integers(1, 9), examples=st.integers(1, 40), tile=st.integers(1, 400), offset=st.sampled_from([0, 99])
)
def test_equals_comparing_with_each(samples, examples, tile, offset):
    rng = np.random.default_rng(samples * 100 + examples)
    x = (rng.random((samples, 6)) + offset).astype(np.float32)
    y = (rng.random((examples, 6)) + offset).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbours, "TILE_VALUES", tile)
        indices, distances = nearest_rows(x, y)
    every = np.square(x[:, None].astype(np.float64) - y).sum(axis=2)
    np.testing.assert_array_equal(indices, every.argmin(axis=1))
    np.testing.assert_allclose(distances, every.min(axis=1), rtol=1e-12)


def test_an_example_is_its_own_neighbour_at_distance_0():
    rows = np.random.default_rng(0).random((30, 5))
    indices, distances = nearest_rows(rows[::3], rows)
    np.testing.assert_array_equal(indices, np.arange(0, 30, 3))
    np.testing.assert_array_equal(distances, 0)


def test_what_has_no_neighbour_is_refused():
    with pytest.raises(DataError, match="not of one kind"):
        nearest_rows(np.zeros((1, 2)), np.zeros((1, 3)))
    with pytest.raises(DataError, match="no training examples"):
        nearest_rows(np.zeros((1, 2)), np.zeros((0, 2)))
    with pytest.raises(DataError, match="NaN"):
        nearest_rows(np.full((1, 2), np.nan), np.zeros((1, 2)))
    with pytest.raises(DataError, match="training example 1 has NaN"):
        nearest_rows(np.zeros((1, 2)), np.array([[0.0, 1.0], [np.inf, 0.0]]))


def test_neighbours_stand_on_the_right_of_their_sample():
    samples, examples = np.arange(6.0)[:, None], np.arange(100.0, 94.0, -1)[:, None]
    rows, framed, columns = with_neighbours(samples, examples, 3)
    assert rows[:, 0].tolist() == [0, 1, 2, 95, 3, 4, 5, 95] and framed == [3, 7] and columns == 4
    rows, framed, columns = with_neighbours(samples, samples[::-1], 3, each=True)
    assert rows[:, 0].tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5] and columns == 6
    assert framed == [1, 3, 5, 7, 9, 11]
