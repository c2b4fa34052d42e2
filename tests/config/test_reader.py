"""YAML text to nodes: numbers as people write them, bounds, and one sentence for everything that is not YAML."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from adversarial.config import reader, yaml_parse
from adversarial.errors import ConfigurationError

EXPERIMENT = Path(__file__).parents[2] / "yaml/mnist.yaml"


def value_of(text):
    return reader.scalar_value(reader.read(text, "x.yaml"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1E3", 1000.0),
        ("-.5", -0.5),
        (".5", 0.5),
        ("+.5e2", 50.0),
        ("1.e-5", 1e-5),
        ("2.", 2.0),
        (".000001", 1e-6),
        ("1_000.5", 1000.5),
        ("-.inf", -math.inf),
        (".Inf", math.inf),
        ("0", 0),
        ("-12", -12),
        ("1_000", 1000),
        ("0x1F", 31),
        ("010", 8),
        ("true", True),
        ("no", False),
        ("~", None),
        ("null", None),
    ],
)
def test_plain_scalars_that_are_values(text, value):
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text", [".", "+", "e5", "1e", "1.5.2", "2014-06-10", "1:30", "=", "1e-", "._5", "h0", "08", "1-2", "'1e-3'"]
)
def test_plain_scalars_that_are_text(text):
    assert value_of(text) == text.strip("'")


def test_nan_is_a_number_that_options_can_refuse():
    assert math.isnan(value_of(".nan"))


@pytest.mark.parametrize("text", ["1e999", "9" * 101, "0x" + "f" * 200, "!!int x", "!!bool perhaps", "!!binary aGk="])
def test_scalars_that_are_no_values_are_refused_by_line(text):
    with pytest.raises(ConfigurationError, match=r"^x\.yaml, line 2: "):
        value_of("\n" + text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_is_read_back_to_the_bit(number):
    found = value_of(repr(number))
    assert float(found) == number
    assert math.copysign(1, found) == math.copysign(1, number)


@given(st.integers(-(10**90), 10**90))
def test_every_whole_number_is_read_back(number):
    found = value_of(str(number))
    assert type(found) is int
    assert found == number


# Words such as 0E0 are text to YAML 1.1, which writes them without quotes, and numbers here.
printable = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff")).filter(
    lambda text: not re.fullmatch(r"[-+]?[0-9._]*([eE][-+]?[0-9]+)?", text)
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False) | printable,
    lambda part: st.lists(part, max_size=4) | st.dictionaries(printable, part, max_size=4),
    max_leaves=12,
)


@given(plain)
@settings(deadline=None)
def test_plain_data_that_yaml_writes_are_read_back(data):
    # ${ opens a variable, which is not YAML's business.
    text = yaml.safe_dump(data, allow_unicode=True).replace("${", "$")
    assert yaml_parse.load(text) == yaml.safe_load(text)


@given(st.text(max_size=200) | st.text("{}[]:,-!&*#|>'\"%@`?~ \n\tab1.$<", max_size=200))
@settings(deadline=None, max_examples=400)
def test_any_text_is_read_or_refused_in_one_line(text):
    try:
        yaml_parse.load(text)
    except ConfigurationError as error:
        assert str(error)
        assert "\n" not in str(error)


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_a_damaged_experiment_is_read_or_refused_in_one_line(data):
    text = EXPERIMENT.read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, min(len(text), start + 60)))
    text = text[:start] + data.draw(st.text("{}[]:,-!&*#'\" \n\tx1$", max_size=5)) + text[stop:]
    try:
        yaml_parse.load(text, {"PYLEARN2_TRAIN_FILE_FULL_STEM": "x"}, instantiate=False)
    except ConfigurationError as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 500


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "x.yaml is empty; it must describe an experiment"),
        ("# only this\n", "x.yaml is empty"),
        ("a:\n\t- b", "x.yaml, line 2: holds a tab where YAML allows none; use spaces"),
        ("{\n  a: 1,\n\tb: 2,\n}", "x.yaml, line 3: holds a tab"),
        ("a: b\nc: \x00", "x.yaml, line 2: holds the character '\\x00', which YAML does not allow"),
        ("a: [1,\nb: {", "x.yaml, line 2: not readable as YAML: "),
        ("{\n a: 1\n b: 2\n}", "while parsing a flow mapping that starts on line 1"),
        ("a: {\n  b: %(stop)i }", "x.yaml, line 2: is a template: fill in %(name)i and the like first"),
        ("a: *nobody", "x.yaml, line 1: not readable as YAML: found undefined alias 'nobody'"),
        ("a: 1\nb: 2\na: 3", "x.yaml, line 3, key 'a': already given on line 1; keep one of the two"),
        ("{1: a, 0x1: b}", "x.yaml, line 1, key '0x1': already given"),
        ("a: &a\n  b: [*a]", "an anchor contains an alias of itself"),
        ("? [a, b]\n: c", "a key must be a word or a number"),
        ("a\n---\nb", "expected a single document"),
        ("a: {<<: 3}", "<< takes an alias of a mapping"),
    ],
)
def test_what_is_no_experiment_is_refused_with_its_line(text, sentence):
    with pytest.raises(ConfigurationError) as caught:
        reader.read(text, "x.yaml")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_tab_in_a_comment_is_no_reason_for_another_mistake():
    with pytest.raises(ConfigurationError, match="not readable as YAML"):
        reader.read("a: ] # \there", "x.yaml")


LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
CHAIN = "- &a0 [x]\n" + "".join(f"- &a{n} [*a{n - 1}]\n" for n in range(1, 100))
MERGED = "- &a0 {k0: x}\n" + "".join(f"- &a{n} {{<<: [*a{n - 1}, *a{n - 1}], k{n}: x}}\n" for n in range(1, 300))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (LAUGHS, "aliases stand for more than"),
        (CHAIN, "aliases nest more than 64 levels deep"),
        (MERGED, "aliases stand for more than"),
        ("[" * 3000, "nested more than 64 levels deep"),
        ("- " * 3000 + "x", "nested more than 64 levels deep"),
        ("{a: " * 3000, "nested more than 64 levels deep"),
        ("[" + "a," * 100_000 + "]", "holds more than 10000 values"),
        ("x" * (reader.MAX_BYTES + 1), "is larger than"),
        ("[" + "&a [], " * 30_000 + "]", "line 1: "),
        ("a: " + "[]: " * 30_000, "line 1: "),
        ("? " * 100_000, "nested more than 64 levels deep"),
    ],
)
def test_a_file_beyond_the_bounds_is_refused(text, sentence):
    # Unbounded, several of these would never end.
    with pytest.raises(ConfigurationError, match=sentence):
        reader.read(text, "x.yaml")


def test_bounds_leave_room_for_real_experiments():
    layer = "{layer_name: h0, dim: 100, irange: .05}"
    text = f"layers: [{', '.join([layer] * 1000)}]"
    assert len(yaml_parse.load(text)["layers"]) == 1000


def test_merged_mappings_give_way_to_a_mappings_own_keys():
    text = "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {<<: [*a, *b], x: 5}\nd: {<<: *b}\n'<<': 7"
    found = yaml_parse.load(text)
    assert found["c"] == {"x": 5, "y": 2, "z": 4}
    assert found["d"] == {"y": 3, "z": 4}
    assert found["<<"] == 7
