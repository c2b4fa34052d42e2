"""train.py from the outside: what it says and how it exits."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from adversarial import checkpoint
from adversarial.command_line.program import overrides_of
from adversarial.datasets.mnist import EMBEDDED
from adversarial.errors import ConfigurationError
from adversarial.programs.train import duration, main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def recipe(golden, tmp_path, monkeypatch):
    """A small experiment in a directory of its own, as 2014 wrote it."""
    for name in ("recipe.yaml", "data.npz"):
        shutil.copy(golden / "trajectories" / "uneven_batches" / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "recipe.yaml"


def run(capsys, *arguments):
    """(exit code, standard output, standard error) of the program."""
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return stopped.value.code, out, err


def change(recipe, old, new):
    text = recipe.read_text()
    assert old in text
    recipe.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("num_units: 4,", "num_unit: 4,", "key 'num_unit': Maxout has no option 'num_unit'; did you mean 'num_units'?"),
        ("dim: 9,", "dim: 0,", "key 'dim'"),
        ("learning_rate: .1,", "learning_rate: -.1,", "learning_rate is -.1, but must be a number of at least 0"),
        ("'h0': .8", "'h00': .8", "names the layer 'h00', which does not exist"),
        ("layer_name: 'h1'", "layer_name: 'h0'", "two layers are named 'h0'"),
        ("batch_size: 32,", "\tbatch_size: 32,", "tab"),
        ("!obj:adversarial.Generator", "!obj:os.system", "os.system"),
        ("!obj:adversarial.Generator", "!thing", "!thing"),
        ('"model.pkl"', '"no/such/place/model.pkl"', "no/such/place"),
        ("file: 'data.npz', key: 'train'", "file: 'absent.npz', key: 'train'", "absent.npz"),
    ],
)
def test_a_mistake_in_the_file(recipe, capsys, old, new, expected):
    change(recipe, old, new)
    started = time.process_time()
    code, _, err = run(capsys, recipe)
    assert code in (1, 2)
    assert expected in err and err.count("\n") == 1 and "Traceback" not in err
    assert time.process_time() - started < 5
    assert not (recipe.parent / "model.pkl").exists()


def test_a_missing_file(capsys, tmp_path):
    code, _, err = run(capsys, tmp_path / "absent.yaml")
    assert code == 2 and "absent.yaml" in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [("start: 10, stop: 5", "start is 10"), ("start: 0, stop: 70000", "there are 60000 examples")],
)
def test_a_range_of_examples_that_cannot_be(recipe, capsys, options, expected):
    old = "!obj:pylearn2.datasets.npy_npz.NpzDataset { file: 'data.npz', key: 'train' }"
    change(recipe, old, f"!obj:pylearn2.datasets.mnist.MNIST {{ which_set: 'train', {options} }}")
    code, _, err = run(capsys, recipe)
    assert code == 2 and expected in err


@pytest.mark.parametrize("damage", ["cut", "swapped"])
def test_damaged_mnist_files(recipe, capsys, tmp_path, monkeypatch, damage):
    folder = tmp_path / "data" / "mnist"
    folder.mkdir(parents=True)
    images, labels = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
    content = gzip.decompress((EMBEDDED / f"{labels}.gz").read_bytes())
    (folder / labels).write_bytes(content)
    (folder / images).write_bytes(content if damage == "swapped" else b"\x00\x00\x08\x03" + content[:1000])
    monkeypatch.setenv("PYLEARN2_DATA_PATH", str(tmp_path / "data"))
    old = "!obj:pylearn2.datasets.npy_npz.NpzDataset { file: 'data.npz', key: 'train' }"
    change(recipe, old, "!obj:pylearn2.datasets.mnist.MNIST { which_set: 'train' }")
    code, _, err = run(capsys, recipe)
    assert code == 1 and images in err
    assert ("labels, not images" if damage == "swapped" else "should hold") in err


def test_a_run_saves_what_it_shows(recipe, capsys):
    code, out, _ = run(capsys, recipe, "--max-epochs", 1)
    assert code == 0
    assert "PyTensor" in out and "Maxout" in out and "objective_d" in out and "saved as model.pkl" in out
    assert "as in 2014 (--slips corrected: each says what it measures): the channels dis_on_data and" in out
    content = checkpoint.read(recipe.parent / "model.pkl")
    assert "valid_objective_d" in content["monitor"]["channels"] or "valid_objective_d" in str(
        content["monitor"].keys()
    )
    code, out, _ = run(capsys, recipe, "--resume", "-V")
    assert code == 0 and "\tvalid_objective_d: " in out
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", line) for line in out.splitlines())
    assert "finished, saved" in out


def test_a_run_that_will_replace_a_model_says_so(recipe, capsys):
    notice = "the first save will replace model.pkl, which is there already; --resume goes on with it"
    assert notice not in run(capsys, recipe, "--max-epochs", 1)[1]
    assert notice not in run(capsys, recipe, "--dry-run")[1]
    assert notice not in run(capsys, recipe, "--max-epochs", 2, "--resume")[1]
    assert notice in run(capsys, recipe, "--max-epochs", 1)[1]
    assert notice not in run(capsys, recipe, "--max-epochs", 1, "--set", "save_freq=0")[1]


def test_a_dry_run_checks_everything_and_leaves_nothing(recipe, capsys):
    before = sorted(os.listdir())
    code, out, _ = run(capsys, recipe, "--dry-run")
    assert code == 0 and "no fault was found; nothing was trained, and nothing saved" in out
    assert sorted(os.listdir()) == before
    change(recipe, "max_epochs: ", "max_epoch: ")
    code, _, err = run(capsys, recipe, "--dry-run")
    assert code != 0 and "did you mean 'max_epochs'" in err


def test_quiet_says_nothing(recipe, capsys):
    code, out, err = run(capsys, recipe, "--max-epochs", 1, "--quiet", "--set", "save_freq=0")
    assert (code, out, err) == (0, "", "")


def test_a_changed_file_is_not_resumed_by_mistake(recipe, capsys):
    assert run(capsys, recipe, "--max-epochs", 1, "-q")[0] == 0
    code, _, err = run(capsys, recipe, "--resume", "-q", "--set", "algorithm.learning_rate=.2")
    assert code == 2 and "algorithm.learning_rate: 0.1 then, 0.2 now" in err and "--force" in err
    assert "model.pkl was saved with other values of --set" in err and "give the same" in err
    change(recipe, "learning_rate: .1", "learning_rate: .3")
    code, _, err = run(capsys, recipe, "--resume", "-q")
    assert code == 2 and "recipe.yaml has changed since model.pkl was saved" in err and "put it back" in err


def test_how_often_to_monitor_may_change(recipe, capsys):
    assert run(capsys, recipe, "--max-epochs", 1, "-q")[0] == 0
    again = (recipe, "--resume", "-q", "--max-epochs", 2, "--set", "algorithm.monitor_every=2")
    assert run(capsys, *again)[0] == 0


def test_a_run_that_its_file_ends_before_max_epochs_says_so(recipe, capsys):
    epochs = ("--set", "algorithm.termination_criterion.max_epochs=1")
    code, out, _ = run(capsys, recipe, "--max-epochs", 3, *epochs)
    assert code == 0 and "finished after 1 of 3 epochs, as the file asks, saved as model.pkl" in out


def test_averages_begin_anew_by_force(recipe, capsys):
    assert run(capsys, recipe, "--max-epochs", 1, "-q")[0] == 0
    asked = (recipe, "--resume", "-q", "--max-epochs", 2, "--set", "model.generator.average_decay=.9")
    code, _, err = run(capsys, *asked)
    assert code == 2 and "model.generator.average_decay: not given then, 0.9 now" in err and "--force" in err
    code, _, err = run(capsys, *asked, "--force")
    assert (code, err) == (0, "")
    averaged = checkpoint.load_model("model.pkl").generator.averages()
    assert averaged and all(np.any(param.get_value() != mean.get_value()) for param, mean in averaged.items())


def test_a_users_callback_sees_every_update(recipe, capsys):
    (recipe.parent / "mycallbacks.py").write_text(
        "class Count:\n"
        "    seen = []\n"
        "    def __call__(self, algorithm):\n"
        "        Count.seen.append(float(algorithm.learning_rate.get_value()))\n"
    )
    change(recipe, "update_callbacks: [", "update_callbacks: [ !obj:mycallbacks.Count {},")
    code, _, err = run(capsys, recipe, "-q", "--max-epochs", 1)
    assert code == 2 and "--allow mycallbacks" in err
    code, _, _ = run(capsys, recipe, "-q", "--max-epochs", 1, "--allow", "mycallbacks")
    assert code == 0
    assert len(sys.modules["mycallbacks"].Count.seen) == int(np.ceil(173 / 32))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_and_says_how_to_go_on(recipe, number, code):
    change(recipe, "max_epochs: 2", "max_epochs: 1000000")
    program = subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), str(recipe), "--floatX", "float64", "--set", "save_freq= 1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
    )
    for line in program.stdout:
        if line.split()[:1] == ["1"]:
            break
    program.send_signal(number)
    _, err = program.communicate(timeout=60)
    assert program.returncode == code
    assert f"go on with: train.py {recipe} --floatX float64 --set 'save_freq= 1' --resume" in err
    assert checkpoint.read(recipe.parent / "model.pkl")["training"] is not None


def test_times_and_values():
    assert [duration(text) for text in ("600", "90s", "10m", "8h")] == [600, 90, 600, 28800]
    assert overrides_of(["a.b=1", "c=x=y"]) == {"a.b": "1", "c": "x=y"}
    with pytest.raises(ConfigurationError, match="KEY=VALUE"):
        overrides_of(["a"])
