"""Level F4 and F5 on numba and JAX: one experiment, one trajectory, whatever it is compiled to."""

from __future__ import annotations

import pytest
from recorded import hold_to_the_record
from test_recipes import TOLERANCES

#: Trained in every run of the tests; the others, of which numba compiles each for a minute, by -m soak.
ALWAYS = {"numba": ["uneven_batches"], "jax": ["uneven_batches"]}


def cases() -> list:
    """Every recipe on each backend."""
    return [
        pytest.param(backend, recipe, marks=() if recipe in always else pytest.mark.soak)
        for backend, always in ALWAYS.items()
        for recipe in TOLERANCES
    ]


@pytest.mark.trajectory
@pytest.mark.parametrize(("on", "recipe"), cases(), indirect=["on"])
def test_recorded_experiment(on, recipe, golden, tmp_path, monkeypatch, float64):
    hold_to_the_record(golden / "trajectories" / recipe, tmp_path, monkeypatch, *TOLERANCES[recipe])
