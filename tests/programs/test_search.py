"""tools/search.py: trials in order, successive halving, going on; small runs are the same to the bit."""

from __future__ import annotations

import json
import math
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
import yaml

from adversarial import checkpoint
from adversarial.errors import ConfigurationError, FileError, UserError
from adversarial.programs import search as program
from adversarial.programs.halving import Result, Score, Search, ranked, survivors
from adversarial.programs.search_study import Study, Trial, read_study

#: Overrides that make the paper's game small: five updates an epoch.
SMALL = {
    "dataset.stop": 500,
    "algorithm.monitoring_dataset.valid.start": 59_500,
    "model.generator.mlp.layers.0.dim": 10,
    "model.generator.mlp.layers.1.dim": 10,
    "model.discriminator.layers.0.num_units": 5,
    "model.discriminator.layers.1.num_units": 5,
}


def study(**options) -> Study:
    return Study(**{"experiment": "mnist.yaml", "rungs": [1, 3, 9], "trials": [{}], **options})


def test_trials_are_listed_combined_and_drawn_in_a_fixed_order():
    random = {"count": 3, "seed": 4, "values": {"a.b": {"low": 0.01, "high": 1, "log": True}, "c": [True, "x"]}}
    options = {"trials": [{}, {"a.b": 0.5}], "grid": {"a.b": [1, 2], "c": [None, [3]]}, "random": random}
    found = study(**options).all_trials()
    assert found == study(**options).all_trials() and [trial.number for trial in found] == list(range(9))
    listed = [trial.overrides for trial in found]
    assert listed[:2] == [{}, {"a.b": "0.5"}]
    assert listed[2:6] == [{"a.b": a, "c": c} for a in "12" for c in ("null", "[3]")]
    assert all(0.01 <= float(each["a.b"]) <= 1 and each["c"] in ("true", "x") for each in listed[6:])
    assert len({each["a.b"] for each in listed[6:]}) == 3
    other = study(**options | {"random": random | {"seed": 5}}).all_trials()
    assert [trial.overrides for trial in other][6:] != listed[6:]


def test_a_seed_sets_what_it_is_said_to():
    made = study(seeds=[None, 7], seeded=["algorithm.seed"])
    trial = Trial(0, {"a": "1"})
    assert made.overrides_of(trial, None) == {"a": "1"}
    assert made.overrides_of(trial, 7) == {"a": "1", "algorithm.seed": "7"}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"rungs": [3, 3]}, "epochs must rise"),
        ({"keep": 1}, "one in more than 1"),
        ({"trials": []}, "nothing to try"),
        ({"trials": [{"a": {"b": 1}}]}, "must be a number, text"),
        ({"random": {"count": 0, "values": {}}}, "must have count"),
        ({"random": {"count": 1, "values": {"a": {"low": 2, "high": 1}}}}, "is no range"),
        ({"random": {"count": 1, "values": {"a": 3}}}, "from a list of values, or from low to high"),
        ({"epochs": 3}, "no option 'epochs'"),
        ({"seeds": [2, 2]}, "each must be another"),
    ],
)
def test_what_is_no_study_says_why(tmp_path, options, reason):
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump({"experiment": "mnist.yaml", "rungs": [1, 3], "trials": [{}]} | options))
    with pytest.raises(ConfigurationError, match=reason):
        read_study(path).all_trials()


class Imagined(Search):
    """A search whose runs are imagined: trial n from seed s has n + s, and 100 more an epoch; trial 2 diverges."""

    measured: list

    def _measured(self, folder: Path, overrides: dict[str, str], epochs: int) -> Result:
        self.measured.append((folder.name, epochs))
        value = int(overrides["n"]) + int(overrides.get("s", 0)) + 100.0 * epochs
        if overrides["n"] == "2":
            value = -math.inf
        return Result(epochs, epochs * 10, epochs * 2.0, value, value - 1)


def imagined(folder: Path, **options) -> Imagined:
    trials = [{"n": number} for number in range(9)]
    made = study(trials=trials, seeds=[1, 3], seeded=["s"], **options)
    search = Imagined(made, folder, processes=2, say=lambda line: None)
    search.measured = []
    search.begin()
    return search


def test_the_best_third_goes_on_to_each_rung(tmp_path):
    search = imagined(tmp_path / "s")
    rungs = search.run()
    assert [[score.trial.number for score in rung] for rung in rungs] == [[8, 7, 6, 5, 4, 3, 1, 0, 2], [8, 7, 6], [8]]
    assert [rung[0].mean for rung in rungs] == [110.0, 310.0, 910.0]
    assert rungs[0][0].deviation == pytest.approx(np.std([1, 3], ddof=1)) and rungs[0][-1].mean == -math.inf
    assert len(search.measured) == 2 * (9 + 3 + 1)


def test_a_search_goes_on_where_it_was(tmp_path):
    whole = imagined(tmp_path / "s").run()
    shutil.rmtree(tmp_path / "s" / "trial8_seed3")
    again = imagined(tmp_path / "s")
    assert again.run() == whole
    assert again.measured == [("trial8_seed3", epochs) for epochs in (1, 3, 9)]
    with pytest.raises(ConfigurationError, match="another study"):
        imagined(tmp_path / "s", samples=5)


def test_a_trial_that_diverges_goes_no_further():
    scores = ranked([Score(Trial(i, {}), [Result(1, 1, 1.0, value, 0.0)]) for i, value in enumerate([-math.inf, 2.0])])
    assert [trial.number for trial in survivors(scores, 1.5)] == [1]
    assert survivors(scores[1:], 3) == []


def test_the_program_prints_and_draws(tmp_path, capsys, monkeypatch):
    path, folder = tmp_path / "study.yaml", tmp_path / "s"
    trials = [{"n": number} for number in range(9)]
    path.write_text(yaml.safe_dump({"experiment": "mnist.yaml", "rungs": [1, 3, 9], "trials": trials}))
    monkeypatch.setattr(Imagined, "measured", [], raising=False)
    monkeypatch.setattr(program, "Search", Imagined)
    monkeypatch.setattr(program, "check_study", lambda *about: None)  # what is imagined cannot be built
    program.main([str(path), str(folder), "--dry-run"])
    assert capsys.readouterr().out.splitlines()[8] == "8: n=8" and not folder.exists()
    picture, before = tmp_path / "p.png", signal.getsignal(signal.SIGTERM)
    program.main([str(path), str(folder), "--plot", str(picture)])
    said = capsys.readouterr()
    assert said.out.splitlines()[1].split() == ["9", "90", "18", "908.00", "±", "0.00", "907.00", "8:", "n=8"]
    assert picture.stat().st_size > 1000 and signal.getsignal(signal.SIGTERM) == before
    program.main([str(path), str(folder), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["results"][0]["trial"] == 8 and len(found["results"]) == 13
    assert next(each for each in found["results"] if each["trial"] == 2)["mean"] is None


def searched(folder: Path, rungs: list[int], **more) -> tuple[list, dict]:
    """The results of one trial of the paper's game made small, and what the saved model holds."""
    made = study(rungs=rungs, trials=[SMALL | {"model.generator.average_decay": 0.5} | more], samples=100, seeds=[3])
    search = Search(made, folder, say=lambda line: None)
    search.begin()
    return search.run(), checkpoint.read(folder / "trial0_seed3" / "model.pkl")["parameters"]


def test_a_run_that_goes_on_from_rung_to_rung_is_the_straight_one_to_the_bit(tmp_path):
    halved, parameters = searched(tmp_path / "halved", [1, 2])
    straight, expected = searched(tmp_path / "straight", [2])
    for name, value in expected.items():
        np.testing.assert_array_equal(parameters[name], value, err_msg=name)
    found, only = halved[1][0].results[0], straight[0][0].results[0]
    assert (found.valid, found.test, found.updates) == (only.valid, only.test, 10)
    assert math.isfinite(found.valid) and found.seconds > 0
    # As after a kill between training and scoring: the result is made again, and is the same.
    (tmp_path / "halved" / "trial0_seed3" / "epochs2.json").unlink()
    again, _ = searched(tmp_path / "halved", [1, 2])
    assert again[1][0].results[0] == found


def test_a_mistake_in_an_override_ends_the_search_in_a_sentence(tmp_path):
    with pytest.raises(FileError, match="train.py ended with 2 in .*: .*has no 'algorithm.batch'"):
        searched(tmp_path / "s", [1], **{"algorithm.batch.size": 3})


OWN = """!obj:adversarial.train.Train {
    dataset: &data !obj:adversarial.datasets.npy_npz.NpyDataset { file: 'x.npy' },
    model: !obj:adversarial.models.autoencoder.Autoencoder { nvis: 4, nhid: 2, act_enc: sigmoid, act_dec: sigmoid },
    algorithm: !obj:adversarial.training_algorithms.sgd.SGD {
        learning_rate: .1, batch_size: 2, monitoring_dataset: { 'valid': *data },
        cost: !obj:adversarial.costs.autoencoder.MeanSquaredReconstructionError {},
    },
}
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """An experiment on one's own array, which has no test set, beside a study; its path."""
    (tmp_path / "own.yaml").write_text(OWN)
    np.save(tmp_path / "x.npy", np.ones((6, 4)))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "own.yaml"


def refused(path, folder, **options):
    """What is said of a study before anything trains or is written."""
    path.write_text(yaml.safe_dump({"experiment": "own.yaml", "rungs": [1], "trials": [{}]} | options))
    with pytest.raises(UserError) as error:
        program.main([str(path), str(folder), "--dry-run"])
    assert not folder.exists()
    return str(error.value)


def test_a_study_is_checked_before_anything_trains(own, tmp_path):
    path, folder = tmp_path / "study.yaml", tmp_path / "s"
    assert "has no test set" in (said := refused(path, folder)) and "say the data by score: ['--valid'" in said
    said = refused(path, folder, trials=[{}, {"algorithm.learning_rat": 1}])
    assert "trial 1: learning_rat=1 cannot be built" in said and "has no option 'learning_rat'" in said
    assert "there is no file none.yaml" in refused(path, folder, experiment="none.yaml")
    assert "'sed'" in refused(path, folder, seeds=[1], seeded=["model.sed"])


def test_an_experiment_is_found_beside_its_study_and_scored_on_the_files_that_are_said(
    own, tmp_path, capsys, monkeypatch
):
    path, options = tmp_path / "study.yaml", ["--valid", "x.npy", "--test", "x.npy"]
    path.write_text(yaml.safe_dump({"experiment": "own.yaml", "rungs": [1], "trials": [{}], "score": options}))
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert read_study(path).experiment == str(tmp_path / "own.yaml")
    assert read_study(path).to_dict()["score"] == options
    monkeypatch.chdir(tmp_path)
    program.main([str(path), "s", "--dry-run"])
    assert capsys.readouterr().out == "0: as it is\n"
