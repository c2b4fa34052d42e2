"""Small conditional games for tests."""

from __future__ import annotations

import numpy as np
from training_stand_ins import whole_and_resumed

from adversarial import checkpoint
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.game.conditional import ConditionalAdversaryPair, ConditionalGenerator
from adversarial.game.conditional_discriminator import ConditionalDiscriminator
from adversarial.game.distributions import OneHotDistribution
from adversarial.game.sampling import samples_of
from adversarial.models.composite import IdentityLayer
from adversarial.models.linear import RectifiedLinear, Sigmoid
from adversarial.models.mlp import MLP
from adversarial.random_streams import RandomStreams
from adversarial.space import VectorSpace

LABELS, EXAMPLES = VectorSpace(4), VectorSpace(6)
#: What the conditions of samples are drawn with: the first seed that RandomStreams(17) gives.
FIRST_SEED = 191834735
X = np.random.RandomState(5).rand(20, 6)
C = np.eye(4)[np.arange(20) % 4]


def distribution():
    return OneHotDistribution(LABELS, rng=RandomStreams(17))


def generator(**options):
    layers = [RectifiedLinear(layer_name="g0", dim=5, irange=1.0), Sigmoid(layer_name="gy", dim=6, irange=1.0)]
    return ConditionalGenerator(MLP(layers), LABELS, distribution(), noise_dim=3, noise="uniform", **options)


def discriminator():
    return ConditionalDiscriminator(
        MLP([RectifiedLinear(layer_name="d0", dim=5, irange=1.0)], layer_name="data"),
        MLP([IdentityLayer(layer_name="c0")], layer_name="condition"),
        MLP([Sigmoid(layer_name="dy", dim=1, irange=1.0)], layer_name="joint"),
        EXAMPLES,
        LABELS,
        input_source=("features", "targets"),
    )


def pair(**options):
    return ConditionalAdversaryPair(generator(), discriminator(), EXAMPLES, LABELS, **options)


def dataset():
    return DenseDesignMatrix(X=X, y=C)


def values(model):
    """The values of a model's parameters, by name."""
    return {name: param.get_value() for name, param in model.named_parameters().items()}


def resumed_and_saved(experiment, path):
    """Hold a run of two epochs to one resumed after the first, and a saved model's samples to its own; both models."""
    whole, _ = whole_and_resumed(experiment)
    checkpoint.save_model(path, whole.model)
    loaded = checkpoint.load_model(path)
    np.testing.assert_array_equal(samples_of(loaded, 5), samples_of(whole.model, 5))
    return whole.model, loaded
