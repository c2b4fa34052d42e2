"""What tools/benchmark.py cuda measures, part by part, each in a process of its own, as memory and TF32 are."""

from __future__ import annotations

import functools
import importlib.util
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from adversarial import backend
from adversarial.benchmarks import backends, cifar10_convolutional, dense
from adversarial.benchmarks.machine import most_resident
from adversarial.benchmarks.specification import EXPERIMENTS
from adversarial.config import yaml_parse
from adversarial.evaluation import parzen_log_likelihood
from adversarial.evaluation.data_sources import named
from adversarial.evaluation.named_sets import Split
from adversarial.progress.reporting import Silent

#: Seconds that a turn is to take, timed turns of each contender, and the most updates of a turn.
TURN, ROUNDS, MOST = 0.5, 3, 500
#: Updates of a CUDA graph that has many.
GRAPH = 10
#: Rounding of float32 products on a GPU: of all 24 bits, or of 11 by TF32.
PRECISIONS = {"off": "highest", "on": "tensorfloat32"}


class Timing(NamedTuple):
    """Times of an update by one contender.

    Attributes
    ----------
    experiment, contender : str
        What was updated, by what.
    dispatch : str
        Updates of a dispatch: '1', or 'many'.
    tf32 : str
        'on' or 'off'.
    seconds : list of float
        Of an update, one a turn.
    peak : float
        The most memory so far, of the GPU where there is one, in MB.
    """

    experiment: str
    contender: str
    dispatch: str
    tf32: str
    seconds: list[float]
    peak: float


class Quantity(NamedTuple):
    """A figure that is no time of an update: what it is, its value and unit."""

    what: str
    value: float
    unit: str


@dataclass(frozen=True)
class Part:
    """A part of the measurement.

    Attributes
    ----------
    name : str
        Its name on the command line.
    experiment : str
        Name of the YAML file, where it is one's updates.
    share : float
        Its share of the time that is left, over the shares of the parts that are left.
    """

    name: str
    experiment: str
    share: float


#: Experiments by the name of their file: values of an example of made-up data, where the data are not at hand.
VALUES = {"mnist": None, "cifar10_fully_connected": 3072, "cifar10_convolutional": 3072, "tfd_pretrain/pretrain": 2304}
#: Parts in order: what matters most comes first.
PARTS = [
    Part("ours", "mnist", 4),
    Part("JAX", "mnist", 2),
    Part("PyTorch", "mnist", 2),
    Part("distance", "", 4),
    *(
        Part(name, experiment, share)
        for experiment in list(VALUES)[1:]
        for name, share in (("ours", 4), ("JAX", 2), ("PyTorch", 2))
    ),
    Part("monitor", "", 3),
    Part("parzen", "", 2),
]


def measure(part: Part, device: backend.Device, small: bool) -> Iterator[Timing | Quantity | str]:
    """Yield what a part measures, and sentences about what is left out.

    Parameters
    ----------
    part : Part
        One of `PARTS`.
    device : {'cpu', 'cuda'}
        What computes.
    small : bool
        Whether layers have few units, to try it.

    Yields
    ------
    Timing, Quantity or str
        In the order of their measurement.
    """
    measures: dict[str, Callable[..., Iterator[Timing | Quantity | str]]] = {
        "ours": _ours, "JAX": _jax, "PyTorch": _torch, "distance": _distance, "monitor": _monitor, "parzen": _parzen,
    }  # fmt: skip
    # PyTorch shares its GPU with no one: our losses, which its own are compared with, are computed beside it.
    backend.configure("jax", device="cpu" if part.name == "PyTorch" else device)
    with tempfile.TemporaryDirectory() as folder:
        yield from measures[part.name](part.experiment, device, small, Path(folder))


def _ours(experiment: str, device: backend.Device, small: bool, folder: Path) -> Iterator[Timing]:
    """Yield times of our updates: as many a dispatch as the loop takes, and one."""
    import jax

    train = _loaded(experiment, small, folder)
    train.setup()
    algorithm = train.algorithm

    def turn(updates: int) -> None:
        algorithm.batches_per_iter = updates
        algorithm.train(train.dataset)
        jax.block_until_ready([param.get_value(borrow=True) for param in algorithm.params])

    for tf32, precision in PRECISIONS.items():
        jax.config.update("jax_default_matmul_precision", precision)
        for dispatch in ("many", "1"):
            if dispatch == "1":
                algorithm.update_callbacks.append(_not_ahead)
            yield Timing(experiment, "ours", dispatch, tf32, _timed(turn), _peak())
            if dispatch == "1":
                algorithm.update_callbacks.remove(_not_ahead)


def _not_ahead(algorithm: Any) -> None:
    """Do nothing; but a callback that does not say that it may run ahead makes each update a dispatch of its own."""


def _jax(experiment: str, device: backend.Device, small: bool, folder: Path) -> Iterator[Timing]:
    """Yield times of the same update written in JAX by hand."""
    import jax

    train = _loaded(experiment, small, folder)
    if experiment == "cifar10_convolutional":
        from adversarial.benchmarks import convolutional_jax

        peer: Any = cifar10_convolutional.checked("JAX", convolutional_jax.Game(train), train)
    else:
        from adversarial.benchmarks import peers_jax

        peer = dense.checked("JAX", peers_jax.Game(dense.specification(train)), train)
    batch = _minibatch(experiment, train)
    for tf32, precision in PRECISIONS.items():
        jax.config.update("jax_default_matmul_precision", precision)
        for dispatch, run in (("many", peer.train_at_once), ("1", peer.train)):
            seconds = _timed(functools.partial(run, batch))
            yield Timing(experiment, "JAX by hand", dispatch, tf32, seconds, _peak())


def _torch(experiment: str, device: backend.Device, small: bool, folder: Path) -> Iterator[Timing | str]:
    """Yield times of the same update in PyTorch: eager, and as CUDA graphs of one update and of `GRAPH`."""
    if importlib.util.find_spec("torch") is None:
        yield "PyTorch is not installed: pip install torch brings it"
        return
    import torch

    train = _loaded(experiment, small, folder)
    batch = _minibatch(experiment, train)
    for tf32 in PRECISIONS:
        # The losses that are compared are rounded as ours are.
        _allow_tf32(torch, allowed=False)
        if experiment == "cifar10_convolutional":
            from adversarial.benchmarks import convolutional_torch

            peer: Any = cifar10_convolutional.checked("PyTorch", convolutional_torch.Game(train, device), train)
        else:
            from adversarial.benchmarks import peers_torch

            game = peers_torch.Game(dense.specification(train), device=device)
            peer = dense.checked("PyTorch", game, train)
        _allow_tf32(torch, allowed=tf32 == "on")
        for contender, updates, run in _torch_runs(peer, batch, device):
            seconds = _timed(run, updates)
            peak = torch.cuda.max_memory_allocated() / 1e6 if device == "cuda" else most_resident()
            yield Timing(experiment, contender, "many" if updates > 1 else "1", tf32, seconds, peak)
    if device != "cuda":
        yield "CUDA graphs of PyTorch need a GPU"


def _torch_runs(peer: Any, batch: np.ndarray, device: backend.Device) -> Iterator[tuple[str, int, Callable]]:
    """Yield contenders: a name, the updates of a dispatch, and what makes a number of updates."""
    yield "PyTorch eager", 1, functools.partial(peer.train, batch)
    if device == "cuda":
        yield "PyTorch, CUDA graph", 1, peer.captured(batch)
        yield "PyTorch, CUDA graph", GRAPH, peer.captured(batch, GRAPH)


def _allow_tf32(torch: Any, allowed: bool) -> None:
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed


def _distance(experiment: str, device: backend.Device, small: bool, folder: Path) -> Iterator[Quantity]:
    """Yield how far mnist.yaml is from 2014's record after its first updates, in both precisions."""
    both: tuple[backend.FloatX, ...] = ("float32", "float64")
    for floatX in both:
        deviation = backends.first_updates(floatX)[1]
        yield Quantity(f"from 2014 after {backends.UPDATES} updates, {floatX}", deviation, "of a parameter's size")


def _monitor(experiment: str, device: backend.Device, small: bool, folder: Path) -> Iterator[Quantity]:
    """Yield the time of a monitoring pass of mnist.yaml."""
    changes = {"save_freq": "0"} | (SMALL if small else {})
    train = yaml_parse.load_path(EXPERIMENTS / "mnist.yaml", overrides=changes)
    train.reporter = Silent()
    train.setup()
    monitor = train.model.monitor
    monitor()  # which compiles
    for _ in range(ROUNDS):
        started = time.perf_counter()
        monitor()
        yield Quantity(f"monitor of mnist.yaml, {len(monitor.channels)} channels", time.perf_counter() - started, "s")


def _parzen(experiment: str, device: backend.Device, small: bool, folder: Path) -> Iterator[Quantity]:
    """Yield the time of an estimate: samples are drawn on the device, and scored on the processor, as everywhere."""
    train = _loaded("mnist", small, folder)
    mnist = named("mnist")
    few = 200 if small else 10_000
    data: dict[Split, Any] = {"valid": mnist.split("valid")[:1000], "test": mnist.split("test")[:few]}
    for number in range(ROUNDS):
        started = time.perf_counter()
        parzen_log_likelihood(train.model, data, num_samples=few)
        if number:  # the first one compiles
            what = f"Parzen estimate of {few:,} samples, drawn on the device, scored on the processor"
            yield Quantity(what, time.perf_counter() - started, "s")


def _timed(turn: Callable[[int], None], multiple: int = 1) -> list[float]:
    """Return seconds an update of turns of about `TURN` seconds, whose updates are a multiple of some number."""
    updates = 4 * multiple
    while True:  # the first turns compile, and fill caches; the loop of ours sizes its dispatches
        turn(updates)
        started = time.perf_counter()
        turn(updates)
        elapsed = time.perf_counter() - started
        more = max(1, min(int(TURN / elapsed * updates), MOST) // multiple) * multiple
        if more < 2 * updates:
            break
        updates = more
    found = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        turn(updates)
        found.append((time.perf_counter() - started) / updates)
    return found


def _peak() -> float:
    """Return the most memory so far of JAX's device, or of this process where that is the processor, in MB."""
    import jax

    statistics = jax.devices()[0].memory_stats() or {}
    return statistics["peak_bytes_in_use"] / 1e6 if "peak_bytes_in_use" in statistics else most_resident()


#: Overrides by which the dense experiments have few units.
SMALL = {"model.generator.mlp.layers.0.dim": "100", "model.generator.mlp.layers.1.dim": "100",
         "model.discriminator.layers.0.num_units": "10", "model.discriminator.layers.1.num_units": "10"}  # fmt: skip
#: The same of the convolutional one.
SMALL_CONVOLUTIONAL = {
    "model.generator.mlp.layers.0.dim": "5", "model.generator.mlp.layers.1.dim": "200",
    "model.generator.mlp.layers.2.output_space.num_channels": "2", "model.discriminator.layers.3.num_units": "4",
    **{f"model.discriminator.layers.{layer}.num_channels": "3" for layer in range(3)},
}  # fmt: skip


def _loaded(experiment: str, small: bool, folder: Path) -> Any:
    if experiment == "cifar10_convolutional":
        return cifar10_convolutional.loaded(MOST, folder, SMALL_CONVOLUTIONAL if small else {})
    return dense.loaded(experiment, VALUES[experiment], MOST, folder, SMALL if small else {})


def _minibatch(experiment: str, train: Any) -> np.ndarray:
    if experiment == "cifar10_convolutional":
        return cifar10_convolutional.minibatch(train)
    return np.ascontiguousarray(train.dataset.X[: train.algorithm.batch_size], dtype=np.float32)
