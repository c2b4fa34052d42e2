"""Curves against epochs as a PNG: what is drawn is what was given, or one sentence."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import image
from matplotlib.colors import to_rgb

from adversarial.errors import ConfigurationError, DataError
from adversarial.figures.curves import COLOURS, MOST_CURVES, Curve, Level, write_curves


def has_colour(pixels, colour):
    return bool((np.abs(pixels[..., :3] - to_rgb(colour)).max(axis=-1) < 0.01).any())


def test_each_curve_has_its_colour(tmp_path):
    curves = [Curve(f"channel_{number} $x_2$", [0, 1, 2], [number, np.nan, number + 1]) for number in range(3)]
    write_curves(tmp_path / "plot.png", curves, "epochs", "value")
    pixels = image.imread(tmp_path / "plot.png")
    assert [has_colour(pixels, colour) for colour in COLOURS[:4]] == [True, True, True, False]


def test_a_level_is_a_band_across_the_plot(tmp_path):
    curves, sizes = [Curve("a", [0, 1], [0.0, 1.0])], []
    for number, level in enumerate((None, Level("b $x_2$", 2.0, 3.0))):
        write_curves(tmp_path / f"{number}.png", curves, "epochs", "value", level=level)
        pixels = image.imread(tmp_path / f"{number}.png")
        sizes.append((np.abs(pixels[..., :3] - 0.6).max(axis=-1) < 0.01).sum())
    assert sizes[0] < 100 and sizes[1] > 20_000


@pytest.mark.parametrize(
    ("curves", "said"),
    [
        ([Curve("a", [0], [np.nan])], "'a' has no finite value"),
        ([Curve("a", [0, 1], [1.0])], "'a' has 1 values for 2 epochs"),
        ([], "0 curves"),
        ([Curve("a", [0], [1.0])] * (MOST_CURVES + 1), f"{MOST_CURVES + 1} curves"),
    ],
)
def test_what_cannot_be_drawn_leaves_no_file(tmp_path, curves, said):
    with pytest.raises(DataError, match=said):
        write_curves(tmp_path / "plot.png", curves, "epochs", "value")
    assert not list(tmp_path.iterdir())


def test_the_name_ends_in_png(tmp_path):
    with pytest.raises(ConfigurationError, match=".png"):
        write_curves(tmp_path / "plot.pdf", [Curve("a", [0], [1.0])], "epochs", "value")
