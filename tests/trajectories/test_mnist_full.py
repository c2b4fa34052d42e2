"""Level F4 and F5 at full size: yaml/mnist.yaml on the real MNIST, through update 50, in both precisions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from recorded import follow, monitor_mismatches

from adversarial import backend
from adversarial.config import yaml_parse

EXPERIMENT = Path(__file__).parents[2] / "yaml" / "mnist.yaml"
UPDATES = {1, 2, 3, 5, 10, 20, 50}


def summary(value):
    """The 19 figures that the record keeps of a parameter."""
    flat = np.asarray(value, dtype=np.float64).ravel()
    sums = [flat.sum(), np.sqrt((flat**2).sum()), (flat * np.cos(np.arange(flat.size))).sum()]
    ends = flat if flat.size < 16 else np.concatenate([flat[:8], flat[-8:]])
    return np.concatenate([sums, ends])


def scale(value):
    """What each of those figures is compared with: sums with the sum of sizes, entries with the largest."""
    size = np.abs(np.asarray(value, dtype=np.float64))
    sums = [size.sum(), np.sqrt((size**2).sum()), size.sum()]
    return np.concatenate([sums, np.full(summary(value).size - 3, size.max())])


@pytest.mark.parametrize(
    ("dtype", "tolerance", "monitor_tolerance"), [("float32", 1e-4, 1e-4), ("float64", 1e-8, 1e-6)]
)
def test_the_full_model_on_the_real_data(dtype, tolerance, monitor_tolerance, golden, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = backend.floatX()
    backend.configure(floatX=dtype)
    try:
        overrides = {"save_freq": "0", "algorithm.batches_per_iter": "50"}
        train = yaml_parse.load_path(EXPERIMENT, overrides=overrides)
        run = follow(train, UPDATES, max_epochs=1)
    finally:
        backend.configure(floatX=before)
    record = np.load(golden / "mnist_full" / f"params_{dtype}.npz")
    for key in record.files:
        moment, name = key.split("/")
        value = run.params[moment][name]
        assert np.all(np.abs(summary(value) - record[key]) <= tolerance * scale(value)), key
    assert monitor_mismatches(run, np.load(golden / "mnist_full" / f"monitor_{dtype}.npz"), monitor_tolerance) == []
