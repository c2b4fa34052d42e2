"""Samples of a model are those of its generator's graph, whatever the batches."""

from __future__ import annotations

import numpy as np
import pytest

from adversarial import backend
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.game.generator import Generator, IntrinsicDropoutGenerator
from adversarial.game.sampling import MOST_AT_ONCE, Sampler, images_of, samples_of
from adversarial.models.linear import Linear, RectifiedLinear, Sigmoid
from adversarial.models.mlp import MLP


def generator(cls=Generator, last=Sigmoid, **options):
    layers = [RectifiedLinear(layer_name="h0", dim=20, irange=0.5), last(layer_name="y", dim=12, irange=0.5)]
    return cls(mlp=MLP(layers=layers, nvis=5), **options)


def test_samples_are_what_2014_drew_from_a_model_just_loaded():
    expected = backend.function([], generator(noise="uniform").sample(100))()
    np.testing.assert_array_equal(samples_of(generator(noise="uniform"), 100), expected)


@pytest.mark.parametrize("batch", [1, 30, 100, 250])
def test_batches_add_up_and_start_alike(batch):
    samples = samples_of(generator(), 100, batch=batch)
    assert samples.shape == (100, 12) and samples.dtype == backend.floatX()
    assert len(np.unique(samples, axis=0)) == 100
    np.testing.assert_array_equal(samples[:batch], samples_of(generator(), min(batch, 100)))


def test_a_seed_gives_one_set_of_samples():
    first, again, other = (samples_of(generator(), 20, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_images_of_given_z_are_the_generators_image_by_image():
    z = Sampler(generator()).draw_noise(7)
    together = images_of(generator(), z)
    for row, image in zip(z, together, strict=True):
        np.testing.assert_allclose(images_of(generator(), row[None])[0], image, rtol=1e-5)
    model = generator()
    hidden = np.maximum(0, z @ model.get_params()[0].get_value() + model.get_params()[1].get_value())
    logits = hidden @ model.get_params()[2].get_value() + model.get_params()[3].get_value()
    np.testing.assert_allclose(together, 1 / (1 + np.exp(-logits)), rtol=1e-5)


def test_dropout_that_belongs_to_the_generator_stays_on():
    model = generator(IntrinsicDropoutGenerator, default_input_include_prob=0.5, default_input_scale=2.0)
    z = np.repeat(Sampler(model).draw_noise(1), 50, axis=0)
    assert len(np.unique(images_of(model, z), axis=0)) > 10


def test_logits_are_those_of_the_samples():
    logits = Sampler(generator(), logits=True).draw(30)
    np.testing.assert_allclose(1 / (1 + np.exp(-logits)), samples_of(generator(), 30), rtol=1e-5)
    with pytest.raises(ConfigurationError, match="does not end in a Sigmoid"):
        Sampler(generator(last=Linear), logits=True).draw(3)


def test_a_wide_generator_draws_fewer_at_once():
    assert Sampler(generator()).batch_size == MOST_AT_ONCE
    wide = Generator(mlp=MLP(layers=[Sigmoid(layer_name="y", dim=200_000, istdev=0.0)], nvis=1))
    assert 1 < Sampler(wide).batch_size < 500


def test_a_model_without_a_generator_is_refused():
    with pytest.raises(CheckpointError, match="class MLP has no generator"):
        Sampler(generator().mlp)
