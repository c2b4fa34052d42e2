"""Lines through points of z space are straight, even, and meet their points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adversarial.errors import ConfigurationError
from adversarial.figures.interpolation import path_through


@given(rows=st.integers(1, 3), points=st.integers(2, 5), steps=st.integers(1, 7))
def test_lines_are_straight_and_even_and_meet_their_points(rows, points, steps):
    ends = np.random.default_rng(points).normal(size=(rows, points, 4)).astype(np.float32)
    path = path_through(ends, steps)
    assert path.shape == (rows, (points - 1) * steps + 1, 4) and path.dtype == np.float32
    np.testing.assert_array_equal(path[:, ::steps], ends)
    moves = np.diff(path, axis=1).reshape(rows, points - 1, steps, 4)
    expected = np.broadcast_to((np.diff(ends, axis=1) / steps)[:, :, None], moves.shape)
    np.testing.assert_allclose(moves, expected, atol=2e-6)


def test_a_line_takes_two_points_and_a_step():
    with pytest.raises(ConfigurationError, match="2 points"):
        path_through(np.zeros((1, 1, 2)), 3)
    with pytest.raises(ConfigurationError, match="1 step"):
        path_through(np.zeros((1, 2, 2)), 0)
