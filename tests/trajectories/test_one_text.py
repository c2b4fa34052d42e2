"""Experiments in which the project once gave other figures than 2014's code for the same text, in float64."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from recorded import TIMING

from adversarial.config import yaml_parse
from adversarial.progress.reporting import Silent

#: Of parameters and of the monitor; those with gaussian noise differ through 2014's float32 logarithms.
TOLERANCES = {
    "cont": (1e-8, 1e-6),
    "flat": (1e-8, 1e-6),
    "inp_mon_conv": (1e-5, 1e-4),
    "inp_noG": (1e-5, 1e-4),
    "multi_monitor": (1e-8, 1e-6),
    "recap": (1e-8, 1e-6),
}


@pytest.mark.trajectory
@pytest.mark.parametrize("recipe", TOLERANCES)
def test_one_text_gives_the_figures_of_2014(recipe, golden, tmp_path, monkeypatch, float64):
    hold_to_2014(recipe, golden, tmp_path, monkeypatch)


@pytest.mark.soak
@pytest.mark.trajectory
@pytest.mark.parametrize("recipe", TOLERANCES)
@pytest.mark.parametrize("on", ["numba", "jax"], indirect=True)
def test_one_text_gives_the_figures_of_2014_on_another_backend(on, recipe, golden, tmp_path, monkeypatch, float64):
    hold_to_2014(recipe, golden, tmp_path, monkeypatch)


def hold_to_2014(recipe: str, golden: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train a recipe's unchanged text and hold parameters and channels to what 2014's code recorded."""
    folder, (of_parameters, of_channels) = golden / "ab" / recipe, TOLERANCES[recipe]
    shutil.copy(folder / "multi.npz", tmp_path)
    # What 2014's first stage saved, of two recipes; the first bytes say that it is compressed.
    shutil.copy(golden / "ab" / "cont" / "pre.pkl.gz", tmp_path / "pre.pkl")
    monkeypatch.chdir(tmp_path)
    train = yaml_parse.load((folder / "recipe.yaml").read_text())
    found = parameters_by_update(train)
    record = np.load(folder / "reference.npz")
    for key in (key for key in record.files if not key.startswith("monitor/")):
        moment, name = key.split("/")
        expected, value = record[key], found[moment][int(name.split("_")[0])]
        assert np.abs(value - expected).max() <= of_parameters * max(np.abs(expected).max(), 1e-300), key
    channels = {name: channel.val_record for name, channel in train.model.monitor.channels.items()}
    recorded = {key.removeprefix("monitor/"): record[key] for key in record.files if "monitor/" in key}
    assert recorded.keys() == channels.keys()
    for name in recorded:
        if not any(word in name for word in TIMING):
            np.testing.assert_allclose(channels[name], recorded[name], of_channels, of_channels * 1e-3, err_msg=name)


def parameters_by_update(train) -> dict[str, list[np.ndarray]]:
    """Train to the end; the parameters in the model's own order, at the start and after each update."""
    found = {"init": _copies(train.model)}
    train.algorithm.update_callbacks.append(
        lambda algorithm: found.update({f"update{len(found)}": _copies(algorithm.model)})
    )
    train.reporter = Silent()
    train.main_loop()
    return found


def _copies(model) -> list[np.ndarray]:
    return [param.get_value() for param in model.get_params()]
