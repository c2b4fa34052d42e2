"""The two costs before AdversaryCost2, against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from evaluation import evaluate

from adversarial.config import yaml_parse
from adversarial.cost import gradients_of
from adversarial.game.first_costs import IndistCost, MinimaxAdversaryCost
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.models.linear import Sigmoid
from adversarial.models.mlp import MLP
from adversarial.options import OptionError

DATA = np.random.RandomState(5).rand(20, 6)


def pair():
    generator = Generator(MLP([Sigmoid(layer_name="gy", dim=6, irange=1.0)], nvis=3), noise="uniform")
    return AdversaryPair(generator, MLP([Sigmoid(layer_name="dy", dim=1, irange=1.0)], nvis=6))


def found(cost, model):
    x = pt.dmatrix()
    objectives = cost.get_samples_and_objectives(model, x)
    values = evaluate([objectives.samples, objectives.discriminator, objectives.generator], {x: DATA})
    weights = model.discriminator.layers[0].get_weights()
    return *values, DATA @ weights, values[0] @ weights


def test_the_minimax_game_adds_up_to_nothing(float64):
    model = pair()
    _, d_obj, g_obj, real, fake = found(MinimaxAdversaryCost(), model)
    np.testing.assert_allclose(d_obj, np.logaddexp(0, np.concatenate([-real, fake])).mean())
    assert g_obj == -d_obj
    assert evaluate(MinimaxAdversaryCost().expr(model, pt.dmatrix())) == 0


def test_g_wants_to_be_indistinguishable(float64):
    model = pair()
    _, d_obj, g_obj, real, fake = found(IndistCost(), model)
    np.testing.assert_allclose(d_obj, 0.5 * (np.logaddexp(0, -real).mean() + np.logaddexp(0, fake).mean()))
    expected = 0.5 * (np.logaddexp(0, -fake) + np.logaddexp(0, fake)).mean() - np.log(2)
    np.testing.assert_allclose(g_obj, expected)
    assert expected > 0  # 0 is where D(G(z)) = 1/2


@pytest.mark.parametrize("kind", [MinimaxAdversaryCost, IndistCost])
def test_gradients_and_channels(kind, float64):
    model, x = pair(), pt.dmatrix()
    gradients, updates = kind(scale_grads=False).get_gradients(model, x)
    assert list(gradients) == model.discriminator.get_params() + model.generator.get_params() and not updates
    model_again = pair()
    objective = kind().get_samples_and_objectives(model_again, x).generator
    expected = gradients_of(objective, model_again.generator.get_params())
    for ours, theirs in zip([gradients[param] for param in model.generator.get_params()], expected, strict=True):
        np.testing.assert_allclose(evaluate(ours, {x: DATA}), evaluate(theirs, {x: DATA}))
    channels = kind().get_monitoring_channels(model, x)
    assert list(channels) == ["false_negatives", "false_positives", "sample_grad_norm"]


def test_their_names_and_options_are_those_of_galatea():
    cost = yaml_parse.load("!obj:galatea.adversarial.AdversaryCost { scale_grads: 0 }")
    assert isinstance(cost, MinimaxAdversaryCost)
    assert isinstance(yaml_parse.load("!obj:galatea.adversarial.IndistCost {}"), IndistCost)
    with pytest.raises(OptionError, match="has no option 'alternate_g'"):
        IndistCost(alternate_g=True)
