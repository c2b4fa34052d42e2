"""Noise and samples."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation import evaluate

from adversarial.errors import ConfigurationError
from adversarial.game.generator import NOISE_SEED, Generator, IntrinsicDropoutGenerator
from adversarial.models.linear import Linear
from adversarial.models.mlp import MLP
from adversarial.options import OptionError


def generator(cls=Generator, **options):
    return cls(mlp=MLP([Linear(layer_name="y", dim=4, irange=1.0)], nvis=3), **options)


@pytest.mark.parametrize("noise", ["uniform", "gaussian", "spherical"])
def test_noise_has_its_distribution(noise):
    z = evaluate(generator(noise=noise).get_noise(20001))
    assert z.dtype == np.float32 and z.shape == (20001, 3)
    if noise == "spherical":
        np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1.0, rtol=1e-5)
    else:
        assert z.mean() == pytest.approx(0.0, abs=0.02) and z.std() == pytest.approx(1.0, abs=0.02)
    if noise == "uniform":
        assert np.abs(z).max() <= np.sqrt(3)


def test_the_noise_has_a_seed_of_its_own():
    z = {seed: evaluate(generator(noise_seed=seed).get_noise(5)) for seed in (NOISE_SEED, 1, 2)}
    np.testing.assert_array_equal(z[NOISE_SEED], evaluate(generator().get_noise(5)))
    assert not np.isin(z[1], z[2]).any() and not np.isin(z[1], z[NOISE_SEED]).any()
    with pytest.raises(ConfigurationError, match="noise_seed"):
        generator(noise_seed=0)


def test_samples_are_the_network_of_the_noise(float64):
    model = generator()
    sample, noise, hidden = model.sample_and_noise(5, all_g_layers=True)
    x, z = evaluate([sample, noise])
    np.testing.assert_allclose(x, z @ model.mlp.layers[0].get_weights(), rtol=1e-6)
    assert hidden == []


def test_intrinsic_dropout_stays_on(float64):
    model = generator(IntrinsicDropoutGenerator, default_input_include_prob=0.5, default_input_scale=2.0)
    model.mlp.layers[0].set_weights(np.eye(3, 4))
    sample, noise, _ = model.sample_and_noise(2000)
    x, z = evaluate([sample, noise])
    kept = x[:, :3] != 0
    np.testing.assert_allclose(x[:, :3][kept], 2 * z[kept], rtol=1e-6)
    assert kept.mean() == pytest.approx(0.5, abs=0.03)
    with pytest.raises(OptionError, match="names the layer 'h'"):
        generator(
            IntrinsicDropoutGenerator,
            default_input_include_prob=0.5,
            default_input_scale=2.0,
            input_include_probs={"h": 0.5},
        )
