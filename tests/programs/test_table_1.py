"""The experiments of Table 1's other rows in small: interrupted and resumed, put in the table, drawn."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from adversarial import checkpoint
from adversarial.config.shipped import find_experiment, shipped_folder
from adversarial.datasets import standins
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.models.linear import Sigmoid
from adversarial.models.mlp import MLP
from adversarial.programs import parzen_ll, reproduce, show_samples, table_1
from adversarial.programs.train_file import load_experiments, train_file
from adversarial.progress.reporting import Reporter

FEW = {"dataset.stop": "300", "algorithm.monitoring_dataset.valid.stop": "50100", "algorithm.monitoring_batches": "1"}
FEW_CODES = {key.replace(".stop", ".raw.stop"): value for key, value in FEW.items()}
TWO_PHASES = {f"0.{key}": value for key, value in FEW.items()} | {f"1.{key}": value for key, value in FEW_CODES.items()}
SMALL = {
    "dbn_mnist": TWO_PHASES | {"0.model.nhid": "7", "1.model.nhid": "5"},
    "stacked_cae_mnist": TWO_PHASES | {"0.model.nhid": "7", "1.model.nhid": "5"},
    "gsn_mnist": FEW
    | {"model.autoencoders.0.nhid": "7", "model.autoencoders.1.nvis": "7", "model.autoencoders.1.nhid": "5"},
}


class StopAfter(Reporter):
    """Asks to stop after some updates."""

    def __init__(self, updates: int):
        self.left = updates

    def on_update(self, train) -> None:
        self.left -= 1
        train.stop_requested = self.left <= 0


def copied(name: str, folder: Path) -> Path:
    folder.mkdir()
    return Path(shutil.copy(shipped_folder() / "baselines" / f"{name}.yaml", folder))


@pytest.mark.soak
@pytest.mark.parametrize("name", SMALL)
def test_training_that_is_stopped_and_resumed_is_the_same_to_the_bit(name, tmp_path):
    whole = copied(name, tmp_path / "whole")
    train_file(whole, overrides=SMALL[name], max_epochs=2)
    parts = copied(name, tmp_path / "parts")
    first = load_experiments(find_experiment(parts), (), SMALL[name])[0]
    first.reporter = StopAfter(4)
    assert first.main_loop(max_epochs=2) == "stop requested"
    train_file(parts, overrides=SMALL[name], max_epochs=2, resume=True)
    files = sorted(path.name for path in whole.parent.glob("*.pkl"))
    assert files == sorted(path.name for path in parts.parent.glob("*.pkl"))
    for file in files:
        one, other = (checkpoint.read(folder / file)["parameters"] for folder in (whole.parent, parts.parent))
        assert one.keys() == other.keys()
        assert all(np.array_equal(one[key], other[key]) for key in one)
    if len(files) == 2:
        below, top = (checkpoint.read(whole.parent / file)["parameters"] for file in sorted(files, key=len)[::-1])
        assert all(np.array_equal(value, top[f"below0/{key}"]) for key, value in below.items())


@pytest.fixture
def pair(tmp_path):
    """A saved pair that was trained on MNIST, as it says."""
    generator = Generator(MLP([Sigmoid(layer_name="y", dim=784, irange=0.5)], nvis=3), noise="uniform")
    discriminator = MLP([Sigmoid(layer_name="y", dim=1, irange=0.5)], nvis=784)
    data = "!obj:adversarial.datasets.mnist.MNIST { which_set: 'train', stop: 50000 }"
    path = tmp_path / "pair.pkl"
    checkpoint.save_model(path, AdversaryPair(generator, discriminator), dataset_yaml_src=data)
    return path


def test_the_table_has_a_row_of_each_model_and_is_not_made_twice(tmp_path, pair, monkeypatch, capsys):
    runs = (
        table_1.Run("DBN", "baselines/dbn_mnist.yaml", 1, "mnist", SMALL["dbn_mnist"], "data", (0, 2)),
        table_1.Run("Adversarial nets", "mnist.yaml", 1),
    )
    monkeypatch.setattr(table_1, "QUICK_RUNS", runs)
    monkeypatch.setattr(table_1.estimates, "measure", few_samples)
    monkeypatch.setattr(table_1.tfd, "path_of", lambda size: tmp_path / "TFD_48x48.mat")
    folder = tmp_path / "table"
    assert table_1.make_table(folder, quick=True, adversarial=pair, num_samples=60) == 0
    lines = (folder / "table1.md").read_text().splitlines()
    assert lines[2].startswith("| MNIST | DBN | 138 ± 2 | ")
    assert "| 60 | " in lines[2] and "| data, 2 | `train.py baselines/dbn_mnist.yaml --max-epochs=1" in lines[2]
    assert lines[3].startswith("| MNIST | Adversarial nets | 225 ± 2 | ") and "independent" in lines[3]
    assert any(line.startswith("No faces: there is no ") for line in lines)
    assert any(line.startswith("Quick: ") for line in lines)
    found = json.loads((folder / "table1.json").read_text())
    assert [row["model"] for row in found["rows"]] == ["DBN", "Adversarial nets"]
    assert (found["quick"], found["rows"][0]["epochs"], found["rows"][0]["paper"]) == (True, 1, [138, 2])
    assert found["rows"][0]["seconds"] > 0
    capsys.readouterr()
    assert table_1.make_table(folder, quick=True, adversarial=pair, num_samples=60) == 0
    said = capsys.readouterr().out
    assert "trained already" in said and "estimating" not in said
    assert json.loads((folder / "table1.json").read_text()) == found
    model = str(folder / "dbn_mnist.pkl")
    parzen_ll.main([model, "-n", "60", "--steps", "0,1,3", "--plot", str(folder / "steps.png"), "--json"])
    curve = json.loads(capsys.readouterr().out)
    assert [point["step"] for point in curve["curves"]["corrupted"]] == [0, 1, 3]
    assert (folder / "steps.png").read_bytes().startswith(b"\x89PNG")
    parzen_ll.main([model, "-n", "50", "--chains", "2", "--start", "noise", "--burn-in", "3"])
    assert "50 samples of " in (text := capsys.readouterr().out) and "2 chains from noise, at steps 3 to 27" in text
    show_samples.main([model, "-o", str(folder / "samples.png"), "--rows", "2", "--cols", "3", "--neighbours"])
    assert (folder / "samples.png").exists()


def test_a_published_model_has_its_row(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(table_1, "QUICK_RUNS", (table_1.Run("Adversarial nets", "mnist.yaml", 1),))
    monkeypatch.setattr(table_1.estimates, "measure", few_samples)
    arguments = ["table1", "--quick", "--data", "mnist", "--adversarial"]
    assert reproduce.main([*arguments, "adversarial:mnist"]) == 0
    (row,) = json.loads(Path("table1_quick/table1.json").read_text())["rows"]
    assert row["epochs"] == 1500 and row["command"].startswith("train.py mnist.yaml --max-epochs=1500 ")
    with pytest.raises(CheckpointError, match="no model of that name was published"):
        reproduce.main([*arguments, "adversarial:mmist"])


SMALL_CODES = {f"{phase}.model.nhid": str(units) for phase, units in enumerate((7, 5))}
SMALL_PRETRAINED = {
    "model.generator.mlp.layers.0.dim": "6",
    "model.generator.mlp.layers.1.dim": "100",
    "model.generator.mlp.layers.2.sparse_init": "3",
    "model.discriminator.layers.0.num_units": "4",
    "model.discriminator.layers.1.num_units": "4",
}
SMALL_GAME = {
    key.replace("generator.mlp", "generator.mlp.mlp"): value
    for key, value in SMALL_PRETRAINED.items()
    if "layers.2" not in key
}


def test_faces_have_a_column_that_says_whose_they_are(tmp_path, monkeypatch):
    monkeypatch.setenv("PYLEARN2_DATA_PATH", str(tmp_path))
    standins.tfd(tmp_path, examples=2000)
    pretrained = table_1.Run("Adversarial nets", "tfd_pretrain/pretrain.yaml", 1, "tfd", SMALL_PRETRAINED)
    runs = (
        table_1.Run("Stacked CAE", "baselines/stacked_cae_faces.yaml", 1, "tfd", SMALL_CODES, "data", (0, 1)),
        table_1.Run("Adversarial nets", "mnist.yaml", 1),
        table_1.Run("Adversarial nets", "tfd_pretrain/train.yaml", 1, "tfd", SMALL_GAME, before=pretrained),
    )
    monkeypatch.setattr(table_1, "QUICK_RUNS", runs)
    monkeypatch.setattr(table_1.estimates, "measure", few_samples)
    folder = tmp_path / "table"
    assert table_1.make_table(folder, quick=True, columns=["tfd"], num_samples=60) == 0
    lines = (folder / "table1.md").read_text().splitlines()
    assert lines[2].startswith("| faces | Stacked CAE | 2110 ± 50 (TFD) | ")
    assert lines[3].startswith("| faces | Adversarial nets | 2057 ± 26 (TFD) | ")
    assert any("no figure of them may be compared with the paper's" in line for line in lines)
    found = json.loads((folder / "table1.json").read_text())
    assert [row["column"] for row in found["rows"]] == ["tfd", "tfd"]
    both = [checkpoint.read(folder / name)["monitor"] for name in ("pretrain.pkl", "train.pkl")]
    taken = sum(checkpoint.MonitorRecord.from_content(each).training_seconds() for each in both)
    assert found["rows"][1]["seconds"] == pytest.approx(taken)
    last = json.loads((folder / "train_estimate.json").read_text())
    assert [score["fold"] for score in last["scores"]] == [0, 1, 2, 3, 4]


def few_samples(model, content):
    """`estimates.measure` from few samples."""
    found = table_1.estimates.parzen_log_likelihood(model, num_samples=60, fold="all").to_dict()
    found["model"] = table_1.estimates.identity(content)
    table_1.estimates.path_beside(model).write_text(json.dumps(found))
    return found


def test_options_of_chains_are_refused_where_there_are_none(pair):
    with pytest.raises(ConfigurationError, match="has no Markov chains"):
        parzen_ll.main([str(pair), "--start", "noise"])
    with pytest.raises(ConfigurationError, match="several --start go with --steps"):
        parzen_ll.main([str(pair), "--start", "noise", "--start", "data"])
    with pytest.raises(ConfigurationError, match="--steps says at which steps to score"):
        parzen_ll.main([str(pair), "--steps", "1", "--burn-in", "3"])
    with pytest.raises(ConfigurationError, match="go with table1"):
        reproduce.main(["mnist", "--quick"])
    with pytest.raises(ConfigurationError, match="no saved model nowhere.pkl"):
        reproduce.main(["table1", "--adversarial", "nowhere.pkl", "--dir", str(pair.parent / "new")])
