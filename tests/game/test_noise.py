"""Distributions of z: each by its law; truncation by its bound; a learned mixture trained, saved, resumed, refused."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytensor
import pytest
from evaluation import INTERPRETED, evaluate
from scipy import stats

from adversarial import AdversaryCost2, AdversaryPair, Generator, backend, checkpoint
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.errors import ConfigurationError
from adversarial.game.conditional import ConditionalGenerator
from adversarial.game.distributions import OneHotDistribution
from adversarial.game.generator import IntrinsicDropoutGenerator
from adversarial.game.noise import LearnedMixture
from adversarial.game.sampling import Sampler, images_of
from adversarial.models.linear import RectifiedLinear, Sigmoid
from adversarial.models.mlp import MLP
from adversarial.options import OptionError
from adversarial.progress.reporting import Reporter
from adversarial.report.embedded import NotEmbeddable, embed
from adversarial.space import VectorSpace
from adversarial.train import Train
from adversarial.training_algorithms.sgd import SGD

DATA = np.random.RandomState(0).rand(250, 8)
ON = pytest.mark.parametrize("on", ["c", "numba", "jax"], indirect=True)
ONE = {"components": 1, "irange": 0.0, "sigma": 1.0, "learn": False}


def made(noise, cls=Generator, **options) -> Generator:
    layers = [RectifiedLinear(layer_name="h0", dim=6, irange=0.5), Sigmoid(layer_name="y", dim=8, irange=0.5)]
    return cls(mlp=MLP(layers, nvis=3), noise=noise, **options)


def game(noise, **options) -> AdversaryPair:
    return AdversaryPair(made(noise, **options), MLP([Sigmoid(layer_name="dy", dim=1, irange=0.5)], nvis=8))


def experiment(model: AdversaryPair, path: str | None = None) -> Train:
    data = DenseDesignMatrix(X=DATA.astype(pytensor.config.floatX))
    cost = AdversaryCost2(scale_grads=False)
    sgd = SGD(learning_rate=0.5, cost=cost, batch_size=10, init_momentum=0.5, monitoring_dataset=data)
    train = Train(data, model, sgd, save_path=path, save_freq=0 if path is None else 1)
    train.reporter = Reporter()
    return train


def trained(noise, epochs: int = 1, **options) -> AdversaryPair:
    experiment(model := game(noise, **options)).main_loop(max_epochs=epochs)
    return model


def drawn(generator: Generator, count: int = 30_000) -> np.ndarray:
    return Sampler(generator, seed=1).draw_noise(count)


LAWS = {
    "uniform": (stats.uniform(-np.sqrt(3), 2 * np.sqrt(3)), 0.0, 1.0),
    "unit_cube": (stats.uniform(0, 1), 0.5, 1 / np.sqrt(12)),
    "gaussian": (stats.norm(), 0.0, 1.0),
}


def hold_to_truncated_law(kind: str, deviations: float) -> None:
    law, mean, deviation = LAWS[kind]
    generator = made(kind)
    generator.truncate_noise(deviations)
    z = drawn(generator).ravel()
    low, high = mean - deviations * deviation, mean + deviations * deviation
    assert z.min() >= low - 1e-6 and z.max() <= high + 1e-6
    share = law.cdf(high) - law.cdf(low)
    assert stats.kstest(z, lambda x: (law.cdf(x) - law.cdf(low)) / share)[1] > 1e-3


@pytest.mark.parametrize("kind", LAWS)
@pytest.mark.parametrize("deviations", [0.5, 4.0])
def test_truncation_leaves_what_of_the_distribution_is_near_its_mean(kind, deviations):
    hold_to_truncated_law(kind, deviations)


@ON
def test_truncation_is_of_every_backend(on):
    hold_to_truncated_law("gaussian", 1.0)


def test_without_truncation_the_unit_cube_is_whole():
    z = drawn(made("unit_cube")).ravel()
    assert stats.kstest(z, stats.uniform(0, 1).cdf)[1] > 1e-3


@pytest.mark.parametrize(
    ("noise", "deviations", "reason"),
    [("spherical", 1.0, "none to truncate"), ("gaussian", 0.0, "above 0"), ("uniform", 5.0, "at most 4")],
)
def test_what_cannot_be_truncated_says_so(noise, deviations, reason):
    with pytest.raises(ConfigurationError, match=reason):
        made(noise).truncate_noise(deviations)


def test_a_mixture_has_the_moments_of_its_components():
    generator = made(LearnedMixture(components=2, sigma=0.1))
    mu = np.array([[-2.0, 0.0, 1.0], [2.0, 1.0, 1.0]])
    generator.noise.mu.set_value(mu.astype(pytensor.config.floatX))
    z = drawn(generator)
    first = z[:, 0] < 0
    assert first.mean() == pytest.approx(0.5, abs=0.02)
    for chosen, mean in zip((first, ~first), mu, strict=True):
        np.testing.assert_allclose(z[chosen].mean(axis=0), mean, atol=0.01)
        np.testing.assert_allclose(z[chosen].std(axis=0), 0.1, atol=0.01)
    generator.truncate_noise(1.0)
    z = drawn(generator)
    assert np.minimum(*(np.abs(z - each).max(axis=1) for each in mu)).max() <= 0.1 + 1e-6


@ON
def test_one_component_at_0_of_deviation_1_is_gaussian_to_the_bit(on):
    mixture, gaussian = trained(LearnedMixture(**ONE)), trained("gaussian")
    for param, expected in zip(mixture.get_params(), gaussian.get_params(), strict=True):
        np.testing.assert_array_equal(param.get_value(), expected.get_value())


def gradients_by(compile_) -> list[np.ndarray]:
    """The gradients of a mixture's parameters, by what makes a function of a graph."""
    model, x = game(LearnedMixture(components=3)), pytensor.tensor.dmatrix()
    grads, _ = AdversaryCost2(scale_grads=False).get_gradients(model, x)
    return compile_([x], [grads[param] for param in model.generator.noise.get_params()])(DATA[:10])


@ON
def test_a_mixture_learns_alike_on_every_backend(on, float64):
    found = gradients_by(backend.function)
    for grad, expected in zip(found, gradients_by(partial(pytensor.function, mode=INTERPRETED)), strict=True):
        np.testing.assert_allclose(grad, expected, atol=1e-9)
        assert np.abs(expected).max() > 1e-4


def objective_of(values: list[np.ndarray]):
    """G's objective with these mu and sigma, of the first z of the stream."""
    model, x = game(LearnedMixture(components=3)), pytensor.tensor.dmatrix()
    for param, value in zip(model.generator.noise.all_params(), values, strict=True):
        param.set_value(value)
    return evaluate(AdversaryCost2(scale_grads=False).get_samples_and_objectives(model, x).generator, {x: DATA[:10]})


def test_the_gradient_of_a_mixture(float64):
    model, x = game(LearnedMixture(components=3)), pytensor.tensor.dmatrix()
    params = model.generator.noise.get_params()
    values = [param.get_value() for param in params]
    grads, _ = AdversaryCost2(scale_grads=False).get_gradients(model, x)
    found = evaluate([grads[param] for param in params], {x: DATA[:10]})
    for number, grad in enumerate(found):
        for place in [(0, 0), (1, 2), (2, 1)]:
            ends = []
            for sign in (1, -1):
                moved = [value.copy() for value in values]
                moved[number][place] += sign * 1e-5
                ends.append(objective_of(moved))
            np.testing.assert_allclose(grad[place], (ends[0] - ends[1]) / 2e-5, atol=1e-9)
        assert np.abs(grad).max() > 1e-4


def test_a_mixture_is_saved_averaged_and_resumed_to_the_bit(tmp_path):
    path = str(tmp_path / "m.pkl")
    at_once = trained(LearnedMixture(components=3), epochs=2, average_decay=0.9)
    experiment(game(LearnedMixture(components=3), average_decay=0.9), path).main_loop(max_epochs=1)
    resumed = game(LearnedMixture(components=3), average_decay=0.9)
    train = experiment(resumed, path)
    train.resume(checkpoint.read(path))
    train.main_loop(max_epochs=2)
    named = resumed.named_parameters()
    assert {"gen/mixture_mu", "gen/mixture_sigma", "gen/averaged_mixture_mu"} <= set(named)
    for name, param in at_once.named_parameters().items():
        np.testing.assert_array_equal(named[name].get_value(), param.get_value(), err_msg=name)
    loaded = checkpoint.load_model(path)
    np.testing.assert_array_equal(loaded.generator.noise.mu.get_value(), named["gen/mixture_mu"].get_value())
    np.testing.assert_array_equal(Sampler(loaded).draw_noise(5), Sampler(checkpoint.load_model(path)).draw_noise(5))
    assert images_of(loaded, np.ones((2, 3), "float32")).shape == (2, 8)


def test_a_frozen_mixture_is_saved_too():
    model = game(LearnedMixture(**ONE))
    assert "gen/mixture_mu" in model.named_parameters()
    assert model.generator.noise.mu not in model.get_params()


def test_a_conditional_generator_has_a_mixture_of_its_own_noise():
    labels = VectorSpace(4)
    mlp = MLP([Sigmoid(layer_name="y", dim=8, irange=0.5)])
    generator = ConditionalGenerator(
        mlp, labels, OneHotDistribution(labels), noise_dim=5, noise=LearnedMixture(components=3)
    )
    assert generator.noise.mu.get_value().shape == (3, 5)
    assert Sampler(generator).draw(7).shape == (7, 8)


def test_where_no_mixture_is_learned():
    with pytest.raises(OptionError, match="no mixture is learned"):
        made(LearnedMixture(), IntrinsicDropoutGenerator, default_input_include_prob=0.5, default_input_scale=2.0)
    for noise, reason in ((LearnedMixture(), "a learned mixture"), ("unit_cube", "a unit cube")):
        with pytest.raises(NotEmbeddable, match=reason):
            embed(made(noise), 15_000_000)
