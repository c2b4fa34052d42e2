"""What every reader of saved models relies on is of one kind."""

from __future__ import annotations

import pytest

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
