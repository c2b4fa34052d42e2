"""Conditional games as recorded from hans/adversarial, from their own YAML, update by update, in float64."""

from __future__ import annotations

import pytest
from recorded import hold_to_the_record

UNIFORM = ["cond_embed_dropout", "cond_kde", "cond_onehot"]
GAUSSIAN = ["cond_conv", "cond_monitor_ll", "cond_retrain"]
#: The pair that one of them begins with is an unconditional game, but on Pylearn2 of 2015 too.
ON_2015 = {"algorithm.gradients_first": "true"}
#: Of parameters and of the monitor.
TOLERANCES = dict.fromkeys(UNIFORM, (1e-8, 1e-6)) | dict.fromkeys(GAUSSIAN, (1e-5, 1e-6))
#: One channel of its first phase differs by 1e-6 of itself.
TOLERANCES["cond_retrain"] = (1e-5, 1e-5)


@pytest.mark.trajectory
@pytest.mark.parametrize("recipe", TOLERANCES)
def test_recorded_experiment(recipe, golden, tmp_path, monkeypatch, float64):
    hold_to_the_record(golden / "trajectories_2" / recipe, tmp_path, monkeypatch, *TOLERANCES[recipe], ON_2015)


@pytest.mark.soak
@pytest.mark.trajectory
@pytest.mark.parametrize("on", ["numba", "jax"], indirect=True)
@pytest.mark.parametrize("recipe", TOLERANCES)
def test_recorded_experiment_on_another_backend(on, recipe, golden, tmp_path, monkeypatch, float64):
    hold_to_the_record(golden / "trajectories_2" / recipe, tmp_path, monkeypatch, *TOLERANCES[recipe], ON_2015)
