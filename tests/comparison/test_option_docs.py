"""What an option means is what its docstring says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adversarial.comparison.option_docs import (
    option_description,
    options_of,
    parse_parameters,
    resolve,
    summary_line,
)

NAMES = st.from_regex(r"[a-z][a-z_0-9]{0,9}", fullmatch=True)
WORDS = st.lists(st.from_regex(r"[A-Za-z.,`]{1,9}", fullmatch=True), min_size=1, max_size=30)


def docstring(options: dict[str, list[str]], width: int) -> str:
    lines = ["A class.", "", "Parameters", "----------"]
    for name, words in options.items():
        lines.append(f"{name} : float, default 1")
        lines += [f"    {' '.join(words[start : start + width])}" for start in range(0, len(words), width)]
    return "\n".join([*lines, "", "Notes", "-----", "none : of these"])


@given(st.dictionaries(NAMES, WORDS, min_size=1, max_size=5), st.integers(1, 9))
def test_descriptions_are_found_however_their_lines_are_broken(options, width):
    assert parse_parameters(docstring(options, width)) == {name: " ".join(words) for name, words in options.items()}


def test_an_entry_may_name_several_options_have_paragraphs_or_no_description():
    entries = "a, b : int\n    Both.\n\n    More.\nc : int\n"
    doc = f"A.\n\nParameters\n----------\n{entries}\nReturns\n-------\nd : int\n    No."
    assert parse_parameters(doc) == {"a": "Both.", "b": "Both.", "c": "int"}
    assert parse_parameters("A function of `x`.") == {}


def test_an_option_is_looked_up_in_base_classes():
    name = "adversarial.game.costs.AdversaryCost2"
    assert "no_drop_in_d_for_g" in options_of(name)
    assert option_description(name, "no_drop_in_d_for_g")


@pytest.mark.parametrize("name", ["pylearn2.models.mlp.NoSuchLayer", "os.system", "word"])
def test_what_is_not_of_this_package_has_no_description(name):
    assert resolve(name) is None and options_of(name) is None
    assert option_description(name, "dim") == "" and summary_line(name) == ""


def test_a_summary_is_the_first_line():
    assert summary_line("adversarial.models.mlp.MLP") == resolve("adversarial.models.mlp.MLP").__doc__.splitlines()[
        0
    ].rstrip(".")
