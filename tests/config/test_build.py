"""Nodes to objects: order, sharing, checks before building, and errors that name file, line and key."""

from __future__ import annotations

import sys
import textwrap

import pytest

from adversarial.config import yaml_parse
from adversarial.errors import CheckpointError, ConfigurationError, UserError
from adversarial.models.linear import RectifiedLinear
from adversarial.models.mlp import MLP


@pytest.fixture
def journal(tmp_path, monkeypatch):
    """A list of what was built, in order, by `!obj:journal_module.Note { name: ..., ... }`."""
    source = """
        built = []

        class Note:
            def __init__(self, name, **parts):
                self.name, self.parts = name, parts
                built.append(name)

        def opened(name, part=None):
            built.append(name)
            return [name, part]
    """
    (tmp_path / "journal_module.py").write_text(textwrap.dedent(source))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield lambda text: (yaml_parse.load(text, allow=("journal_module",)), sys.modules["journal_module"].built)
    sys.modules.pop("journal_module", None)


NOTE = "!obj:journal_module.Note"


def test_objects_are_built_from_the_inside_out_in_document_order(journal):
    text = f"""
    {NOTE} {{ name: root,
        z: {NOTE} {{ name: first, a: [{NOTE} {{ name: second }}, {{ k: {NOTE} {{ name: third }} }}] }},
        b: !obj:journal_module.opened {{ part: {NOTE} {{ name: fourth }}, name: fifth }},
        a: {NOTE} {{ name: sixth }},
    }}"""
    _, built = journal(text)
    assert built == ["second", "third", "first", "fourth", "fifth", "sixth", "root"]


def test_an_anchor_and_its_aliases_are_one_object_built_once_at_any_depth(journal):
    text = f"""
    {NOTE} {{ name: root, data: &train {NOTE} {{ name: data, list: &list [1, 2] }},
        deep: [[[{{ k: {NOTE} {{ name: user, of: *train, list: *list }} }}]]], again: *train }}"""
    root, built = journal(text)
    user = root.parts["deep"][0][0][0]["k"]
    assert root.parts["data"] is root.parts["again"] is user.parts["of"]
    assert root.parts["data"].parts["list"] is user.parts["list"]
    assert built == ["data", "user", "root"]


def test_an_anchor_on_what_is_built_by_a_function_is_shared_too(journal):
    found, built = journal("[&x !obj:journal_module.opened { name: a }, *x]")
    assert found[0] is found[1]
    assert built == ["a"]


def test_nothing_is_built_where_a_mistake_shows_without_building(journal):
    for mistake in (
        "!obj:journal_module.opened { name: b, prt: 3 }",
        "!obj:pylearn2.models.mlp.Linear { layer_name: a, dim: -1, irange: .1 }",
        "!obj:pylearn2.models.mlp.Linear { layer_name: a, dim: 2, irange: x }",
        "!obj:os.system {}",
        "!import: os.system",
        "!unknown {}",
        "'${NO_SUCH_VARIABLE_HERE}'",
    ):
        with pytest.raises(ConfigurationError):
            journal(f"[{NOTE} {{ name: a }}, {mistake}]")
        assert sys.modules["journal_module"].built == []


def test_a_layer_is_built_with_its_options_as_typed():
    text = "!obj:pylearn2.models.mlp.RectifiedLinear { layer_name: 'h0', dim: 3, irange: 5e-2, max_col_norm: 1.9365 }"
    layer = yaml_parse.load(text)
    assert type(layer) is RectifiedLinear
    assert layer.options == {"layer_name": "h0", "dim": 3, "irange": 0.05, "max_col_norm": 1.9365}


def test_what_is_built_knows_the_text_that_builds_it_again():
    text = """
    !obj:pylearn2.models.mlp.MLP {
        nvis: 4, # input
        layers: [ !obj:pylearn2.models.mlp.Linear { layer_name: 'y', dim: 2, irange: .05, init_bias: &b -2.0 },
                  !obj:pylearn2.models.mlp.Linear { layer_name: "z: #", dim: 2, irange: .05, init_bias: *b } ],
    }"""
    first = yaml_parse.load(text)
    again = yaml_parse.load(first.yaml_src)
    assert isinstance(again, MLP)
    assert [layer.options for layer in again.layers] == [layer.options for layer in first.layers]
    assert again.yaml_src == first.yaml_src
    assert yaml_parse.load(first.layers[1].yaml_src).options == first.layers[1].options


def test_imported_names_and_floats():
    assert yaml_parse.load("!import: pylearn2.models.mlp.MLP") is MLP
    assert yaml_parse.load("!import 'pylearn2.models.mlp.MLP'") is MLP
    assert yaml_parse.load("!import:pylearn2.models.mlp.MLP") is MLP
    assert yaml_parse.load("[!float: 1, !float '1e-3', !float: -inf]") == [1.0, 1e-3, float("-inf")]


def test_proxies_say_what_a_file_says_and_build_nothing():
    text = "\na: !obj:no.such.Thing { x: &x [1, !import: no.such.name], y: *x }\nb: !pkl: 'none.pkl'"
    found = yaml_parse.load(text, instantiate=False)
    assert (found["a"].name, found["a"].line) == ("no.such.Thing", 2)
    assert found["a"].keywords["x"] is found["a"].keywords["y"]
    assert found["a"].keywords["x"][1].name == "no.such.name"
    assert found["b"].keywords == {"path": "none.pkl"}


MLP_OF = "!obj:pylearn2.models.mlp.MLP {{ nvis: 3,\n layers: [{}] }}"
LINEAR = "!obj:pylearn2.models.mlp.Linear {{ layer_name: a, irange: .1,\n dim: {} }}"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "!obj:pylearn2.models.maxout.Maxout {\n layer_name: h0,\n num_unit: 240 }",
            "x.yaml, line 3, key 'num_unit': Maxout has no option 'num_unit'; did you mean 'num_units'?",
        ),
        ("a: 1\nb: !obj:pylearn2.models.maxout.Maxout { layer_name: h0 }", "x.yaml, line 2: Maxout needs the option"),
        (LINEAR.format(0), "x.yaml, line 2, key 'dim': Linear: dim is 0, but must be a whole number of at least 1"),
        (LINEAR.format("2.5"), "x.yaml, line 2, key 'dim': Linear: dim is 2.5, but must be a whole number"),
        (LINEAR.format("'two'"), "x.yaml, line 2, key 'dim': Linear: dim is 'two', but must be a whole number"),
        (LINEAR.format(""), "x.yaml, line 2, key 'dim': Linear: dim is null, but must be a whole number"),
        (LINEAR.format("[1, 2]"), "x.yaml, line 2, key 'dim': Linear: dim is [1, 2], but must be a whole number"),
        (
            "!obj:pylearn2.training_algorithms.sgd.SGD {\n learning_rate: -1e-1 }",
            "x.yaml, line 2, key 'learning_rate': SGD: learning_rate is -1e-1, but must be a number of at least 0",
        ),
        (
            "!obj:pylearn2.training_algorithms.sgd.SGD {\n learning_rate: .1, theano_function_mode: 1 }",
            "x.yaml, line 2, key 'theano_function_mode': SGD: theano_function_mode is not taken",
        ),
        (MLP_OF.format("3"), "x.yaml, line 2, key 'layers': MLP: layers is [3], but must be a list of which each is"),
        (
            MLP_OF.format("&a " + LINEAR.format(2) + ", " + LINEAR.format(2)),
            "key 'layers': MLP: two layers are named 'a'",
        ),
        (
            "!obj:pylearn2.models.dbm.init_sigmoid_bias_from_marginals {\n"
            " dataset: !obj:pylearn2.space.VectorSpace { dim: 3 } }",
            "x.yaml, line 2, key 'dataset': init_sigmoid_bias_from_marginals: dataset is of type VectorSpace",
        ),
        (LINEAR.format(10**15), "x.yaml, line 1: Linear needs more memory than there is"),
        ("!obj:os.system {}", "x.yaml, line 1: 'os.system' is not allowed"),
        (
            "a:\n- !obs:pylearn2.train.Train {}",
            "x.yaml, line 2: the tag '!obs:pylearn2.train.Train' is not known; known",
        ),
        ("!!python/object/apply:os.system [ls]", "the tag '!!python/object/apply:os.system' is not known"),
        ("!!python/name:os.system ''", "the tag '!!python/name:os.system' cannot be used here"),
        ("!!set {a, b}", "the tag '!!set' is not known"),
        ("!!str [a]", "the tag '!!str' is not known"),
        ("!obj:pylearn2.train.Train [1]", "takes its options as { name: value, ... }"),
        ("!pkl:model.pkl", "put a space between !pkl: and the name of the file"),
        ("!pkl: [a]", "!pkl: takes text behind it"),
        ("!import: [a]", "write !import: and a dotted name behind a space"),
        ("!importer: a.b", "write !import: and a dotted name behind a space"),
        ("!float: x", "'x' is not a number"),
    ],
)
def test_mistakes_are_told_by_file_line_and_key(text, sentence):
    with pytest.raises(ConfigurationError) as caught:
        yaml_parse.load(text, path="x.yaml")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_saved_model_that_is_not_there_is_told_by_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match=r"^x\.yaml, line 2: .*nowhere\.pkl"):
        yaml_parse.load("a: 1\nb: !pkl: 'nowhere.pkl'", path="x.yaml")


def test_a_strangers_pickle_is_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.pkl").write_bytes(b"cos\nsystem\n(S'touch was_run'\ntR.")
    with pytest.raises(UserError, match=r"line 1: "):
        yaml_parse.load("!pkl: bad.pkl")
    assert not (tmp_path / "was_run").exists()


def test_a_tuple_is_written_as_files_of_2015_write_it():
    assert yaml_parse.load("sources: !!python/tuple ['features', 'targets']") == {"sources": ("features", "targets")}
