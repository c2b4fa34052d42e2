"""The picture of how something grows."""

from __future__ import annotations

import pytest
from PIL import Image

from adversarial.errors import ConfigurationError, DataError
from adversarial.figures.growth import Line, Panel, draw_growth

PANEL = Panel(
    "units", "seconds", [Line("ours", [300, 600], [0.1, 0.3]), Line("products", [300, 600], [0.1, 0.2], True)]
)


@pytest.mark.parametrize(("count", "size"), [(1, (400, 360)), (4, (1600, 360)), (5, (1600, 690))])
def test_panels_stand_four_in_a_row(tmp_path, count, size):
    draw_growth(tmp_path / "it.png", [PANEL] * count, "2 x a processor of $5")
    assert Image.open(tmp_path / "it.png").size == size


def test_what_cannot_be_drawn_is_said_so(tmp_path):
    with pytest.raises(DataError, match="nothing to draw"):
        draw_growth(tmp_path / "it.png", [])
    with pytest.raises(ConfigurationError, match=r"end the name .* in \.png"):
        draw_growth(tmp_path / "it.gif", [PANEL])
