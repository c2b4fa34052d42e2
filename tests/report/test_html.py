"""The text and tables of a page say what they were given, and no text becomes markup."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adversarial.comparison.differences import compare
from adversarial.comparison.experiment import read_experiment
from adversarial.errors import printable
from adversarial.report import html

MNIST = (Path(__file__).parents[2] / "yaml" / "mnist.yaml").read_text()
TEXT = st.text(st.characters(exclude_categories=["C"], exclude_characters="\r"), min_size=1)


class Reader(HTMLParser):
    """The text of a fragment, its tags, and the values of its attributes."""

    def __init__(self, fragment: str):
        super().__init__()
        self.text, self.opened, self.closed, self.values = "", [], [], []
        self.feed(fragment)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.opened.append(tag)
        self.values += [value for _, value in attrs]

    def handle_endtag(self, tag):
        self.closed.append(tag)

    def handle_data(self, data):
        self.text += data


@given(TEXT)
def test_no_text_becomes_markup(text):
    shown = printable(text)
    assert Reader(html.paragraph(text)).text == shown
    figures = Reader(html.key_figures([(text, "1", text)]))
    assert figures.text == f"{shown}1{shown}" and figures.opened == ["div", "dt", "dd", "small"]
    for wide in (False, True):
        sheet = Reader(html.sheet(text, text, wide))
        assert sheet.text == shown and shown in sheet.values and sorted(sheet.opened) == sorted(sheet.closed)
    assert shown in Reader(html.epochs_slider(text)).text
    chart = Reader(html.chart(text, text, text))
    assert chart.text == shown + shown and shown in chart.values
    origin = Reader(html.origin([text], {text: text}, {text: text}, text))
    assert origin.text.count(shown) >= 6


def test_the_models_row_stands_below_table_1():
    estimate = {"log_likelihood": 203.04, "standard_error": 2.31}
    rows = html.table_1("this model", "mnist", estimate).split("<tr")
    assert "225 ± 2" in rows[-2] and "this model" in rows[-1]
    cells = Reader("<tr" + rows[-1])
    assert "203.0 ± 2.3" in cells.text
    assert 'colspan="2">203.0 ± 2.3, on data' in html.table_1("this model", "cifar10", estimate)
    assert "not measured" in html.table_1("this model", "tfd", None)


@pytest.mark.parametrize(("overrides", "sentence"), [({}, "Nothing differs"), ({"algorithm.batch_size": "50"}, "1 of")])
def test_settings_that_differ_come_first(overrides, sentence):
    found = compare(read_experiment(MNIST, "it", overrides), "mnist.yaml")
    text = html.comparison(found)
    assert sentence in text and f"{len(found.rows) - len(found.differences)}" in str(
        sum(int(part.split()[0]) for part in text.split("<summary>")[1:])
    )
    assert ('class="differs">50<' in text) == bool(overrides)
    assert text.count("<tr>") == len(found.rows) + text.count("<table>")


def test_a_model_without_overrides_lists_none():
    assert "--set" not in html.origin(["train.py mnist.yaml"], {}, {}, "text")


@given(st.text())
def test_text_of_a_stranger_steers_no_terminal(text):
    shown = html.paragraph(text)
    assert all(char.isprintable() or char in "\n\t" for char in shown)
