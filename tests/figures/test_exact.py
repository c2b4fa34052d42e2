"""Pictures of an exact size: the pixels that were asked for, and words within them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import image

from adversarial.figures.exact import figure_of, save_figure, wrapped


@settings(deadline=None, max_examples=10)
@given(width=st.integers(20, 900), height=st.integers(20, 900))
def test_a_figure_has_the_pixels_that_were_asked_for(tmp_path_factory, width, height):
    path = tmp_path_factory.mktemp("exact") / "it.png"
    save_figure(path, figure_of(width, height))
    assert image.imread(path).shape[:2] == (height, width)


@given(st.lists(st.text("abc", min_size=1, max_size=15), min_size=1), st.integers(200, 900))
def test_words_are_wrapped_whole_and_none_is_lost(words, width):
    text = " ".join(words)
    lines = wrapped(text, width)
    assert " ".join(lines) == text
    assert len(lines) == 1 or all(len(line) <= width / 6 for line in lines)


def test_a_line_of_the_text_stays_one():
    assert wrapped("one\ntwo", 500) == ["one", "two"]
