"""A training run killed with kill -9, over and over, and resumed: `python killed_runs.py MODEL KILLS [RECIPE.yaml]`.

The program builds an experiment once, and forks: a run of its own for each kill, and one that goes on from what was
left, to the end. It says in JSON, a line a kill, where the run was ("training", "monitoring" or "saving"), how many
updates the file that was left held (-1: no file yet), and what was wrong with it or with the end of the resumed run
("" where nothing was).
"""

from __future__ import annotations

import json
import mmap
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import training_stand_ins as stand_ins
from saved_content import same

from adversarial import checkpoint
from adversarial.checkpoint.training_state import restore_model
from adversarial.config import yaml_parse
from adversarial.errors import UserError
from adversarial.progress.reporting import Silent
from adversarial.termination_criteria import EpochCounter
from adversarial.train import Train

#: What a run does, and what it writes into the byte that it shares with its killer while it does it.
STAGES = {"training": 1, "monitoring": 2, "saving": 3}
#: Runs that end before they are killed are begun again; so often at most for each kill.
TRIES = 20


class KilledRun:
    """Runs an experiment in processes that are killed.

    Parameters
    ----------
    train : set up, and in the state that it begins with; its `save_path` is in a folder of its own
    rng : when to kill
    """

    def __init__(self, train: Train, rng: random.Random):
        self.train, self.rng = train, rng
        self.path = Path(train.save_path)
        self._stage = mmap.mmap(-1, 1)
        train.save = self._within("saving", train.save)
        train.run_callbacks_and_monitoring = self._within("monitoring", train.run_callbacks_and_monitoring)
        self.straight = self._to_the_end()
        began = time.monotonic()
        self._lasts = self._watch(self._fork(self._run))
        self.seconds = time.monotonic() - began
        self.path.unlink()

    def _within(self, stage: str, method: Callable) -> Callable:
        def marked() -> Any:
            before, self._stage[0] = self._stage[0], STAGES[stage]
            result = method()
            self._stage[0] = before
            return result

        return marked

    def _watch(self, process: int) -> dict[str, float]:
        """How long, at a time, a run stays in each stage, in the mean until it ends: seconds."""
        lasted: dict[str, list[float]] = {stage: [] for stage in STAGES}
        stage, since = self._present_stage(), time.monotonic()
        while os.waitpid(process, os.WNOHANG) == (0, 0):
            if (now_in := self._present_stage()) != stage:
                lasted.setdefault(stage, []).append(time.monotonic() - since)
                stage, since = now_in, time.monotonic()
        return {stage: sum(seconds) / max(1, len(seconds)) for stage, seconds in lasted.items()}

    def _fork(self, do: Callable[[], None]) -> int:
        self._stage[0] = 0
        process = os.fork()
        if process:
            return process
        code = 1
        try:
            do()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)

    def _run(self) -> None:
        if self.path.exists():
            self._restore()
        self._stage[0] = STAGES["training"]
        self.train.main_loop()
        self._stage[0] = 0

    def _restore(self) -> None:
        content = checkpoint.read(self.path)
        restore_model(self.train.model, content)
        self.train.set_state(content["training"])

    def _to_the_end(self) -> dict[str, Any]:
        """What a run from the present file, or from the beginning, has saved at its end."""
        end = self.path.with_name(f"end{self.path.suffix}")

        def run() -> None:
            if self.path.exists():
                self._restore()
            self.train.save_path, self.train.save_freq = str(end), 1000
            self.train.save_every_seconds = None
            self.train.main_loop()

        _, status = os.waitpid(self._fork(run), 0)
        if status:
            raise UserError("the resumed run failed")
        content = checkpoint.read(end)
        end.unlink()
        return without_times(content)

    def kill(self, stage: str) -> str:
        """Kill -9 a run that goes on from the file, at a random moment, in a stage if it can be; which it was in."""
        for attempt in range(TRIES):
            process, sooner = self._fork(self._run), 0.7**attempt
            not_before = time.monotonic() + self.rng.uniform(0, self.seconds) * sooner
            moment = None
            while os.waitpid(process, os.WNOHANG) == (0, 0):
                now = time.monotonic()
                if now < not_before or self._present_stage() != stage:
                    moment = None  # It left the stage before; another moment, the next time that it is there.
                elif moment is None:
                    moment = now + self.rng.uniform(0, self._lasts[stage]) * sooner
                elif now >= moment:
                    os.kill(process, signal.SIGKILL)
                    os.waitpid(process, 0)
                    return self._present_stage()
                time.sleep(1e-4)
            # It was finished first.
            self.path.unlink(missing_ok=True)
        raise UserError(f"no run could be killed while {stage}")

    def _present_stage(self) -> str:
        return next((stage for stage, number in STAGES.items() if number == self._stage[0]), "starting or ending")

    def verdict(self) -> tuple[int, str]:
        """The updates in the file that is there, and what is wrong with it."""
        try:
            seen = checkpoint.read(self.path)["monitor"]["batches_seen"] if self.path.exists() else -1
            beside = sorted(set(os.listdir(self.path.parent)) - {self.path.name, f"{self.path.name}.part"})
            if beside:
                return seen, f"{beside[0]} was left beside it"
            return seen, "" if same(self._to_the_end(), self.straight) else "the resumed run ended elsewhere"
        except UserError as error:
            return -1, str(error)


def without_times(content: dict[str, Any]) -> dict[str, Any]:
    """What of a saved run is the same each time that it is run."""
    shared = content["training"]["shared"]
    timed = [number for number, name in enumerate(shared["names"]) if "seconds" in name]
    values = [value for number, value in enumerate(shared["values"]) if number not in timed]
    channels = {
        name: {key: record for key, record in channel.items() if key != "time_record"}
        for name, channel in content["monitor"]["channels"].items()
        if "seconds" not in name
    }
    return {
        "parameters": content["parameters"],
        "monitor": content["monitor"] | {"channels": channels},
        "training": content["training"] | {"shared": values},
    }


def experiment_of(recipe: str | None) -> Train:
    """A recipe's experiment, or that of `training_stand_ins`, interpreted."""
    if recipe is None:
        stand_ins.interpret(pytest.MonkeyPatch())
        return stand_ins.experiment(termination_criterion=EpochCounter(max_epochs=3))
    os.chdir(Path(recipe).parent)
    return yaml_parse.load_path(Path(recipe).name)


def main(model: str, kills: str, recipe: str | None = None) -> None:
    """Kill and resume, in a folder that holds nothing else; the stages to wait for take turns."""
    train = experiment_of(recipe)
    train.reporter = Silent()  # standard output is for the rounds
    train.save_path, train.save_freq, train.save_every_seconds = model, 1, 0.0
    train.setup()
    run = KilledRun(train, random.Random(2014))
    for number in range(int(kills)):
        killed_in = run.kill(list(STAGES)[number % len(STAGES)])
        seen, wrong = run.verdict()
        print(json.dumps({"stage": killed_in, "updates": seen, "wrong": wrong}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
