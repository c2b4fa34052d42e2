"""Files that an attacker made: each is refused or opened soon, in little memory, and nothing is run or leaks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import every_tool
import pytest
from hostile_files import KINDS

TESTS = Path(__file__).parents[1]


def open_hostile(folder, count, seed, *kinds):
    """Make and open `count` files of each kind, in a process that may crash or hang; what it found, a kind each."""
    path = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    command = [sys.executable, "-W", "ignore", str(TESTS / "open_hostile_files.py"), str(folder), str(count), str(seed)]
    done = subprocess.run([*command, *kinds], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path})
    assert done.returncode == 0, done.stderr[-3000:]
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(each["opened"] + each["refused"] == count for each in found)
    # A model whose YAML is hostile is a model all the same, and most programs open it.
    assert all(each["refused"] or each["kind"] == "yaml in model" for each in found)
    return [each["kind"] for each in found]


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", KINDS)
def test_2500_hostile_files_of_each_kind_run_nothing_and_take_little(tmp_path, kind, seed):
    assert open_hostile(tmp_path, 2500, seed, kind) == [kind]


@pytest.mark.soak
def test_every_tool_refuses_or_opens_each_hostile_file_soon_and_says_nothing_it_should_not(tmp_path):
    path = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    command = [sys.executable, "-W", "ignore", str(TESTS / "every_tool.py"), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path})
    assert done.returncode == 0, done.stderr[-3000:]
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(every_tool.TOOLS) * len({each["file"] for each in found})
    for each in found:
        assert each["seconds"] < 2 and each["MiB"] < 200 and not each["wrong"] and each["code"] in (0, 1, 2), each
