"""tools/ll.py as a user runs it: running values, when it ends, and binary data."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from adversarial.command_line import program
from adversarial.likelihood.bernoulli import BernoulliMixture, binarise, logits
from adversarial.likelihood.parzen import log_likelihoods
from adversarial.programs.ll import main

TOOL = Path(__file__).parents[2] / "tools" / "ll.py"


@pytest.fixture
def files(golden, tmp_path):
    with np.load(golden / "parzen.npz") as record:
        for name in ("samples", "test"):
            np.save(tmp_path / f"{name}.npy", np.clip(record[name], 0, 1).astype(np.float32))
    return {name: str(tmp_path / f"{name}.npy") for name in ("samples", "test")}


def run_json(capsys, *argv):
    main([*map(str, argv), "--json"])
    return json.loads(capsys.readouterr().out)


def refused(capsys, *argv):
    with pytest.raises(SystemExit) as end:
        program.run(main, list(map(str, argv)))
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    return end.value.code, lines[0].split("error: ", 1)[1]


def test_each_value_is_that_of_the_first_samples_alone(capsys, files):
    found = run_json(capsys, files["samples"], 0.2, "--test", files["test"], "--every", 150)
    samples, test = np.load(files["samples"]), np.load(files["test"])
    assert [line["samples"] for line in found["curve"]] == [1, 150, 300, 450, 500]
    for line in found["curve"]:
        expected = log_likelihoods(samples[: line["samples"]], test, 0.2).mean()
        assert line["log_likelihood"] == pytest.approx(expected, rel=1e-5)
    assert found["log_likelihood"] == found["curve"][-1]["log_likelihood"]


def test_it_ends_at_a_number_of_samples_or_at_rest(capsys, files):
    options = [files["samples"], 0.2, "--test", files["test"], "--every", 50]
    assert run_json(capsys, *options, "--num-samples", 120)["counts"]["samples"] == 120
    found = run_json(capsys, *options, "--tolerance", 0.3)
    values = {line["samples"]: line["log_likelihood"] for line in found["curve"]}
    last = found["counts"]["samples"]
    assert 50 < last < 500
    half = max(count for count in values if count <= last / 2)
    assert abs(values[last] - values[half]) < 0.3


def test_binary_data_are_scored_as_such_and_how_they_became_so_is_said(capsys, tmp_path, files):
    found = run_json(capsys, files["samples"], "--bernoulli", "--test", files["test"])
    binary, how = binarise(np.load(files["test"]), "sampled")
    mixture = BernoulliMixture(binary)
    mixture.add(logits(np.load(files["samples"])))
    assert found["log_likelihood"] == pytest.approx(mixture.log_likelihoods().mean(), rel=1e-9)
    assert found["binarisation"] == how
    by_threshold = run_json(
        capsys, files["samples"], "--bernoulli", "--binarisation", "threshold", "--test", files["test"]
    )
    assert "threshold" in by_threshold["binarisation"]
    assert by_threshold["log_likelihood"] != found["log_likelihood"]


def test_the_script_runs_and_prints_a_line_for_each_count(tmp_path, files):
    command = [sys.executable, TOOL, files["samples"], "--bernoulli", "--test", files["test"], "--every", "250"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("the data were made binary by one draw")
    assert [line.split()[0] for line in lines[2:]] == ["1", "250", "500"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["{samples}", "--test", "{test}"], "give the width SIGMA"),
        (["{samples}", "0", "--test", "{test}"], "width sigma is 0"),
        (["{samples}", ".2", "--bernoulli", "--test", "{test}"], "leave it out"),
        (["{samples}", ".2", "--test", "{test}", "--tolerance", "0"], "--tolerance is 0"),
        (["{samples}", ".2", "--test", "{test}", "--every", "0"], "--every is 0"),
        (["{samples}", ".2", "--test", "{test}", "--num-samples", "0"], "--num-samples is 0"),
        (["{samples}", ".2", "-d", "tfd", "--folds", "all"], "an option of tools/parzen_ll.py"),
        (["absent.pkl", ".2", "--test", "{test}"], "No such file"),
    ],
)
def test_options_that_do_not_fit_are_refused(capsys, files, options, words):
    code, sentence = refused(capsys, *(option.format(**files) for option in options))
    assert code in (1, 2) and words in sentence
