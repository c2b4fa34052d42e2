"""Autoencoders and Boltzmann machines as recorded from Pylearn2, from their own YAML, update by update, in float64."""

from __future__ import annotations

import pytest
from recorded import hold_to_the_record

UNIFORM = ["contractive_ae", "denoising_ae", "denoising_ae_saltpepper", "stacked_cae", "rbm_cd", "rbm_sml"]
UNIFORM += ["dbm_rbm_pcd"]
GAUSSIAN = ["gsn_ae", "gsn_deep", "gsn_joint"]
#: Of parameters and of the monitor.
TOLERANCES = dict.fromkeys(UNIFORM, (1e-8, 1e-6)) | dict.fromkeys(GAUSSIAN, (1e-5, 1e-4))
#: Trained in every run of the tests on numba and JAX; the others by -m soak.
ALWAYS = {"numba": [], "jax": ["denoising_ae", "rbm_sml", "gsn_ae"]}


@pytest.mark.trajectory
@pytest.mark.parametrize("recipe", TOLERANCES)
def test_recorded_experiment(recipe, golden, tmp_path, monkeypatch, float64):
    hold_to_the_record(golden / "trajectories_2" / recipe, tmp_path, monkeypatch, *TOLERANCES[recipe])


@pytest.mark.trajectory
@pytest.mark.parametrize(
    ("on", "recipe"),
    [
        pytest.param(name, recipe, marks=() if recipe in always else pytest.mark.soak)
        for name, always in ALWAYS.items()
        for recipe in TOLERANCES
    ],
    indirect=["on"],
)
def test_recorded_experiment_on_another_backend(on, recipe, golden, tmp_path, monkeypatch, float64):
    hold_to_the_record(golden / "trajectories_2" / recipe, tmp_path, monkeypatch, *TOLERANCES[recipe])
