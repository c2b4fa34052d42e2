"""Experiments beside 2014's: no difference where there is none, and each that was made, wherever it is made."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adversarial.comparison import facts
from adversarial.comparison.differences import compare, equal
from adversarial.comparison.experiment import read_experiment
from adversarial.errors import ConfigurationError

YAML = Path(__file__).parents[2] / "yaml"
MNIST = (YAML / "mnist.yaml").read_text()
CHANGES = {
    "dataset.stop": "40000",
    "model.generator.noise": "gaussian",
    "model.generator.mlp.nvis": "50",
    "model.generator.mlp.layers.1.irange": ".1",
    "model.discriminator.layers.0.num_pieces": "2",
    "model.discriminator.seed": "[1, 2, 3]",
    "algorithm.batch_size": "50",
    "algorithm.learning_rule.init_momentum": ".9",
    "algorithm.cost.discriminator_input_include_probs.h0": "1.",
    "algorithm.cost.target_scale": ".2",
    "extensions.0.saturate": "10",
}


def keys(text, overrides=None, file="mnist.yaml"):
    """Where an experiment differs from 2014's of that file."""
    return [row.key for row in compare(read_experiment(text, "it", overrides), file).differences]


@pytest.mark.parametrize("file", [name for name in facts.FILES if (YAML / name).exists()])
def test_our_files_are_2014s(file):
    comparison = compare(read_experiment((YAML / file).read_text(), file))
    assert comparison.file == file
    assert comparison.differences == ()
    assert comparison.others[file] == 0


@pytest.mark.parametrize("recipe", ["mnist_recipe", "cifar_full_recipe", "tfd_recipe"])
def test_recipes_in_the_old_dialect_are_nearest_to_their_own(recipe, golden):
    nearest = {"mnist": "mnist.yaml", "cifar": "cifar10_fully_connected.yaml", "tfd": "tfd_pretrain/pretrain.yaml"}
    text = (golden / "trajectories" / recipe / "recipe.yaml").read_text()
    comparison = compare(read_experiment(text, recipe))
    assert comparison.file == nearest[recipe.split("_")[0]]


@given(st.sets(st.sampled_from(sorted(CHANGES)), min_size=1))
def test_the_changes_made_are_the_differences_shown(changed):
    assert set(keys(MNIST, {key: CHANGES[key] for key in changed})) == changed


def test_defaults_left_unwritten_are_compared():
    rows = {row.key: row for row in compare(read_experiment(MNIST, "it")).rows}
    seed = rows["model.discriminator.seed"]
    assert (seed.here, seed.then, seed.given_here, seed.given_then) == ("[2013, 1, 4]", "[2013, 1, 4]", False, False)
    assert rows["model.generator.[seed of the noise]"].then == "10097"
    assert rows["algorithm.train_iteration_mode"].then == "shuffled_sequential"


def test_an_unwritten_default_written_out_is_no_difference():
    assert keys(MNIST, {"algorithm.seed": "[2012, 10, 5]", "model.generator.mlp.seed": "[2013, 1, 4]"}) == []


def test_values_have_meanings():
    rows = compare(read_experiment(MNIST, "it")).rows
    unsaid = {row.key.rpartition(".")[2] for row in rows if not row.meaning}
    assert unsaid == {"[seed of the noise]", "[seed of the monitor]"}


def test_a_layer_put_in_is_one_difference():
    layer = "      !obj:adversarial.models.linear.Tanh { layer_name: 'middle', dim: 5, irange: .1 },\n"
    where = MNIST.index("                    !obj:adversarial.models.linear.Sigmoid")
    assert keys(MNIST[:where] + layer + MNIST[where:]) == ["model.generator.mlp.layers.2"]


def test_a_layer_left_out_is_one_difference():
    first = MNIST.index("                    !obj:adversarial.models.linear.RectifiedLinear")
    second = MNIST.index("                    !obj:adversarial.models.linear.RectifiedLinear", first + 1)
    assert keys(MNIST[:first] + MNIST[second:]) == ["model.generator.mlp.layers.[0]"]


def test_another_class_is_told_once():
    rule = "!obj:adversarial.training_algorithms.learning_rule.AdaDelta { decay: .9 }"
    (row,) = compare(read_experiment(MNIST, "it", {"algorithm.learning_rule": rule}), "mnist.yaml").differences
    assert (row.here, row.then) == ("AdaDelta (decay 0.9)", "Momentum (init_momentum 0.5)")
    assert "Momentum: Gradient descent with momentum" in row.meaning


def test_another_class_of_the_same_options_is_followed_into():
    sgd = {"algorithm.learning_rate": ".2"}
    text = MNIST.replace("adversarial.training_algorithms.sgd.SGD", "adversarial.sgd.SGD")
    assert keys(text, sgd) == ["algorithm", "algorithm.learning_rate"]


def test_a_copy_in_the_place_of_an_alias_is_compared_by_what_it_says():
    copy = "!obj:adversarial.datasets.mnist.MNIST {{ which_set: 'train', start: 0, stop: {} }}"
    assert keys(MNIST.replace("*train", copy.format(50000))) == []
    assert keys(MNIST.replace("*train", copy.format(60000))) == ["model.generator.mlp.layers.2.init_bias.dataset.stop"]


def test_a_mistyped_option_is_said_to_be_none():
    (row,) = compare(read_experiment(MNIST, "it", {"model.generator.nose": "uniform"})).differences
    assert row.meaning == "Generator has no such option; did you mean 'noise'?"


def test_the_model_alone():
    model = MNIST[MNIST.index("!obj:adversarial.game.pair") : MNIST.index("    algorithm:")].rstrip().rstrip(",")
    alone = model.replace("{ dataset: *train }", "{ dataset: !obj:adversarial.datasets.mnist.MNIST {} }")
    found = keys(alone.replace("240", "241"))
    assert {key for key in found if "init_bias" not in key} == {
        "model.discriminator.layers.0.num_units",
        "model.discriminator.layers.1.num_units",
    }


def test_what_is_no_experiment_is_refused():
    with pytest.raises(ConfigurationError, match="2 phases"):
        read_experiment("[!obj:adversarial.train.Train {}, !obj:adversarial.train.Train {}]", "it")
    with pytest.raises(ConfigurationError, match="not an experiment"):
        read_experiment("!obj:adversarial.space.NullSpace {}", "it")


@given(st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | st.text(), st.lists, max_leaves=5))
def test_equal_is_reflexive(value):
    assert equal(value, value)
    assert equal(value, tuple(value)) if isinstance(value, list) else equal(value, value)


def test_equal_reads_0_as_false_and_1_as_1_point_0():
    assert equal(0, False) and equal(1.0, 1) and equal([1, (2,)], (1.0, [2]))
    assert not equal("1", 1) and not equal(None, 0) and not equal([1], 1)
