"""What every reader of saved models relies on is of one kind."""

from __future__ import annotations

import pytest

from adversarial.checkpoint import MonitorRecord
from adversarial.checkpoint.content import check_kinds
from adversarial.errors import CheckpointError


@pytest.mark.parametrize("key", ["dataset_yaml_src", "yaml_src", "written_at"])
def test_a_text_that_is_none(key):
    with pytest.raises(CheckpointError, match=f"its {key} is of type list, not text"):
        check_kinds({"model": {}, key: []})


@pytest.mark.parametrize("key", ["model", "versions", "monitor", "training"])
def test_a_dict_that_is_none(key):
    with pytest.raises(CheckpointError, match=f"its {key} is of type int, not a dict"):
        check_kinds({key: 3})


def test_what_is_missing_or_none_is_allowed():
    check_kinds({"monitor": None, "yaml_src": ""})


@pytest.mark.parametrize("values", [["a", "b"], 3.0, [[1.0, 2.0]], [1.0, 2.0, 3.0], [1j, 2.0]])
def test_a_monitors_record_is_of_numbers_one_for_each_moment(values):
    fields = ("val_record", "epoch_record", "batch_record", "example_record", "time_record")
    channel = dict.fromkeys(fields, [0, 1])
    seen = {"epochs_seen": 1, "batches_seen": 2, "examples_seen": 3}
    assert MonitorRecord.from_content(seen | {"channels": {"objective": channel}}).channels["objective"].val_record
    for field in fields:
        with pytest.raises(CheckpointError, match="the monitor's record in it is not one"):
            MonitorRecord.from_content(seen | {"channels": {"objective": channel | {field: values}}})
