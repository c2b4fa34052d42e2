"""The show_examples.py program: examples of a data set as a sheet of images; after Pylearn2's script."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

import numpy as np

from adversarial import checkpoint
from adversarial.command_line import pictures, program
from adversarial.config import yaml_parse
from adversarial.datasets.dataset import Dataset
from adversarial.errors import ConfigurationError
from adversarial.evaluation.sheets import Sheet
from adversarial.figures.grid import ImageShape, guess_shape, images_from_rows
from adversarial.progress.summary import number

EXAMPLE = """
tools/show_examples.py yaml/mnist.yaml
tools/show_examples.py yaml/mnist.pkl --rows 4 --cols 10 --first 200
tools/show_examples.py mydata.yaml --shape 28x20 -o mydata.png
"""


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    description = "Draw examples that a model is or was trained on, as a PNG, and print their norms and range."
    parser = program.parser("show_examples.py", description, EXAMPLE)
    pictures.add_arguments(parser, what="an experiment or data set (.yaml), or a saved model (.pkl, .h5) trained on it")
    add = parser.add_argument
    add("--rows", metavar="N", type=pictures.count, default=20, help="rows of examples (default %(default)s)")
    add("--cols", metavar="N", type=pictures.count, default=20, help="examples in a row (default %(default)s)")
    add("--first", metavar="N", type=int, default=0, help="number of the first one, from 0 (default %(default)s)")
    add("-d", "--dataset", metavar="NAME", help="of mnist, cifar10 or tfd, where a model does not say it")
    add("--train", metavar="FILE", help="of this .npy, .npz or .h5 array, where a model does not say it")
    add("--fold", metavar="N", type=int, default=0, help="of a data set with folds (default %(default)s)")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    path = pictures.output_path(given, "examples")
    rows, shape = _rows_of_yaml(given) if given.model.endswith((".yaml", ".yml")) else _rows_of_model(given)
    if not 0 <= given.first < len(rows):
        raise ConfigurationError(f"--first is {given.first}, but the examples are numbered from 0 to {len(rows) - 1}")
    chosen = np.asarray(rows[given.first : given.first + given.rows * given.cols])
    images = images_from_rows(chosen, given.shape or shape or guess_shape(chosen.shape[1]))
    caption = f"Examples {given.first} to {given.first + len(chosen) - 1} of {len(rows)}"
    # The picture first: where it cannot be made, a sentence says so and no figures stand before it.
    Sheet(images, min(given.cols, len(images)), (), [caption]).write(path, given.rescale, given.zoom)
    norms = np.sqrt(np.square(chosen, dtype=np.float64).sum(axis=1))
    program.say(f"norms from {number(norms.min())} to {number(norms.max())}, on average {number(norms.mean())}")
    program.say(f"values from {number(chosen.min())} to {number(chosen.max())}, {chosen.dtype}")
    pictures.say_where(path, given)


def _rows_of_yaml(given: argparse.Namespace) -> tuple[np.ndarray, ImageShape | None]:
    """Return the design matrix of the data set of a YAML file, or of its experiment, and the shape of its images."""
    built = yaml_parse.load_path(given.model, allow=given.allow)
    dataset = built if isinstance(built, Dataset) else getattr(built, "dataset", None)
    if not isinstance(dataset, Dataset):
        raise ConfigurationError(f"{given.model} makes a {type(built).__name__}, which is no data set and has none")
    shape = dataset.image_shape
    return dataset.get_design_matrix(), None if shape is None else ImageShape(*shape)


def _rows_of_model(given: argparse.Namespace) -> tuple[np.ndarray, ImageShape | None]:
    content = checkpoint.read(given.model)
    own = content.get("image_shape")
    shape = ImageShape(*own) if own else None
    return pictures.split_of_data(given, content, "train", given.train), shape


command = partial(program.run, main)

if __name__ == "__main__":
    command()
