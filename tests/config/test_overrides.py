"""`--set key=value`: where values land, that anchors stay one object, and paths that lead nowhere."""

from __future__ import annotations

import pytest

from adversarial.config import yaml_parse
from adversarial.errors import ConfigurationError

TEXT = """
model: !obj:some.Model
  layers:
    - !obj:some.Layer { name: h0, dim: &dim 10 }
    - !obj:some.Layer { name: h1, dim: *dim }
  head: !obj:some.Head
data: &data !obj:some.Data { stop: 100 }
again: *data
size: 7
"""


def load(overrides):
    return yaml_parse.load(TEXT, overrides=overrides, instantiate=False, path="run.yaml")


def test_a_value_is_replaced_and_read_as_yaml():
    assert load({"size": "1e-3"})["size"] == 1e-3
    assert load({"size": "[1, {a: b}]"})["size"] == [1, {"a": "b"}]
    assert load({"size": ""})["size"] is None
    assert load({"size": "!obj:some.Size { x: 1 }"})["size"].name == "some.Size"


def test_a_value_is_added_to_the_last_mapping_of_its_path():
    assert load({"data.start": "5"})["data"].keywords == {"stop": 100, "start": 5}
    assert load({"new": "5"})["new"] == 5


def test_list_positions_are_keys():
    layers = load({"model.layers.1.name": "last"})["model"].keywords["layers"]
    assert [layer.keywords["name"] for layer in layers] == ["h0", "last"]


def test_an_object_without_options_can_be_given_one():
    assert load({"model.head.dim": "3"})["model"].keywords["head"].keywords == {"dim": 3}


@pytest.mark.parametrize("overrides", [{"data.stop": "50"}, {"again.stop": "50"}])
def test_an_option_of_a_shared_object_changes_for_all(overrides):
    found = load(overrides)
    assert found["data"] is found["again"]
    assert found["data"].keywords == {"stop": 50}


def test_a_shared_object_is_replaced_for_all():
    found = load({"data": "!obj:other.Data {}"})
    assert found["data"] is found["again"]
    assert found["again"].name == "other.Data"


def test_a_shared_value_is_replaced_for_all():
    layers = load({"model.layers.0.dim": "20"})["model"].keywords["layers"]
    assert [layer.keywords["dim"] for layer in layers] == [20, 20]


def test_several_values_are_put_in_one_after_the_other():
    found = load({"data": "{}", "data.stop": "3", "size": "[1, 2]", "size.1": "5"})
    assert found["again"] == {"stop": 3}
    assert found["size"] == [1, 5]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("modle.head", "--set modle.head: run.yaml has no 'modle'; did you mean 'model'?"),
        ("model.layer.0.dim", "has no 'model.layer'; did you mean 'layers'?"),
        ("model.layers.2.dim", "has 2 items there, counted from 0, not one numbered '2'"),
        ("model.layers.first", "not one numbered 'first'"),
        ("model.layers.-1", "not one numbered '-1'"),
        ("size.x", "has no 'size.x'"),
        ("", "has no ''"),
        ("model.", "has no 'model.'"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused_with_the_nearest_key(path, sentence):
    with pytest.raises(ConfigurationError) as caught:
        load({path: "1"})
    assert sentence in str(caught.value)


def test_a_value_that_is_no_yaml_is_refused_by_its_path():
    with pytest.raises(ConfigurationError, match=r"^--set size, line 1: not readable|^--set size"):
        load({"size": "[1"})


def test_an_error_in_a_value_names_the_option_and_not_a_line():
    text = "!obj:pylearn2.models.mlp.Linear { layer_name: a, dim: 2, irange: .1 }"
    with pytest.raises(ConfigurationError, match=r"^--set dim, key 'dim': Linear: dim is 0, but must be"):
        yaml_parse.load(text, overrides={"dim": "0"}, path="run.yaml")
    with pytest.raises(ConfigurationError, match=r"^--set dimm, key 'dimm': Linear has no option 'dimm'; did you mean"):
        yaml_parse.load(text, overrides={"dimm": "3"}, path="run.yaml")


def test_bounds_hold_for_what_is_put_in():
    with pytest.raises(ConfigurationError, match="more than 64 levels"):
        load({"size": "[" * 70 + "]" * 70})
    with pytest.raises(ConfigurationError, match="nest more than 64 levels"):
        load({"size": "[" * 40 + "]" * 40, "size" + ".0" * 39: "[" * 40 + "]" * 40})


def test_the_effective_text_says_what_the_overridden_document_says():
    overrides = {"data.stop": "50", "model.layers.1.name": "last", "size": "1e-3"}
    text = yaml_parse.effective_text(TEXT, overrides)
    found = yaml_parse.load(text, instantiate=False)
    assert found["data"] is found["again"]
    assert _without_lines(found) == _without_lines(load(overrides))


def _without_lines(value):
    if isinstance(value, yaml_parse.Proxy):
        return value.name, _without_lines(value.keywords)
    if isinstance(value, dict):
        return {key: _without_lines(part) for key, part in value.items()}
    return [_without_lines(part) for part in value] if isinstance(value, list) else value
