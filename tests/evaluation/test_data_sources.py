"""Data to score on: files for the splits that are named, and the model's own for the others."""

from __future__ import annotations

import numpy as np
import pytest

from adversarial.errors import DataError
from adversarial.evaluation.data_sources import scoring_data

ROWS = np.random.default_rng(0).random((12, 4)).astype(np.float32)


def test_splits_that_are_not_named_are_those_of_the_model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save(tmp_path / "it.npy", ROWS)
    data = "!obj:adversarial.datasets.files.FileDataset { file: 'it.npy'"
    monitored = f"algorithm: !obj:adversarial.training_algorithms.sgd.SGD {{ monitoring_dataset: {data}, start: 8 }} }}"
    text = f"!obj:adversarial.train.Train {{ dataset: {data}, stop: 8 }}, {monitored} }}"
    test = np.ones((3, 4), np.float32)
    found = scoring_data({"test": test}, {"yaml_src": text}, "it.pkl")
    np.testing.assert_array_equal(found.split("test"), test)
    np.testing.assert_allclose(found.split("valid"), ROWS[8:])
    np.testing.assert_allclose(found.split("train"), ROWS[:8])
    assert (found.side("valid").source, found.side("test").source) == ("FileDataset", "an array")


def test_without_a_model_they_are_asked_for():
    found = scoring_data({"test": ROWS}, {}, "it.pkl")
    with pytest.raises(DataError, match="there is no valid data: give --valid FILE"):
        found.split("valid")
