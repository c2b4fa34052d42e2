"""A monitoring pass of yaml/mnist.yaml over its 10,000 examples: ours, and its matrix products alone."""

from __future__ import annotations

import argparse

from adversarial.benchmarks import dense
from adversarial.benchmarks.interleaved import Contender, Report, take_times
from adversarial.benchmarks.specification import EXPERIMENTS
from adversarial.config import yaml_parse

#: Forward passes of each player on a minibatch, in the graph of 2014: samples for the log-likelihood, for the
#: predictions of D, for the channels of D's layers, for those of G's, and for the objectives, once for their sum and
#: once apart; D on the data and on two of these without dropout, and twice on data and on samples with it.
PASSES_OF_G = 6
PASSES_OF_D = 7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare no options."""


def run(given: argparse.Namespace) -> Report:
    """Time monitoring passes.

    Parameters
    ----------
    given : argparse.Namespace
        The options: `rounds`.

    Returns
    -------
    Report
        Seconds of a pass, and of its matrix products.
    """
    train = yaml_parse.load_path(EXPERIMENTS / "mnist.yaml", overrides={"save_freq": "0"})
    train.setup()
    monitor = train.model.monitor
    game, batch_size = dense.specification(train), train.algorithm.batch_size
    valid = train.algorithm.monitoring_dataset["valid"]
    multiply = dense.multiplier()
    shapes = [(batch_size, *layer.W.shape) for layer in game.generator] * PASSES_OF_G
    shapes += [(batch_size, *layer.W.shape) for layer in game.discriminator] * PASSES_OF_D
    arrays = [dense.factors(*shape) for shape in shapes]
    batches = valid.get_num_examples() // batch_size

    def bare() -> None:
        for _ in range(batches):
            for left, right in arrays:
                multiply(left, right)

    times = take_times([Contender("ours", monitor), Contender("bare products", bare)], given.rounds)
    operations = batches * sum(2 * rows * inner * columns for rows, inner, columns in shapes)
    notes = [
        f"{len(monitor.channels)} channels over {valid.get_num_examples():,} examples in minibatches of {batch_size}",
        f"bare products: {operations / 1e9:.0f} GFLOP, the forward passes of both players in the graph of 2014; "
        "the one gradient among the channels is left out",
    ]
    return Report("monitor: a pass, seconds", times, [("ours", ("bare products",))], notes)
