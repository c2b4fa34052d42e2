"""tools/benchmark.py runs its sub-commands on small sizes; what it measures is no business of a test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).parents[2] / "tools" / "benchmark.py"


def benchmark(*arguments):
    return subprocess.run([sys.executable, TOOL, *map(str, arguments)], capture_output=True, text=True)


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
