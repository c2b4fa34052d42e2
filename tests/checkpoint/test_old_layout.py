"""Models that were saved before modules moved into rooms (`old_layout/`) load, draw the same samples, and resume."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from training_stand_ins import interpret

from adversarial import checkpoint, random_streams
from adversarial.config import yaml_parse
from adversarial.game.pair import AdversaryPair
from adversarial.game.sampling import samples_of

FOLDER = Path(__file__).parent / "old_layout"

pytestmark = pytest.mark.usefixtures("float64")


@pytest.fixture(autouse=True)
def as_recorded(monkeypatch):
    interpret(monkeypatch)
    monkeypatch.setattr(random_streams, "MAX_STREAMS", 6)


@pytest.fixture(scope="module")
def expected():
    with np.load(FOLDER / "expected.npz") as found:
        return dict(found)


@pytest.mark.parametrize("ending", ["pkl", "h5"])
def test_an_old_model_loads_and_draws_the_same_samples(ending, expected):
    model = checkpoint.load_model(FOLDER / f"model.{ending}")
    assert isinstance(model, AdversaryPair)
    assert model.yaml_src.startswith("# A small game") and "NpyDataset" in model.dataset_yaml_src
    assert model.monitor.get_epochs_seen() == 2
    np.testing.assert_allclose(samples_of(model, 4), expected["samples"], rtol=1e-12)


@pytest.mark.parametrize("ending", ["pkl", "h5"])
def test_an_old_run_resumes_and_ends_where_it_would_have(ending, expected, tmp_path, monkeypatch):
    for name in ("data.npy", "experiment.yaml"):
        shutil.copy(FOLDER / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    train = yaml_parse.load_path("experiment.yaml", overrides={"save_path": f"model.{ending}"})
    train.resume(checkpoint.read(FOLDER / f"model.{ending}"))
    train.main_loop(max_epochs=4)
    for name, param in checkpoint.parameters_of(train.model).items():
        np.testing.assert_allclose(param.get_value(), expected[f"parameters/{name}"], rtol=1e-9, err_msg=name)
    objective = train.model.monitor.channels["train_objective"].val_record
    np.testing.assert_allclose(objective, expected["objective"], rtol=1e-9)
