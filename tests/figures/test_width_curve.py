"""The picture of the widths is written, and says what it shows."""

from __future__ import annotations

import numpy as np
import pytest

from adversarial.errors import ConfigurationError
from adversarial.figures.width_curve import draw_curves
from adversarial.likelihood.cross_validation import WidthChoice
from adversarial.likelihood.parzen import Estimate

CURVE = WidthChoice(np.logspace(-2, 1, 7), [Estimate(-(10.0 ** abs(k - 3)), 1.0) for k in range(7)])


@pytest.mark.parametrize("curves", [{"": CURVE}, {f"fold {k}": CURVE for k in range(5)}])
def test_a_picture_with_axes_in_words_and_units(tmp_path, curves):
    draw_curves(tmp_path / "curve.svg", curves, "the validation data")
    draw_curves(tmp_path / "curve.png", curves, "the validation data")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "curve.svg").stat().st_size > 1000


def test_a_picture_that_cannot_be_written_is_said_so(tmp_path):
    with pytest.raises(ConfigurationError, match="there is no folder"):
        draw_curves(tmp_path / "absent" / "curve.png", {"": CURVE}, "x")
    with pytest.raises(ConfigurationError, match=r"must end in \.png, \.svg"):
        draw_curves(tmp_path / "curve.nothing", {"": CURVE}, "x")
