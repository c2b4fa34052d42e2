"""When a figure of chains is said to be at rest."""

from __future__ import annotations

import pytest

from adversarial.evaluation.chain_curve import ChainCurve, ChainPoint


def curve(**figures):
    """A curve of figures at steps 10 and 50, of error 2."""
    points = {start: [ChainPoint(10, a, 2.0, 0.2), ChainPoint(50, b, 2.0, 0.2)] for start, (a, b) in figures.items()}
    return ChainCurve("a model", "MNIST", 10_000, points)


@pytest.mark.parametrize(
    ("figures", "verdict"),
    [
        ({"data": (175.0, 173.1)}, "at rest"),
        ({"data": (210.5, 146.2)}, "from data: still falling, by 64.3 nats from step 10 to 50"),
        ({"noise": (-50.0, 20.0)}, "from noise: still rising, by 70.0 nats from step 10 to 50"),
        (
            {"data": (174.0, 173.0), "noise": (-920.0, -919.0)},
            "chains from data still have 1092.0 nats more than those",
        ),
    ],
)
def test_a_figure_that_moves_or_depends_on_the_start_says_so(figures, verdict):
    found = curve(**figures)
    assert verdict in " ".join(found.verdict())
    assert found.at_rest == (verdict == "at rest")
    assert verdict in str(found) and found.to_dict()["verdict"] == found.verdict()


def test_a_warning_of_some_figures_says_of_which():
    found = curve(data=(175.0, 173.1), noise=(-50.0, 20.0))
    assert found.warnings == []
    found.warned = {"all": [""] * 4, "of one": ["step 10 from noise"]}
    assert found.warnings == ["all", "step 10 from noise: of one"] == found.to_dict()["warnings"]


def test_steps_within_the_error_are_no_change():
    # Twice the error of the difference of two figures of error 2 is 5.66.
    assert curve(data=(173.0, 178.6)).at_rest
    assert not curve(data=(173.0, 178.7)).at_rest
