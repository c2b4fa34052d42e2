"""The four costs against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from evaluation import evaluate

from adversarial.game.costs import (
    AdversaryCost2,
    InpaintingAdversaryCost,
    LazyAdversaryCost,
    ThresholdedAdversaryCost,
)
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.models.linear import Linear, RectifiedLinear, Sigmoid
from adversarial.models.mlp import MLP
from adversarial.options import OptionError
from adversarial.space import Conv2DSpace

DATA = np.random.RandomState(5).rand(20, 6)


def pair(inferer=False, **options):
    generator = Generator(
        MLP([RectifiedLinear(layer_name="g0", dim=5, irange=1.0), Sigmoid(layer_name="gy", dim=6, irange=1.0)], nvis=3),
        noise="uniform",
    )
    discriminator = MLP(
        [RectifiedLinear(layer_name="d0", dim=5, irange=1.0), Sigmoid(layer_name="dy", dim=1, irange=1.0)], nvis=6
    )
    third = MLP([Linear(layer_name="iy", dim=5 if inferer == "hidden" else 3, irange=1.0)], nvis=6) if inferer else None
    return AdversaryPair(generator, discriminator, inferer=third, **options)


def softplus(z):
    return np.logaddexp(0, z)


def logits(model, batch):
    y = evaluate(model.discriminator.fprop(pt.as_tensor(batch)))
    return np.log(y / (1 - y))


def objectives_and_samples(cost, model):
    x = pt.dmatrix()
    found = cost.get_samples_and_objectives(model, x)
    return evaluate([found.samples, found.discriminator, found.generator], {x: DATA})


def test_objectives_of_the_paper(float64):
    model = pair()
    samples, d_obj, g_obj = objectives_and_samples(AdversaryCost2(), model)
    real, fake = logits(model, DATA), logits(model, samples)
    np.testing.assert_allclose(d_obj, 0.5 * (softplus(-real).mean() + softplus(fake).mean()))
    np.testing.assert_allclose(g_obj, softplus(-fake).mean())


def test_blended_objective(float64):
    model = pair()
    cost = AdversaryCost2(blend_obj=True, minimax_coeff=0.7, zurich_coeff=1.3)
    samples, d_obj, g_obj = objectives_and_samples(cost, model)
    np.testing.assert_allclose(g_obj, (1.3 * softplus(-logits(model, samples)).mean() - 0.7 * d_obj) / 2.0)


def test_thresholded_generator_objective(float64):
    model = pair()
    samples, _, g_obj = objectives_and_samples(ThresholdedAdversaryCost(), model)
    fake = logits(model, samples)
    np.testing.assert_allclose(g_obj, (softplus(-fake) * (fake < 0)).mean())


def test_lazy_objectives(float64):
    model = pair()
    samples, d_obj, g_obj = objectives_and_samples(LazyAdversaryCost(g_eps=0.05, d_eps=0.02), model)
    real, fake = logits(model, DATA), logits(model, samples)
    prob_real, prob_fake = 1 / (1 + np.exp(-real)), 1 / (1 + np.exp(-fake))
    expected = (softplus(-real) * (prob_real < 0.52)).mean() + (softplus(fake) * (prob_fake > 0.48)).mean()
    np.testing.assert_allclose(d_obj, 0.5 * expected)
    np.testing.assert_allclose(g_obj, (softplus(-fake) * (prob_fake < 0.55)).mean())


def test_g_can_learn_from_d_without_dropout(float64):
    model = pair()
    dropout = {"discriminator_default_input_include_prob": 0.5, "discriminator_default_input_scale": 2.0}
    samples, _, g_obj = objectives_and_samples(AdversaryCost2(no_drop_in_d_for_g=True, **dropout), model)
    np.testing.assert_allclose(g_obj, softplus(-logits(model, samples)).mean())
    samples, _, dropped = objectives_and_samples(AdversaryCost2(**dropout), model)
    assert abs(dropped - softplus(-logits(model, samples)).mean()) > 1e-3


def test_noise_on_both_sides_changes_what_d_sees(float64):
    model = pair()
    x = pt.dmatrix()
    found = AdversaryCost2(noise_both=0.5).get_samples_and_objectives(model, x)
    noisy = evaluate(found.samples, {x: DATA})
    assert noisy.min() < 0 or noisy.max() > 1


@pytest.mark.parametrize("layer", [0, "g0", -1])
def test_the_inferer_can_learn_a_hidden_layer(layer, float64):
    model = pair(inferer="hidden")
    x = pt.dmatrix()
    found = AdversaryCost2(infer_layer=layer).get_samples_and_objectives(model, x)
    samples, objective = evaluate([found.samples, found.inferer], {x: DATA})
    # The hidden layer, from what was made of it: 6 values of 5 units.
    output, inferer = model.generator.mlp.layers[-1], model.inferer.layers[0]
    above = np.log(samples / (1 - samples)) - output.get_biases()
    hidden = np.linalg.lstsq(output.get_weights().T, above.T, rcond=None)[0].T
    prediction = samples @ inferer.get_weights() + inferer.get_biases()
    assert hidden.min() > -1e-9 and objective == pytest.approx(((hidden - prediction) ** 2).sum(axis=1).mean())


@pytest.mark.parametrize("layer", ["g1", 1])
def test_a_layer_to_infer_that_is_not_there(layer):
    with pytest.raises(OptionError, match="the generator's hidden layers are g0"):
        AdversaryCost2(infer_layer=layer).get_samples_and_objectives(pair(inferer=True), pt.matrix())


def test_gradients_are_each_players_own(float64):
    model = pair(inferer=True)
    x = pt.dmatrix()
    cost = AdversaryCost2(scale_grads=False)
    gradients, updates = cost.get_gradients(model, x)
    assert (
        list(gradients) == model.discriminator.get_params() + model.generator.get_params() + model.inferer.get_params()
    )
    assert updates == {}


def test_gradients_are_scaled_up_to_the_target(float64):
    streams = {}
    for target in (1e-12, 100.0):
        model = pair()
        x = pt.dmatrix()
        cost = AdversaryCost2(scale_grads=True, target_scale=target)
        gradients, _ = cost.get_gradients(model, x)
        streams[target] = evaluate([gradients[param] for param in model.generator.get_params()], {x: DATA})
    ratios = np.concatenate([(b / a)[a != 0].ravel() for a, b in zip(streams[1e-12], streams[100.0], strict=True)])
    np.testing.assert_allclose(ratios, ratios[0])
    assert ratios[0] > 1


@pytest.mark.parametrize("player", ["discriminator", "generator", "inference"])
def test_a_player_that_never_learns_has_zero_gradients(player, float64):
    model = pair(inferer=True)
    x = pt.dmatrix()
    gradients, _ = AdversaryCost2(**{f"ever_train_{player}": False}).get_gradients(model, x)
    idle = {"discriminator": model.discriminator, "generator": model.generator, "inference": model.inferer}[player]
    values = evaluate(list(gradients.values()), {x: DATA})
    for param, value in zip(gradients, values, strict=True):
        assert (np.abs(value).max() == 0) == (param in idle.get_params()), param.name


def test_alternation_turns_the_generator_off_and_on():
    cost = AdversaryCost2(alternate_g=True)
    _, updates = cost.get_gradients(pair(), pt.matrix())
    assert evaluate(updates[cost.now_train_generator]) == 0.0


def test_state_of_the_switches_comes_back():
    cost, other = AdversaryCost2(init_now_train_generator=False), AdversaryCost2()
    other.set_state(cost.get_state())
    assert other.now_train_generator.get_value() == 0.0


def test_inpainting_fills_the_right_half(float64):
    space = Conv2DSpace(shape=[4, 4], num_channels=3, axes=("b", 0, 1, "c"))
    generator = Generator(MLP([Sigmoid(layer_name="gy", dim=24, irange=1.0)], input_space=space))
    discriminator = MLP([Sigmoid(layer_name="dy", dim=1, irange=1.0)], input_space=space)
    images = np.random.RandomState(0).rand(5, 4, 4, 3)
    x = pt.dtensor4()
    made, _ = generator.inpainting_sample_and_noise(x)
    found = evaluate(made, {x: images})
    np.testing.assert_array_equal(found[:, :, :2], images[:, :, :2])
    assert np.abs(found[:, :, 2:] - images[:, :, 2:]).min(axis=(1, 2, 3)).max() > 0
    model = AdversaryPair(generator, discriminator)
    _, d_obj, g_obj = evaluate(
        [
            getattr(InpaintingAdversaryCost().get_samples_and_objectives(model, x), name)
            for name in ("samples", "discriminator", "generator")
        ],
        {x: images},
    )
    assert np.isfinite([d_obj, g_obj]).all()
    with pytest.raises(OptionError, match="the generator makes"):
        AdversaryCost2().get_samples_and_objectives(model, x)


def test_the_thresholded_cost_has_no_blend():
    with pytest.raises(OptionError, match="has no option 'blend_obj'"):
        ThresholdedAdversaryCost(blend_obj=True)
    with pytest.raises(OptionError, match="has no option 'noise_both'"):
        InpaintingAdversaryCost(noise_both=1.0)


def test_monitor_channels_say_what_they_measure(float64):
    model = pair(inferer=True)
    x = pt.dmatrix()
    channels = AdversaryCost2().get_monitoring_channels(model, x)
    assert {"false_negatives", "false_positives", "objective_d", "objective_g", "objective_i"} <= set(channels)
    wrong = evaluate(channels["false_negatives"], {x: DATA})
    assert wrong == pytest.approx((logits(model, DATA) < 0).mean())
    on_data = model.get_monitoring_channels(x)["dis_on_data_dy_mean_x_mean_u"]
    expected = 1 / (1 + np.exp(-logits(model, DATA)))
    np.testing.assert_allclose(evaluate(on_data, {x: DATA}), expected.mean())
