"""The train.py program: run the experiment that a YAML file describes."""

from __future__ import annotations

import argparse
import logging
import math
import os
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from adversarial import __version__
from adversarial.command_line import program
from adversarial.errors import ConfigurationError

EXAMPLE = """
train.py yaml/mnist.yaml
train.py yaml/mnist.yaml --max-epochs 2 --set algorithm.batch_size=50
train.py yaml/mnist.yaml --resume
"""


def main(argv: Sequence[str] | None = None) -> None:
    """The installed command; exits with the program's code."""
    program.run(train, argv)


def argument_parser() -> argparse.ArgumentParser:
    """The options: those of 2014 (-L -T -t -V -D) and ours."""
    parser = program.parser("train.py", "Run the experiment that a YAML file describes.", EXAMPLE)
    parser.add_argument("config", help="the YAML file")
    parser.add_argument("-L", "--level-name", action="store_true", help="show the level of each logged message")
    parser.add_argument("-T", "--timestamp", action="store_true", help="begin each line with the time")
    parser.add_argument("-V", "--verbose-logging", action="store_true", help="show every channel after each epoch")
    parser.add_argument("-q", "--quiet", action="store_true", help="show errors only")
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
    machine = parser.add_argument_group("the machine")
    machine.add_argument("--backend", choices=("c", "numba", "jax"), help="what PyTensor compiles to (default c)")
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
    """Seconds, from a number with s, m or h behind it or nothing."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    if match is None or float(match.group(1)) <= 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a time such as 600, 90s, 10m or 8h")
    return float(match.group(1)) * {"": 1, "s": 1, "m": 60, "h": 3600}[match.group(2)]


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of at least 1")
    return int(text)


def address(text: str) -> str:
    """HOST:PORT."""
    host, colon, port = text.rpartition(":")
    if not host or not colon or not port.isdecimal() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"'{text}' is not an address such as 192.168.0.10:4444")
    return text


def part(text: str) -> tuple[int, int]:
    """I and N of I/N: the process I of N, counted from 0."""
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if match is None or not int(match.group(1)) < int(match.group(2)):
        raise argparse.ArgumentTypeError(f"'{text}' is not a process such as 0/2 or 1/2, counted from 0")
    return int(match.group(1)), int(match.group(2))


def machines_of(given: argparse.Namespace) -> Any:
    """What --devices, --coordinator and --process ask for."""
    from adversarial.backend import Machines

    if (given.coordinator is None) != (given.process is None):
        raise ConfigurationError("--coordinator and --process go together: --coordinator HOST:PORT --process 0/2")
    process, processes = given.process or (0, 1)
    return Machines(given.devices, given.coordinator, process, processes, math.ceil(given.connect_timeout))


def overrides_of(pairs: Sequence[str]) -> dict[str, str]:
    """{key: value} of the KEY=VALUE of --set."""
    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise ConfigurationError(f"--set {pair}: give it as KEY=VALUE, such as algorithm.batch_size=50")
        found[key.strip()] = value
    return found


def train(argv: Sequence[str] | None = None) -> int:
    """Run the program; the exit code is 0, or 130 or 143 after a signal."""
    given = argument_parser().parse_args(argv)
    overrides = overrides_of(given.set)
    # The file is read before PyTensor is imported: a mistake in it is told at once.
    from adversarial.config.reader import read
    from adversarial.config.yaml_parse import read_text

    read(read_text(given.config), given.config)
    from adversarial import backend
    from adversarial.progress.reporting import Console, Silent

    backend.configure(given.backend, given.floatX, given.threads, given.device, machines_of(given))
    _set_up_logging(given)
    console = None if given.quiet or not backend.is_first_process() else Console(given.verbose_logging, given.timestamp)
    if console is not None:
        console.say(backend.summary())
    experiments = _build(given, overrides)
    for number, experiment in enumerate(experiments, start=1):
        if len(experiments) > 1:
            os.environ["PYLEARN2_TRAIN_PHASE"] = f"phase{number}"
        experiment.reporter = Silent() if console is None else console
        experiment.save_every_seconds, experiment.keep_every = given.save_every, given.keep_every
        experiment.debug_nan = given.debug_nan
        if given.resume:
            _resume(experiment, given)
        code = _run(experiment, given, console)
        if code:
            return code
    return 0


def _build(given: argparse.Namespace, overrides: dict[str, str]) -> list[Any]:
    """The Train objects of the file: one, or 2014's list of phases."""
    from adversarial.config import yaml_parse
    from adversarial.config.variables import training_file_variables
    from adversarial.train import Train

    os.environ.update(training_file_variables(given.config))
    built = yaml_parse.load_path(given.config, allow=given.allow, overrides=overrides)
    experiments = built if isinstance(built, list) else [built]
    text = yaml_parse.read_text(given.config)
    for experiment in experiments:
        if not isinstance(experiment, Train):
            raise ConfigurationError(
                f"{given.config} describes a {type(experiment).__name__}, not an experiment; "
                "its outermost object must be !obj:adversarial.train.Train"
            )
        experiment.yaml_src, experiment.overrides = text, overrides
    return experiments


def _resume(experiment: Any, given: argparse.Namespace) -> None:
    from adversarial import checkpoint
    from adversarial.programs.train_changes import changes_since

    if experiment.save_path is None:
        raise ConfigurationError(f"{given.config} names no save_path, so there is nothing to resume")
    if not Path(experiment.save_path).exists():
        raise ConfigurationError(f"there is no saved model {experiment.save_path} to resume; run without --resume")
    content = checkpoint.read(experiment.save_path)
    changed = changes_since(content, experiment.yaml_src, experiment.overrides)
    if changed and not given.force:
        raise ConfigurationError(
            f"{given.config} has changed since {experiment.save_path} was saved ({'; '.join(changed[:5])}); "
            "put it back, or resume with --force"
        )
    experiment.resume(content)


def _run(experiment: Any, given: argparse.Namespace, console: Any) -> int:
    with _signals(experiment) as received:
        try:
            outcome = experiment.main_loop(time_budget=given.time_budget, max_epochs=given.max_epochs)
        finally:
            if console is not None:
                console.close()
    saved = f"saved as {experiment.save_path}" if experiment.saves else "not saved, as the file asks"
    if outcome == "stop requested":
        print(f"stopped, {saved}", file=sys.stderr)
        if experiment.saves:
            print(f"go on with: {_resume_command(given)}", file=sys.stderr)
        return 128 + received[0] if received else 0
    if console is not None:
        ends = {"time budget": "time budget spent", "max epochs": "done", "finished": "finished"}
        console.say(f"{ends[outcome]}, {saved}")
    return 0


def _resume_command(given: argparse.Namespace) -> str:
    options = [f"--set {pair}" for pair in given.set] + [f"--allow {module}" for module in given.allow]
    return " ".join(["train.py", given.config, "--resume", *options])


@contextmanager
def _signals(experiment: Any) -> Iterator[list[int]]:
    """The first SIGINT or SIGTERM asks training to stop after the present update, the second leaves at once."""
    received: list[int] = []

    def on_signal(number: int, frame: Any) -> None:
        if received:
            os._exit(128 + number)
        received.append(number)
        experiment.stop_requested = True
        print("\nstopping after this update; once more to leave at once", file=sys.stderr)

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _set_up_logging(given: argparse.Namespace) -> None:
    parts = ["%(asctime)s"] * given.timestamp + ["%(levelname)s"] * given.level_name + ["%(message)s"]
    level = logging.ERROR if given.quiet else logging.DEBUG if given.debug else logging.WARNING
    logging.basicConfig(format=" ".join(parts), level=logging.WARNING, stream=sys.stderr)
    logging.getLogger("adversarial").setLevel(level)
