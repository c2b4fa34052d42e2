"""Panels of a figure: every sheet is in the picture, pixel for pixel, whatever the sizes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib import image

from adversarial.errors import ConfigurationError
from adversarial.figures.panels import DrawnPanel, write_panels


def places_of(sheet: np.ndarray, picture: np.ndarray) -> list[tuple[int, int]]:
    """Where a sheet is in a picture."""
    first = np.argwhere((picture == sheet[0, 0]).all(axis=2))
    height, width = sheet.shape[:2]
    return [(y, x) for y, x in first.tolist() if np.array_equal(picture[y : y + height, x : x + width], sheet)]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.one_of(st.none(), st.tuples(*[st.integers(2, 600)] * 2)), min_size=1, max_size=4),
    across=st.integers(1, 3),
    words=st.text("abc \n", max_size=300),
)
def test_each_sheet_is_shown_once_and_none_beneath_another(tmp_path, sizes, across, words):
    rng = np.random.default_rng(0)
    sheets = [None if size is None else rng.integers(1, 200, (*size, 3), np.uint8) for size in sizes]
    panels = [DrawnPanel(f"{number})", sheet, words) for number, sheet in enumerate(sheets)]
    write_panels(tmp_path / "it.png", panels, across, "The heading")
    picture = np.rint(image.imread(tmp_path / "it.png")[..., :3] * 255).astype(np.uint8)
    for sheet in sheets:
        assert sheet is None or len(places_of(sheet, picture)) == 1


def test_the_name_is_checked_before_anything_is_drawn(tmp_path):
    with pytest.raises(ConfigurationError, match="pictures are PNG files"):
        write_panels(tmp_path / "it.jpg", [DrawnPanel("a)", None, "")])
