"""Runs killed -9 while they train, monitor and save: the file opens, and the resumed run ends as the straight one."""

from __future__ import annotations

import collections
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import killed_runs
import pytest
from saved_content import same

from adversarial import checkpoint

TESTS = Path(__file__).parents[1]
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)]), "ADVERSARIAL_THREADS": "1"}


def kill(folder, kills, ending, *recipe):
    """Run the killing program; the number of kills by what the run was doing."""
    folder.mkdir()
    command = [sys.executable, TESTS / "killed_runs.py", folder / f"model{ending}", kills, *recipe]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    rounds = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rounds) == kills and [each for each in rounds if each["wrong"]] == []
    return collections.Counter(each["stage"] for each in rounds)


def test_a_killed_run_goes_on_to_the_bit(tmp_path):
    kill(tmp_path / "run", 4, ".pkl")


@pytest.mark.soak
@pytest.mark.parametrize("ending", checkpoint.ENDINGS)
def test_200_killed_runs_go_on_to_the_bit(tmp_path, ending):
    stages = kill(tmp_path / "run", 200, ending)
    assert min(stages[stage] for stage in killed_runs.STAGES) >= 20, stages


@pytest.fixture
def recipe(golden, tmp_path):
    """A game with noise, dropout, momentum and schedules, in a folder of its own."""
    folder = tmp_path / "recipe"
    shutil.copytree(golden / "trajectories" / "uneven_batches", folder)
    return folder / "recipe.yaml"


@pytest.mark.soak
def test_200_killed_games_go_on_to_the_bit(tmp_path, recipe):
    stages = kill(tmp_path / "run", 200, ".pkl", recipe)
    assert min(stages[stage] for stage in killed_runs.STAGES) >= 20, stages


@pytest.mark.soak
def test_train_py_killed_and_resumed_10_times_goes_on_to_the_bit(recipe):
    """The program itself, from its start: killed within 3 s after its first save, so at times while it is built."""
    model, rng = recipe.with_name("model.pkl"), random.Random(9)
    command = [sys.executable, TESTS.parent / "train.py", recipe.name, "--quiet", "--set"]
    command += ["algorithm.termination_criterion.max_epochs=40", "--save-every", "0.05"]
    options = {"cwd": recipe.parent, "env": ENVIRONMENT}
    subprocess.run(command, check=True, **options)
    straight = killed_runs.without_times(checkpoint.read(model))
    model.unlink()
    killed = 0
    while killed < 10:
        resume = ["--resume"] if model.exists() else []
        program = subprocess.Popen([*command, *resume], **options)
        while not model.exists() and program.poll() is None:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 3))
        if program.poll() is None:
            program.send_signal(signal.SIGKILL)
            killed += 1
        elif killed < 10:
            model.unlink()
        program.wait()
        assert not model.exists() or checkpoint.read(model)["training"] is not None
    subprocess.run([*command, *(["--resume"] if model.exists() else [])], check=True, **options)
    assert same(killed_runs.without_times(checkpoint.read(model)), straight)
