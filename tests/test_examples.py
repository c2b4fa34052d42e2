"""The examples run as a reader would run them, and the page in Python is the experiment of yaml/mnist.yaml."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adversarial import checkpoint
from adversarial.config.yaml_parse import load_path
from adversarial.options import Configurable

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"


def run(folder: Path, *arguments: str) -> str:
    """What a program prints that runs in `folder`."""
    path = os.pathsep.join(filter(None, [str(ROOT), str(EXAMPLES), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Imports an example by its name."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return lambda name: __import__(name)


def description(value: Any) -> Any:
    """An object's class and options, and those of what it is made of."""
    if isinstance(value, Configurable):
        return type(value).__name__, {name: description(each) for name, each in value.options.items()}
    if isinstance(value, dict):
        return {name: description(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [description(each) for each in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


def test_the_page_in_python_is_the_experiment_of_the_yaml_file(example, monkeypatch):
    monkeypatch.chdir(ROOT / "yaml")
    (_, ours), (_, theirs) = (
        description(train) for train in (example("paper_in_python").experiment(), load_path("mnist.yaml"))
    )
    assert {"save_path", "save_freq"} == theirs.keys() - ours.keys()
    assert ours == {name: theirs[name] for name in ours}


def test_the_page_in_python_is_a_page():
    assert len((EXAMPLES / "paper_in_python.py").read_text().splitlines()) <= 60


def test_the_page_in_python_trains_and_draws(tmp_path):
    run(tmp_path, str(EXAMPLES / "paper_in_python.py"), "--epochs", "1", "--examples", "200", "--units", "50")
    assert (tmp_path / "samples.png").read_bytes().startswith(b"\x89PNG")


def test_parts_of_ones_own_train_and_draw(tmp_path):
    printed = run(tmp_path, str(EXAMPLES / "your_own_parts.py"), "--epochs", "30")
    before, after = map(float, re.search(r"samples: (\S+) before training, (\S+) after", printed).groups())
    assert abs(after - 1) < abs(before - 1)
    assert (tmp_path / "ring.png").exists()


def test_a_file_names_parts_of_ones_own_and_resumes_to_the_bit(tmp_path):
    def train(folder: str, *options: str) -> dict[str, Any]:
        (tmp_path / folder).mkdir(exist_ok=True)
        arguments = [str(EXAMPLES / "ring.yaml"), "--allow", "your_own_parts", *options]
        run(tmp_path / folder, "-c", f"from adversarial.programs.train import main; main({arguments!r})")
        return checkpoint.read(tmp_path / folder / "ring.pkl")

    short = ("--set", "save_path=ring.pkl", "--set", "save_freq=1", "--quiet")
    straight = train("straight", *short, "--max-epochs", "3")
    train("twice", *short, "--max-epochs", "2")
    resumed = train("twice", *short, "--max-epochs", "3", "--resume")
    for name, value in straight["parameters"].items():
        np.testing.assert_array_equal(value, resumed["parameters"][name])
    assert straight["training"]["extensions"] == resumed["training"]["extensions"]
