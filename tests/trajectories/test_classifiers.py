"""Pylearn2's classifiers as recorded in 2014 and 2015, from their own YAML, update by update, in float64."""

from __future__ import annotations

import numpy as np
import pytest
from recorded import TIMING, hold_to_the_record, prepare

from adversarial.config import yaml_parse
from adversarial.progress.reporting import Silent

RECIPES = ["convnet", "dropout_rectifier", "maxout_classifier", "maxout_conv", "mlp_tutorial", "nesterov_2015"]
RECIPES += ["pretrained_layer", "stacked_rbm"]
#: Of parameters and of the monitor.
TOLERANCES = 1e-8, 1e-6


@pytest.mark.trajectory
@pytest.mark.parametrize("recipe", RECIPES)
def test_recorded_experiment(recipe, golden, tmp_path, monkeypatch, float64):
    hold_to_the_record(golden / "trajectories_2" / recipe, tmp_path, monkeypatch, *TOLERANCES)


@pytest.mark.soak
@pytest.mark.trajectory
@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("on", ["numba", "jax"], indirect=True)
def test_recorded_experiment_on_another_backend(on, recipe, golden, tmp_path, monkeypatch, float64):
    hold_to_the_record(golden / "trajectories_2" / recipe, tmp_path, monkeypatch, *TOLERANCES)


@pytest.mark.trajectory
@pytest.mark.parametrize(
    "on",
    ["c", pytest.param("numba", marks=pytest.mark.soak), pytest.param("jax", marks=pytest.mark.soak)],
    indirect=True,
)
def test_line_searches_along_conjugate_directions(on, golden, tmp_path, monkeypatch, float64):
    """Held to update 1: from the second on a search takes another branch where 2014's own two modes differ."""
    folder = golden / "trajectories_2" / "softmax_regression_bgd"
    path = prepare(folder, tmp_path)
    monkeypatch.chdir(tmp_path)
    train = yaml_parse.load_path(path)
    train.reporter = Silent()
    train.main_loop(max_epochs=1)
    recorded, monitor = np.load(folder / "params.npz"), np.load(folder / "monitor.npz")
    for param in train.model.get_params():
        np.testing.assert_allclose(param.get_value(), recorded[f"update1/{param.name}"], rtol=1e-8, atol=1e-8)
    for epoch in ("epoch0", "epoch1"):
        for name, value in zip(map(str, monitor["names"]), monitor[epoch], strict=True):
            if not any(word in name for word in TIMING):
                found = train.model.monitor.channels[name].val_record[int(epoch[-1])]
                np.testing.assert_allclose(found, value, rtol=1e-6, atol=1e-9, err_msg=f"{epoch} {name}")
