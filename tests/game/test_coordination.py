"""Each way to keep the players in step against plain NumPy, and without any of them the game as it was."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from evaluation import evaluate

from adversarial import backend
from adversarial.game.coordination import CoordinatedAdversaryCost
from adversarial.game.costs import AdversaryCost2
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.models.linear import Sigmoid
from adversarial.models.maxout import Maxout
from adversarial.models.mlp import MLP
from adversarial.options import OptionError
from adversarial.space import CompositeSpace, VectorSpace

DATA = np.random.RandomState(5).rand(20, 6)
DROPOUT = {"discriminator_default_input_include_prob": 0.5, "discriminator_default_input_scale": 2.0}
ON = pytest.mark.parametrize("on", ["c", "numba", "jax"], indirect=True)


def pair():
    generator = Generator(MLP([Sigmoid(layer_name="gy", dim=6, irange=1.0)], nvis=3), noise="uniform")
    layers = [
        Maxout(layer_name="d0", num_units=5, num_pieces=3, irange=1.0),
        Maxout(layer_name="d1", num_units=4, num_pieces=2, irange=1.0),
        Sigmoid(layer_name="dy", dim=1, irange=1.0),
    ]
    return AdversaryPair(generator, MLP(layers, nvis=6))


def forward(model, x):
    """D's hidden layers and its logit, by NumPy."""
    states = [x]
    for layer in model.discriminator.layers[:-1]:
        z = states[-1] @ layer.W.get_value() + layer.b.get_value()
        states.append(z.reshape(len(z), -1, layer.num_pieces).max(axis=2))
    last = model.discriminator.layers[-1]
    return [*states[1:], (states[-1] @ last.W.get_value() + last.b.get_value())[:, 0]]


def slopes(model, x, step=1e-6):
    """The gradient of D's logit at each row, by central differences, which are exact where D is linear."""
    columns = [
        (forward(model, x + step * unit)[-1] - forward(model, x - step * unit)[-1]) / (2 * step)
        for unit in np.eye(x.shape[1])
    ]
    return np.stack(columns, axis=1)


def objectives(cost, model):
    x = pt.dmatrix()
    found = cost.get_samples_and_objectives(model, x)
    return evaluate([found.samples, found.discriminator, found.generator], {x: DATA})


def gradients(cost, model, data=DATA):
    """The gradient of each player's objective, as training takes it, compiled on the backend in use."""
    x = pt.matrix(dtype=backend.floatX())
    grads, _ = cost.get_gradients(model, x)
    values = backend.function([x], list(grads.values()))(data)
    return {param: np.asarray(value) for param, value in zip(grads, values, strict=True)}


def test_without_options_it_is_the_papers_cost(float64):
    options = DROPOUT | {"scale_grads": False, "no_drop_in_d_for_g": True, "noise_both": 0.1}
    ours, papers = (gradients(kind(**options), pair()) for kind in (CoordinatedAdversaryCost, AdversaryCost2))
    for value, expected in zip(ours.values(), papers.values(), strict=True):
        np.testing.assert_array_equal(value, expected)


def test_one_sided_labels(float64):
    model = pair()
    samples, d_obj, g_obj = objectives(CoordinatedAdversaryCost(one_sided_label=0.9), model)
    real, fake = forward(model, DATA)[-1], forward(model, samples)[-1]
    d_real, d_fake = (1 / (1 + np.exp(-logit)) for logit in (real, fake))
    expected = -0.5 * (0.9 * np.log(d_real) + 0.1 * np.log(1 - d_real) + np.log(1 - d_fake)).mean()
    np.testing.assert_allclose(d_obj, expected)
    np.testing.assert_allclose(g_obj, -np.log(d_fake).mean())


@pytest.mark.parametrize(("p_data", "p_g"), [(1.0, 1.0), (3.0, 1.0), (0.5, 2.0)])
def test_the_best_d_of_one_sided_labels(p_data, p_g, float64):
    model = pair()
    d, logit = model.discriminator, pt.dmatrix()
    verdict = pt.sigmoid(logit)
    label = 0.9 * pt.ones_like(logit)
    real, fake = (d.layers[-1].cost(target, verdict) for target in (label, pt.zeros_like(logit)))
    slope = pytensor.grad(p_data * real + p_g * fake, logit)
    best = 0.9 * p_data / (p_data + p_g)
    np.testing.assert_allclose(evaluate(slope, {logit: [[np.log(best / (1 - best))]]}), 0, atol=1e-12)


def test_the_penalty_is_of_the_slope_of_the_logit(float64):
    model = pair()
    _, without, _ = objectives(CoordinatedAdversaryCost(), model)
    model.generator.theano_rng = pair().generator.theano_rng
    _, penalised, _ = objectives(CoordinatedAdversaryCost(r1_penalty=10.0), model)
    expected = 5.0 * np.square(slopes(model, DATA)).sum(axis=1).mean()
    np.testing.assert_allclose(penalised - without, expected, rtol=1e-5)


@ON
def test_the_gradient_of_the_penalty(on, float64):
    model = pair()
    options = {"scale_grads": False}
    plain = gradients(CoordinatedAdversaryCost(**options), model)
    model.generator.theano_rng = pair().generator.theano_rng
    penalised = gradients(CoordinatedAdversaryCost(r1_penalty=2.0, **options), model)
    for layer in model.discriminator.layers:
        weights, step = np.array(layer.W.get_value()), 1e-5
        for place in [(0, 0), (2, 0), (weights.shape[0] - 1, weights.shape[1] - 1)]:
            found = []
            for sign in (1, -1):
                moved = weights.copy()
                moved[place] += sign * step
                layer.W.set_value(moved)
                found.append(np.square(slopes(model, DATA)).sum(axis=1).mean())
            layer.W.set_value(weights)
            difference = (found[0] - found[1]) / (2 * step)
            np.testing.assert_allclose((penalised[layer.W] - plain[layer.W])[place], difference, atol=1e-5, rtol=1e-5)
        np.testing.assert_allclose(penalised[layer.b], plain[layer.b], atol=1e-12)
    for param in model.generator.get_params():
        np.testing.assert_allclose(penalised[param], plain[param])


def test_the_penalty_under_dropout_is_of_the_same_masks(float64):
    model = pair()
    cost = CoordinatedAdversaryCost(r1_penalty=1.0, scale_grads=False, **DROPOUT)
    found = gradients(cost, model)
    assert all(np.isfinite(value).all() for value in found.values())
    assert np.abs(found[model.discriminator.layers[0].W]).max() > 0


def test_feature_matching(float64):
    model = pair()
    samples, d_obj, g_obj = objectives(CoordinatedAdversaryCost(feature_layer="d1"), model)
    of_data, of_samples = (forward(model, batch)[1].mean(axis=0) for batch in (DATA, samples))
    np.testing.assert_allclose(g_obj, np.square(of_data - of_samples).sum())
    real, fake = forward(model, DATA)[-1], forward(model, samples)[-1]
    np.testing.assert_allclose(d_obj, 0.5 * (np.logaddexp(0, -real).mean() + np.logaddexp(0, fake).mean()))


def moved_z(model, z, step):
    """Uniform z after a step along the gradient of D's logit at G(z), by central differences."""
    gy = model.generator.mlp.layers[0]

    def logit(z):
        return forward(model, 1 / (1 + np.exp(-(z @ gy.W.get_value() + gy.b.get_value()))))[-1]

    slope = np.stack([(logit(z + 1e-6 * unit) - logit(z - 1e-6 * unit)) / 2e-6 for unit in np.eye(3)], axis=1)
    return np.clip(z + step * slope, -np.sqrt(3), np.sqrt(3))


@pytest.mark.parametrize("step", [0.3, 30.0])
def test_z_moves_along_the_slope_of_d_before_the_players_learn(step, float64):
    model = pair()
    z = evaluate(model.generator.get_noise((pt.as_tensor(len(DATA)), 3)))
    model.generator.theano_rng = pair().generator.theano_rng
    samples, d_obj, g_obj = objectives(CoordinatedAdversaryCost(z_step=step), model)
    gy = model.generator.mlp.layers[0]
    expected = 1 / (1 + np.exp(-(moved_z(model, z, step) @ gy.W.get_value() + gy.b.get_value())))
    np.testing.assert_allclose(samples, expected, rtol=1e-5)
    real, fake = forward(model, DATA)[-1], forward(model, samples)[-1]
    np.testing.assert_allclose(d_obj, 0.5 * (np.logaddexp(0, -real).mean() + np.logaddexp(0, fake).mean()))
    np.testing.assert_allclose(g_obj, np.logaddexp(0, -fake).mean())


@ON
def test_no_gradient_passes_through_the_move_of_z(on, float64):
    model, step = pair(), 0.3
    z = moved_z(model, evaluate(model.generator.get_noise((pt.as_tensor(len(DATA)), 3))), step)
    model.generator.theano_rng = pair().generator.theano_rng
    found = gradients(CoordinatedAdversaryCost(z_step=step, scale_grads=False), model)
    x = pt.dmatrix()
    fake = model.discriminator.fprop(model.generator.mlp.fprop(pt.as_tensor(z)))
    objective = model.discriminator.layers[-1].cost(pt.ones_like(fake), fake)
    params = model.generator.get_params()
    expected = evaluate(pytensor.grad(objective, params), {x: DATA})
    for param, value in zip(params, expected, strict=True):
        np.testing.assert_allclose(found[param], value, rtol=1e-5, atol=1e-9)


@ON
def test_a_step_of_z_of_length_0_is_none_to_the_bit(on, float64):
    # A step so small that z + step is z takes the way of every step but ends where none does.
    options = {"scale_grads": False, "noise_both": 0.1}
    none, least = (gradients(CoordinatedAdversaryCost(z_step=step, **options), pair()) for step in (0.0, 1e-30))
    for value, expected in zip(least.values(), none.values(), strict=True):
        np.testing.assert_array_equal(value, expected)


def test_z_of_other_distributions_move_within_these(float64):
    for noise, norm in (("spherical", 1.0), ("gaussian", None)):
        model = pair()
        model.generator.noise = noise
        made = CoordinatedAdversaryCost(z_step=5.0)._sample(model, pt.as_tensor(20))
        z, samples = evaluate([made.noise, made.samples])
        assert samples.shape == (20, 6)
        assert norm is None or np.linalg.norm(z, axis=1) == pytest.approx(np.full(20, norm), rel=1e-5)
    model.generator.mlp.input_space = CompositeSpace([VectorSpace(2), VectorSpace(1)])
    with pytest.raises(OptionError, match="z_step moves z that are vectors"):
        CoordinatedAdversaryCost(z_step=1.0).check_model(model)


def updates_of(cost, model, times):
    """The cost's own shared variables after each of `times` updates."""
    x = pt.dmatrix()
    _, updates = cost.get_gradients(model, x)
    step = pytensor.function([x], updates=updates, mode="FAST_COMPILE", on_unused_input="ignore")
    found = []
    for _ in range(times):
        step(DATA)
        found.append([float(variable.get_value()) for variable in updates])
    return found


def test_noise_fades(float64):
    cost = CoordinatedAdversaryCost(noise_both=0.4, noise_both_updates=4, scale_grads=False)
    np.testing.assert_allclose(updates_of(cost, pair(), 6), [[0.3], [0.2], [0.1], [0], [0], [0]], atol=1e-12)


def test_noise_that_has_faded_is_none(float64):
    model, cost = pair(), CoordinatedAdversaryCost(noise_both=0.4, noise_both_updates=1, scale_grads=False)
    updates_of(cost, model, 1)
    samples, d_obj, _ = objectives(cost, model)
    real, fake = forward(model, DATA)[-1], forward(model, samples)[-1]
    np.testing.assert_allclose(d_obj, 0.5 * (np.logaddexp(0, -real).mean() + np.logaddexp(0, fake).mean()))


@pytest.mark.parametrize(("lead", "learns"), [(1e-9, 0.0), (1e9, 1.0)])
def test_g_waits_until_d_leads(lead, learns, float64):
    assert updates_of(CoordinatedAdversaryCost(lead=lead, scale_grads=False), pair(), 2) == [[learns], [learns]]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"noise_both_updates": 5}, "no noise that could fade"),
        ({"lead": 0.5, "alternate_g": True}, "both say when G learns"),
        ({"feature_layer": "d0", "blend_obj": True}, "both say what G wants"),
    ],
)
def test_options_that_do_not_go_together(options, reason):
    with pytest.raises(OptionError, match=reason):
        CoordinatedAdversaryCost(**options)


def test_a_layer_that_is_not_there():
    with pytest.raises(OptionError, match="feature_layer is 'dl', but D's hidden layers are d0, d1"):
        CoordinatedAdversaryCost(feature_layer="dl").check_model(pair())
