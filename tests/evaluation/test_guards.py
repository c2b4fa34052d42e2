"""What stands beside a log-likelihood: labels by their entropy, distances to training images, the anchor."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from adversarial import checkpoint
from adversarial.errors import CheckpointError
from adversarial.evaluation import data_sources, parzen_log_likelihood
from adversarial.evaluation.guards import Classifier, labels_of, median_distance
from adversarial.evaluation.sample_sources import AnchorSamples
from adversarial.models.linear import Sigmoid
from adversarial.models.mlp import MLP
from adversarial.models.softmax import Softmax
from adversarial.programs.parzen_ll import main

RNG = np.random.default_rng(0)
#: Ten classes, each a coordinate, with noise that never changes the largest.
CLASSES = np.arange(400) % 10
ROWS = (np.eye(10)[CLASSES] * 5 + RNG.uniform(0, 1, (400, 10))).astype("float32")
DATA = {"train": ROWS[:200], "valid": ROWS[200:300], "test": ROWS[300:]}


def classifier(test_classes=CLASSES[300:]) -> Classifier:
    model = MLP([Softmax(n_classes=10, layer_name="y", no_affine=True)], nvis=10)
    return Classifier.measured(model, "it", DATA["test"], test_classes)


@pytest.mark.parametrize(("classes", "entropy"), [(np.full(50, 3), 0.0), (np.arange(50) % 10, np.log(10))])
def test_entropy_of_one_class_and_of_all(classes, entropy):
    found = labels_of(np.eye(10)[classes] * 0.9 + 0.01)
    assert found.entropy == pytest.approx(entropy, abs=1e-12) and found.confidence == pytest.approx(0.91)


def test_samples_of_one_class_beside_all_classes():
    samples = ROWS[CLASSES == 4]
    found = parzen_log_likelihood(samples, DATA, guards=classifier()).guards
    assert found.labels.entropy == 0.0 and found.classifier.on_test.entropy == pytest.approx(np.log(10))
    assert found.classifier.test_error == 0.0 and found.warnings == []
    assert 0.9 < found.labels.confidence <= 1.0


def test_training_images_as_samples_are_the_anchor_at_distance_0():
    result = parzen_log_likelihood(AnchorSamples("train"), DATA, num_samples=150, guards=True)
    assert result.guards.nearest == 0.0 < result.guards.nearest_of_test
    assert result.guards.anchor == result.scores[0].test and result.guards.anchor_samples == 150
    assert result.guards.labels is None


def test_the_figure_is_the_same_with_and_without_guards():
    samples = ROWS[:100] + RNG.normal(0, 0.1, (100, 10)).astype("float32")
    plain, guarded = (parzen_log_likelihood(samples, DATA, guards=each) for each in (False, classifier()))
    assert plain.log_likelihood == guarded.log_likelihood and plain.guards is None
    assert "guards" not in plain.to_dict() and plain.warnings == guarded.warnings


def test_the_median_is_of_distances():
    train = np.zeros((3, 2))
    assert median_distance(np.array([[3.0, 4.0], [0.0, 1.0], [6.0, 8.0]]), train) == 5.0


def test_a_poor_classifier_is_warned_of():
    wrong = CLASSES[300:].copy()
    wrong[:3] = (wrong[:3] + 1) % 10
    result = parzen_log_likelihood(ROWS[:100], DATA, guards=classifier(wrong))
    assert any("errs on 3.00% of the test images, more than 2%" in each for each in result.warnings)


def test_what_is_no_classifier_is_refused():
    model = MLP([Sigmoid(layer_name="y", dim=10, irange=0.1)], nvis=10)
    with pytest.raises(CheckpointError, match="must be an MLP that ends in Softmax"):
        Classifier.measured(model, "it", DATA["test"], CLASSES[300:])


def test_the_program_prints_them(tmp_path, capsys, monkeypatch):
    for name, rows in DATA.items():
        np.save(tmp_path / f"{name}.npy", rows)
    files = [part for name in DATA for part in (f"--{name}", str(tmp_path / f"{name}.npy"))]
    path = str(tmp_path / "c.pkl")
    checkpoint.save_model(path, classifier().model)
    own = SimpleNamespace(split=DATA.get, classes=lambda split: CLASSES[300:])
    monkeypatch.setattr(data_sources, "of_model", lambda content, path, allow: own)
    command = ["--anchor", "train", *files, "--guards"]
    main(command)
    said = capsys.readouterr().out
    assert "beside it: 200 training images as samples have" in said
    assert "distance to the nearest training image, median: samples 0.000, test images" in said
    main([*command, path, "--json"])
    found = json.loads(capsys.readouterr().out)["guards"]
    assert found["labels"]["test_error"] == 0.0 and found["labels"]["samples"]["entropy"] == pytest.approx(np.log(10))
    assert found["anchor"]["samples"] == 200 and found["nearest_training_image"]["samples"] == 0.0
