"""The show_samples.py program: samples of a generator as a sheet of images; after 2014's nine show_samples*.py."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from adversarial.command_line import pictures, program
from adversarial.command_line.chains import add_chain_arguments, chain_options
from adversarial.command_line.scoring import add_generator_arguments, of_generator
from adversarial.errors import ConfigurationError, DataError
from adversarial.evaluation.plane import is_of_the_plane, plane_picture
from adversarial.evaluation.sample_sources import ChainSamples, ModelSamples, sample_source
from adversarial.evaluation.sheets import sample_sheet
from adversarial.figures.plane import write_plane

EXAMPLE = """
tools/show_samples.py yaml/mnist.pkl
tools/show_samples.py yaml/mnist.pkl --neighbours -o figure2.png
tools/show_samples.py model.pkl --rows 20 --cols 20 --seed 7 --rescale each
tools/show_samples.py yaml/conditional_mnist.pkl --condition 3
"""


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    parser = program.parser("show_samples.py", "Draw samples of a generator, as a PNG.", EXAMPLE)
    pictures.add_arguments(parser)
    add = parser.add_argument
    add("--rows", metavar="N", type=pictures.count, help="rows of samples (default 10; 4 with neighbours)")
    add("--cols", metavar="N", type=pictures.count, help="samples in a row (default 10; 5 with neighbours)")
    add("--seed", metavar="N", type=int, help="draw other samples (default: those of 2014's seed)")
    add_chain_arguments(parser)
    add_generator_arguments(parser)
    add("--condition", metavar="K", type=int, help="of a conditional generator, all samples under class K (default: "
        "each row under a class of its own, each column with one z)")  # fmt: skip
    near = parser.add_argument_group("training examples, in a yellow frame")
    near.add_argument(
        "--neighbours", action="store_true", help="the one nearest to the last sample of each row, as in Figure 2"
    )
    near.add_argument("--each-neighbour", action="store_true", help="the one nearest to each sample, on its right")
    near.add_argument("-d", "--dataset", metavar="NAME", help="the examples are of mnist, cifar10 or tfd")
    near.add_argument("--train", metavar="FILE", help="the examples are in this .npy, .npz or .h5 array")
    near.add_argument("--fold", metavar="N", type=int, default=0, help="of a data set with folds (default 0)")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    if given.seed is not None and given.seed < 0:
        raise ConfigurationError(f"the seed is {given.seed}, but seeds are 0 or more")
    neighbours = given.neighbours or given.each_neighbour
    path = pictures.output_path(given, "samples")
    source = sample_source(given.model, tuple(given.allow), chain_options(given))
    if not neighbours and not isinstance(source, ChainSamples) and (given.dataset or given.train):
        raise ConfigurationError("training examples are drawn only with --neighbours or --each-neighbour")
    if not isinstance(source, ModelSamples):
        raise ConfigurationError(f"{given.model} is no saved model")
    of_generator(source, given)
    rows, columns = given.rows or (4 if neighbours else 10), given.cols or (5 if neighbours else 10)
    samples, examples, name = None, None, os.path.basename(given.model)
    if neighbours or isinstance(source, ChainSamples):
        data = pictures.data_of(given, source.content or {}, "train", given.train)
        if neighbours:
            examples = data.split("train", given.fold)
        if isinstance(source, ChainSamples):
            samples = np.asarray(source.draw(given.seed or 0, data, rows * columns, quiet=True).rows[:])
            name += f": {source.options.described(rows * columns)}"
    if not isinstance(source, ChainSamples) and is_of_the_plane(source.model) and given.shape is None:
        drawn = _plane_data(given, source.content or {}) if examples is None else examples
        write_plane(path, plane_picture(source.model, given.seed, drawn))
        pictures.say_where(path, given)
        return
    sheet = sample_sheet(
        source.model,
        rows,
        columns,
        seed=given.seed,
        shape=given.shape,
        training_examples=examples,
        condition=given.condition,
        neighbours="each" if given.each_neighbour else "row",
        name=name,
        samples=samples,
    )
    pictures.draw(sheet, path, given)


def _plane_data(given: argparse.Namespace, content: Mapping[str, Any]) -> np.ndarray | None:
    """Return the training examples to draw beside samples of two values; None where they are not at hand."""
    try:
        return pictures.split_of_data(given, content, "train", given.train)
    except (ConfigurationError, DataError):
        return None


command = partial(program.run, main)

if __name__ == "__main__":
    command()
