"""Contenders take turns, and ratios are those of rounds."""

from __future__ import annotations

import json

import pytest

from adversarial.benchmarks.interleaved import Contender, Report, take_times


def test_contenders_take_turns_after_a_round_that_does_not_count():
    order = []
    contenders = [Contender("a", lambda: order.append("a")), Contender("b", lambda: order.append("b"), scale=0.0)]
    times = take_times(contenders, 3, quiet=True)
    assert order == ["a", "b"] * 4
    assert len(times["a"]) == 3 and times["b"] == [0.0, 0.0, 0.0]


def test_a_ratio_is_the_median_over_rounds_so_that_one_slow_round_does_not_count():
    report = Report("t", {"a": [2.0, 80.0, 2.0], "b": [1.0, 1.0, 1.0], "c": [1.0, 1.0, 3.0]}, [("a", ("b", "c"))])
    assert report.ratio("a", ("b",)) == 2.0
    assert report.ratio("a", ("b", "c")) == 1.0
    assert "a / (b + c) = 1.00" in report.as_text()


def test_json_has_every_time(tmp_path):
    Report("t", {"a": [2.0, 3.0, 7.0]}, [("a", ("a",))], ["a note"]).write_json(tmp_path / "r.json")
    found = json.loads((tmp_path / "r.json").read_text())
    assert found["seconds"] == {"a": [2.0, 3.0, 7.0]} and found["median"] == {"a": 3.0}
    assert found["ratios"] == {"a / a": pytest.approx(1.0)} and found["notes"] == ["a note"]
