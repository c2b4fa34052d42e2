"""A sheet shows every pixel where it belongs, in its colour, and the PNG is the sheet."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import image

from adversarial.datasets.dense_design_matrix import DefaultViewConverter
from adversarial.errors import ConfigurationError, DataError
from adversarial.figures.grid import (
    FRAME,
    FRAME_WIDTH,
    GAP,
    SHEET,
    ImageShape,
    choose_rescale,
    guess_shape,
    images_from_rows,
    rescaled,
    sheet,
    write_png,
)


def patch_at(pixels, number, columns, height, width, zoom):
    """The pixels of image `number` of a sheet, found by counting cells."""
    cell = [side * zoom + 2 * FRAME_WIDTH + GAP for side in (height, width)]
    top = GAP + FRAME_WIDTH + (number // columns) * cell[0]
    left = GAP + FRAME_WIDTH + (number % columns) * cell[1]
    return pixels[top : top + height * zoom, left : left + width * zoom]


def test_shapes_of_the_papers_data_are_guessed():
    assert guess_shape(784) == (28, 28, 1)
    assert guess_shape(48 * 48) == (48, 48, 1)
    assert guess_shape(3072) == (32, 32, 3)
    for dimension in (1, 2, 3, 783, 28 * 20):
        with pytest.raises(ConfigurationError, match="--shape"):
            guess_shape(dimension)


@given(side=st.integers(2, 300), channels=st.sampled_from([1, 3]))
def test_every_square_is_guessed_right(side, channels):
    assert guess_shape(side * side * channels) == (side, side, channels)


@pytest.mark.parametrize("channels", [1, 3])
def test_rows_become_the_images_that_a_dense_design_matrix_shows(channels):
    rows = np.random.default_rng(0).normal(size=(4, 5 * 7 * channels))
    expected = DefaultViewConverter((5, 7, channels)).design_mat_to_topo_view(rows)
    np.testing.assert_array_equal(images_from_rows(rows, ImageShape(5, 7, channels)), expected)
    with pytest.raises(DataError, match="are not images of 5 x 6"):
        images_from_rows(rows, ImageShape(5, 6, channels))


def test_rules_map_black_grey_and_white():
    images = np.array([[0.0, 0.5, 1.0], [-1.0, 0.0, 0.5], [0.0, -2.0, 4.0]])[:, :, None, None]
    expected = {
        "unit": [[0, 0.5, 1], [0, 0, 0.5], [0, 0, 1]],
        "tanh": [[0.5, 0.75, 1], [0, 0.5, 0.75], [0.5, 0, 1]],
        "all": [[0.5, 0.5625, 0.625], [0.375, 0.5, 0.5625], [0.5, 0.25, 1]],
        "each": [[0.5, 0.75, 1], [0, 0.5, 0.75], [0.5, 0.25, 1]],
    }
    for rule, values in expected.items():
        np.testing.assert_allclose(rescaled(images, rule)[:, :, 0, 0], values, atol=1e-12)
    np.testing.assert_array_equal(rescaled(images, "auto"), rescaled(images, "all"))
    np.testing.assert_array_equal(rescaled(np.zeros((1, 2, 2, 1)), "each"), np.full((1, 2, 2, 1), 0.5))
    np.testing.assert_array_equal(rescaled(np.zeros((1, 2, 2, 1)), "all"), np.full((1, 2, 2, 1), 0.5))
    with pytest.raises(DataError, match="NaN"):
        rescaled(np.array([[[[np.nan]]]]))


@pytest.mark.parametrize(("low", "high", "rule"), [(0, 1, "unit"), (0.2, 0.3, "unit"), (-1, 1, "tanh"),
                                                   (-0.1, 0.5, "tanh"), (0, 1.1, "all"), (-3, 0, "all")])  # fmt: skip
def test_the_rule_follows_the_range(low, high, rule):
    assert choose_rescale(low, high) == rule


@given(
    count=st.integers(1, 7), columns=st.integers(1, 5), zoom=st.integers(1, 3),
    channels=st.sampled_from([1, 3]), data=st.data(),
)  # fmt: skip
@settings(deadline=None)
def test_every_image_is_where_it_belongs(count, columns, zoom, channels, data):
    framed = data.draw(st.sets(st.integers(0, count - 1)))
    levels = np.random.default_rng(count).integers(0, 256, size=(count, 3, 4, channels))
    pixels = sheet(levels / 255, columns, framed, zoom)
    left_over = pixels.copy()
    for number in range(count):
        patch = patch_at(pixels, number, columns, 3, 4, zoom)
        np.testing.assert_array_equal(patch[::zoom, ::zoom], np.broadcast_to(levels[number], (3, 4, 3)))
        np.testing.assert_array_equal(patch, patch[::zoom, ::zoom].repeat(zoom, 0).repeat(zoom, 1))
        patch_at(left_over, number, columns, 3, 4, zoom)[:] = SHEET
    ring = (3 * zoom + 2 * FRAME_WIDTH) * (4 * zoom + 2 * FRAME_WIDTH) - 12 * zoom * zoom
    assert (left_over == FRAME).all(axis=2).sum() == len(framed) * ring
    assert ((left_over == FRAME).all(axis=2) | (left_over == SHEET).all(axis=2)).all()
    assert (pixels[[0, -1]] == SHEET).all() and (pixels[:, [0, -1]] == SHEET).all()


def test_what_cannot_be_drawn_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="2 channels"):
        sheet(np.zeros((1, 2, 2, 2)), 1)
    with pytest.raises(ConfigurationError, match="million pixels"):
        sheet(np.broadcast_to(np.float64(0), (40000, 100, 100, 1)), 200)
    with pytest.raises(ConfigurationError, match="320 million pixels"):
        # A column is widened for the caption.
        sheet(np.broadcast_to(np.float64(0), (100_000, 4, 4, 1)), 1)
    with pytest.raises(ConfigurationError, match=r"\.png"):
        write_png(tmp_path / "a.jpg", np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(ConfigurationError, match="there is no folder"):
        write_png(tmp_path / "none" / "a.png", np.zeros((4, 4, 3), np.uint8))


@pytest.mark.parametrize(("height", "width"), [(40, 330), (31, 977), (5, 6)])
def test_the_png_is_the_sheet_pixel_for_pixel_with_a_caption_below(tmp_path, height, width):
    pixels = np.random.default_rng(1).integers(0, 256, size=(height, width, 3), dtype=np.uint8)
    path = tmp_path / "a.png"
    for caption in ("", "Samples of a_$model$.pkl; " + "words that go on " * 9):
        write_png(path, pixels, caption)
        found = np.rint(image.imread(path)[:, :, :3] * 255).astype(np.uint8)
        left = (max(width, 320) - width) // 2
        np.testing.assert_array_equal(found[:height, left : left + width], pixels)
        assert found.shape[1] == max(width, 320)
        below = found[height:]
        assert bool(caption) == bool((below < 100).any())
        # Nothing of the caption reaches an edge, where it would be cut.
        assert (below[:, :4] == 255).all() and (below[:, -4:] == 255).all() and (below[-2:] == 255).all()
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]
