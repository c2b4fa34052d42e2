"""Values that 2014 took are taken: numbers as text, and odd ones with a warning."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from evaluation import evaluate

from adversarial.checkpoint import load_model, save_model
from adversarial.config import yaml_parse
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.errors import ConfigurationError
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.models.linear import Linear, Sigmoid
from adversarial.models.maxout import Maxout
from adversarial.models.mlp import MLP
from adversarial.options import OptionError

DECAY = "!obj:pylearn2.training_algorithms.sgd.ExponentialDecay"
LAYER = "!obj:pylearn2.models.mlp.Linear { layer_name: h, dim: 3, irange: .1, %s }"


@pytest.mark.parametrize("written", ["'1.000004'", '"${DF}"', "1.000004"])
def test_text_may_stand_for_a_number(written):
    decay = yaml_parse.load(f"{DECAY} {{ decay_factor: {written}, min_lr: '.000001' }}", {"DF": "1.000004"})
    assert (decay.decay_factor, decay.min_lr) == (1.000004, 1e-6)
    assert yaml_parse.load(LAYER % "W_lr_scale: '.05'").W_lr_scale == 0.05
    assert yaml_parse.load(LAYER.replace("dim: 3", "dim: '3'") % "").dim == 3
    assert yaml_parse.load(LAYER.replace("layer_name: h", "layer_name: '7'") % "").layer_name == "7"


@pytest.mark.parametrize("written", [".inf", "-.inf", "'inf'"])
@pytest.mark.parametrize(
    "option",
    [
        "costs.autoencoder.SparseActivation { p: .1, coeff: %s }",
        "game.coordination.CoordinatedAdversaryCost { r1_penalty: %s }",
        "game.coordination.CoordinatedAdversaryCost { lead: %s }",
        "models.corruption.GaussianCorruptor { stdev: %s }",
        "training_algorithms.bgd.BGD { init_alpha: [ .1, %s ] }",
        "training_algorithms.sgd.SGD { learning_rate: %s }",
    ],
)
def test_infinity_is_no_value_of_an_option(option, written):
    expected = "must be .*a number" if "'" in written else "must be .*a finite number"
    with pytest.raises(ConfigurationError, match=expected):
        yaml_parse.load("!obj:adversarial." + option % written)


def test_infinity_limits_no_norms(tmp_path):
    layer = yaml_parse.load(LAYER % "max_col_norm: .inf")
    assert layer.max_col_norm == float("inf")
    save_model(tmp_path / "mlp.pkl", MLP([layer], nvis=2))
    assert load_model(tmp_path / "mlp.pkl").layers[0].max_col_norm == float("inf")
    with pytest.raises(ConfigurationError, match="max_col_norm is -.inf, but must be a number above 0"):
        yaml_parse.load(LAYER % "max_col_norm: -.inf")


@pytest.mark.parametrize("written", ["'much'", "'-1'", "''"])
def test_other_text_stands_for_none(written):
    with pytest.raises(ConfigurationError, match="decay_factor is .*, but must be a number above 0"):
        yaml_parse.load(f"{DECAY} {{ decay_factor: {written}, min_lr: .1 }}")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            f"{DECAY} {{ decay_factor: 1.1, min_lr: 0. }}",
            "min_lr is 0.0, which is taken, but it is a number",
        ),
        ("!obj:pylearn2.training_algorithms.sgd.SGD { learning_rate: 0 }", "learning_rate is 0"),
        (
            "!obj:pylearn2.termination_criteria.MonitorBased { N: 0 }",
            "N is 0, which is taken, but it is a whole",
        ),
        ("!obj:pylearn2.termination_criteria.EpochCounter { max_epochs: 0 }", "max_epochs is 0"),
        (
            "!obj:pylearn2.training_algorithms.sgd.MomentumAdjustor { final_momentum: 1., start: 1, saturate: 5 }",
            "final_momentum is 1.0, which is taken, but it is a number of at least 0 and below 1 as a rule",
        ),
    ],
)
def test_odd_values_are_warned_of(text, sentence, caplog):
    with caplog.at_level(logging.WARNING):
        yaml_parse.load(text)
    assert len(caplog.messages) == 1 and sentence in caplog.messages[0]


def test_an_odd_pair_is_warned_of(caplog):
    def network(inputs, outputs):
        return MLP([Sigmoid(layer_name="y", dim=outputs, irange=0.1)], nvis=inputs)

    AdversaryPair(Generator(network(2, 4)), network(4, 2), shrink_d=1.5)
    assert ["shrink_d is 1.5" in message for message in caplog.messages] == [True, False]
    assert "the discriminator has 2 outputs" in caplog.messages[1]


def test_init_now_train_generator_is_a_factor():
    cost = yaml_parse.load("!obj:adversarial.AdversaryCost2 { init_now_train_generator: .1 }")
    assert float(cost.now_train_generator.get_value()) == pytest.approx(0.1)


def test_softmax_of_columns(float64):
    mlp = MLP([Linear(layer_name="y", dim=3, irange=1.0, softmax_columns=True)], nvis=4)
    weights = np.exp(mlp.layers[0].W.get_value())
    weights /= weights.sum(axis=0)
    np.testing.assert_allclose(mlp.get_weights(), weights)
    x = mlp.get_input_space().make_theano_batch()
    batch = np.random.RandomState(0).rand(5, 4)
    np.testing.assert_allclose(evaluate(mlp.fprop(x), {x: batch}), batch @ weights)


def test_norms_of_rows_need_not_be_monitored():
    def channels(**options):
        mlp = MLP([Maxout(layer_name="h", num_units=2, num_pieces=2, irange=0.1, **options)], nvis=3)
        return set(mlp.layers[0].get_layer_monitoring_channels())

    assert channels() - channels(monitor_row_norm=0) == {"row_norms_min", "row_norms_mean", "row_norms_max"}


def test_more_than_all_inputs_are_all_inputs(caplog, float64):
    text = f"""!obj:galatea.adversarial.IntrinsicDropoutGenerator {{
        default_input_include_prob: 5., default_input_scale: 2.,
        mlp: !obj:pylearn2.models.mlp.MLP {{ nvis: 3, layers: [ {LAYER % ""} ] }} }}"""
    generator = yaml_parse.load(text)
    assert "default_input_include_prob is 5.0" in caplog.text
    samples, noise, _ = generator.sample_and_noise(6)
    samples, noise = evaluate([samples, noise])
    np.testing.assert_allclose(samples, 2 * noise @ generator.mlp.layers[0].get_weights(), rtol=1e-6)


def test_options_that_had_become_names_only():
    y = np.array([0, 2, 1])
    assert DenseDesignMatrix(X=np.eye(3), y=y, max_labels=3).y is y
    with pytest.raises(OptionError, match="say the same thing"):
        DenseDesignMatrix(X=np.eye(3), y=y, max_labels=3, y_labels=3)
    layer = Linear(layer_name="y", dim=3, irange=1.0, copy_input=None)
    assert MLP([layer], nvis=4, extensions=[]).layers == [layer]
    with pytest.raises(OptionError, match="extensions must be empty"):
        MLP([Linear(layer_name="y", dim=3, irange=1.0)], nvis=4, extensions=[1])
