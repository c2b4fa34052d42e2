"""Levels F4 and F5 with the plain engine: PyTensor's own linkers and rewrites follow the record as well.

All recipes on all backends: `python -m pytest tests/trajectories/test_plain_engine.py -m "soak or not soak" -rP`.
"""

from __future__ import annotations

import pytest
from recorded import hold_to_the_record
from test_recipes import TOLERANCES

#: Trained in every run of the tests; the others, which PyTensor alone compiles slowly, by -m soak.
ALWAYS = {"c": ["uneven_batches"], "numba": [], "jax": []}


def cases() -> list:
    """Every recipe on each backend."""
    return [
        pytest.param(backend, recipe, marks=() if recipe in always else pytest.mark.soak)
        for backend, always in ALWAYS.items()
        for recipe in TOLERANCES
    ]


@pytest.mark.trajectory
@pytest.mark.parametrize(("on", "recipe"), cases(), indirect=["on"])
def test_recorded_experiment(on, plain, recipe, golden, tmp_path, monkeypatch, float64):
    hold_to_the_record(golden / "trajectories" / recipe, tmp_path, monkeypatch, *TOLERANCES[recipe])
