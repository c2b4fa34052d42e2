"""The program that counts what becomes of old files, on a made-up checkout with a file of each outcome."""

from __future__ import annotations

import sys
from pathlib import Path

import files_of_2014
import pytest
import stand_ins_2014
from files_of_2014 import Found, build, count, files_of, names_left_out, train
from training_stand_ins import interpret

DATA = "!obj:pylearn2.datasets.mnist.MNIST { which_set: 'test', start: 0, stop: %(stop)i, one_hot: 1 }"
EXPERIMENT = """!obj:pylearn2.train.Train {
    dataset: &data DATA,
    model: !obj:pylearn2.models.mlp.MLP {
        nvis: 784, layers: [ !obj:pylearn2.models.mlp.Softmax { layer_name: 'y', n_classes: 10, irange: 0. } ]
    },
    algorithm: !obj:pylearn2.training_algorithms.sgd.SGD {
        batch_size: 10, learning_rate: .1, monitoring_dataset: *data,
        termination_criterion: !obj:pylearn2.termination_criteria.EpochCounter { max_epochs: 1 }
    }
}"""


def of(examples: int, text: str = EXPERIMENT) -> str:
    return text.replace("DATA", DATA % {"stop": examples})


PYLEARN2 = {
    "a/trains.yaml": (of(40), "trains"),
    "a/ends.yaml": (of(10), "trains to its own end (1 update)"),
    "a/data.yaml": (of(10, "DATA"), "builds"),
    "a/filled.yaml": (EXPERIMENT.replace("DATA", DATA.replace("stop)i", "batch_size)i")), "trains"),
    "b/out.yaml": ("!obj:pylearn2.models.kmeans.KMeans { k: 3 }", "out of scope"),
    "b/unknown.yaml": ("!obj:pylearn2.models.nobody.Knows {}", "refused"),
    "b/mistake.yaml": (of(40).replace("learning_rate", "learning_rat"), "refused"),
    "b/sr_model.yaml": ("!obj:pylearn2.models.mlp.MLP { nvis: 3 }", "part"),
}


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A folder in which to write files; graphs are interpreted, and nothing is written by hand but what is here."""
    interpret(monkeypatch)
    monkeypatch.setattr(stand_ins_2014, "saved_by_hand", lambda folder: None)

    def make(files: dict[str, str]) -> Path:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return tmp_path

    return make


def test_every_file_of_pylearn2_gets_its_verdict(checkout):
    root = checkout({name: text for name, (text, _) in PYLEARN2.items()})
    found = list(count(root, files_of("pylearn2", root), None, train))
    assert {each.path: each.verdict for each in found} == {name: verdict for name, (_, verdict) in PYLEARN2.items()}
    said = {each.path: each.said for each in found}
    assert said["b/out.yaml"].startswith("pylearn2.models.kmeans.KMeans: k-means is out of scope")
    assert said["b/mistake.yaml"].startswith("mistake.yaml, line 7, key 'learning_rat'")


GAME = """!obj:pylearn2.train.Train {
    dataset: DATA,
    model: !obj:galatea.adversarial.AdversaryPair {
        generator: !obj:galatea.adversarial.Generator { mlp: !obj:pylearn2.models.mlp.MLP {
            nvis: 3, layers: [ !obj:pylearn2.models.mlp.Sigmoid { layer_name: 'y', dim: 784, irange: .05 } ] } },
        discriminator: !obj:pylearn2.models.mlp.MLP {
            nvis: 784, layers: [
                !obj:pylearn2.models.mlp.Sigmoid { layer_name: 'h', dim: 2, irange: .05 },
                !obj:pylearn2.models.mlp.Sigmoid { layer_name: 'y', dim: 1, irange: .05 } ] }
    }
}"""
HEAD = """!obj:galatea.adversarial.recapitate_discriminator {
    pair_path: "PATH",
    new_head: !obj:pylearn2.models.mlp.Softmax { layer_name: 'class', n_classes: 10, irange: .005 }
}"""
GALATEA = {
    "adversarial/game.yaml": of(10, GAME),
    "adversarial/game_again.yaml": of(10, GAME),
    "adversarial/head.yaml": HEAD.replace("PATH", "game_snapshot.pkl"),
    "adversarial/elsewhere.yaml": HEAD.replace("PATH", "/nobody/has/this.pkl"),
}


def test_files_of_galatea_are_built_each_text_once_and_untrained_models_are_said(checkout):
    root = checkout(GALATEA)
    found = {each.path: each for each in count(root, files_of("galatea", root), None, build)}
    assert {path: each.verdict for path, each in found.items()} == {
        "adversarial/game.yaml": "builds",
        "adversarial/head.yaml": "builds on a model that is not trained",
        "adversarial/elsewhere.yaml": "refused",
    }
    assert "cannot open /nobody/has/this.pkl" in found["adversarial/elsewhere.yaml"].said


def test_a_traceback_is_counted_and_fails_the_program(checkout, monkeypatch, capsys):
    root = checkout({"x.yaml": of(10, "DATA")})

    def crash(path: Path, original: Path) -> str:
        raise ZeroDivisionError("nothing to divide by")

    (found,) = count(root, files_of("pylearn2", root), None, crash)
    assert found == Found("x.yaml", "traceback", "ZeroDivisionError: nothing to divide by")
    monkeypatch.setattr(stand_ins_2014, "make_all", lambda folder: None)
    monkeypatch.setattr(files_of_2014, "train", crash)
    monkeypatch.setattr(sys, "argv", ["files_of_2014.py", "pylearn2", str(root)])
    assert files_of_2014.main() == 1
    assert "1 files: 1 traceback" in capsys.readouterr().out


def test_names_that_stand_for_nothing_are_found_with_what_does_their_job():
    assert names_left_out("!obj:pylearn2.models.mlp.MLP {}") == {}
    assert names_left_out("!obj:pylearn2.models.nobody.Knows {}") == {"pylearn2.models.nobody.Knows": None}
