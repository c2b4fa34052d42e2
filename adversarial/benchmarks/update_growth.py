"""An update of yaml/mnist.yaml's game at another size: what is timed of it, in a process of its own.

The sizes are those of minibatches, of layers, of their number, and of the data; threads and devices are axes too.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from adversarial import backend
from adversarial.benchmarks import dense
from adversarial.benchmarks.growth_report import Axis, Row
from adversarial.benchmarks.interleaved import Contender, take_times
from adversarial.benchmarks.machine import most_resident, processors
from adversarial.benchmarks.processes import Process
from adversarial.datasets.files import FileDataset
from adversarial.datasets.hdf5 import HDF5Dataset
from adversarial.errors import ConfigurationError

#: Sizes of mnist.yaml, in which one differs at a time: examples of a minibatch, units of a hidden layer (of D's
#: maxout: times pieces), hidden layers of each player.
BATCH, WIDTH, LAYERS = 100, 1200, 2
#: Pieces of a unit of D's maxout layers.
PIECES = 5
#: What a turn computes, in floating-point operations: some twenty updates of mnist.yaml.
TURN = 5e10
#: The most updates of a turn.
MOST = 100
MEMORY, STORED = "in memory", "HDF5"
#: What can be done in a process, by name.
OURS, ONE, BARE, MEMORY_IN_MB = "ours", "ours, one update", "bare products", "resident memory"


@dataclass(frozen=True)
class Case:
    """One update to time.

    Attributes
    ----------
    label : str
        Its name in the table.
    size : int
        Where it is on its axis.
    changes : dict of {str: str}
        Overrides of mnist.yaml.
    threads : int, optional
        Of the C backend; the default is as many as there are.
    devices : int, optional
        JAX's, of this number; the default is the C backend.
    device : {'cpu', 'cuda'}
        JAX's devices.
    data : (str, str), optional
        A file of images, and whether they are held in memory or read from it.
    """

    label: str
    size: int
    changes: dict[str, str] = field(default_factory=dict)
    threads: int | None = None
    devices: int | None = None
    device: backend.Device = "cpu"
    data: tuple[str, str] | None = None


class Ready(NamedTuple):
    """The answer of a process that is ready.

    Attributes
    ----------
    updates : int
        Updates of a turn.
    operations : float
        Floating-point operations of the products of an update.
    epoch : int
        Updates of an epoch, where the examples are what grows; else 1.
    summary : str
        PyTensor, backend, threads.
    """

    updates: int
    operations: float
    epoch: int
    summary: str


def prepare(case: Case) -> tuple[Ready, dict[str, Callable[[], Any]]]:
    """Return the sizes of a turn, and what can be timed: turns, bare products; and the memory at its highest."""
    machines = None if case.devices is None else backend.Machines(devices=case.devices)
    backend.configure(
        "c" if case.devices is None else "jax",
        threads=case.threads,
        device=None if case.devices is None else case.device,
        machines=machines,
    )
    with tempfile.TemporaryDirectory() as folder:
        train = dense.experiment("mnist", None, 1, Path(folder), case.changes)
    dataset = train.dataset if case.data is None else _dataset(*case.data)
    train.dataset = dataset  # what the experiment read is let go
    algorithm = train.algorithm
    epoch = dataset.get_num_examples() // algorithm.batch_size
    products = list(dense.bare_products(dense.specification(train), algorithm.batch_size))
    operations = sum(2.0 * rows * inner * columns for rows, inner, columns in products)
    updates = max(2, min(round(TURN / operations), MOST, epoch))

    def turn(count: int) -> None:
        algorithm.batches_per_iter = count
        algorithm.train(dataset)

    turn(updates)
    memory = most_resident()  # before there are factors of the bare products
    work: dict[str, Callable[[], Any]] = {OURS: functools.partial(turn, updates), MEMORY_IN_MB: lambda: memory}
    if case.data is not None:
        work[ONE] = functools.partial(turn, 1)
    if case.devices is None:
        work[BARE] = _bare(products, updates)
    ready = Ready(updates, operations, epoch if case.data is not None else 1, backend.summary())
    return ready, work


def _bare(products: Sequence[tuple[int, int, int]], updates: int) -> Callable[[], None]:
    multiply, arrays = dense.multiplier(), [dense.factors(*shape) for shape in products]

    def work() -> None:
        for _ in range(updates):
            for left, right in arrays:
                multiply(left, right)

    return work


def _dataset(path: str, kind: str) -> Any:
    return FileDataset(path) if kind == MEMORY else HDF5Dataset(path, topo_view="images", scale=255)


def batch_sizes(sizes: Sequence[int]) -> list[Case]:
    """Return cases for minibatches of these sizes."""
    return [Case(str(size), size, {**_layers(WIDTH, LAYERS), "algorithm.batch_size": str(size)}) for size in sizes]


def widths(sizes: Sequence[int]) -> list[Case]:
    """Return cases for hidden layers of so many units, which `PIECES` divides."""
    return [Case(str(size), size, _of(_layers(size, LAYERS))) for size in sizes]


def depths(sizes: Sequence[int]) -> list[Case]:
    """Return cases for so many hidden layers of each player."""
    return [Case(str(size), size, _of(_layers(WIDTH, size))) for size in sizes]


def threads(sizes: Sequence[int]) -> list[Case]:
    """Return cases for so many threads, as far as there are processors; and for all of them."""
    there = sorted({size for size in sizes if size < processors()} | {processors()})
    return [Case(str(size), size, _of(_layers(WIDTH, LAYERS)), threads=size) for size in there]


def devices(there: int, device: backend.Device) -> list[Case]:
    """Return cases for one of JAX's devices, and twice as many as long as there are any."""
    sizes = [1 << power for power in range(there.bit_length())]
    return [Case(str(size), size, _of(_layers(WIDTH, LAYERS)), devices=size, device=device) for size in sizes]


def examples(files: Sequence[tuple[int, str]], kind: str) -> list[Case]:
    """Return cases for files of so many images, in memory or read from the file."""
    return [Case(f"{size:,}, {kind}", size, _of(_layers(WIDTH, LAYERS)), data=(path, kind)) for size, path in files]


def _of(changes: dict[str, str]) -> dict[str, str]:
    return changes | {"algorithm.batch_size": str(BATCH)}


def _layers(width: int, count: int) -> dict[str, str]:
    """Return overrides for `count` hidden layers of both players, each as the second one of mnist.yaml."""
    models = "!obj:adversarial.models"
    generator = [
        f"{models}.linear.RectifiedLinear {{ layer_name: 'h{i}', dim: {width}, irange: .05 }}" for i in range(count)
    ]
    generator.append(f"{models}.linear.Sigmoid {{ layer_name: 'y', dim: 784, irange: .05, init_bias: 0. }}")
    discriminator = [
        f"{models}.maxout.Maxout {{ layer_name: 'h{i}', num_units: {width // PIECES}, num_pieces: {PIECES}, "
        "irange: .005 }"
        for i in range(count)
    ]
    discriminator.append(f"{models}.linear.Sigmoid {{ layer_name: 'y', dim: 1, irange: .005 }}")
    return {
        "model.generator.mlp.layers": f"[{', '.join(generator)}]",
        "model.discriminator.layers": f"[{', '.join(discriminator)}]",
    }


@dataclass
class _Updates:
    """Processes of one axis, each with a case."""

    cases: Sequence[Case]
    processes: list[Process] = field(default_factory=list)

    def measured(self, rounds: int) -> tuple[list[Row], list[str]]:
        """Return a row for each case, and notes; the processes take turns."""
        ready, contenders = {}, []
        for case in self.cases:
            process = Process(case.label, functools.partial(prepare, case))
            self.processes.append(process)
            answer = process.ready()
            if isinstance(answer, str):
                raise ConfigurationError(f"{case.label}: {answer}")
            ready[case.label] = answer
            for name in (OURS, *((ONE,) if case.data else ()), *((BARE,) if case.devices is None else ())):
                scale = 1.0 if name == ONE else 1 / answer.updates
                contenders.append(Contender(f"{case.label}: {name}", functools.partial(process.work, name), scale))
        times = take_times(contenders, rounds)
        rows = []
        for case, process in zip(self.cases, self.processes, strict=True):
            answer, seconds = ready[case.label], times[f"{case.label}: {OURS}"]
            if case.data:
                seconds = _of_an_epoch(seconds, times[f"{case.label}: {ONE}"], answer)
            row = Row(case.label, case.size, seconds, answer.operations * answer.epoch, answer.epoch,
                      times.get(f"{case.label}: {BARE}"), process.work(MEMORY_IN_MB))  # fmt: skip
            rows.append(row)
        return rows, sorted({answer.summary for answer in ready.values()})

    def end(self) -> None:
        """End all of them."""
        for process in self.processes:
            process.end()


def _of_an_epoch(turns: Sequence[float], single: Sequence[float], ready: Ready) -> list[float]:
    """Return seconds an update in an epoch of all examples, from turns of some updates and of one.

    An epoch begins with drawing its order, which takes longer the more examples there are, and a turn is a short epoch.
    """
    found = []
    for each, one in zip(turns, single, strict=True):
        update = (each * ready.updates - one) / (ready.updates - 1)
        found.append(update + max(0.0, one - update) / ready.epoch)
    return found


def along(name: str, cases: Sequence[Case], rounds: int, grows: bool = True) -> Axis:
    """Measure updates along an axis.

    Parameters
    ----------
    name : str
        What grows.
    cases : sequence of Case
        The sizes.
    rounds : int
        Rounds, in which they take turns.
    grows : bool, default True
        Whether the work grows along it.

    Returns
    -------
    Axis
        A row for each case.

    Raises
    ------
    ConfigurationError
        If one of them cannot compute.
    """
    updates = _Updates(cases)
    try:
        rows, notes = updates.measured(rounds)
    finally:
        updates.end()
    return Axis(name, "an update", rows, notes, grows=grows)
