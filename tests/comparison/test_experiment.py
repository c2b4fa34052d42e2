"""An experiment as a tree: every value is at its key, names are ours, and nothing is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from adversarial.comparison.experiment import (
    Part,
    Same,
    at,
    is_model_only,
    joined,
    name_here,
    part_of_facts,
    read_experiment,
)

MNIST = (Path(__file__).parents[2] / "yaml" / "mnist.yaml").read_text()


def leaves(value, key=""):
    """Every plain value of a tree with its key."""
    inner = value.options if isinstance(value, Part) else value
    if isinstance(inner, dict):
        for name, each in inner.items():
            yield from leaves(each, joined(key, name))
    elif isinstance(inner, list):
        for number, each in enumerate(inner):
            yield from leaves(each, joined(key, number))
    else:
        yield key, value


def test_every_value_is_at_its_key():
    experiment = read_experiment(MNIST, "it")
    found = dict(leaves(experiment))
    assert found["algorithm.batch_size"] == 100 and len(found) > 40
    for key, value in found.items():
        assert at(experiment, key) == value


def test_an_alias_refers_to_the_object_at_its_key():
    experiment = read_experiment(MNIST, "it")
    alias = at(experiment, "model.generator.mlp.layers.2.init_bias.dataset")
    assert isinstance(alias, Same) and alias.key == "dataset"
    assert alias.part is experiment.options["dataset"]


def test_an_override_replaces_a_value():
    experiment = read_experiment(MNIST, "it", {"algorithm.batch_size": "50"})
    assert at(experiment, "algorithm.batch_size") == 50


def test_variables_stay_as_they_are_written():
    text = "!obj:adversarial.train.Train { save_path: '${NOWHERE_TO_BE_FOUND}/x.pkl' }"
    assert read_experiment(text, "it").options["save_path"] == "${NOWHERE_TO_BE_FOUND}/x.pkl"


@pytest.mark.parametrize("name", ["pylearn2.models.mlp.MLP", "adversarial.models.mlp.MLP"])
def test_names_of_2014_are_ours(name):
    assert name_here(name) == "adversarial.models.mlp.MLP"
    assert Part(name_here(name)).kind == "MLP"


def test_a_model_is_told_from_an_experiment():
    assert is_model_only(read_experiment("!obj:adversarial.AdversaryPair { inferer: null }", "it"))
    assert not is_model_only(read_experiment(MNIST, "it"))


def test_facts_name_classes_and_refer_to_objects():
    facts = {"kind": "pylearn2.train.Train", "dataset": {"kind": "a.B", "stop": 3}, "more": [{"same_as": "dataset"}]}
    root = part_of_facts(facts)
    assert root == Part("adversarial.train.Train", {"dataset": Part("a.B", {"stop": 3}), "more": root.options["more"]})
    (alias,) = root.options["more"]
    assert alias.part is root.options["dataset"]
