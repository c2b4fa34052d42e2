"""The show_samples.py program: samples of a generator as a sheet of images; after 2014's nine show_samples*.py."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from adversarial import checkpoint
from adversarial.command_line import pictures, program
from adversarial.errors import ConfigurationError, DataError
from adversarial.evaluation.plane import is_of_the_plane, plane_picture
from adversarial.evaluation.sheets import sample_sheet
from adversarial.figures.plane import write_plane

EXAMPLE = """
tools/show_samples.py yaml/mnist.pkl
tools/show_samples.py yaml/mnist.pkl --neighbours -o figure2.png
tools/show_samples.py model.pkl --rows 20 --cols 20 --seed 7 --rescale each
"""


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    parser = program.parser("show_samples.py", "Draw samples of a generator, as a PNG.", EXAMPLE)
    pictures.add_arguments(parser)
    add = parser.add_argument
    add("--rows", metavar="N", type=pictures.count, help="rows of samples (default 10; 4 with neighbours)")
    add("--cols", metavar="N", type=pictures.count, help="samples in a row (default 10; 5 with neighbours)")
    add("--seed", metavar="N", type=int, help="draw other samples (default: those of 2014's seed)")
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
    if not neighbours and (given.dataset or given.train):
        raise ConfigurationError("training examples are drawn only with --neighbours or --each-neighbour")
    path = pictures.output_path(given, "samples")
    content = checkpoint.read(given.model)
    model = checkpoint.model_of(content, given.allow)
    data = pictures.split_of_data(given, content, "train", given.train) if neighbours else None
    if is_of_the_plane(model) and given.shape is None:
        write_plane(path, plane_picture(model, given.seed, _plane_data(given, content) if data is None else data))
        pictures.say_where(path, given)
        return
    sheet = sample_sheet(
        model,
        given.rows or (4 if neighbours else 10),
        given.cols or (5 if neighbours else 10),
        seed=given.seed,
        shape=given.shape,
        training_examples=data,
        neighbours="each" if given.each_neighbour else "row",
        name=os.path.basename(given.model),
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
