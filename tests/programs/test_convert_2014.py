"""tools/convert_2014.py, as a user runs it."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from adversarial import checkpoint

pytest.importorskip("adversarial.command_line.program")

TOOL = Path(__file__).parents[2] / "tools" / "convert_2014.py"


def convert(*arguments):
    return subprocess.run([sys.executable, TOOL, *map(str, arguments)], capture_output=True, text=True)


def test_an_old_pickle_becomes_a_saved_model(golden, tmp_path):
    recipe = golden / "trajectories/mnist_recipe"
    (tmp_path / "old.pkl").write_bytes(gzip.decompress((recipe / "model_2014.pkl.gz").read_bytes()))
    done = convert(tmp_path / "old.pkl", tmp_path / "new.h5")
    assert (done.returncode, done.stderr) == (0, "")
    assert "12 parameters" in done.stdout
    parameters = checkpoint.read(tmp_path / "new.h5")["parameters"]
    with np.load(recipe / "params.npz") as expected:
        assert np.array_equal(parameters["gen/y_W"], expected["update36/gen_y_W"])


def test_what_is_no_old_pickle_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "old.pkl").write_bytes(b"cposix\nsystem\n(S'touch left'\ntR.")
    done = convert(tmp_path / "old.pkl", tmp_path / "new.pkl")
    assert done.returncode == 1 and len(done.stderr.strip().splitlines()) == 1
    assert "asks to run posix.system" in done.stderr
    assert not (tmp_path / "new.pkl").exists() and not Path("left").exists()
