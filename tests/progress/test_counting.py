"""Counted work: silence, plain lines now and then, a bar on a terminal."""

from __future__ import annotations

import sys

import pytest

from adversarial import progress
from adversarial.progress import counting


def test_quiet_work_shows_nothing(capsys):
    with counting("work", 10, quiet=True) as done:
        done(10)
    assert capsys.readouterr() == ("", "")


def test_plain_lines_come_at_most_every_ten_seconds(capsys, monkeypatch):
    clock = iter([0.0, 4.0, 11.0, 11.0, 15.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with counting("samples drawn", 3000) as done:
        for _ in range(3):
            done(1000)
    assert capsys.readouterr() == ("", "samples drawn: 2,000 of 3,000, about 6 s left\n")


def test_a_terminal_has_a_bar_that_is_taken_away(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with counting("work", 10) as done:
        done(4)
        done(6)
    assert "samples" not in capsys.readouterr().err


def test_an_error_within_the_work_is_passed_on():
    with pytest.raises(ValueError, match="wrong"), counting("work", 10):
        raise ValueError("wrong")
