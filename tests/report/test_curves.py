"""The curves of a page are those that the monitor recorded."""

from __future__ import annotations

import itertools
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adversarial.checkpoint import ChannelRecord, MonitorRecord
from adversarial.report.curves import MOST_VALUES, curves_of


def channel(values, doc=""):
    epochs = list(range(len(values)))
    return ChannelRecord(list(values), epochs, epochs, epochs, [0.0] * len(values), doc)


@given(st.lists(st.floats(width=32), min_size=2, max_size=20))
def test_values_are_those_of_the_record_to_six_digits_and_gaps_where_not_finite(values):
    curves = curves_of(MonitorRecord({"a": channel(values)}))
    assert curves["epochs"] == list(range(len(values)))
    for value, drawn in zip(values, curves["channels"]["a"]["values"], strict=True):
        assert drawn == pytest.approx(value, rel=1e-5) if math.isfinite(value) else drawn is None
    json.dumps(curves, allow_nan=False)


@pytest.mark.parametrize("record", [MonitorRecord(), MonitorRecord({"a": channel([1.0])})])
def test_a_record_of_less_than_two_epochs_has_no_curves(record):
    assert curves_of(record) is None


@pytest.mark.parametrize("length", [MOST_VALUES, MOST_VALUES + 1, 5 * MOST_VALUES - 1])
def test_long_records_are_subsampled_evenly_and_end_with_their_last_value(length):
    curves = curves_of(MonitorRecord({"a": channel(range(length))}))
    *steps, last = (after - before for before, after in itertools.pairwise(curves["epochs"]))
    assert len(set(steps)) == 1 and 0 < last <= steps[0]
    assert (curves["epochs"][0], curves["epochs"][-1]) == (0, length - 1)
    assert MOST_VALUES / 2 < len(curves["epochs"]) <= MOST_VALUES
    assert curves["channels"]["a"]["values"] == curves["epochs"]


def test_channels_are_grouped_by_the_ends_of_their_names():
    record = MonitorRecord({
        "valid_objective_g": channel([2.0, 3.0]),
        "valid_objective_d": channel([0.7, 0.1]),
        "learning_rate": channel([0.1, 0.09], "The rate.\n\nMore."),
        "added_later": channel([1.0]),
    })  # fmt: skip
    curves = curves_of(record)
    assert [group["title"] for group in curves["groups"]] == ["What the players minimise", "Learning rate"]
    assert [series["label"] for series in curves["groups"][0]["series"]] == ["D", "G"]
    assert curves["groups"][0]["series"][1]["values"] == [2.0, 3.0]
    assert curves["first"] == "valid_objective_d"
    assert curves["channels"]["learning_rate"]["doc"] == "The rate."
    assert "added_later" not in curves["channels"]


def test_a_monitoring_dataset_without_a_name_has_its_objectives_drawn():
    curves = curves_of(MonitorRecord({"objective_d": channel([0.7, 0.1]), "objective_g": channel([2.0, 3.0])}))
    assert [series["label"] for series in curves["groups"][0]["series"]] == ["D", "G"]
    assert curves["first"] == "objective_d"
