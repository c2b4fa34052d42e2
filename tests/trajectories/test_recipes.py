"""Level F4 and F5: recorded 2014 experiments, from their own YAML, update by update, in float64."""

from __future__ import annotations

import pytest
from recorded import hold_to_the_record

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


#: Of parameters and of the monitor.
TOLERANCES = dict.fromkeys(UNIFORM, (1e-8, 1e-6)) | dict.fromkeys(GAUSSIAN_OR_INFERER, (1e-5, 1e-4))


@pytest.mark.trajectory
@pytest.mark.parametrize("recipe", TOLERANCES)
def test_recorded_experiment(recipe, golden, tmp_path, monkeypatch, float64):
    hold_to_the_record(golden / "trajectories" / recipe, tmp_path, monkeypatch, *TOLERANCES[recipe])
