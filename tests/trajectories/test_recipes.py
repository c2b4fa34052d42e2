"""Level F4 and F5: recorded 2014 experiments, from their own YAML, update by update, in float64."""

from __future__ import annotations

import numpy as np
import pytest
from recorded import follow, largest_deviation, monitor_mismatches, prepare, prepare_images, recorded_updates

from adversarial.config import yaml_parse

UNIFORM = [
    "activate_generator",
    "adadelta",
    "alternate_g",
    "blend_obj",
    "discriminator_steps_2",
    "generator_dropout",
    "hard_sigmoid",
    "lazy",
    "lr_scalers_no_momentum",
    "mnist_recipe",
    "sgd_alt",
    "subtract",
    "uneven_batches",
]
#: Gaussian noise, or an inferer that reads the noise: 2014's own modes differ here through float32 logarithms.
GAUSSIAN_OR_INFERER = [
    "cifar_conv_recipe",
    "cifar_full_recipe",
    "inferer",
    "intrinsic_dropout",
    "noise_layers",
    "tfd_recipe",
]


@pytest.mark.trajectory
@pytest.mark.parametrize(
    ("recipe", "parameter_tolerance", "monitor_tolerance"),
    [(name, 1e-8, 1e-6) for name in UNIFORM] + [(name, 1e-5, 1e-4) for name in GAUSSIAN_OR_INFERER],
)
def test_recorded_experiment(recipe, parameter_tolerance, monitor_tolerance, golden, tmp_path, monkeypatch, float64):
    folder = golden / "trajectories" / recipe
    path = (prepare if (folder / "recipe.yaml").exists() else prepare_images)(folder, tmp_path)
    monkeypatch.chdir(tmp_path)
    params, monitor = np.load(folder / "params.npz"), np.load(folder / "monitor.npz")
    run = follow(yaml_parse.load_path(path), recorded_updates(params))
    deviation, where = largest_deviation(run, params)
    assert deviation <= parameter_tolerance, where
    assert monitor_mismatches(run, monitor, monitor_tolerance) == []
