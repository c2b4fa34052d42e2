"""Run a recorded 2014 experiment and hold it against the record."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from adversarial import backend
from adversarial.checkpoint import load_model
from adversarial.comparison.trajectory import parameters, parameters_after
from adversarial.config import yaml_parse
from adversarial.datasets.dense_design_matrix import DefaultViewConverter

#: Channels that measure time.
TIMING = ("seconds",)


@dataclass
class Run:
    """What came of an experiment: parameters by update ('init', 'update1', ...) and the monitor by epoch."""

    params: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    monitor: dict[str, dict[str, float]] = field(default_factory=dict)


def follow(train, updates: Collection[int], max_epochs: int | None = None) -> Run:
    """Train to the end, keeping the parameters after each of `updates` and the whole monitor."""
    found = parameters_after(train, updates, max_epochs)
    run = Run({f"update{update}" if update else "init": kept for update, kept in found.items()})
    for name, channel in train.model.monitor.channels.items():
        for epoch, value in enumerate(channel.val_record):
            run.monitor.setdefault(f"epoch{epoch}", {})[name] = float(value)
    return run


def recorded_updates(record) -> set[int]:
    """The updates after which the record holds parameters."""
    return {int(key.split("/")[0].removeprefix("update")) for key in record.files if key.startswith("update")}


def prepare(recipe: Path, directory: Path) -> Path:
    """A copy of a recipe's YAML and data in `directory`, where it may write; the YAML's path."""
    record = shutil.ignore_patterns("params*.npz", "monitor*.npz", "streams*.txt", "model_2014.pkl.gz")
    shutil.copytree(recipe, directory, ignore=record, dirs_exist_ok=True)
    return directory / "recipe.yaml"


def prepare_images(recipe: Path, directory: Path) -> Path:
    """The same for the recipe whose record has rows that are images, and no YAML: its YAML lies beside this file."""
    data = np.load(recipe / "data.npz")
    view = DefaultViewConverter([8, 8, 3])
    images = {key: view.design_mat_to_topo_view(data[key]) for key in ("train", "valid")}
    np.savez(directory / "data.npz", **images)
    shutil.copy(Path(__file__).with_name(f"{recipe.name}.yaml"), directory / "recipe.yaml")
    return directory / "recipe.yaml"


def largest_deviation(run: Run, record) -> tuple[float, str]:
    """The largest difference of any recorded parameter, over that parameter's largest entry, and where it is.

    A parameter that is recorded as all zeros must be so.
    """
    deviations = []
    for key in record.files:
        moment, name = key.split("/")
        expected, found = record[key], run.params[moment][name]
        assert found.shape == expected.shape, key
        largest = np.abs(expected).max() or np.finfo(float).tiny
        deviations.append((float(np.abs(found - expected).max() / largest), key))
    return max(deviations)


def monitor_mismatches(run: Run, record, tolerance: float) -> list[str]:
    """Channels that are absent, unknown, or off by more than `tolerance`, relative; times are not compared."""
    mismatches = []
    for epoch in (key for key in record.files if key != "names"):
        expected = {str(name): value for name, value in zip(record["names"], record[epoch], strict=True)}
        found = run.monitor[epoch]
        mismatches += [f"{epoch} {name}: absent or unknown" for name in expected.keys() ^ found.keys()]
        for name in expected.keys() & found.keys():
            if any(word in name for word in TIMING):
                continue
            if not np.isclose(found[name], expected[name], rtol=tolerance, atol=tolerance * 1e-3):
                mismatches.append(f"{epoch} {name}: {found[name]} instead of {expected[name]}")
    return mismatches


def hold_to_the_record(
    folder: Path, directory: Path, monkeypatch, parameter_tolerance, monitor_tolerance, overrides=None
) -> None:
    """Train the recipe of `folder` in `directory`; fail where a parameter or a channel is not the recorded one.

    Earlier phases of a recipe, whose saved models it reads, are trained first and held to their own records. How far
    it went is printed: `pytest -rP` shows that of tests that pass.
    """
    path = (prepare if (folder / "recipe.yaml").exists() else prepare_images)(folder, directory)
    monkeypatch.chdir(directory)
    phases = sorted(each.stem.removeprefix("params_") for each in folder.glob("params_*.npz"))
    for phase in [*phases, ""]:
        ending = f"_{phase}" if phase else ""
        experiment = shutil.copy(folder / f"{phase}.yaml", directory) if phase else path
        params, monitor = np.load(folder / f"params{ending}.npz"), np.load(folder / f"monitor{ending}.npz")
        run = follow(yaml_parse.load_path(experiment, overrides=overrides), recorded_updates(params))
        for saved in {"best", "polyak"} & {key.split("/")[0] for key in params.files}:
            run.params[saved] = parameters(load_model(f"{saved}.pkl"))
        deviation, where = largest_deviation(run, params)
        print(f"{backend.backend_name()} {folder.name}{ending}: largest deviation {deviation:.1e} in {where}")
        assert deviation <= parameter_tolerance, where
        assert monitor_mismatches(run, monitor, monitor_tolerance) == []
