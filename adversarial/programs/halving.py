"""Successive halving: all trials train for some epochs, the best go on for more; each is a run of train.py of its own.

A trial and seed have a folder with the experiment, the model that train.py saves and resumes, its log, and a file for
each rung that is done. So a search that was stopped or killed goes on where it was, and each result can be made again
by hand with the command in its log.
"""

from __future__ import annotations

import json
import math
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from adversarial import checkpoint
from adversarial.config.shipped import find_experiment
from adversarial.config.yaml_parse import read_text
from adversarial.errors import ConfigurationError, FileError, NumericalError
from adversarial.files.whole_file import write_whole
from adversarial.programs.search_study import Study, Trial

#: What a search tells of its progress.
Say = Callable[[str], None]


@dataclass(frozen=True)
class Result:
    """A trial from one seed at one rung.

    Attributes
    ----------
    epochs, updates : int
        What it was trained for.
    seconds : float
        Time of training, without monitoring and saving.
    valid, test : float
        Log-likelihood, in nats; of the averages of G where the trial keeps averages. Minus infinity if it diverged.
    """

    epochs: int
    updates: int
    seconds: float
    valid: float
    test: float


@dataclass
class Score:
    """A trial at one rung, over its seeds."""

    trial: Trial
    results: list[Result]

    @property
    def mean(self) -> float:
        """Mean log-likelihood of the validation data, by which trials are ranked."""
        return fmean(each.valid for each in self.results)

    @property
    def deviation(self) -> float:
        """Standard deviation of it over seeds; 0 of one seed, or of a trial that diverged."""
        several = len(self.results) > 1 and math.isfinite(self.mean)
        return stdev(each.valid for each in self.results) if several else 0.0

    def mean_of(self, name: str) -> float:
        """Mean over seeds of an attribute of the results."""
        return fmean(getattr(each, name) for each in self.results)


@dataclass
class Search:
    """A study and the folder in which it is searched.

    Attributes
    ----------
    study : Study
        What is tried.
    folder : Path
        Where.
    processes : int
        Runs at a time.
    threads : int
        Threads of each; results depend on them by rounding.
    allow : sequence of str
        Modules of the user's own that the experiment may name.
    say : callable
        Takes a line of progress.
    """

    study: Study
    folder: Path
    processes: int = 1
    threads: int = 1
    allow: Sequence[str] = ()
    say: Say = print
    _running: list[subprocess.Popen] = field(default_factory=list)

    def begin(self) -> None:
        """Make the folder, or find that it holds this study; raises ConfigurationError if it holds another."""
        self.folder.mkdir(parents=True, exist_ok=True)
        told, path = json.dumps({"threads": self.threads} | self.study.to_dict(), indent=1), self.folder / "study.json"
        if path.exists() and path.read_text(encoding="utf-8") != told:
            raise ConfigurationError(f"{self.folder} holds the results of another study, or of other --threads: "
                                     "name another folder")  # fmt: skip
        write_whole(path, [told.encode()])

    def run(self) -> list[list[Score]]:
        """Search, or go on; return the scores of each rung, the best trial first."""
        alive, rungs = self.study.all_trials(), []
        for epochs in self.study.rungs:
            rungs.append(ranked(self._rung(alive, epochs)))
            alive = survivors(rungs[-1], self.study.keep)
            if not alive:
                break
        return rungs

    def _rung(self, trials: list[Trial], epochs: int) -> list[Score]:
        jobs = [(trial, place) for trial in trials for place in range(len(self.study.seeds))]
        with ThreadPoolExecutor(self.processes) as pool:
            futures = [pool.submit(self.result_of, trial, place, epochs) for trial, place in jobs]
            try:
                results = [future.result() for future in futures]
            except BaseException as why:
                pool.shutdown(wait=False, cancel_futures=True)
                for process in list(self._running):
                    process.terminate()  # train.py saves where it is
                if not isinstance(why, Exception):
                    self.say("stopped; the same command goes on where it was")
                raise
        of = iter(results)
        return [Score(trial, [next(of) for _ in self.study.seeds]) for trial in trials]

    def result_of(self, trial: Trial, place: int, epochs: int) -> Result:
        """Return the result of a trial from the seed at a place of the study's, measured now if it is not there yet."""
        seed = self.study.seeds[place]
        folder = self.folder / (f"trial{trial.number}" if seed is None else f"trial{trial.number}_seed{seed}")
        done = folder / f"epochs{epochs}.json"
        if done.exists():
            return Result(**json.loads(done.read_text(encoding="utf-8")))
        folder.mkdir(exist_ok=True)
        self.say(f"{folder.name} to epoch {epochs} ({trial.label})")
        found = self._measured(folder, self.study.overrides_of(trial, seed), epochs)
        write_whole(done, [json.dumps(asdict(found)).encode()])
        return found

    def _measured(self, folder: Path, overrides: dict[str, str], epochs: int) -> Result:
        experiment, model = folder / "experiment.yaml", folder / "model.pkl"
        if not experiment.exists():
            write_whole(experiment, [read_text(find_experiment(self.study.experiment).path).encode()])
        saved = overrides | {"save_path": str(model), "save_freq": "1"}
        options = [f"--set={key}={value}" for key, value in saved.items()]
        allow = [f"--allow={module}" for module in self.allow]
        going_on = ["--resume"] if model.exists() else []
        limits = [f"--max-epochs={epochs}", f"--threads={self.threads}"]
        if not self._call("train", folder, [str(experiment), *options, *limits, *allow, *going_on]):
            return Result(epochs, 0, 0.0, -math.inf, -math.inf)
        content = checkpoint.read(model)
        averaged = any(map(checkpoint.is_average, content["parameters"]))
        asked = [str(model), "-v", "--json", f"--num-samples={self.study.samples}", *self.study.score, *allow]
        self._call("parzen_ll", folder, [*asked, *(["--averaged"] if averaged else [])], out=folder / "parzen.json")
        found = json.loads((folder / "parzen.json").read_text(encoding="utf-8"))
        record = checkpoint.MonitorRecord.from_content(content["monitor"])
        seconds = record.training_seconds() or 0.0
        return Result(epochs, record.batches_seen, seconds, found["valid"]["mean"], found["log_likelihood"])

    def _call(self, name: str, folder: Path, arguments: list[str], out: Path | None = None) -> bool:
        """Run a program in a process of its own; False where its numbers ceased to be finite."""
        command = [sys.executable, "-m", f"adversarial.programs.{name}", *arguments]
        threads = {"ADVERSARIAL_THREADS": str(self.threads)}
        with open(folder / "log.txt", "ab") as log, open(out or os.devnull, "wb") as said:
            log.write(f"$ {shlex.join([f'{name}.py', *arguments])}\n".encode())
            log.flush()
            process = subprocess.Popen(
                command, stdout=said if out else log, stderr=log, stdin=subprocess.DEVNULL, env=os.environ | threads
            )
            self._running.append(process)
            code = process.wait()
            self._running.remove(process)
        if code and code != NumericalError.exit_code:
            lines = (folder / "log.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise FileError(f"{name}.py ended with {code} in {folder}: {lines[-1]}")
        return code == 0


def ranked(scores: list[Score]) -> list[Score]:
    """Return scores from the best to the worst; of equal ones the first trial is first."""
    return sorted(scores, key=lambda score: -score.mean)


def survivors(scores: list[Score], keep: float) -> list[Trial]:
    """Return the trials that go on: of scores from the best to the worst, one in `keep`, and at least one.

    A trial that diverged from any seed does not go on.

    Examples
    --------
    >>> scores = [Score(Trial(i, {}), [Result(1, 1, 1.0, value, 0.0)]) for i, value in enumerate([9.0, 5.0, 4.0])]
    >>> [trial.number for trial in survivors(scores, keep=2)]
    [0, 1]
    """
    count = max(1, math.ceil(len(scores) / keep))
    return [score.trial for score in scores[:count] if math.isfinite(score.mean)]


def as_json(rungs: list[list[Score]]) -> list[dict[str, Any]]:
    """Return all results as plain values, a rung's best first; what is not finite is null."""
    return [
        {
            "epochs": score.results[0].epochs,
            "trial": score.trial.number,
            "overrides": score.trial.overrides,
            "mean": score.mean if math.isfinite(score.mean) else None,
            "deviation": score.deviation,
            "results": [
                {name: value if math.isfinite(value) else None for name, value in asdict(each).items()}
                for each in score.results
            ],
        }
        for rung in rungs
        for score in rung
    ]
