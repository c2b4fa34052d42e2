"""The program that goes the whole way: each step once, again only where what it is made of changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from training_stand_ins import interpret

from adversarial import checkpoint
from adversarial.checkpoint.paths import kept_epochs
from adversarial.errors import ConfigurationError
from adversarial.evaluation import estimates
from adversarial.programs import reproduce

TOOL = Path(__file__).parents[2] / "tools" / "reproduce.py"


@pytest.fixture
def folder(golden, tmp_path, monkeypatch):
    """A small experiment under the name of the paper's; what measures likelihoods is put aside."""
    recipe = golden / "trajectories" / "mnist_recipe"
    text = (recipe / "recipe.yaml").read_text()
    (tmp_path / "mnist.yaml").write_text(text.replace('"model.pkl"', '"mnist.pkl"'))
    shutil.copy(recipe / "data.npz", tmp_path)
    monkeypatch.chdir(tmp_path)
    interpret(monkeypatch)
    monkeypatch.setattr(estimates, "measure", measure)
    measured.clear()
    return tmp_path


measured: list[str] = []


def measure(model, content, allow=()):
    """Stands for the estimate, which takes more data than the small experiment has."""
    measured.append(Path(model).name)
    curve = [{"sigma": sigma, "mean": -sigma, "standard_error": 0.1} for sigma in (0.1, 0.2, 0.4)]
    found = {"log_likelihood": 12.5, "standard_error": 0.25, "sigma": 0.1, "curve": curve,
             "counts": {"samples": 9, "valid": 5}, "model": estimates.identity(content)}  # fmt: skip
    estimates.path_beside(model).write_text(json.dumps(found))
    return found


def go(*options) -> int:
    return reproduce.main(["mnist", "--dir", ".", "--keep-every", "1", *options])


MADE = [f"mnist{end}" for end in ("_samples.png", "_interpolation.png", "_widths.png", "_log_likelihood.png", ".html")]


def test_every_step_once_and_again_only_where_something_changed(folder, capsys):
    assert go("--epochs", "1") == 0
    assert checkpoint.read("mnist.pkl")["monitor"]["epochs_seen"] == 1
    assert list(kept_epochs("mnist.pkl")) == [0, 1]
    assert measured == ["mnist.pkl", "mnist_epoch0.pkl"]
    times = {name: os.stat(name).st_mtime_ns for name in MADE}
    row = capsys.readouterr().out.splitlines()[-1]
    assert row.startswith("| yaml/mnist.yaml | 12.5 ± 0.2 | 0.1 | 1 | 2014's |")
    assert row.endswith("| `tools/reproduce.py mnist --epochs 1` |")

    os.unlink("mnist_widths.png")
    assert go("--epochs", "1") == 0
    shown = capsys.readouterr().out
    assert "trained for 1 epoch already" in shown and shown.count("up to date") == len(MADE) - 1
    assert len(measured) == 2
    times["mnist_widths.png"] = os.stat("mnist_widths.png").st_mtime_ns
    assert {name: os.stat(name).st_mtime_ns for name in MADE} == times

    assert go("--epochs", "2") == 0
    assert checkpoint.read("mnist.pkl")["monitor"]["epochs_seen"] == 2
    assert measured[2:] == ["mnist.pkl", "mnist_epoch1.pkl"]
    assert all(os.stat(name).st_mtime_ns > times[name] for name in MADE)


def test_a_model_that_somebody_else_trained(folder):
    with pytest.raises(ConfigurationError, match="there is no saved model"):
        go("--no-train")


def test_the_experiment_is_put_where_the_run_is_to_be(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match="there is no saved model"):
        reproduce.main(["mnist", "--dir", "run", "--no-train"])
    assert (tmp_path / "run" / "mnist.yaml").read_text() == (TOOL.parents[1] / "yaml" / "mnist.yaml").read_text()


def test_help_has_an_example():
    run = subprocess.run([sys.executable, TOOL, "--help"], capture_output=True, text=True, check=True)
    assert "example:\n  tools/reproduce.py mnist" in run.stdout


def test_a_run_of_few_epochs_keeps_all_of_them(folder, monkeypatch):
    kept = []
    monkeypatch.setattr(reproduce, "_train", lambda given, yaml, model: kept.append(given.keep_every) or 3)
    for epochs in (3, reproduce.FEW, reproduce.FEW + 1):
        assert reproduce.main(["mnist", "--dir", ".", "--epochs", str(epochs)]) == 3
    assert kept == [1, 1, 10]
