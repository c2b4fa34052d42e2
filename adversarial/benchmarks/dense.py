"""Updates of the dense experiments: ours, their matrix products alone, and the same written for PyTorch and JAX."""

from __future__ import annotations

import argparse
import functools
import importlib.util
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytensor.tensor as pt

from adversarial import backend
from adversarial.benchmarks.interleaved import Contender, Report, take_times
from adversarial.benchmarks.specification import EXPERIMENTS, GameSpec, LayerSpec
from adversarial.config import yaml_parse
from adversarial.errors import ConfigurationError, NumericalError
from adversarial.models.maxout import Maxout
from adversarial.models.mlp import MLP
from adversarial.options import Count, mismatch
from adversarial.progress.reporting import Silent

#: Examples of the made-up data that replace a data set that has to be downloaded.
EXAMPLES = 1000
#: How close a peer's losses must be to ours, from the same weights.
SAME = 1e-4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the option for the number of updates of a turn."""
    parser.add_argument("--updates", type=int, default=20, metavar="N", help="updates a turn (default %(default)s)")


def run(given: argparse.Namespace, name: str, values: int | None = None) -> Report:
    """Time updates of yaml/NAME.yaml.

    Parameters
    ----------
    given : argparse.Namespace
        The options: `updates` and `rounds`.
    name : str
        Name of the YAML file, without its ending.
    values : int, optional
        Values of an example of made-up data; the default is the data set of the file.

    Returns
    -------
    Report
        Seconds an update, of ours, of the matrix products, and of the peers that are installed.

    Raises
    ------
    NumericalError
        If a peer's losses are not ours.
    """
    if reason := mismatch(given.updates, Count):
        raise ConfigurationError(f"--updates is {given.updates}, but must be {reason}")
    with tempfile.TemporaryDirectory() as folder:
        train = experiment(name, values, given.updates, Path(folder))
    batch_size = train.algorithm.batch_size
    game = specification(train)
    batch = np.ascontiguousarray(train.dataset.X[:batch_size], dtype=np.float32)
    noise = np.random.default_rng(0).standard_normal((batch_size, len(game.generator[0].W)), dtype=np.float32)
    expected = our_losses(train, batch, noise)

    products = list(bare_products(game, batch_size))
    multiply, arrays = multiplier(), [factors(*shape) for shape in products]

    def bare() -> None:
        for _ in range(given.updates):
            for left, right in arrays:
                multiply(left, right)

    each = 1 / given.updates
    contenders = [
        Contender("ours", lambda: train.algorithm.train(train.dataset), each),
        Contender("bare products", bare, each),
    ]
    for peer_name, peer in _peers(game):
        check_losses(peer_name, peer.losses(batch, noise), expected)
        contenders.append(Contender(peer_name, functools.partial(peer.train, batch, given.updates), each))
    times = take_times(contenders, given.rounds)
    ratios = [("ours", ("bare products",)), *((c.name, ("ours",)) for c in contenders[2:])]
    operations = sum(2 * rows * inner * columns for rows, inner, columns in products)
    notes = [
        f"minibatches of {batch_size}; bare products: {len(products)} of {operations / 1e9:.2f} GFLOP in all, as the "
        "graph of 2014 needs them, each by itself",
        "ours is an epoch's loop as train.py runs it; peers are given the minibatch",
        f"losses of peers equal ours from the same weights to {SAME:.0e}",
    ]
    return Report(f"{name}: an update, seconds", times, ratios, notes)


def made_up_examples(values: int) -> np.ndarray:
    """Return a design matrix, float32, of values from 0 to 1, ends included, so that biases can start at its marginals.

    Examples
    --------
    >>> examples = made_up_examples(5)
    >>> examples.shape, float(examples.min()), float(examples.max())
    ((1000, 5), 0.0, 1.0)
    """
    examples = np.random.default_rng(0).random((EXAMPLES, values), dtype=np.float32)
    examples[0, :2] = 0, 1
    return examples


def experiment(
    name: str, values: int | None, updates: int, folder: Path, changes: Mapping[str, str] | None = None
) -> Any:
    """Return the experiment with `changes`, set up, with epochs of `updates` updates and no monitor."""
    train = loaded(name, values, updates, folder, changes)
    train.setup()
    return train


def loaded(name: str, values: int | None, updates: int, folder: Path, changes: Mapping[str, str] | None = None) -> Any:
    """Return the same before it is set up: enough for a peer."""
    overrides = {
        "save_freq": "0",
        "algorithm.monitoring_dataset": "null",
        "algorithm.batches_per_iter": str(updates),
        # No turn may stop early.
        "algorithm.termination_criterion": "null",
    }
    if values is not None:
        np.save(folder / "data.npy", made_up_examples(values))
        overrides["dataset"] = f"!obj:adversarial.datasets.npy_npz.NpyDataset {{ file: '{folder / 'data.npy'}' }}"
        overrides["algorithm.train_iteration_mode"] = "random_uniform"
    train = yaml_parse.load_path(EXPERIMENTS / f"{name}.yaml", overrides=overrides | dict(changes or {}))
    train.reporter = Silent()
    return train


def specification(train: Any) -> GameSpec:
    """Return what peers need of an experiment, with its present weights."""
    cost, model = train.algorithm.cost, train.model
    dropout = cost.discriminator_dropout

    def input_of(layer_name: str) -> dict[str, float]:
        return {"keep": dropout.include_prob(layer_name), "scale": dropout.scale(layer_name)}

    return GameSpec(
        [_layer(layer) for layer in model.generator.mlp.layers],
        [_layer(layer, **input_of(layer.layer_name)) for layer in model.discriminator.layers],
        model.generator.noise,
        float(train.algorithm.learning_rate.get_value()),
        float(train.algorithm.learning_rule.momentum.get_value()),
    )


def _layer(layer: Any, keep: float = 1.0, scale: float = 1.0) -> LayerSpec:
    num_pieces = layer.pool_size if isinstance(layer, Maxout) else 1
    W, b = (param.get_value().astype(np.float32) for param in (layer.W, layer.b))
    return LayerSpec(type(layer).__name__, W, b, num_pieces, layer.max_col_norm, keep, scale)


def bare_products(game: GameSpec, n: int) -> Iterator[tuple[int, int, int]]:
    """Yield rows, inner length and columns of each matrix product of an update.

    Products with D's last layer are left out: it has one unit, so that they are matrix-vector products.

    Parameters
    ----------
    game : GameSpec
        The experiment.
    n : int
        Examples of a minibatch.

    Yields
    ------
    tuple of (int, int, int)
        Rows, inner length and columns.
    """

    def forward_and_weights(layer: LayerSpec) -> list[tuple[int, int, int]]:
        inputs, units = layer.W.shape
        return [(n, inputs, units), (inputs, n, units)]

    def to_input(layer: LayerSpec) -> tuple[int, int, int]:
        inputs, units = layer.W.shape
        return n, units, inputs

    discriminator = [layer for layer in game.discriminator if layer.W.shape[1] > 1]
    for layer in game.generator:
        yield from forward_and_weights(layer)
    yield from map(to_input, game.generator[1:])
    for _ in ("data", "samples"):
        for layer in discriminator:
            yield from forward_and_weights(layer)
        yield from map(to_input, discriminator[1:])
    yield from map(to_input, discriminator)  # G's gradient


def factors(rows: int, inner: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Return two random matrices of these sizes, float32."""
    rng = np.random.default_rng(rows + inner + columns)
    return rng.random((rows, inner), dtype=np.float32), rng.random((inner, columns), dtype=np.float32)


def multiplier() -> Callable:
    """Compile the product of two float32 matrices, on the BLAS in use."""
    left, right = pt.fmatrices("left", "right")
    return backend.function([left, right], pt.dot(left, right))


def our_losses(train: Any, batch: np.ndarray, noise: np.ndarray) -> tuple[float, float]:
    """Return D's and G's objective without dropout, for given noise."""
    x, z = pt.fmatrices("x", "z")
    d: MLP = train.model.discriminator
    verdict_real, verdict_fake = d.fprop(x), d.fprop(train.model.generator.mlp.fprop(z))
    one, zero = pt.ones_like(verdict_real), pt.zeros_like(verdict_real)
    d_loss = 0.5 * (d.cost(one, verdict_real) + d.cost(zero, verdict_fake))
    found = backend.function([x, z], [d_loss, d.cost(one, verdict_fake)])(batch, noise)
    return float(found[0]), float(found[1])


def check_losses(name: str, found: tuple[float, float], expected: tuple[float, float]) -> None:
    """Raise NumericalError if a peer's losses are not ours, to `SAME`."""
    if not np.allclose(found, expected, rtol=SAME, atol=0):
        raise NumericalError(f"{name} computes something else: its losses are {found}, but ours are {expected}")


def checked(name: str, peer: Any, train: Any) -> Any:
    """Return a peer whose losses are ours from the same weights; raise NumericalError if they are not."""
    batch = np.ascontiguousarray(train.dataset.X[: train.algorithm.batch_size], dtype=np.float32)
    size = train.model.generator.get_input_space().get_total_dimension()
    noise = np.random.default_rng(0).standard_normal((len(batch), size), dtype=np.float32)
    check_losses(name, peer.losses(batch, noise), our_losses(train, batch, noise))
    return peer


def _peers(game: GameSpec) -> Iterator[tuple[str, Any]]:
    """Yield the peers that are installed, by name."""
    if importlib.util.find_spec("torch") is not None:
        from adversarial.benchmarks import peers_torch

        yield "PyTorch eager", peers_torch.Game(game)
        yield "torch.compile", peers_torch.Game(game, compiled=True)
    if importlib.util.find_spec("jax") is not None:
        from adversarial.benchmarks import peers_jax

        yield "JAX jit", peers_jax.Game(game)
