"""All conditionals: laws of masks and completions, and mnist.yaml's game as the case of nothing visible."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from conditional_games import resumed_and_saved, values
from evaluation import evaluate

from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.game.all_conditionals import AllConditionalsCost, AllConditionalsPair, CompletingGenerator
from adversarial.game.conditional_discriminator import ConditionalDiscriminator
from adversarial.game.costs import AdversaryCost2
from adversarial.game.generator import Generator
from adversarial.game.masks import SIDES, Masks
from adversarial.game.pair import AdversaryPair
from adversarial.models.linear import RectifiedLinear, Sigmoid
from adversarial.models.mlp import MLP
from adversarial.options import OptionError
from adversarial.space import VectorSpace
from adversarial.termination_criteria import EpochCounter
from adversarial.train import Train
from adversarial.training_algorithms.learning_rule import Momentum
from adversarial.training_algorithms.sgd import SGD

ROWS, COLUMNS = 2, 4
PIXELS = ROWS * COLUMNS
X = np.random.RandomState(3).rand(21, PIXELS)


def layers(prefix, last):
    first = RectifiedLinear(layer_name=f"{prefix}0", dim=5, irange=1.0)
    return [first, Sigmoid(layer_name=f"{prefix}y", dim=last, irange=1.0)]


def pair(kinds=None, **options):
    image = VectorSpace(PIXELS)
    data, (seen, judge) = layers("d", 1)[:1], (RectifiedLinear(layer_name="m0", dim=3, irange=1.0), layers("d", 1)[1])
    D = ConditionalDiscriminator(
        MLP(data, layer_name="image"), MLP([seen], layer_name="mask"), MLP([judge], layer_name="joint"), image, image
    )
    G = CompletingGenerator(MLP(layers("g", PIXELS)), PIXELS, noise_dim=3, noise="uniform", monitor_ll=True, **options)
    return AllConditionalsPair(G, D, Masks(ROWS, COLUMNS, kinds=kinds))


def test_masks_are_of_their_kinds(float64):
    drawn = {kind: Masks(8, 12, kinds=[kind]).draw(400).reshape(400, 8, 12) for kind in (*SIDES, "patches", "pixels")}
    for kind, masks in drawn.items():
        assert set(np.unique(masks)) == {0.0, 1.0}, kind
    left = np.zeros((8, 12))
    left[:, :6] = 1
    np.testing.assert_array_equal(drawn["left"], np.broadcast_to(left, (400, 8, 12)))
    np.testing.assert_array_equal(drawn["right"], 1 - drawn["left"])
    np.testing.assert_array_equal(drawn["bottom"], 1 - drawn["top"])
    for mask in drawn["patches"]:
        rows, columns = np.nonzero(mask == 0)
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert height * width == len(rows) and 2 <= height <= 6 and 3 <= width <= 9
    # Four standard errors of the mean of 38,400 fair coins.
    assert abs(drawn["pixels"].mean() - 0.5) < 4 * 0.5 / np.sqrt(drawn["pixels"].size)
    assert not Masks(8, 12, kinds=["nothing"]).draw(3).any()


def test_each_example_has_a_mask_of_its_own_from_any_kind(float64):
    masks = Masks(2, 4, kinds=["halves", "nothing"]).draw(2000)
    found, counts = np.unique(masks, axis=0, return_counts=True)
    assert len(found) == 5
    nothing = counts[~found.any(axis=1)]
    # Half are of nothing, an eighth of each side, within four standard errors.
    assert abs(nothing[0] / 2000 - 0.5) < 4 * np.sqrt(0.25 / 2000)
    assert np.all(np.abs(counts[found.any(axis=1)] / 2000 - 0.125) < 4 * np.sqrt(0.125 * 0.875 / 2000))


def test_a_completion_keeps_visible_pixels_to_the_bit_and_makes_the_others(float64):
    model = pair()
    masks = Masks(ROWS, COLUMNS).draw(len(X))
    samples, (z, condition), _ = model.generator.complete(pt.as_tensor(X), pt.as_tensor(masks))
    samples, z, condition = evaluate([samples, z, condition])
    p = values(model)
    np.testing.assert_array_equal(condition, np.hstack([X * masks, masks]))
    hidden = np.maximum(0, np.hstack([z, condition]) @ p["gen/g0_W"] + p["gen/g0_b"])
    made = 1 / (1 + np.exp(-(hidden @ p["gen/gy_W"] + p["gen/gy_b"])))
    np.testing.assert_array_equal(samples[masks == 1], X[masks == 1])
    np.testing.assert_allclose(samples[masks == 0], made[masks == 0], rtol=1e-10)


def test_objectives_of_the_game(float64):
    model, data = pair(["left"]), pt.dmatrix()
    found = AllConditionalsCost().get_samples_and_objectives(model, data)
    samples, d_obj, g_obj = evaluate([found.samples, found.discriminator, found.generator], {data: X})
    p, masks = values(model), np.tile([1.0, 1, 0, 0], (len(X), 2))

    def logit(x):
        hidden = np.maximum(0, np.hstack([x @ p["dis/d0_W"] + p["dis/d0_b"], masks @ p["dis/m0_W"] + p["dis/m0_b"]]))
        return hidden @ p["dis/dy_W"] + p["dis/dy_b"]

    np.testing.assert_array_equal(samples[masks == 1], X[masks == 1])
    real, fake = np.logaddexp(0, -logit(X)).mean(), np.logaddexp(0, logit(samples)).mean()
    np.testing.assert_allclose(d_obj, 0.5 * (real + fake), rtol=1e-10)
    np.testing.assert_allclose(g_obj, np.logaddexp(0, -logit(samples)).mean(), rtol=1e-10)


def test_with_nothing_visible_it_is_the_game_of_section_3(float64):
    model, data = pair(["nothing"]), pt.dmatrix()
    plain = AdversaryPair(
        Generator(MLP(layers("g", PIXELS), nvis=3), noise="uniform"), MLP(layers("d", 1), nvis=PIXELS)
    )
    theirs, mine = model.named_parameters(), plain.named_parameters()
    for name, param in mine.items():
        # The weights of z, and of what D sees in the image: the others read zeros.
        param.set_value(theirs[name].get_value()[: param.get_value().shape[0]])
    ours, usual = AllConditionalsCost(), AdversaryCost2()
    one, other = ours.get_samples_and_objectives(model, data), usual.get_samples_and_objectives(plain, data)
    wanted = [[getattr(each, name) for name in ("samples", "discriminator", "generator")] for each in (one, other)]
    grads, usual_grads = ours.get_gradients(model, data)[0], usual.get_gradients(plain, data)[0]
    wanted[0] += [grads[theirs[name]] for name in mine]
    wanted[1] += [usual_grads[param] for param in mine.values()]
    for found, expected in zip(*(evaluate(each, {data: X}) for each in wanted), strict=True):
        found = found[: len(expected)] if found.ndim else found
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


def experiment(epochs):
    cost = AllConditionalsCost(scale_grads=False, discriminator_default_input_include_prob=0.5)
    dataset, stop = DenseDesignMatrix(X=X), EpochCounter(epochs)
    rule, valid = Momentum(0.5), {"valid": dataset}
    sgd = SGD(0.1, cost, batch_size=7, monitoring_dataset=valid, learning_rule=rule, termination_criterion=stop)
    return Train(dataset, pair(["pixels", "left"]), sgd)


@pytest.mark.soak
def test_training_resumes_to_the_bit_and_saves_what_samples(tmp_path):
    whole, loaded = resumed_and_saved(experiment, tmp_path / "pair.pkl")
    np.testing.assert_array_equal(loaded.masks.draw(9), whole.masks.draw(9))
    assert {"valid_gen_ll", "valid_false_positives"} <= set(whole.monitor.channels)


def test_it_keeps_averages_and_monitors_their_estimate(float64):
    model = pair(average_decay=0.9)
    averages = model.generator.averages()
    assert list(averages) == model.generator.get_params()
    data = model.generator.get_output_space().make_theano_batch()
    channels = model.get_monitoring_channels(data)
    raw, averaged = evaluate([channels["gen_ll"], channels["gen_ll_averaged"]], {data: X})
    assert raw == averaged
    for mean in averages.values():
        mean.set_value(np.zeros_like(mean.get_value()))
    raw, averaged = evaluate([channels["gen_ll"], channels["gen_ll_averaged"]], {data: X})
    assert raw != averaged
    assert "gen_ll_averaged" not in pair().get_monitoring_channels(data)


def test_parts_that_do_not_fit_are_refused():
    with pytest.raises(OptionError, match="pixels is 9"):
        CompletingGenerator(MLP(layers("g", PIXELS)), 9)
    with pytest.raises(OptionError, match="masks are of 3 x 3"):
        AllConditionalsPair(pair().generator, pair().discriminator, Masks(3, 3))
    with pytest.raises(OptionError, match="kinds is empty"):
        Masks(3, 3, kinds=[])
