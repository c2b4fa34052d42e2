"""What train.py shows while it works: a bar within an epoch on a terminal, a line after each epoch everywhere."""

from __future__ import annotations

import logging
import sys
import time

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from adversarial.command_line.summary import dataset_line, epoch_columns, model_table, number
from adversarial.errors import printable
from adversarial.train import Reporter, Train

#: The epoch line's header is repeated after so many lines.
HEADER_EVERY = 25


class Silent(Reporter):
    """Says nothing: --quiet."""


class Console(Reporter):
    """Tables at the start, a progress bar on a terminal, a line after each epoch.

    Parameters
    ----------
    verbose : show every channel after each epoch
    timestamps : begin each line with the time
    """

    def __init__(self, verbose: bool = False, timestamps: bool = False):
        self.verbose = verbose
        self.timestamps = timestamps
        self.progress: Progress | None = None
        self._task = None
        self._lines = 0
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        """Print lines, above the progress bar where there is one."""
        stamp = time.strftime("%Y-%m-%d %H:%M:%S ") if self.timestamps else ""
        for line in printable(text).split("\n"):
            if self.progress is not None:
                self.progress.console.print(stamp + line, markup=False, highlight=False, soft_wrap=True)
            else:
                print(stamp + line, flush=True)

    def on_setup(self, train: Train) -> None:
        self._started = time.monotonic()
        self.say(model_table(train.model))
        self.say(f"training on {dataset_line(train.dataset)}")
        self.say("compiling ...")

    def on_ready(self, train: Train) -> None:
        self.say(f"compiled in {time.monotonic() - self._started:.1f} s")
        if sys.stdout.isatty():
            self.progress = Progress(
                TextColumn("epoch {task.fields[epoch]}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
                transient=True,
            )
            self.progress.start()

    def on_update(self, train: Train) -> None:
        if self.progress is None:
            return
        algorithm = train.algorithm
        done, total = algorithm.updates_this_epoch, algorithm.updates_per_epoch
        if self._task is None or done <= 1:
            if self._task is not None:
                self.progress.remove_task(self._task)
            epoch = train.model.monitor.get_epochs_seen() + 1
            self._task = self.progress.add_task("", total=total, epoch=epoch, rate="")
            self._epoch_started, self._first = time.monotonic(), done
        elapsed = time.monotonic() - self._epoch_started
        rate = f"{(done - self._first) / elapsed:.1f} updates/s" if elapsed > 0.5 else ""
        self.progress.update(self._task, completed=done, rate=rate)

    def on_monitor(self, train: Train) -> None:
        channels = train.model.monitor.channels
        columns = epoch_columns(channels)
        if self._lines % HEADER_EVERY == 0:
            self.say("  ".join(name.rjust(max(len(name), 9)) for name in ("epoch", *columns)))
        self._lines += 1
        values = [str(train.model.monitor.get_epochs_seen())]
        values += [number(channels[name].val_record[-1]) for name in columns.values()]
        names = ("epoch", *columns)
        self.say("  ".join(value.rjust(max(len(name), 9)) for name, value in zip(names, values, strict=True)))
        if self.verbose:
            for name in sorted(channels):
                self.say(f"\t{name}: {channels[name].val_record[-1]}")

    def on_save(self, train: Train) -> None:
        logging.getLogger(__name__).debug("saved %s", train.save_path)

    def close(self) -> None:
        """Take the progress bar off the terminal."""
        if self.progress is not None:
            self.progress.stop()
            self.progress = None
