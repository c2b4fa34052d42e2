"""What a search tries: a file of overrides of one experiment, as trials in a fixed order."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from adversarial.config import yaml_parse
from adversarial.config.shipped import find_experiment
from adversarial.errors import ConfigurationError, DataError, quoted
from adversarial.evaluation import data_sources
from adversarial.options import Configurable, Count, Index, OptionError, bind

#: What a seed sets, in an experiment of two players.
SEEDED = ("model.generator.mlp.seed", "model.generator.noise_seed", "model.discriminator.seed", "algorithm.seed")


@dataclass(frozen=True)
class Trial:
    """One set of overrides.

    Attributes
    ----------
    number : int
        Its place in the study, from 0.
    overrides : dict
        Values as text, by their keys, as of train.py's --set.
    """

    number: int
    overrides: dict[str, str]

    @property
    def label(self) -> str:
        """What to call it: the last word of each key and the value."""
        pairs = [f"{key.rpartition('.')[2]}={value}" for key, value in self.overrides.items()]
        return f"{self.number}: {', '.join(pairs) or 'as it is'}"


class Study(Configurable):
    """What a search tries.

    Parameters
    ----------
    experiment : str
        A YAML file, from where the command runs or beside the study, or the name of an experiment of the paper.
    rungs : list of int
        Epochs, rising, at which trials are scored; between two of them those that are behind are left.
    keep : float, default 3
        At each rung but the last one in so many goes on, at least one.
    seeds : list of int or None, default [None]
        Each trial is trained from each seed, and ranked by the mean; None is the experiment's own.
    seeded : list of str, optional
        What a seed sets. Default: the first weights of G and D, G's noise, and the order of the data.
    samples : int, default 10000
        Samples of an estimate.
    score : list of str, optional
        Options of parzen_ll.py that say what data to score, such as ['--valid', '/x/v.npy', '--test', '/x/t.npy'].
        Default: the experiment's own.
    trials : list of dict, optional
        Overrides of each trial; {} is the experiment as it is.
    grid : dict, optional
        {key: [values]}: trials of all combinations.
    random : dict, optional
        {'count': trials, 'seed': number, 'values': {key: [values], or {'low': .., 'high': .., 'log': true}}}.

    Examples
    --------
    >>> study = Study("mnist.yaml", rungs=[5, 20], grid={"algorithm.learning_rate": [0.05, 0.1]})
    >>> [trial.label for trial in study.all_trials()]
    ['0: learning_rate=0.05', '1: learning_rate=0.1']
    """

    def __init__(
        self,
        experiment: str,
        rungs: list[Count],
        keep: float = 3.0,
        seeds: list[Index | None] | None = None,
        seeded: list[str] | None = None,
        samples: Count = 10_000,
        score: list[str] | None = None,
        trials: list[dict[str, Any]] | None = None,
        grid: dict[str, list] | None = None,
        random: dict[str, Any] | None = None,
    ):
        if not rungs or any(low >= high for low, high in itertools.pairwise(rungs)):
            raise OptionError("Study", "rungs", f"rungs is {rungs}, but epochs must rise from rung to rung")
        if seeds is not None and len(set(seeds)) < len(seeds):
            raise OptionError("Study", "seeds", f"seeds is {seeds}, but each must be another")
        if keep <= 1:
            raise OptionError("Study", "keep", f"keep is {keep:g}, but one in more than 1 goes on")
        self.experiment = experiment
        self.rungs = list(rungs)
        self.keep = keep
        self.seeds = [None] if seeds is None else list(seeds)
        self.seeded = list(SEEDED if seeded is None else seeded)
        self.samples = samples
        self.score = list(score or ())
        self._sets = [*(trials or []), *_combinations(grid or {}), *_drawn(random)]
        if not self._sets or not self.seeds:
            raise OptionError("Study", "trials", "there is nothing to try: give trials, grid or random, and seeds")

    def all_trials(self) -> list[Trial]:
        """Return the trials, in the order of the file."""
        texts = [{key: _text(key, value) for key, value in each.items()} for each in self._sets]
        return [Trial(number, overrides) for number, overrides in enumerate(texts)]

    def overrides_of(self, trial: Trial, seed: int | None) -> dict[str, str]:
        """Return the overrides of a trial with those of a seed."""
        return trial.overrides | ({} if seed is None else dict.fromkeys(self.seeded, str(seed)))

    def to_dict(self) -> dict[str, Any]:
        """Return what decides every result, as plain values."""
        trials = [trial.overrides for trial in self.all_trials()]
        names = ("experiment", "rungs", "keep", "seeds", "seeded", "samples", "score")
        return {name: getattr(self, name) for name in names} | {"trials": trials}


def read_study(path: str | os.PathLike) -> Study:
    """Read a study from a YAML file.

    Parameters
    ----------
    path : str or path
        A mapping of the options of `Study`.

    Returns
    -------
    Study
        What the file says.

    Raises
    ------
    ConfigurationError
        If it is not a study.
    """
    options = yaml_parse.load(yaml_parse.read_text(path), path=path)
    if not isinstance(options, dict) or not all(isinstance(key, str) for key in options):
        raise ConfigurationError(
            f"{os.fspath(path)} is no study: it must be a mapping, of experiment, rungs, trials ..."
        )
    try:
        bind(Study, options)
        study = Study(**options)
    except OptionError as error:
        raise ConfigurationError(f"{os.fspath(path)}: {error.reason}") from error
    beside = Path(path).parent / study.experiment
    if not os.path.exists(study.experiment) and beside.exists():
        study.experiment = str(beside)
    return study


def check_study(study: Study, folder: Path, allow: Sequence[str] = ()) -> None:
    """Raise a UserError, before anything trains, where an experiment cannot be built or its samples not be scored.

    Parameters
    ----------
    study : Study
        What is to be tried.
    folder : Path
        Where its models will be.
    allow : sequence of str
        Modules of the user's own that the experiment may name.
    """
    path = find_experiment(study.experiment).path
    for trial in study.all_trials():
        try:
            yaml_parse.load_path(path, overrides=study.overrides_of(trial, study.seeds[0]), allow=allow)
        except ConfigurationError as error:
            raise ConfigurationError(f"trial {trial.label} cannot be built: {error}") from error
    if not study.score:
        of_model = {"yaml_src": yaml_parse.read_text(path)}
        model = folder / "trial0" / "model.pkl"
        try:
            data = data_sources.of_model(of_model, str(model), tuple(allow))
            for split in ("valid", "test"):
                data.side(split)
        except DataError as error:
            raise DataError(f"samples of {study.experiment} cannot be scored: {error}; say the data by score: "
                            "['--valid', FILE, '--test', FILE] of the study") from error  # fmt: skip


def _combinations(grid: Mapping[str, list]) -> list[dict[str, Any]]:
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())] if grid else []


def _drawn(random: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The overrides of `random`, in an order that its seed decides."""
    if random is None:
        return []
    count, values = random.get("count"), random.get("values")
    known = set(random) <= {"count", "seed", "values"}
    if not known or not isinstance(count, int) or count < 1 or not isinstance(values, Mapping):
        raise OptionError("Study", "random", "random must have count, from 1 on, values by key, and maybe a seed")
    rng = np.random.default_rng(random.get("seed", 0))
    return [{key: _one_of(key, choices, rng) for key, choices in values.items()} for _ in range(count)]


def _one_of(key: str, choices: Any, rng: np.random.Generator) -> Any:
    if isinstance(choices, list) and choices:
        return choices[rng.integers(len(choices))]
    if not isinstance(choices, Mapping) or not {"low", "high"} <= set(choices) <= {"low", "high", "log"}:
        reason = f"random draws {quoted(key)} from a list of values, or from low to high, maybe with log: true"
        raise OptionError("Study", "random", reason)
    low, high, logarithmic = float(choices["low"]), float(choices["high"]), bool(choices.get("log", False))
    if not low <= high or (logarithmic and low <= 0):
        raise OptionError("Study", "random", f"random draws {quoted(key)} from {low:g} to {high:g}, which is no range")
    drawn = np.exp(rng.uniform(np.log(low), np.log(high))) if logarithmic else rng.uniform(low, high)
    return float(f"{drawn:.4g}")


def _text(key: str, value: Any) -> str:
    """A value as --set takes it."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, (bool, int, float, list)):
        return json.dumps(value)
    raise OptionError("Study", "trials", f"the value of {quoted(key)} must be a number, text, a list, true or null")
