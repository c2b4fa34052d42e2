"""Sheets of images for a page: every pixel where it belongs, as bright as its value says."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from adversarial.figures.grid import ImageShape
from adversarial.report.pictures import Shades, packed, shades_of


def pixels(sheet):
    head, _, text = sheet["picture"].partition(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))


@pytest.mark.parametrize("channels", [1, 3])
def test_images_lie_side_by_side(channels):
    shape = ImageShape(2, 3, channels)
    rows = np.random.RandomState(0).uniform(size=(8, shape.dimension))
    sheet = packed(rows, shape, 4, Shades("unit", 0, 1))
    assert (sheet["columns"], sheet["rows"]) == (4, 2)
    found = pixels(sheet).reshape(4, 12, channels)
    for number, row in enumerate(rows):
        top, left = 2 * (number // 4), 3 * (number % 4)
        expected = np.rint(255 * row.reshape(channels, 2, 3).transpose(1, 2, 0))
        np.testing.assert_array_equal(found[top : top + 2, left : left + 3], expected)


def test_shades_follow_the_range_of_the_data():
    rows = np.array([[-2.0, 0.5]])
    assert shades_of(np.array([[0.2, 0.9]])) == Shades("unit", 0.0, 1.0)
    assert shades_of(rows, np.array([[0.0, 1.0]])) == Shades("unit", 0.0, 1.0)
    assert shades_of(rows, np.array([[-1.0, 1.0]])) == Shades("tanh", -1.0, 1.0)
    assert shades_of(rows, np.array([[-9.0, 1.0]])) == Shades("all", -2.0, 2.0)


def test_0_is_grey_where_white_is_the_largest():
    sheet = packed(np.array([[-2.0, 0.0, 2.0, 9.0]]), ImageShape(1, 4), 1, Shades("all", -2.0, 2.0))
    np.testing.assert_array_equal(pixels(sheet), [[0, 128, 255, 255]])
