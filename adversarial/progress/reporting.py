"""What training shows: a bar within an epoch on a terminal, a line after each epoch everywhere."""

from __future__ import annotations

import logging
import sys
import threading
import time
from typing import TYPE_CHECKING, Protocol

from adversarial import backend
from adversarial.datasets.dataset import Dataset
from adversarial.errors import printable
from adversarial.models.model import Model
from adversarial.progress.data import data_lines
from adversarial.progress.summary import epoch_columns, model_table, number, slip_lines
from adversarial.training_algorithms.training_algorithm import TrainingAlgorithm

if TYPE_CHECKING:
    from pytensor.tensor.sharedvar import TensorSharedVariable
    from rich.progress import Progress, TaskID

    from adversarial.monitor.channel import MonitorChannel

#: Lines after which the header of the epoch lines is repeated.
HEADER_EVERY = 25
#: Seconds between lines that say how much is compiled.
COMPILING_EVERY = 5.0


class Training(Protocol):
    """What a reporter reads of a `train.Train`."""

    model: Model
    dataset: Dataset
    algorithm: TrainingAlgorithm | None
    training_seconds: TensorSharedVariable
    save_path: str | None


def _shown(train: Training, column: str, channel: MonitorChannel) -> str:
    """Return what the epoch line has in a column: the channel, or what is known of an epoch that was not monitored."""
    if channel.epoch_record[-1] == train.model.monitor.get_epochs_seen():
        return number(channel.val_record[-1])
    known = {"seconds": train.training_seconds, "learning_rate": getattr(train.algorithm, "learning_rate", None)}
    variable = known.get(column)
    return "" if variable is None else number(float(variable.get_value()))


class Reporter:
    """Receives the events of training; does nothing by default.

    Each method is called with the Train object.
    """

    def on_setup(self, train: Training) -> None:
        """React to model, data and algorithm being built; compiling comes next."""

    def on_ready(self, train: Training) -> None:
        """React to everything being compiled (and restored, when resuming); the first monitoring step comes next."""

    def on_update(self, train: Training) -> None:
        """React to an update; `train.algorithm.updates_this_epoch` and `updates_per_epoch` say which of how many."""

    def on_monitor(self, train: Training) -> None:
        """React to the end of an epoch; `train.model.monitor` has new values, if the epoch was monitored."""

    def on_save(self, train: Training) -> None:
        """React to the model being saved at `train.save_path`."""

    def close(self) -> None:
        """Release the terminal; called when training ends, for whatever reason."""


class Silent(Reporter):
    """Prints nothing: train.py --quiet."""


class Console(Reporter):
    """Prints tables at the start, a progress bar on a terminal, and a line after each epoch, to standard output.

    Parameters
    ----------
    verbose : bool
        Whether to print every channel after each epoch, default false.
    timestamps : bool
        Whether to begin each line with the time, default false.

    Examples
    --------
    >>> Console().say("training")
    training
    """

    def __init__(self, verbose: bool = False, timestamps: bool = False):
        self.verbose = verbose
        self.timestamps = timestamps
        self.progress: Progress | None = None
        self._task: TaskID | None = None
        self._lines = 0
        self._started = self._epoch_started = time.monotonic()
        self._first = 0
        self._compiled = threading.Event()
        self._watcher: threading.Thread | None = None

    def say(self, text: str) -> None:
        """Print lines, above the progress bar if there is one."""
        stamp = time.strftime("%Y-%m-%d %H:%M:%S ") if self.timestamps else ""
        for line in printable(text).split("\n"):
            if self.progress is not None:
                self.progress.console.print(stamp + line, markup=False, highlight=False, soft_wrap=True)
            else:
                print(stamp + line, flush=True)

    def on_setup(self, train: Training) -> None:
        self._started = time.monotonic()
        self.say(model_table(train.model))
        for line in data_lines(train.dataset, train.model):
            self.say(line if line.startswith("warning") else f"training on {line}")
        self.say("compiling ...")
        self._compiled.clear()
        self._watcher = threading.Thread(target=self._say_how_much_is_compiled, daemon=True)
        self._watcher.start()

    def _say_how_much_is_compiled(self) -> None:
        """Say it every few seconds, until all is; nothing where all was compiled before."""
        said = False
        while not self._compiled.wait(COMPILING_EVERY):
            done, total = backend.compilation()
            if done < total:
                if not said:
                    self.say("this start compiles C++ for this processor; later ones find it compiled")
                    said = True
                self.say(f"{done} of {total} modules are compiled")

    def _end_watcher(self) -> None:
        self._compiled.set()
        if self._watcher is not None:
            self._watcher.join()
            self._watcher = None

    def on_ready(self, train: Training) -> None:
        self._end_watcher()
        self.say(f"compiled in {time.monotonic() - self._started:.1f} s")
        for line in slip_lines(train):
            self.say(line)
        if sys.stdout.isatty():
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self.progress = Progress(
                TextColumn("epoch {task.fields[epoch]}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
                transient=True,
            )
            self.progress.start()

    def on_update(self, train: Training) -> None:
        if self.progress is None or train.algorithm is None:
            return
        done, total = train.algorithm.updates_this_epoch, train.algorithm.updates_per_epoch
        if self._task is None or done <= 1:
            if self._task is not None:
                self.progress.remove_task(self._task)
            epoch = train.model.monitor.get_epochs_seen() + 1
            self._task = self.progress.add_task("", total=total, epoch=epoch, rate="")
            self._epoch_started, self._first = time.monotonic(), done
        elapsed = time.monotonic() - self._epoch_started
        rate = f"{(done - self._first) / elapsed:.1f} updates/s" if elapsed > 0.5 else ""
        self.progress.update(self._task, completed=done, rate=rate)

    def on_monitor(self, train: Training) -> None:
        channels = train.model.monitor.channels
        columns = epoch_columns(channels)
        if self._lines % HEADER_EVERY == 0:
            self.say("  ".join(name.rjust(max(len(name), 9)) for name in ("epoch", *columns)))
        self._lines += 1
        epoch = train.model.monitor.get_epochs_seen()
        values = [str(epoch), *(_shown(train, column, channels[name]) for column, name in columns.items())]
        names = ("epoch", *columns)
        self.say("  ".join(value.rjust(max(len(name), 9)) for name, value in zip(names, values, strict=True)))
        if self.verbose:
            for name in sorted(name for name in channels if channels[name].epoch_record[-1] == epoch):
                self.say(f"\t{name}: {channels[name].val_record[-1]}")

    def on_save(self, train: Training) -> None:
        logging.getLogger(__name__).debug("saved %s", train.save_path)

    def close(self) -> None:
        self._end_watcher()
        if self.progress is not None:
            self.progress.stop()
            self.progress = None
            self._task = None
