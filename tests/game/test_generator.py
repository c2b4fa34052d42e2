"""Noise and samples."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation import evaluate

from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.game.generator import Generator, IntrinsicDropoutGenerator
from adversarial.game.parzen_graph import theano_parzen
from adversarial.game.schedules import ActivateGenerator, Cycler
from adversarial.game.surgery import marginals
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


def test_parzen_channel_equals_its_formula(float64):
    rng = np.random.RandomState(0)
    data, samples, sigma = rng.rand(7, 5), rng.rand(11, 5), 0.2
    exponents = -0.5 * (((data[:, None] - samples[None]) / sigma) ** 2).sum(axis=2)
    expected = np.log(np.exp(exponents).mean(axis=1)) - 5 * np.log(sigma * np.sqrt(2 * np.pi))
    found = evaluate(theano_parzen(*(evaluate_constant(a) for a in (data, samples)), sigma))
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def evaluate_constant(array):
    import pytensor.tensor as pt

    return pt.as_tensor(array)


class Algorithm:
    """As much of SGD as schedules look at."""

    def __init__(self):
        from adversarial.game.costs import AdversaryCost2

        self.cost = AdversaryCost2()


def test_cycler_lets_the_generator_learn_every_kth_time():
    algorithm, cycler, seen = Algorithm(), Cycler(k=3), []
    for _ in range(6):
        cycler(algorithm)
        seen.append(float(algorithm.cost.now_train_generator.get_value()))
    assert seen == [0, 0, 1, 0, 0, 1]
    other = Cycler(k=3)
    other.set_state(cycler.get_state())
    assert other.i == cycler.i


def test_activate_generator_waits():
    algorithm, extension, seen = Algorithm(), ActivateGenerator(active_after=2, value=0.5), []
    for _ in range(4):
        extension.on_monitor(None, None, algorithm)
        seen.append(float(algorithm.cost.now_train_generator.get_value()))
    assert seen == [1, 1, 0.5, 0.5]


def test_marginals_are_column_means():
    X = np.random.RandomState(0).rand(6, 3)
    np.testing.assert_allclose(marginals(DenseDesignMatrix(X=X)), X.mean(axis=0))
