"""tools/benchmark.py runs its sub-commands on small sizes; what it measures is no business of a test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "benchmark.py"


def benchmark(*arguments, environment=None):
    command = [sys.executable, TOOL, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | (environment or {}))


def test_parzen_prints_a_table_and_writes_every_time(tmp_path):
    sizes = ["--samples", 60, "--test", 20, "--valid", 10, "--widths", 3]
    done = benchmark("parzen", "--rounds", 2, "--json", tmp_path / "times.json", *sizes)
    assert done.returncode == 0, done.stderr
    assert "ours / (matrix products + exponentials) = " in done.stdout
    found = json.loads((tmp_path / "times.json").read_text())
    assert set(found["seconds"]) == {"ours", "matrix products", "exponentials", "2014's formula"}
    assert all(len(times) == 2 and min(times) > 0 for times in found["seconds"].values())


def test_sizes_that_cannot_be_are_refused_in_one_sentence():
    done = benchmark("parzen", "--samples", 0)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.strip() == (
        "benchmark.py: error: --samples is 0, but must be a whole number of at least 1 and at most 50000"
    )


def test_a_turn_without_updates_is_refused_before_anything_is_built():
    done = benchmark("mnist", "--updates", 0)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.strip() == "benchmark.py: error: --updates is 0, but must be a whole number of at least 1"


def test_backends_that_are_not_there_are_rows_that_say_so(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['numba'] = sys.modules['jax'] = None\n")
    options = ["--backends", "numba,cuda", "--json", tmp_path / "times.json"]
    done = benchmark("backends", *options, environment={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    assert "| numba | the backend numba is not installed; pip install numba brings it |" in done.stdout
    assert "| jax on cuda | the backend jax is not installed; pip install adversarial[jax] brings it |" in done.stdout
    found = json.loads((tmp_path / "times.json").read_text())
    assert found["rows"].keys() == {"numba", "jax on cuda"} and found["seconds"] == {}


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--backends", "c,torch", "--backends names 'torch', but there are c, numba, jax, cuda"),
        ("--devices", "2,0", "--devices is '2,0', but must be whole numbers of at least 1, such as 2,4"),
    ],
)
def test_backends_that_cannot_be_are_refused_in_one_sentence(option, value, sentence):
    done = benchmark("backends", option, value)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.strip() == f"benchmark.py: error: {sentence}"


@pytest.mark.soak
def test_backends_are_timed_and_held_against_2014(tmp_path):
    pytest.importorskip("jax", reason="jax is not installed")
    options = ["--backends", "c,jax", "--devices", 2, "--rounds", 1, "--json", tmp_path / "times.json"]
    done = benchmark("backends", *options)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "times.json").read_text())
    assert set(found["seconds"]) == {"c", "jax", "jax, by hand", "jax, 2 devices"}
    assert found["rows"]["jax, 2 devices"]["devices"] == "2 CPU devices"
    for row in found["rows"].values():
        assert row["deviations"]["float64"] < 1e-8 and row["deviations"]["float32"] < 1e-3


@pytest.mark.soak
def test_updates_after_training_are_timed_beside_those_of_a_run_just_begun(tmp_path):
    options = ["--minutes", 0.02, "--rounds", 2, "--updates", 1, "--json", tmp_path / "times.json"]
    done = benchmark("ageing", *options)
    assert done.returncode == 0, done.stderr
    assert "0.02 minutes" in done.stderr and "after training / just begun = " in done.stdout
    found = json.loads((tmp_path / "times.json").read_text())
    assert set(found["seconds"]) == {"after training", "just begun", "before training"}
    assert all(len(times) == 2 and min(times) > 0 for times in found["seconds"].values())
