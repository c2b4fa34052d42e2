"""Programs as they are found: by their names, in a checkout without its environment, and the experiments they know."""

from __future__ import annotations

import configparser
import subprocess
import sys
from pathlib import Path

import pytest

import adversarial
from adversarial.__main__ import main, programs
from adversarial.config.shipped import find_experiment, shipped_experiments
from adversarial.errors import ConfigurationError
from adversarial.programs.train_file import train_file

ROOT = Path(__file__).parents[2]


def test_every_program_is_listed_installed_and_has_a_launcher(capsys):
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    installed = [line.split()[0] for line in config["options.entry_points"]["console_scripts"].split("\n") if line]
    assert sorted(installed) == sorted(programs())
    launchers = {path.name for path in (ROOT / "tools").glob("[a-z]*.py")}
    assert launchers | {"train.py"} == set(programs())
    main()
    shown = capsys.readouterr().out
    assert all(f"\n{name} " in shown for name in programs())


@pytest.mark.parametrize("script", ["tools/parzen_ll.py", "tools/convert_2014.py"])
def test_a_tool_without_its_environment_says_how_to_run_it(script):
    # -S: without the installed packages.
    done = subprocess.run([sys.executable, "-S", "-E", str(ROOT / script), "--help"], capture_output=True, text=True)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert "is not installed" in done.stderr and ".venv/bin/python" in done.stderr


def test_train_without_its_environment_says_how_to_run_it():
    command = [sys.executable, "-S", "-E", str(ROOT / "train.py"), str(ROOT / "yaml" / "mnist.yaml")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1 and "is not installed" in done.stderr


def test_a_module_of_a_program_runs_it(tmp_path):
    command = [sys.executable, "-m", "adversarial.programs.train", "absent.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2 and done.stderr == "train.py: error: there is no file absent.yaml\n"


def test_experiments_are_found_by_name_but_a_file_there_goes_first(tmp_path, monkeypatch):
    assert {"mnist.yaml", "tfd_pretrain/train.yaml"} <= set(shipped_experiments())
    monkeypatch.chdir(tmp_path)
    shipped = find_experiment("tfd_pretrain/train.yaml")
    assert shipped.is_shipped and shipped.name == "train.yaml" and Path(shipped.path).is_file()
    (tmp_path / "mnist.yaml").write_text("mine")
    assert find_experiment("mnist.yaml") == ("mnist.yaml",) * 3
    assert find_experiment("absent.yaml") == ("absent.yaml",) * 3


def test_a_shipped_experiment_saves_in_the_working_directory(tmp_path, monkeypatch):
    from adversarial.programs.train_file import load_experiments

    monkeypatch.chdir(tmp_path)
    overrides = {"dataset.stop": "200"}
    (experiment,) = load_experiments(find_experiment("mnist.yaml"), (), overrides)
    assert experiment.save_path == "mnist.pkl"


def test_phases_without_a_save_path_save_beside_each_other(golden, tmp_path, monkeypatch):
    from adversarial.programs.train_file import load_experiments

    recipe = golden / "trajectories" / "uneven_batches"
    (tmp_path / "data.npz").write_bytes((recipe / "data.npz").read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYLEARN2_TRAIN_PHASE", raising=False)
    phase = (recipe / "recipe.yaml").read_text().replace('save_path: "model.pkl",', "")
    second = phase.replace("&train", "&second").replace("*train", "*second")
    for text, saved in ((f"[{phase}, {second}]", ["phases.phase1.pkl", "phases.phase2.pkl"]), (phase, ["phases.pkl"])):
        (tmp_path / "phases.yaml").write_text(text)
        experiments = load_experiments(find_experiment("phases.yaml"), (), {})
        assert [experiment.save_path for experiment in experiments] == saved


@pytest.mark.soak
def test_a_run_goes_on_with_the_slips_it_began_with(golden, tmp_path, monkeypatch):
    recipe = golden / "trajectories" / "uneven_batches"
    for name in ("recipe.yaml", "data.npz"):
        (tmp_path / name).write_bytes((recipe / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    train_file("recipe.yaml", max_epochs=1, slips="corrected")
    with pytest.raises(ConfigurationError, match="trained with --slips corrected, and recipe.yaml says --slips 2014"):
        train_file("recipe.yaml", max_epochs=2, resume=True)
    assert train_file("recipe.yaml", max_epochs=2, resume=True, slips="corrected").model.slips == "corrected"


def test_training_a_file_from_python(golden, tmp_path, monkeypatch):
    recipe = golden / "trajectories" / "uneven_batches"
    for name in ("recipe.yaml", "data.npz"):
        (tmp_path / name).write_bytes((recipe / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    assert adversarial.train_file is train_file
    trained = train_file("recipe.yaml", max_epochs=1, keep_every=1)
    assert trained.model.monitor.get_epochs_seen() == 1
    assert (tmp_path / "model_epoch1.pkl").exists()
    again = train_file("recipe.yaml", max_epochs=2, resume=True)
    assert again.model.monitor.get_epochs_seen() == 2
