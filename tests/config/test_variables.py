"""`${VARIABLES}`: whose values win, what is refused, and that the environment stays out of sentences."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adversarial.config import yaml_parse
from adversarial.config.variables import Variables, training_file_variables
from adversarial.errors import ConfigurationError, UserError


@pytest.mark.parametrize(
    ("path", "full_stem", "directory", "base_name", "stem"),
    [
        ("foo/bar.yaml", "foo/bar", "foo/", "bar.yaml", "bar"),
        ("bar.yaml", "bar", "", "bar.yaml", "bar"),
        ("/a/b.c/d.e.yaml", "/a/b.c/d.e", "/a/b.c/", "d.e.yaml", "d.e"),
        ("dir/plain", "dir/plain", "dir/", "plain", "plain"),
        ("./x.yaml", "./x", "./", "x.yaml", "x"),
    ],
)
def test_a_training_file_publishes_what_2014_published(path, full_stem, directory, base_name, stem):
    assert training_file_variables(path) == {
        "PYLEARN2_TRAIN_FILE_FULL_STEM": full_stem,
        "PYLEARN2_TRAIN_DIR": directory,
        "PYLEARN2_TRAIN_BASE_NAME": base_name,
        "PYLEARN2_TRAIN_FILE_STEM": stem,
    }


def test_given_values_come_before_the_environment(monkeypatch):
    monkeypatch.setenv("HERE", "environment")
    monkeypatch.setenv("THERE", "elsewhere")
    variables = Variables({"HERE": "given"})
    assert variables.substitute("a ${HERE}/${THERE} $HERE {x}") == "a given/elsewhere $HERE {x}"


def test_values_are_not_searched_for_variables(monkeypatch):
    monkeypatch.setenv("ONE", "${TWO}")
    assert Variables().substitute("${ONE}") == "${TWO}"


def test_text_without_variables_stays():
    for text in ("", "$", "{}", "$HOME", "}${"[:1], "~/x", "a } b"):
        assert Variables().substitute(text) == text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("${NO_SUCH_VARIABLE_HERE}", "the variable 'NO_SUCH_VARIABLE_HERE' is not set; set it in the environment"),
        ("${PYLEARN2_TRAIN_FILE_FULL_STEN}.pkl", "did you mean 'PYLEARN2_TRAIN_FILE_FULL_STEM'?"),
        ("${UNCLOSED", "not closed"),
        ("${A} and ${", "not closed"),
        ("${${A}", "not closed"),
        ("${A" * 50_000, "not closed"),
        ("${A}" * 50_000, "stand for more than"),
    ],
)
def test_mistakes_are_told_by_line(text, sentence, monkeypatch):
    monkeypatch.setenv("A", "value of A")
    with pytest.raises(ConfigurationError, match=r"^run\.yaml, line 2: ") as caught:
        yaml_parse.load(f"a: 1\nb: '{text}'", training_file_variables("run.yaml"), path="run.yaml")
    assert sentence in str(caught.value)
    assert "value of A" not in str(caught.value)


def test_variables_hold_in_lists_and_mappings_and_not_in_keys_or_numbers(monkeypatch):
    monkeypatch.setenv("DEEP", "water")
    assert yaml_parse.load("{'${NONE}': ['${DEEP}', {a: '${DEEP}s'}]}") == {"${NONE}": ["water", {"a": "waters"}]}


SECRET = "hunter2-" + "x" * 80


@pytest.mark.parametrize(
    "text",
    [
        "!obj:pylearn2.models.mlp.Linear { layer_name: a, dim: '${SECRET}', irange: .1 }",
        "!obj:pylearn2.models.mlp.Linear { layer_name: a, dim: 2, irange: .1, use_bias: ['${SECRET}'] }",
        "!obj:pylearn2.models.mlp.MLP { nvis: 2, layers: [!obj:pylearn2.space.VectorSpace { dim: 2 }, '${SECRET}'] }",
        "!obj:pylearn2.datasets.npy_npz.NpyDataset { file: '${SECRET}' }",
        "!pkl: '${SECRET}'",
        "!import: '${SECRET}.x'",
        "!float: '${SECRET}'",
        "!obj:adversarial.AdversaryCost2 { scale_grads: '${SECRET}' }",
    ],
)
def test_no_value_of_the_environment_is_in_an_error(text, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET", SECRET)
    with pytest.raises(UserError, match="line 1") as caught:
        yaml_parse.load(text)
    assert "hunter2" not in str(caught.value)


visible = st.characters(min_codepoint=33, exclude_categories=["Cs", "Cc", "Z"], exclude_characters="${}SECRT")


@given(st.text(visible, min_size=4), st.text(), st.text())
def test_a_value_that_was_used_is_hidden_wherever_it_stands(value, before, after):
    os.environ["SECRET"] = value
    try:
        variables = Variables()
        variables.substitute("${SECRET}")
        assert variables.hide(f"see {value} there") == "see ${SECRET} there"
        assert value not in variables.hide(before + value + after)
    finally:
        del os.environ["SECRET"]


def test_a_short_value_is_hidden_as_a_word_only(monkeypatch):
    monkeypatch.setenv("N", "1")
    variables = Variables()
    variables.substitute("${N}")
    assert variables.hide("start is 1, but 10 is asked for") == "start is ${N}, but 10 is asked for"
