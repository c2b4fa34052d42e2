"""The report of all parts: the same headings everywhere, and what is there is not run again."""

from __future__ import annotations

import argparse
import json
import re

import pytest

from adversarial.benchmarks import all as whole
from adversarial.benchmarks.machine import machine
from adversarial.errors import ConfigurationError


def given(**options):
    parser = argparse.ArgumentParser()
    whole.add_arguments(parser)
    return argparse.Namespace(**vars(parser.parse_args([])) | options)


@pytest.fixture
def commands(monkeypatch):
    """Commands in place of being run: that of the monitor fails."""
    found = []

    def part(command):
        found.append(command)
        if command.startswith("monitor"):
            return {"command": command, "seconds": 1.0, "text": "benchmark.py: error: no"}
        return {"command": command, "seconds": 2.0, "text": "ours 1.0", "json": {}}

    monkeypatch.setattr(whole, "_part", part)
    return found


def headings(text):
    return re.findall(r"^## (.*)$", text, re.MULTILINE)


def test_a_report_is_headed_by_the_machine_and_has_every_part_in_order(commands, tmp_path):
    report = whole.run(given())
    assert [command.split()[0] for command in commands] == list(whole.PARTS) == headings(report.as_text())
    lines = report.as_text().splitlines()
    assert lines[0] == f"# Benchmarks, {machine()}"
    assert f"| processor | {machine()} |" in lines and any(line.startswith("| instruction sets |") for line in lines)
    assert "`tools/benchmark.py mnist --rounds 3`, 2 s" in lines and "benchmark.py: error: no" in lines


def test_parts_that_are_there_are_not_run_again_and_those_that_failed_are(commands, tmp_path):
    path = tmp_path / "it.md"
    whole.run(given(markdown=str(path), only="mnist,monitor"))
    assert (
        headings(path.read_text()) == list(whole.PARTS) and path.read_text().count("Not run.") == len(whole.PARTS) - 2
    )
    commands.clear()
    whole.run(given(markdown=str(path), only="mnist,monitor,hdf5"))
    assert [command.split()[0] for command in commands] == ["monitor", "hdf5"]
    commands.clear()
    whole.run(given(markdown=str(path), only="mnist", rounds=5))
    assert commands == ["mnist --rounds 5"]


def test_a_report_of_another_machine_is_not_gone_on_with(commands, tmp_path):
    path, state = tmp_path / "it.md", tmp_path / "it.json"
    whole.run(given(markdown=str(path), only="mnist"))
    found = json.loads(state.read_text())
    found["machine"]["processor"] = "64 x another one"
    state.write_text(json.dumps(found))
    with pytest.raises(ConfigurationError, match="begun where processor was 64 x another one, but here it is"):
        whole.run(given(markdown=str(path)))
    state.write_text("{}")
    with pytest.raises(ConfigurationError, match="is not of an earlier run"):
        whole.run(given(markdown=str(path)))


def test_a_part_that_is_not_there_is_refused(commands):
    with pytest.raises(ConfigurationError, match="--only names 'cifar', but there are mnist, cifar10_fully"):
        whole.run(given(only="mnist,cifar"))


def test_a_part_is_run_as_a_command_and_its_error_is_kept():
    done = whole._part("parzen --rounds 1 --samples 40 --test 20 --valid 10 --widths 2")
    assert "ours / (matrix products + exponentials)" in done["text"] and done["json"]["seconds"]["ours"]
    failed = whole._part("parzen --samples 0")
    assert "json" not in failed and failed["text"].startswith("benchmark.py: error: --samples is 0")
