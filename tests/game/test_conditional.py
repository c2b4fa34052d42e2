"""The conditional game against plain NumPy, and against the unconditional game where nothing reads the condition."""

from __future__ import annotations

import conditional_games as small
import numpy as np
import pytensor.tensor as pt
import pytest
from conditional_games import LABELS, C, X, values
from evaluation import evaluate

from adversarial import checkpoint
from adversarial.errors import ConfigurationError
from adversarial.game.conditional import ConditionalAdversaryCost, ConditionalGenerator
from adversarial.game.conditional_retraining import make_conditional
from adversarial.game.costs import AdversaryCost2
from adversarial.game.distributions import KernelDensityEstimateDistribution, OneHotDistribution
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.game.sampling import Sampler, samples_of
from adversarial.models.composite import IdentityLayer
from adversarial.models.dropout import Dropout
from adversarial.models.linear import Linear, RectifiedLinear, Sigmoid
from adversarial.models.mlp import MLP
from adversarial.options import OptionError
from adversarial.random_streams import MRG_RandomStreams, RandomStreams
from adversarial.space import VectorSpace
from adversarial.termination_criteria import EpochCounter
from adversarial.train import Train
from adversarial.training_algorithms.learning_rule import Momentum
from adversarial.training_algorithms.sgd import SGD


def softplus(z):
    return np.logaddexp(0, z)


def logits(p, x, c):
    hidden = np.maximum(0, x @ p["dis/d0_W"] + p["dis/d0_b"])
    return (np.hstack([hidden, c]) @ p["dis/dy_W"] + p["dis/dy_b"])[:, 0]


def made(p, z, c):
    hidden = np.maximum(0, np.hstack([z, c]) @ p["gen/g0_W"] + p["gen/g0_b"])
    return 1 / (1 + np.exp(-(hidden @ p["gen/gy_W"] + p["gen/gy_b"])))


def batches():
    return pt.dmatrix(), pt.dmatrix()


def test_objectives_of_the_conditional_game(float64):
    model, data = small.pair(), batches()
    found = ConditionalAdversaryCost(small.distribution()).get_samples_and_objectives(model, data)
    given = dict(zip(data, (X, C), strict=True))
    samples, d_obj, g_obj = evaluate([found.samples, found.discriminator, found.generator], given)
    drawn = np.eye(4)[np.random.RandomState(small.FIRST_SEED).randint(0, 4, len(X))]
    real, fake = logits(values(model), X, C), logits(values(model), samples, drawn)
    np.testing.assert_allclose(d_obj, 0.5 * (softplus(-real).mean() + softplus(fake).mean()), rtol=1e-10)
    np.testing.assert_allclose(g_obj, softplus(-fake).mean(), rtol=1e-10)


def test_without_dropout_for_g_the_samples_keep_their_conditions(float64):
    model, data = small.pair(), batches()
    dropped = {"discriminator_default_input_include_prob": 0.5, "discriminator_default_input_scale": 2.0}
    cost = ConditionalAdversaryCost(small.distribution(), no_drop_in_d_for_g=True, **dropped)
    found = cost.get_samples_and_objectives(model, data)
    samples, g_obj = evaluate([found.samples, found.generator], dict(zip(data, (X, C), strict=True)))
    drawn = np.eye(4)[np.random.RandomState(small.FIRST_SEED).randint(0, 4, len(X))]
    np.testing.assert_allclose(g_obj, softplus(-logits(values(model), samples, drawn)).mean(), rtol=1e-10)


def test_samples_are_the_networks_of_noise_and_condition(float64):
    model = small.pair()
    samples, (z, c), _ = model.generator.sample_and_noise(7)
    samples, z, c = evaluate([samples, z, c])
    np.testing.assert_allclose(samples, made(values(model), z, c), rtol=1e-10)


def unconditional(model):
    """The pair that a conditional one is where weights that read the condition are 0; makes them so."""
    layers = [RectifiedLinear(layer_name="g0", dim=5, irange=1.0), Sigmoid(layer_name="gy", dim=6, irange=1.0)]
    G = Generator(MLP(layers, nvis=3), noise="uniform")
    D = MLP([RectifiedLinear(layer_name="d0", dim=5, irange=1.0), Sigmoid(layer_name="dy", dim=1, irange=1.0)], nvis=6)
    plain, theirs = AdversaryPair(G, D), model.named_parameters()
    for name, rows in (("gen/g0_W", 3), ("dis/dy_W", 5)):
        W = theirs[name].get_value()
        W[rows:] = 0.0
        theirs[name].set_value(W)
    for name, param in plain.named_parameters().items():
        param.set_value(theirs[name].get_value()[: param.get_value().shape[0]])
    return plain


@pytest.mark.parametrize("options", [{}, {"blend_obj": True, "noise_both": 0.1}])
def test_weights_of_0_that_read_the_condition_leave_the_unconditional_game(float64, options):
    model = small.pair()
    plain, data = unconditional(model), batches()
    given = dict(zip(data, (X, C), strict=True))
    conditional, usual = ConditionalAdversaryCost(small.distribution(), **options), AdversaryCost2(**options)
    for with_gradients in (False, True):
        if with_gradients:
            ours, theirs = conditional.get_gradients(model, data)[0], usual.get_gradients(plain, data[0])[0]
            ours = {name: ours[param] for name, param in model.named_parameters().items()}
            theirs = {name: theirs[param] for name, param in plain.named_parameters().items()}
        else:
            ours = vars(conditional.get_samples_and_objectives(model, data))
            theirs = vars(usual.get_samples_and_objectives(plain, data[0]))
        names = [name for name, value in theirs.items() if value is not None]
        found = evaluate([ours[name] for name in names], given)
        expected = evaluate([theirs[name] for name in names], {data[0]: X})
        for name, one, other in zip(names, found, expected, strict=True):
            np.testing.assert_allclose(one[: len(other)] if one.ndim else one, other, rtol=1e-12, atol=1e-15), name


def experiment(epochs, **cost):
    cost = ConditionalAdversaryCost(small.distribution(), discriminator_default_input_include_prob=0.5, **cost)
    stop = EpochCounter(epochs)
    valid = {"valid": small.dataset()}
    sgd = SGD(
        0.1, cost, batch_size=7, monitoring_dataset=valid, learning_rule=Momentum(0.5), termination_criterion=stop
    )
    inferer = MLP([Linear(layer_name="iy", dim=3, irange=0.1)], input_space=small.discriminator().get_input_space())
    return Train(small.dataset(), small.pair(inferer=inferer), sgd)


def test_training_resumes_to_the_bit_and_saves_what_samples(tmp_path):
    whole, _ = small.resumed_and_saved(experiment, tmp_path / "pair.pkl")
    assert "valid_objective_i" in whole.monitor.channels


def test_dropout_names_layers_of_all_three_networks():
    discriminator = small.discriminator()
    inputs = pt.as_tensor(X.astype("float32")), pt.as_tensor(C.astype("float32"))
    nothing = discriminator.fprop(inputs, dropout=Dropout(1.0, 1.0))
    named = discriminator.fprop(inputs, dropout=Dropout(1.0, 1.0, include_probs={"dy": 0.5}, scales={"dy": 2.0}))
    plain, same, dropped = evaluate([discriminator.fprop(inputs), nothing, named])
    np.testing.assert_array_equal(plain, same)
    assert not np.array_equal(plain, dropped)
    with pytest.raises(OptionError, match="did you mean 'd0'"):
        discriminator.fprop(inputs, dropout=Dropout(include_probs={"d00": 0.5}))


def test_a_condition_can_be_asked_for(float64):
    model = small.pair()
    sampler = Sampler(model, condition=2)
    z = sampler.draw_noise(5)
    expected = made(values(model), z, np.eye(4)[[2] * 5])
    np.testing.assert_allclose(sampler.images_of(z), expected, rtol=1e-6)
    np.testing.assert_allclose(sampler.draw(5).shape, (5, 6))
    by_turns = Sampler(model).images_of(z)
    np.testing.assert_allclose(by_turns, made(values(model), z, np.eye(4)[[0, 1, 2, 3, 0]]), rtol=1e-6)
    given = Sampler(model).images_of(z, np.full((5, 4), 0.25))
    np.testing.assert_allclose(given, made(values(model), z, np.full((5, 4), 0.25)), rtol=1e-6)
    with pytest.raises(ConfigurationError, match="0 to 3"):
        Sampler(model, condition=4)
    with pytest.raises(ConfigurationError, match="not conditional"):
        Sampler(unconditional(model), condition=0)


def test_conditions_of_whole_numbers_are_dropped_in_floats():
    discriminator = small.discriminator()
    conditions = pt.matrix(dtype="uint8")
    dropped = Dropout(0.5, 1.25).drop_inputs(
        conditions, discriminator.composite.layers[1].layers[0], MRG_RandomStreams(3)
    )
    assert set(np.unique(evaluate(dropped, {conditions: np.ones((50, 4), "uint8")}))) == {0.0, 1.25}


def test_a_density_estimate_draws_examples_and_noise(float64):
    centres = np.arange(12.0).reshape(4, 3)
    drawn = evaluate(KernelDensityEstimateDistribution(centres, 0.2, rng=RandomStreams(99)).sample(6))
    rows = np.random.RandomState(739930753).randint(0, 4, 6)
    noise = np.random.RandomState(955800611).standard_normal((6, 3))
    np.testing.assert_allclose(drawn, centres[rows] + 0.2 * noise, rtol=1e-15)


def test_conditions_that_do_not_fit_are_refused():
    with pytest.raises(OptionError, match="3 values"):
        KernelDensityEstimateDistribution(np.zeros((4, 3)), space=VectorSpace(2))
    with pytest.raises(OptionError, match="conditions with 5"):
        ConditionalGenerator(MLP([IdentityLayer(layer_name="y")]), LABELS, OneHotDistribution(VectorSpace(5)))


def test_a_trained_pair_made_conditional_keeps_its_biases_and_can_be_saved(tmp_path):
    pretrained = unconditional(small.pair())
    pretrained.generator.mlp.layers[0].set_biases(np.arange(5.0))
    model = make_conditional(
        pretrained,
        0.1,
        LABELS,
        small.distribution(),
        MLP([IdentityLayer(layer_name="c0")], layer_name="condition"),
        MLP([Sigmoid(layer_name="dy", dim=1, irange=1.0)], layer_name="joint"),
    )
    np.testing.assert_array_equal(values(model)["gen/g0_b"], np.arange(5.0))
    assert model.generator.noise == "uniform" and values(model)["gen/g0_W"].shape == (7, 5)
    checkpoint.save_model(tmp_path / "pair.pkl", model)
    loaded = checkpoint.load_model(tmp_path / "pair.pkl")
    np.testing.assert_array_equal(samples_of(loaded, 3), samples_of(model, 3))
