"""Damaged data files of every kind: each opens or is refused in a sentence, soon, in little memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from damaged_data import KINDS

TESTS = Path(__file__).parents[1]


def open_damaged(folder, count, *kinds):
    """Open `count` damaged files of each kind, in a process that may crash or hang; how many opened, by kind."""
    path = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    command = [sys.executable, str(TESTS / "damaged_data.py"), str(folder), str(count), *kinds]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path})
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(each["opened"] + each["refused"] == count for each in found)
    return {each["kind"]: each["opened"] for each in found}


def test_damaged_data_files_open_or_are_refused_in_a_sentence(tmp_path):
    assert list(open_damaged(tmp_path, 20)) == list(KINDS)


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_1000_damaged_data_files_of_each_kind(tmp_path, kind):
    assert open_damaged(tmp_path, 1000, kind)[kind] < 1000
