"""Sheets of weights: their size, and the order of the images."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adversarial.errors import ConfigurationError
from adversarial.figures.weights import sheet_size, strongest_first


@given(count=st.integers(1, 900), rows=st.none() | st.integers(1, 30), columns=st.none() | st.integers(1, 30))
def test_a_sheet_is_as_asked_and_no_larger_than_its_images(count, rows, columns):
    made_rows, made_columns = sheet_size(count, rows, columns)
    assert made_rows >= 1 and made_columns >= 1
    assert (made_rows - 1) * made_columns < count
    if rows is None:
        assert made_rows * made_columns >= min(count, 400)
    if columns is not None:
        assert made_columns == columns


def test_the_strongest_come_first():
    images = np.array([1.0, -3.0, 2.0, 3.0])[:, None, None, None] * np.ones((4, 2, 2, 1))
    assert strongest_first(images).tolist() == [1, 3, 2, 0]


@pytest.mark.parametrize("arguments", [(0, None, None), (5, 0, None), (5, None, 0)])
def test_an_empty_sheet_is_refused(arguments):
    with pytest.raises(ConfigurationError, match="at least 1 row, 1 column and 1 image"):
        sheet_size(*arguments)
