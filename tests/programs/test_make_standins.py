"""tools/make_standins.py as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from adversarial.command_line import program
from adversarial.datasets.cifar10 import CIFAR10
from adversarial.datasets.tfd import TFD
from adversarial.programs import make_standins

TOOL = Path(__file__).parents[2] / "tools" / "make_standins.py"


@pytest.mark.parametrize("dataset", ["cifar10", "tfd"])
def test_what_it_makes_is_read_and_said_to_be_made_up(dataset, tmp_path, monkeypatch, capsys):
    make_standins.main([dataset, str(tmp_path), "--examples", "80", "--seed", "3"])
    shown = capsys.readouterr().out
    assert "made-up images" in shown and f"set PYLEARN2_DATA_PATH to {tmp_path}" in shown
    monkeypatch.setenv("PYLEARN2_DATA_PATH", str(tmp_path))
    if dataset == "cifar10":
        assert CIFAR10(which_set="train").get_num_examples() == 400
    else:
        assert sum(TFD(which_set=name).get_num_examples() for name in ("unlabeled", "full_train", "test")) == 80


def test_quiet_prints_nothing(tmp_path, capsys):
    make_standins.main(["cifar10", str(tmp_path), "--examples", "1", "-q"])
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "options, code, words",
    [
        (["--examples", "0"], 2, "--examples is 0, but must be at least 1"),
        (["--seed", "-1"], 2, "--seed is -1"),
        (["--examples", "10"], 1, "make at least 50"),
    ],
)
def test_bad_options_are_said_in_a_sentence(tmp_path, capsys, options, code, words):
    with pytest.raises(SystemExit) as end:
        program.run(make_standins.main, ["tfd", str(tmp_path), *options])
    lines = capsys.readouterr().err.strip().splitlines()
    assert end.value.code == code and len(lines) == 1 and words in lines[0]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a folder that may not be written to")
def test_a_folder_that_may_not_be_written_to_is_said(tmp_path, capsys):
    tmp_path.chmod(0o500)
    with pytest.raises(SystemExit):
        program.run(make_standins.main, ["cifar10", str(tmp_path), "--examples", "1"])
    assert "cannot be made: Permission denied" in capsys.readouterr().err


def test_the_program_runs_as_it_lies(tmp_path):
    command = [sys.executable, str(TOOL), "cifar10", str(tmp_path), "--examples", "5"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == "" and "30 made-up images" in done.stdout
