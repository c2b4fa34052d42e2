"""The program that holds an experiment against 2014's: what it prints, and its exit codes."""

from __future__ import annotations

import csv
import json
import math
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from adversarial import checkpoint
from adversarial.errors import CheckpointError, ConfigurationError, DataError
from adversarial.evaluation import estimates
from adversarial.programs import compare_2014

ROOT = Path(__file__).parents[2]
MNIST = str(ROOT / "yaml" / "mnist.yaml")
PLANTED = ["algorithm.batch_size=50", "model.generator.noise=gaussian", "extensions.0.final_momentum=.9"]


def printed(capsys, *arguments):
    compare_2014.main([*map(str, arguments), "--format", "json"])
    return json.loads(capsys.readouterr().out)


def printed_text(capsys, *arguments):
    compare_2014.main(list(map(str, arguments)))
    return capsys.readouterr().out


def planted():
    return [word for change in PLANTED for word in ("--set", change)]


@pytest.fixture
def old_model(golden, tmp_path):
    return shutil.copy(golden / "trajectories" / "mnist_recipe" / "model_2014.pkl.gz", tmp_path)


def test_no_difference(capsys):
    assert compare_2014.main([MNIST, "--strict"]) == 0
    assert "\n0 of 198 values differ" in capsys.readouterr().out


def test_three_planted_changes_are_the_three_on_top(capsys):
    assert compare_2014.main([MNIST, "--strict", *planted()]) == 1
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert "3 of 198 values differ" in out
    shown = [line.split() for line in lines[2:] if "2014:" in line]
    assert [line[:2] + line[3:4] for line in shown] == [
        ["model.generator.noise", "gaussian", "uniform"],
        ["algorithm.batch_size", "50", "100"],
        ["extensions.0.final_momentum", "0.9", "0.7"],
    ]
    assert any("Examples in a minibatch" in line for line in lines)


def test_not_strict_says_nothing_by_its_exit_code():
    assert compare_2014.main([MNIST, *planted()]) == 0


def test_all_shows_equal_values(capsys):
    compare_2014.main([MNIST, "--all"])
    assert capsys.readouterr().out.count("2014:") == 198


def test_against_another_file(capsys):
    found = printed(capsys, MNIST, "--against", "tfd_pretrain/train.yaml")
    assert found["beside"] == "tfd_pretrain/train.yaml"
    assert found["differences"] and found["differences_from"]["mnist.yaml"] == 0


def test_json_has_numbers_as_numbers(capsys):
    rows = {row["key"]: row for row in printed(capsys, MNIST, *planted())["differences"]}
    assert (rows["algorithm.batch_size"]["here"], rows["algorithm.batch_size"]["then"]) == (50, 100)
    assert rows["extensions.0.final_momentum"]["here"] == 0.9
    assert rows["model.generator.noise"]["here"] == "gaussian"


def test_several_experiments_are_columns(capsys, monkeypatch):
    other = str(ROOT / "yaml" / "cifar10_fully_connected.yaml")
    compare_2014.main([MNIST, other, "--format", "csv"])
    header, *rows = list(csv.reader(capsys.readouterr().out.splitlines()))
    assert header == ["setting", MNIST, other, "2014's mnist.yaml"]
    assert any(row[1] == row[3] != row[2] for row in rows)
    compare_2014.main([MNIST, other, "--format", "md"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "| --- | --- | --- | --- |" and len(lines) == len(rows) + 2
    assert len(printed(capsys, MNIST, other)) == 2


@pytest.mark.parametrize("width", [20, 60, 100])
def test_text_is_as_wide_as_the_terminal(capsys, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    for arguments in ([MNIST, *planted(), "--all"], [MNIST, str(ROOT / "yaml" / "cifar10_convolutional.yaml")]):
        compare_2014.main(arguments)
        assert max(map(len, capsys.readouterr().out.splitlines())) <= width


def test_a_saved_model_beside_table_1(old_model, tmp_path, capsys):
    measured = {"log_likelihood": -12.5, "standard_error": 0.25, "sigma": 0.2, "counts": {"samples": 10000}}
    (tmp_path / "measured.json").write_text(json.dumps(measured))
    found = printed(capsys, old_model, "--parzen", tmp_path / "measured.json")
    assert found["results"]["table_1"]["Adversarial nets"] == {"mnist": [225, 2], "tfd": [2057, 26]}
    assert (found["results"]["epochs"], found["results"]["estimate"]) == (3, measured)
    compare_2014.main([str(old_model), "--parzen", str(tmp_path / "measured.json")])
    assert "-12.5 ± 0.2" in capsys.readouterr().out


def test_an_estimate_is_kept_beside_the_model_and_forgotten_when_that_changes(old_model):
    content = checkpoint.read(old_model)
    kept = {"log_likelihood": 1.0, "standard_error": 0.1, "sigma": 0.2, "counts": {}}
    path = estimates.path_beside(old_model)
    path.write_text(json.dumps(kept | {"model": estimates.identity(content)}))
    assert estimates.cached(old_model, content)["log_likelihood"] == 1.0
    content["monitor"]["epochs_seen"] += 1
    assert estimates.cached(old_model, content) is None


FIGURES = {"log_likelihood": 1.0, "standard_error": 0.1, "sigma": 0.2, "counts": {"samples": 9}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "JSON"),
        ("{", "JSON"),
        ("[]", "no log_likelihood"),
        ("null", "no log_likelihood"),
        ('{"log_likelihood": 1}', "no standard_error"),
        (json.dumps(FIGURES | {"log_likelihood": math.nan}), "log_likelihood has NaN"),
        (json.dumps(FIGURES | {"standard_error": math.inf}), "standard_error has Infinity"),
        (json.dumps(FIGURES | {"log_likelihood": "high"}), 'log_likelihood has "high"'),
        (json.dumps(FIGURES | {"sigma": None}), "sigma has null"),
        (json.dumps(FIGURES | {"sigma": [0.1, True]}), "sigma has true"),
        (json.dumps(FIGURES | {"counts": 7}), "counts or its curve"),
        (json.dumps(FIGURES | {"curve": [3]}), "counts or its curve"),
        (json.dumps(FIGURES | {"curve": [{"sigma": 0.1, "mean": 2.0}]}), "curve has null"),
    ],
)
def test_what_is_no_estimate_is_refused(text, told, tmp_path):
    (tmp_path / "it.json").write_text(text)
    with pytest.raises(DataError, match=f"it.json is not .*{told}"):
        estimates.read(tmp_path / "it.json")


@pytest.mark.parametrize(
    ("name", "content", "code", "told"),
    [
        ("absent.yaml", None, 2, "there is no file absent.yaml"),
        ("absent.pkl", None, 1, "cannot open absent.pkl: No such file"),
        ("it.yaml", b"", 2, "it.yaml is empty"),
        ("it.pkl", b"", 1, "cannot open it.pkl: it is empty"),
        ("it.yaml", b"hello", 2, "it.yaml describes a str, not an experiment"),
        ("it.yaml", b"{a: 1}", 2, "it.yaml describes a dict, not an experiment"),
        ("it.pkl", bytes(range(200)), 1, "cannot open it.pkl: it is no saved model"),
        ("it.pkl", pickle.dumps({"x": 1}), 1, "it is a pickle, but not of a model"),
    ],
)
def test_what_is_no_experiment_is_refused_in_a_sentence(name, content, code, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path(name).write_bytes(content)
    with pytest.raises(SystemExit) as ended:
        compare_2014.command([MNIST, name])
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (code, "")
    assert told in err and err.count("\n") == 1


def test_a_model_whose_parameters_are_nan_is_compared(old_model, tmp_path, capsys):
    content = checkpoint.read(old_model)
    lost = {name: np.full_like(value, np.nan) for name, value in content["parameters"].items()}
    checkpoint.write(tmp_path / "nan.pkl", content | {"parameters": lost})
    assert "values differ" in printed_text(capsys, tmp_path / "nan.pkl")


def test_a_model_without_its_yaml(old_model, tmp_path):
    model = checkpoint.load_model(old_model)
    checkpoint.save_model(tmp_path / "bare.pkl", model, yaml_src="")
    with pytest.raises(CheckpointError, match="does not hold the YAML"):
        compare_2014.main([str(tmp_path / "bare.pkl")])


def test_results_are_of_a_saved_model():
    with pytest.raises(ConfigurationError, match="train the experiment first"):
        compare_2014.main([MNIST, "--estimate"])


def test_only_mnist_has_a_trajectory():
    with pytest.raises(ConfigurationError, match=r"only that of mnist\.yaml was recorded"):
        compare_2014.main([MNIST, "--trajectory", "--against", "tfd_pretrain/train.yaml"])


def test_nets_of_other_sizes_have_no_distance_from_the_record(float64):
    smaller = ["--set", "model.generator.mlp.layers.0.dim=60"]
    with pytest.raises(ConfigurationError, match=r"gen_h0_W of .* is 100 x 60, but 100 x 1200 in 2014's mnist.yaml"):
        compare_2014.main([MNIST, "--trajectory", *smaller])


def test_a_model_that_is_no_pair_is_beside_none_of_2014s(tmp_path, capsys, monkeypatch):
    folder = tmp_path / "a-name-with-hyphens"
    folder.mkdir()
    path = folder / "rbm.yaml"
    # So narrow that the line is broken near the end of the path, but not in it.
    monkeypatch.setenv("COLUMNS", str(len(str(path)) + 2))
    path.write_text("!obj:adversarial.train.Train { model: !obj:adversarial.models.rbm.RBM { nvis: 4, nhid: 2 } }")
    compare_2014.main([str(path)])
    out = " ".join(capsys.readouterr().out.split())
    assert (
        f"{path} trains a model of class RBM, but 2014's five files are all of a pair of G and D" in out
        and "differ" not in out
    )
    compare_2014.main([str(path), "--all"])
    assert "values differ" in capsys.readouterr().out
    assert printed(capsys, path)["comparable"] is False and printed(capsys, MNIST)["comparable"] is True
    with pytest.raises(ConfigurationError, match="--trajectory: .* trains a model of class RBM"):
        compare_2014.main([str(path), "--trajectory"])


def test_a_model_alone_has_no_trajectory(old_model):
    with pytest.raises(ConfigurationError, match=r"--trajectory trains, but .* describes a model alone"):
        compare_2014.main([str(old_model), "--trajectory"])


def test_from_outside(tmp_path):
    script = [sys.executable, ROOT / "tools" / "compare_2014.py"]
    shown = subprocess.run([*script, "--help"], capture_output=True, text=True, check=True).stdout
    assert "example:\n  tools/compare_2014.py yaml/mnist.yaml" in shown
    strict = subprocess.run([*script, MNIST, "--strict", *planted()], capture_output=True, text=True)
    assert (strict.returncode, strict.stderr) == (1, "")
    absent = subprocess.run([*script, "none.yaml"], cwd=tmp_path, capture_output=True, text=True)
    assert absent.returncode == 2
    assert absent.stderr == "compare_2014.py: error: there is no file none.yaml\n"
