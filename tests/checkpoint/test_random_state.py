"""A saved model has its random state: what is loaded draws what the model would have drawn next."""

from __future__ import annotations

import copy

import numpy as np
import pytensor.tensor as pt
import pytest
from evaluation import evaluate

from adversarial import checkpoint
from adversarial.checkpoint.random_state import sources_of
from adversarial.errors import CheckpointError
from adversarial.game.generator import NOISE_SEED, Generator
from adversarial.game.layers import NoiseCat
from adversarial.game.pair import AdversaryPair
from adversarial.game.surgery import recapitate_discriminator
from adversarial.models.corruption import BinomialCorruptor
from adversarial.models.dropout import Dropout
from adversarial.models.linear import Sigmoid
from adversarial.models.mlp import MLP
from adversarial.monitor import push_monitor
from adversarial.random_streams import MRG_RandomStreams


def pair() -> AdversaryPair:
    inner = MLP([Sigmoid(layer_name="y", dim=4, irange=1.0)], layer_name="inner")
    generator = Generator(MLP([NoiseCat(layer_name="n", new_dim=2, std=1.0), inner], nvis=3))
    layers = [Sigmoid(layer_name="h", dim=4, irange=1.0), Sigmoid(layer_name="y", dim=1, irange=1.0)]
    return AdversaryPair(generator, MLP(layers, nvis=4))


def used() -> AdversaryPair:
    """A pair that has drawn noise and seeds of dropout."""
    model = pair()
    for _ in range(2):
        model.discriminator.fprop(model.generator.sample(5), dropout=Dropout())
    return model


def next_draws(model: AdversaryPair) -> list[np.ndarray]:
    noise = model.generator.get_noise(3)
    below, weights = pt.as_tensor(np.ones((4, 3), noise.dtype)), model.discriminator.rng.randint(2**15, size=3)
    within = model.generator.mlp.layers[0].fprop(below)
    return [*evaluate([noise, within]), weights, model.generator.mlp.rng.rand(2)]


def test_sources_are_found_once_each():
    paths = {"generator.theano_rng", "generator.mlp.layers.0.theano_rng", "discriminator.rng"}
    found = set(sources_of(pair()))
    # The inner network shares the random numbers of the outer.
    assert found == paths | {"generator.mlp.layers.1.rng"}
    assert set(sources_of(BinomialCorruptor(0.5))) == {"theano_rng"}


@pytest.mark.parametrize("ending", [".pkl", ".h5"])
def test_a_loaded_model_draws_what_the_saved_one_would_have(ending, tmp_path):
    model = used()
    checkpoint.save_model(tmp_path / f"m{ending}", model)
    loaded = push_monitor(checkpoint.load_model(tmp_path / f"m{ending}"), "before")
    expected = next_draws(model)
    for left, right in zip(next_draws(loaded), expected, strict=True):
        np.testing.assert_array_equal(left, right)
    assert any(not np.array_equal(left, right) for left, right in zip(next_draws(pair()), expected, strict=True))


def test_a_new_head_is_drawn_where_the_discriminator_stands(tmp_path):
    model = used()
    checkpoint.save_model(tmp_path / "m.pkl", model)
    head = recapitate_discriminator(str(tmp_path / "m.pkl"), Sigmoid(layer_name="new", dim=3, irange=1.0)).layers[-1]
    expected = model.discriminator.rng.uniform(-1.0, 1.0, (4, 3))
    np.testing.assert_array_equal(head.W.get_value(), expected.astype(head.W.dtype))


def test_a_model_saved_before_starts_anew(tmp_path):
    content = checkpoint.model_content(used())
    del content["random_state"]
    for left, right in zip(next_draws(checkpoint.model_of(content)), next_draws(pair()), strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ("generator.theano_rng", np.zeros(6, np.int32)),
        ("generator.theano_rng", np.arange(5)),
        ("generator.theano_rng", "six"),
        ("discriminator.rng", np.arange(6)),
        ("discriminator.rng", {"position": 625}),
        ("discriminator.rng", {"position": -1}),
        ("discriminator.rng", {"keys": np.arange(3)}),
        ("discriminator.rng", {"kind": "PCG64"}),
        ("discriminator.rng", None),
    ],
)
def test_what_is_no_state_is_refused(path, state):
    content = copy.deepcopy(checkpoint.model_content(used()))
    whole = content["random_state"][path]
    content["random_state"][path] = whole | state if isinstance(state, dict) else state
    with pytest.raises(CheckpointError, match=f"the random state {path} in it is not one"):
        checkpoint.model_of(content)


def test_a_pickle_of_2014_has_its_random_state(golden):
    content = checkpoint.read(golden / "trajectories/mnist_recipe/model_2014.pkl.gz")
    states = content["random_state"]
    assert set(states) == {"generator.theano_rng", "generator.mlp.rng", "discriminator.rng"}
    # The stream of noise stands some variates after 2014's seed, and each network has drawn its weights.
    stream, starts = MRG_RandomStreams(NOISE_SEED), []
    for _ in range(40):
        stream.inc_rstate()
        starts.append(stream.rstate.tolist())
    assert states["generator.theano_rng"].tolist() in starts
    model = checkpoint.model_of(content)
    assert model.generator.theano_rng.rstate.tolist() == states["generator.theano_rng"].tolist()
    assert model.discriminator.rng.get_state()[2] == states["discriminator.rng"]["position"]
