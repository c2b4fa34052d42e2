"""The train.py program: run the experiment that a YAML file describes."""

from __future__ import annotations

import argparse
import logging
import math
import os
import re
import shlex
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from adversarial import __version__
from adversarial.command_line import program
from adversarial.errors import ConfigurationError

if TYPE_CHECKING:
    from adversarial.backend import Machines
    from adversarial.config.shipped import ExperimentFile
    from adversarial.options import Slips
    from adversarial.train import Train

EXAMPLE = """
train.py mnist.yaml
train.py yaml/mnist.yaml --max-epochs 2 --set algorithm.batch_size=50
train.py yaml/mnist.yaml --resume
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the installed command; it exits with the program's code."""
    program.run(train, argv)


def argument_parser() -> argparse.ArgumentParser:
    """Return the options: those of 2014 (-L -T -t -V -D) and ours."""
    debug = "show debugging messages, as in 2014, and the traceback of an error"
    parser = program.parser("train.py", "Run the experiment that a YAML file describes.", EXAMPLE, debug)
    parser.add_argument("config", help="the YAML file, or the name of an experiment of the paper: mnist.yaml")
    parser.add_argument("-L", "--level-name", action="store_true", help="show the level of each logged message")
    parser.add_argument("-T", "--timestamp", action="store_true", help="begin each line with the time")
    parser.add_argument(
        "-V",
        "--verbose-logging",
        action="store_true",
        help="show every channel after each epoch, which 2014 always did; as in 2014, begin each line with the time, "
        "and logged messages with logger and level too",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="show errors only")
    parser.add_argument(
        "--dry-run", action="store_true", help="build, check and compile everything; train and save nothing"
    )
    limits = parser.add_argument_group("how long")
    limits.add_argument(
        "-t", "--time-budget", type=duration, metavar="TIME", help="begin no epoch after this: 3600, 90m, 8h"
    )
    limits.add_argument("--max-epochs", type=positive, metavar="N", help="end after N epochs in all")
    saving = parser.add_argument_group("saving")
    saving.add_argument("--resume", action="store_true", help="go on where the saved model of this file stands")
    saving.add_argument("--force", action="store_true", help="resume although the file has changed since")
    saving.add_argument("--save-every", type=duration, metavar="TIME", help="save within epochs too: 600, 10m")
    saving.add_argument(
        "--keep-every", type=positive, metavar="N", help="keep a copy of the model every N epochs: mnist_epoch10.pkl"
    )
    experiment = parser.add_argument_group("the experiment")
    experiment.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change a value: algorithm.batch_size=50"
    )
    experiment.add_argument(
        "--allow", action="append", default=[], metavar="MODULE", help="let the file name things of your own module"
    )
    experiment.add_argument(
        "--slips",
        choices=("2014", "corrected"),
        help="repeat the slips of 2014's code or not (default: in a file that uses names of 2014)",
    )
    machine = parser.add_argument_group("the machine")
    machine.add_argument("--backend", choices=("c", "numba", "jax"), help="what PyTensor compiles to (default c)")
    machine.add_argument(
        "--engine", choices=("fast", "plain"), help="plain: compiled by PyTensor alone, slower (default fast)"
    )
    machine.add_argument("--device", choices=("cpu", "cuda"), help="where JAX computes (default: what it finds best)")
    machine.add_argument("--devices", type=positive, default=1, metavar="N", help="devices that share each minibatch")
    machine.add_argument(
        "--coordinator", type=address, metavar="HOST:PORT", help="several processes: where process 0 listens"
    )
    machine.add_argument("--process", type=part, metavar="I/N", help="which of how many processes: 0/2, 1/2")
    machine.add_argument(
        "--connect-timeout", type=duration, default=60, metavar="TIME", help="wait so long for the others (default 60)"
    )
    machine.add_argument("--floatX", choices=("float32", "float64"), help="dtype of parameters (default float32)")
    machine.add_argument("--threads", type=positive, metavar="N", help="threads of BLAS and loops")
    machine.add_argument("--debug-nan", action="store_true", help="find the first update and node that give NaN; slow")
    parser.add_argument("--version", action="version", version=f"adversarial {__version__}")
    return parser


def duration(text: str) -> float:
    """Return seconds, from a number with s, m or h behind it or nothing."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    if match is None or float(match.group(1)) <= 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a time such as 600, 90s, 10m or 8h")
    return float(match.group(1)) * {"": 1, "s": 1, "m": 60, "h": 3600}[match.group(2)]


def positive(text: str) -> int:
    """Return a whole number of at least 1."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of at least 1")
    return int(text)


def address(text: str) -> str:
    """Return HOST:PORT."""
    host, colon, port = text.rpartition(":")
    if not host or not colon or not port.isdecimal() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"'{text}' is not an address such as 192.168.0.10:4444")
    return text


def part(text: str) -> tuple[int, int]:
    """Return I and N of I/N: the process I of N, counted from 0."""
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if match is None or not int(match.group(1)) < int(match.group(2)):
        raise argparse.ArgumentTypeError(f"'{text}' is not a process such as 0/2 or 1/2, counted from 0")
    return int(match.group(1)), int(match.group(2))


def machines_of(given: argparse.Namespace) -> Machines:
    """Return what --devices, --coordinator and --process ask for."""
    from adversarial.backend import Machines

    if (given.coordinator is None) != (given.process is None):
        raise ConfigurationError("--coordinator and --process go together: --coordinator HOST:PORT --process 0/2")
    process, processes = given.process or (0, 1)
    return Machines(given.devices, given.coordinator, process, processes, math.ceil(given.connect_timeout))


def train(argv: Sequence[str] | None = None) -> int:
    """Run the program; the exit code is 0, or 130 or 143 after a signal."""
    given = argument_parser().parse_args(argv)
    overrides = program.overrides_of(given.set)
    # The file is read before PyTensor is imported, so that a mistake in it is reported at once.
    from adversarial.config.reader import read
    from adversarial.config.shipped import find_experiment
    from adversarial.config.yaml_parse import read_text

    found = find_experiment(given.config)
    read(read_text(found.path), found.path)
    from adversarial import backend

    backend.configure(given.backend, given.floatX, given.threads, given.device, machines_of(given), given.engine)
    _set_up_logging(given)
    return train_and_report(
        found,
        overrides,
        given.allow,
        given.slips,
        quiet=given.quiet,
        verbose=given.verbose_logging,
        timestamps=given.timestamp or given.verbose_logging,
        resume=given.resume,
        force=given.force,
        save_every=given.save_every,
        keep_every=given.keep_every,
        debug_nan=given.debug_nan,
        dry_run=given.dry_run,
        time_budget=given.time_budget,
        max_epochs=given.max_epochs,
        again=resume_command("train.py", sys.argv[1:] if argv is None else argv),
    )


def train_and_report(
    found: ExperimentFile,
    overrides: dict[str, str],
    allow: Sequence[str] = (),
    slips: Slips | None = None,
    *,
    quiet: bool = False,
    verbose: bool = False,
    timestamps: bool = False,
    resume: bool = False,
    force: bool = False,
    save_every: float | None = None,
    keep_every: int | None = None,
    debug_nan: bool = False,
    dry_run: bool = False,
    time_budget: float | None = None,
    max_epochs: int | None = None,
    again: str,
) -> int:
    """Train what a file describes, show how it goes, and heed signals.

    Parameters
    ----------
    found : ExperimentFile
        The file.
    overrides : dict
        Values to replace in it.
    allow : sequence of str, optional
        Modules of the user's own that it may name.
    slips : {'2014', 'corrected'}, optional
        Whether the slips of 2014 are repeated; default: as the file says.
    quiet, verbose, timestamps : bool, optional
        Show nothing; every channel after each epoch; the time on each line.
    resume, force : bool, optional
        Go on from the saved model; although the file has changed.
    save_every : float, optional
        Save within epochs too, every so many seconds.
    keep_every : int, optional
        Keep a copy of the model every so many epochs.
    debug_nan : bool, optional
        Find the first update and node that give NaN; slow.
    dry_run : bool, optional
        Build, check and compile everything; train and save nothing.
    time_budget, max_epochs : float, int, optional
        Begin no epoch after so many seconds, or epochs in all.
    again : str
        The command that goes on with a run that is stopped.

    Returns
    -------
    int
        The exit code: 0, or 130 or 143 after a signal.
    """
    from adversarial import backend
    from adversarial.programs.train_file import (
        check_phases,
        is_begun,
        load_experiments,
        resume_saved,
        train_phases,
    )
    from adversarial.progress.reporting import Console, Silent

    console = None if quiet or not backend.is_first_process() else Console(verbose, timestamps)
    if console is not None:
        console.say(backend.summary())
        if found.is_shipped:
            console.say(f"the experiment is {found.path}")
    signals = _Signals()

    def prepare(experiment: Train) -> None:
        experiment.reporter = Silent() if console is None else console
        experiment.save_every_seconds, experiment.keep_every = save_every, keep_every
        experiment.debug_nan = debug_nan
        if resume and is_begun(experiment, experiments):
            resume_saved(experiment, found.name, force)
        elif console is not None and not dry_run and (replaced := _replaced_by(experiment)) is not None:
            console.say(f"the first save will replace {replaced}, which is there already; --resume goes on with it")
        signals.experiment = experiment
        experiment.stop_requested = signals.exit_code > 0

    experiments = load_experiments(found, allow, overrides, slips)
    with signals:
        try:
            if dry_run:
                check_phases(experiments, prepare)
                if console is not None:
                    console.say("no fault was found; nothing was trained, and nothing saved")
                return 0
            for experiment, outcome in train_phases(experiments, prepare, time_budget, max_epochs):
                if console is not None:
                    console.close()
                saved = f"saved as {experiment.save_path}" if experiment.saves else "not saved, as the file asks"
                if outcome == "stop requested":
                    print(f"stopped, {saved}", file=sys.stderr)
                    if experiment.saves:
                        print(f"go on with: {again}", file=sys.stderr)
                    return signals.exit_code
                if console is not None:
                    ends = {"time budget": "time budget spent", "max epochs": "done", "finished": "finished"}
                    epochs = experiment.model.monitor.get_epochs_seen()
                    early = outcome == "finished" and max_epochs is not None and epochs < max_epochs
                    why = f" after {epochs:,} of {max_epochs:,} epochs, as the file asks" if early else ""
                    console.say(f"{ends[outcome]}{why}, {saved}")
        finally:
            if console is not None:
                console.close()
    return 0


def _replaced_by(experiment: Train) -> str | None:
    """Return the file of an earlier run that a run from the beginning will overwrite, if there is one."""
    path = experiment.save_path
    if path is None or not (experiment.saves and experiment.allow_overwrite and os.path.exists(path)):
        return None
    return path


def resume_command(name: str, arguments: Sequence[str]) -> str:
    """Return the command that goes on with a run, as a shell reads it: all that it was given, and --resume.

    Examples
    --------
    >>> resume_command("train.py", ["my run.yaml", "--floatX", "float64"])
    "train.py 'my run.yaml' --floatX float64 --resume"
    """
    return shlex.join([name, *arguments, *(() if "--resume" in arguments else ["--resume"])])


class _Signals:
    """The first SIGINT or SIGTERM asks training to stop after the present update, the second ends the program."""

    def __init__(self) -> None:
        self.experiment: Train | None = None
        self.exit_code = 0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> _Signals:
        self._before = {number: signal.signal(number, self._receive) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number: int, frame: object) -> None:
        if self.exit_code:
            os._exit(128 + number)
        self.exit_code = 128 + number
        if self.experiment is not None:
            self.experiment.stop_requested = True
        print("\nstopping after this update; once more to leave at once", file=sys.stderr)


def _set_up_logging(given: argparse.Namespace) -> None:
    parts = ["%(asctime)s"] * given.timestamp + ["%(levelname)s"] * given.level_name
    parts = ["%(asctime)s", "%(name)s", "%(levelname)s"] if given.verbose_logging else parts
    level = logging.ERROR if given.quiet else logging.DEBUG if given.debug else logging.WARNING
    logging.basicConfig(format=" ".join([*parts, "%(message)s"]), level=logging.WARNING, stream=sys.stderr)
    logging.getLogger("adversarial").setLevel(level)


if __name__ == "__main__":
    main()
