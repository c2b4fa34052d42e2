"""An update of yaml/mnist.yaml on each backend, beside the same written in JAX by hand, and its distance from 2014.

Each row has a process of its own, since JAX fixes at its start how many devices a processor is divided into. The
processes work in turns. Before that, each makes the first updates of 2014's record and is compared with it, in
float64 and in float32; the float32 function is then timed.
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

import numpy as np

from adversarial import backend
from adversarial.backend import Backend, Device
from adversarial.benchmarks import dense
from adversarial.benchmarks.interleaved import Contender, Report, take_times
from adversarial.benchmarks.machine import machine
from adversarial.benchmarks.processes import Process
from adversarial.benchmarks.specification import EXPERIMENTS
from adversarial.comparison import theano_c_noise, trajectory
from adversarial.config import yaml_parse
from adversarial.errors import ConfigurationError

#: Updates of the record, and of a turn.
UPDATES = 50
BY_HAND = ", by hand"


@dataclass(frozen=True)
class Setting:
    """The backend and devices of one process, as `backend.configure` takes them."""

    name: str
    backend: Backend
    device: Device = "cpu"
    devices: int = 1


@dataclass(frozen=True)
class Row:
    """The answer of a process that is ready.

    Attributes
    ----------
    summary : str
        PyTensor, backend, threads and devices.
    devices : str
        What computes, for people.
    deviations : dict of {str: float}
        By floatX, the largest deviation from 2014's parameters after `UPDATES`, relative to each parameter's own size.
    work : list of str
        Names of what can be timed there.
    """

    summary: str
    devices: str
    deviations: dict[str, float]
    work: list[str]


@dataclass
class BackendsReport(Report):
    """Times of an update; `rows` has the answer of each process, or the reason why there is none."""

    rows: dict[str, Row | str] = field(default_factory=dict)

    def as_text(self) -> str:
        """Return a table in Markdown."""
        rounds = {len(times) for times in self.times.values()} or {0}
        lines = [f"{self.title}, on {machine()}; {max(rounds)} rounds in turns", *self.notes, ""]
        lines.append(f"| backend | devices | ms an update | from 2014 after {UPDATES}, float64 | float32 |")
        lines.append("| --- | --- | ---: | ---: | ---: |")
        for name, row in self.rows.items():
            if isinstance(row, str):
                lines.append(f"| {name} | {row} | | | |")
                continue
            distances = " | ".join(f"{row.deviations[floatX]:.1e}" for floatX in ("float64", "float32"))
            lines.append(f"| {name} | {row.devices} | {self._milliseconds(name)} | {distances} |")
            lines += [f"| {work} | {row.devices} | {self._milliseconds(work)} | | |" for work in row.work[1:]]
        return "\n".join([*lines, *(f"{above} / {below} = {self.ratio(above, [below]):.2f}"
                                    for above, (below,) in self.ratios)])  # fmt: skip

    def _milliseconds(self, name: str) -> str:
        return f"{1e3 * median(self.times[name]):.1f}"

    def as_json(self) -> dict[str, Any]:
        """Return the report with every time, as JSON; the backend of each process is in its row."""
        found = super().as_json()
        del found["backend"]
        return found | {"rows": {name: row if isinstance(row, str) else asdict(row) for name, row in self.rows.items()}}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options for backends and numbers of devices."""
    parser.add_argument(
        "--backends", default="c,numba,jax,cuda", metavar="NAMES", help="of c, numba, jax, cuda (default: all)"
    )
    parser.add_argument(
        "--devices", default="2,4", metavar="NUMBERS",
        help="numbers of devices for JAX to divide the processor into as well; 1 for one only (default %(default)s)",
    )  # fmt: skip


def run(given: argparse.Namespace) -> Report:
    """Time each backend that the options name.

    Parameters
    ----------
    given : argparse.Namespace
        The options: `backends`, `devices` and `rounds`.

    Returns
    -------
    Report
        Seconds an update, and the distance from 2014.
    """
    rows: dict[str, Row | str] = {}
    contenders = []
    for setting in settings(given):
        print(f"preparing {setting.name}", file=sys.stderr, flush=True)
        process = Process(setting.name, functools.partial(_prepared, setting))
        rows[setting.name] = row = process.ready()
        for name in row.work if isinstance(row, Row) else []:
            contenders.append(Contender(name, functools.partial(process.work, name), 1 / UPDATES))
    times = take_times(contenders, given.rounds) if contenders else {}
    ratios = [(name.removesuffix(BY_HAND), (name,)) for name in times if name.endswith(BY_HAND)]
    notes = [
        f"{backend.threads()} threads; ours is an epoch's loop of {UPDATES} updates as train.py runs it, in float32; "
        "by hand: one jitted function, given the minibatch",
        "deviations are the largest of any parameter, relative to its own size",
    ]
    return BackendsReport("backends: an update of mnist.yaml", times, ratios, notes, rows)


def settings(given: argparse.Namespace) -> list[Setting]:
    """Return what to time, in the order of the table.

    Parameters
    ----------
    given : argparse.Namespace
        The options `backends` and `devices`, lists separated by commas.

    Returns
    -------
    list of Setting
        One for each process.

    Raises
    ------
    ConfigurationError
        If an option names another backend, or no number of devices.

    Examples
    --------
    >>> settings(argparse.Namespace(backends="c,jax", devices="1,2"))[-1]
    Setting(name='jax, 2 devices', backend='jax', device='cpu', devices=2)
    """
    known = {"c": Setting("c", "c"), "numba": Setting("numba", "numba"), "jax": Setting("jax", "jax"),
             "cuda": Setting("jax on cuda", "jax", "cuda")}  # fmt: skip
    found = []
    for name in (name.strip() for name in given.backends.split(",")):
        if name not in known:
            raise ConfigurationError(f"--backends names '{name}', but there are {', '.join(known)}")
        found.append(known[name])
        if name == "jax":
            found += [Setting(f"jax, {n} devices", "jax", devices=n) for n in _numbers(given.devices) if n > 1]
    return found


def _numbers(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise ConfigurationError(f"--devices is '{text}', but must be whole numbers of at least 1, such as 2,4")
    return [int(part) for part in parts]


def _prepared(setting: Setting) -> tuple[Row, dict[str, Callable[[], None]]]:
    """Compare with the record, and return what is to be timed by name, ours first."""
    machines = backend.Machines(devices=setting.devices)
    backend.configure(setting.backend, device=setting.device, machines=machines)
    deviations: dict[str, float] = {}
    both: tuple[backend.FloatX, ...] = ("float64", "float32")
    for floatX in both:
        train, deviations[floatX] = first_updates(floatX)
    work = {setting.name: lambda: train.algorithm.train(train.dataset)}
    if setting.backend == "jax" and setting.devices == 1:
        work[setting.name + BY_HAND] = _by_hand(train)
    return Row(backend.summary(), backend.describe_devices(), deviations, list(work)), work


def first_updates(floatX: backend.FloatX) -> tuple[Any, float]:
    """Return the experiment after an epoch of `UPDATES`, and the largest deviation of its parameters from 2014's.

    Its monitor is built, since that draws seeds, but not run.
    """
    backend.configure(floatX=floatX)
    with theano_c_noise.rounding():
        train = yaml_parse.load_path(EXPERIMENTS / trajectory.FILE, overrides=trajectory.OVERRIDES)
        train.setup()
        train.algorithm.train(train.dataset)
    return train, trajectory.distance(train.model, UPDATES).largest


def _by_hand(train: Any) -> Callable[[], None]:
    """Return the update of the same game in JAX alone, from the weights of `train`."""
    from adversarial.benchmarks import peers_jax

    game = dense.specification(train)
    batch = np.ascontiguousarray(train.dataset.X[: train.algorithm.batch_size], dtype=np.float32)
    noise = np.random.default_rng(0).standard_normal((len(batch), len(game.generator[0].W)), dtype=np.float32)
    peer = peers_jax.Game(game)
    dense.check_losses("JAX by hand", peer.losses(batch, noise), dense.our_losses(train, batch, noise))
    return lambda: peer.train(batch, UPDATES)
