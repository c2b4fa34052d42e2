"""An update of yaml/cifar10_convolutional.yaml, made-up images: ours, its matrix products alone, and PyTorch."""

from __future__ import annotations

import argparse
import importlib.util
import math
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytensor.tensor as pt

from adversarial import backend
from adversarial.benchmarks.interleaved import Contender, Report, take_times
from adversarial.benchmarks.specification import EXPERIMENTS
from adversarial.config import yaml_parse
from adversarial.errors import ConfigurationError, NumericalError
from adversarial.models.deconv import Deconv
from adversarial.models.kernels import KernelLayer
from adversarial.models.layer import WeightedLayer
from adversarial.options import Count, mismatch

EXPERIMENT = EXPERIMENTS / "cifar10_convolutional.yaml"
#: How close a peer's losses must be to ours, from the same weights.
SAME = 1e-4

#: Number of times that a product is computed, and its rows, inner length and columns.
Product = tuple[int, int, int, int]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options for the number of updates of a turn, and of examples of an update."""
    parser.add_argument("--updates", type=int, default=3, metavar="N", help="updates a turn (default %(default)s)")
    parser.add_argument("--batch", type=int, default=128, metavar="N", help="examples of a minibatch (default 128)")


def run(given: argparse.Namespace) -> Report:
    """Time updates, the epoch loop around them included."""
    for option in ("updates", "batch"):
        if reason := mismatch(getattr(given, option), Count):
            raise ConfigurationError(f"--{option} is {getattr(given, option)}, but must be {reason}")
    with tempfile.TemporaryDirectory() as folder:
        train = experiment(given.updates, given.batch, Path(folder))
    images = train.dataset.get_topological_view(train.dataset.X[: given.batch]).astype(np.float32)
    noise = np.random.default_rng(0).standard_normal((given.batch, 100), dtype=np.float32)
    expected = _our_losses(train, images, noise)
    products = list(bare_products(train.model, given.batch))
    each = 1 / given.updates
    contenders = [
        Contender("ours", lambda: train.algorithm.train(train.dataset), each),
        Contender("bare products", _multiplications(products)),
    ]
    if importlib.util.find_spec("torch") is not None:
        from adversarial.benchmarks.convolutional_torch import Game

        peer = Game(train)
        nchw = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
        found = peer.losses(nchw, noise)
        if not np.allclose(found, expected, rtol=SAME, atol=0):
            raise NumericalError(f"PyTorch computes something else: losses {found}, but ours are {expected}")
        contenders.append(Contender("PyTorch eager", lambda: peer.train(nchw, given.updates), each))
    times = take_times(contenders, given.rounds)
    operations = sum(2 * math.prod(product) for product in products)
    notes = [
        f"minibatches of {given.batch}; bare products: {operations / 1e9:.0f} GFLOP, as the graph of 2014 needs them, "
        "a convolution's one for each row of its maps, with all windows of that row ready as a matrix",
        "ours is an epoch's loop as train.py runs it; PyTorch is given the minibatch",
        f"PyTorch's losses equal ours from the same weights to {SAME:.0e}",
    ]
    ratios = [("ours", (contender.name,)) for contender in contenders[1:]]
    return Report("cifar10_convolutional: an update, seconds", times, ratios, notes)


def experiment(updates: int, batch: int, folder: Path) -> Any:
    """Return the experiment on made-up images, set up, with epochs of one turn's updates and no monitor."""
    images = np.random.default_rng(0).standard_normal((batch * updates, 32, 32, 3), dtype=np.float32)
    np.save(folder / "data.npy", images)
    overrides = {
        "save_freq": "0",
        "dataset": f"!obj:adversarial.datasets.npy_npz.NpyDataset {{ file: '{folder / 'data.npy'}' }}",
        "algorithm.monitoring_dataset": "null",
        "algorithm.batch_size": str(batch),
    }
    train = yaml_parse.load_path(EXPERIMENT, overrides=overrides)
    train.setup()
    return train


def _our_losses(train: Any, images: np.ndarray, noise: np.ndarray) -> tuple[float, float]:
    """Return D's and G's objective without dropout, for images with axes ('b', 0, 1, 'c') and given noise."""
    x, z = pt.ftensor4("x"), pt.fmatrix("z")
    d = train.model.discriminator
    verdict_real = d.fprop(x.transpose(3, 1, 2, 0))
    verdict_fake = d.fprop(train.model.generator.mlp.fprop(z))
    one, zero = pt.ones_like(verdict_real), pt.zeros_like(verdict_real)
    d_loss = 0.5 * (d.cost(one, verdict_real) + d.cost(zero, verdict_fake))
    found = backend.function([x, z], [d_loss, d.cost(one, verdict_fake)])(images, noise)
    return float(found[0]), float(found[1])


def bare_products(model: Any, batch: int) -> Iterator[Product]:
    """Yield the products of an update: forward, and for the gradients of weights and of inputs that it needs."""
    generator = [layer for layer in model.generator.mlp.layers if layer.get_params()]
    discriminator = model.discriminator.layers
    for layer in generator:
        yield from _products(layer, batch, to_input=layer is not generator[0])
    for _ in ("data", "samples"):
        for layer in discriminator:
            yield from _products(layer, batch, to_input=layer is not discriminator[0])
    for layer in discriminator:  # G's gradient
        yield list(_products(layer, batch, to_input=True))[-1]


def _products(layer: WeightedLayer, batch: int, to_input: bool) -> Iterator[Product]:
    """Yield the products forward, for the weights' gradient and, if `to_input`, for the input's gradient."""
    *lengths, units = layer.W.get_value(borrow=True).shape
    often, inputs, columns = 1, math.prod(lengths), batch
    if isinstance(layer, KernelLayer):
        often, width = layer.geometry.map_shape
        columns = batch * width
    forward, back = (often, units, inputs, columns), (often, inputs, units, columns)
    if isinstance(layer, Deconv):  # its forward pass is a convolution's gradient of the input
        forward, back = back, forward
    yield forward
    yield often, inputs, columns, units
    if to_input:
        yield back


def _multiplications(products: list[Product]) -> Callable[[], None]:
    left, right = pt.fmatrices("left", "right")
    multiply = backend.function([left, right], pt.dot(left, right))
    random = np.random.default_rng(0)
    factors = [
        (often, random.random((rows, inner), dtype=np.float32), random.random((inner, columns), dtype=np.float32))
        for often, rows, inner, columns in products
    ]

    def work() -> None:
        for often, one, other in factors:
            for _ in range(often):
                multiply(one, other)

    return work
