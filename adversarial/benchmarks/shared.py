"""Epochs beside other programs that compute: on one thread and on several.

Each contender is a process of its own, as the number of threads is a process's. The other programs are started after
all are set up, and never sleep.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import io
import multiprocessing
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from adversarial import backend
from adversarial.benchmarks import cifar10_convolutional, dense
from adversarial.benchmarks.interleaved import Contender, Report, take_times
from adversarial.benchmarks.specification import EXPERIMENTS
from adversarial.config import yaml_parse
from adversarial.errors import ConfigurationError
from adversarial.options import Count, mismatch

#: What can be timed.
KINDS = {
    "mnist": "updates of mnist.yaml",
    "cifar10_convolutional": "updates of cifar10_convolutional.yaml, made-up images",
    "monitored": "as mnist, and a monitoring pass after them",
}
#: An update of cifar10_convolutional.yaml takes as long as so many of mnist.yaml.
LONGER = 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options for what is timed, its length, and what else computes."""
    kinds = "; ".join(f"{name}: {what}" for name, what in KINDS.items())
    parser.add_argument("--kinds", default=",".join(KINDS), metavar="NAMES", help=f"of {kinds} (default: all)")
    parser.add_argument(
        "--updates", type=int, default=100, metavar="N",
        help=f"updates a turn, of the convolutional experiment an {LONGER}th (default %(default)s)",
    )  # fmt: skip
    parser.add_argument("--several", type=int, metavar="N", help="threads to compare with one (default: all)")
    parser.add_argument("--busy", type=int, metavar="N", help="other programs (default: one for each processor)")


def run(given: argparse.Namespace) -> Report:
    """Time epochs.

    Parameters
    ----------
    given : argparse.Namespace
        The options: `kinds`, `updates`, `several`, `busy`, `rounds`.

    Returns
    -------
    Report
        Seconds of an epoch of each kind, on one thread and on several.
    """
    several, busy = given.several or backend.threads(), backend.threads() if given.busy is None else given.busy
    kinds = given.kinds.split(",")
    if unknown := set(kinds) - set(KINDS):
        raise ConfigurationError(f"--kinds has {min(unknown)!r}, but takes {', '.join(KINDS)}")
    for option, number in (("updates", given.updates), ("several", several), ("busy", busy + 1)):
        if reason := mismatch(number, Count):
            raise ConfigurationError(f"--{option} is {getattr(given, option)}, but must be {reason}")
    contenders, ratios = [], []
    for kind in kinds:
        names = [f"{kind}, {threads} thread{'' if threads == 1 else 's'}" for threads in (1, several)]
        for name, threads in zip(names, (1, several), strict=True):
            print(f"preparing {name}", file=sys.stderr, flush=True)
            contenders.append(Contender(name, functools.partial(_turn, _process(kind, threads, given.updates))))
        ratios.append((names[1], (names[0],)))
    with _programs(busy):
        times = take_times(contenders, given.rounds)
    convolutional = _updates("cifar10_convolutional", given.updates)
    notes = [
        f"other programs that compute: {busy}; processors: {backend.threads()}",
        f"an epoch: {given.updates} updates, of cifar10_convolutional {convolutional}",
    ]
    return Report("shared: an epoch, seconds", times, ratios, notes)


@contextlib.contextmanager
def _programs(count: int) -> Iterator[None]:
    """Run programs that do nothing but compute."""
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for program in running:
            program.kill()
            program.wait()


def _updates(kind: str, updates: int) -> int:
    return max(updates // LONGER, 1) if kind == "cifar10_convolutional" else updates


def _process(kind: str, threads: int, updates: int) -> Connection:
    """Start a process that is ready for its turns; it ends with this one."""
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    context.Process(target=_work, args=(there, kind, threads, _updates(kind, updates)), daemon=True).start()
    there.close()
    _answer(here)
    return here


def _turn(process: Connection) -> None:
    process.send(True)
    _answer(process)


def _answer(process: Connection) -> None:
    try:
        reason = process.recv()
    except EOFError:
        reason = "it ended"
    if reason is not None:
        raise ConfigurationError(f"a process that is timed failed: {reason}")


def _work(parent: Connection, kind: str, threads: int, updates: int) -> None:
    """Make an epoch whenever the parent asks for one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        backend.configure(threads=threads)
        # (The table of the network would be printed once for each process.)
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            train = _experiment(kind, updates, Path(folder))
        parent.send(None)
        while parent.recv():
            train.algorithm.train(train.dataset)
            if kind == "monitored":
                train.model.monitor()
            parent.send(None)
    except EOFError:
        return
    except Exception as error:  # anything: the parent says it
        parent.send(f"{type(error).__name__}: {error}")


def _experiment(kind: str, updates: int, folder: Path) -> Any:
    """Return an experiment, set up, with epochs of so many updates."""
    if kind == "cifar10_convolutional":
        return cifar10_convolutional.experiment(updates, folder, {"algorithm.batch_size": "128"})
    if kind == "mnist":
        return dense.experiment("mnist", None, updates, folder)
    overrides = {"save_freq": "0", "algorithm.batches_per_iter": str(updates)}
    train = yaml_parse.load_path(EXPERIMENTS / "mnist.yaml", overrides=overrides)
    train.setup()
    return train
