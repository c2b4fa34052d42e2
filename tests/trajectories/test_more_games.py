"""More games of goodfeli/adversarial as recorded in 2014: inference, inpainting, averaging, pretraining, a new head."""

from __future__ import annotations

import pytest
from recorded import hold_to_the_record

#: Of parameters and of the monitor; gaussian noise differs by float32 logarithms, as in the first recordings.
TOLERANCES = {
    "inferer_linear_gaussian": (1e-5, 1e-5),
    "inpainting": (1e-5, 1e-6),
    "polyak_linear_decay": (1e-8, 1e-6),
    "recapitate": (1e-8, 1e-6),
    "tfd_pretrain_same_names": (1e-8, 1e-6),
}


@pytest.mark.trajectory
@pytest.mark.parametrize("recipe", TOLERANCES)
def test_recorded_experiment(recipe, golden, tmp_path, monkeypatch, float64):
    hold_to_the_record(golden / "trajectories_2" / recipe, tmp_path, monkeypatch, *TOLERANCES[recipe])


@pytest.mark.soak
@pytest.mark.trajectory
@pytest.mark.parametrize("recipe", TOLERANCES)
@pytest.mark.parametrize("on", ["numba", "jax"], indirect=True)
def test_recorded_experiment_on_another_backend(on, recipe, golden, tmp_path, monkeypatch, float64):
    hold_to_the_record(golden / "trajectories_2" / recipe, tmp_path, monkeypatch, *TOLERANCES[recipe])
