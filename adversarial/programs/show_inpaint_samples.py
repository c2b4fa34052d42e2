"""The show_inpaint_samples.py program: test images whose right half a generator made.

After 2014's show_inpaint_samples.py and show_samples_inpaint.py.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from adversarial import backend, checkpoint
from adversarial.command_line import pictures, program
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.figures.grid import ImageShape, images_from_rows
from adversarial.game.generator import Generator
from adversarial.models.model import Model
from adversarial.space import Conv2DSpace

EXAMPLE = """
tools/show_inpaint_samples.py inpaint.pkl
tools/show_inpaint_samples.py inpaint.pkl --originals --rows 5 --cols 4 --seed 2 -o inpainted.png
tools/show_inpaint_samples.py inpaint.pkl --class 3 --originals
tools/show_inpaint_samples.py inpaint.pkl --test images.npy --examples 0 5 17
"""


def argument_parser() -> argparse.ArgumentParser:
    """The options."""
    parser = program.parser(
        "show_inpaint_samples.py",
        "Draw test images whose right half the generator made from their left half and noise, as a PNG.",
        EXAMPLE,
    )
    pictures.add_arguments(parser)
    add = parser.add_argument
    add("--rows", metavar="N", type=pictures.count, default=10, help="rows of the sheet (default %(default)s)")
    add("--cols", metavar="N", type=pictures.count, default=10, help="filled images in a row (default %(default)s)")
    add("--seed", metavar="N", type=int, default=0, help="draw other test images (default %(default)s)")
    add("--examples", metavar="N", type=int, nargs="+", help="these test images, counted from 0, in this order")
    add("--class", dest="of_class", metavar="N", type=int, help="draw them from this class alone")
    add("--originals", action="store_true", help="on the right of each, in a yellow frame, the image as it was")
    add("-d", "--dataset", metavar="NAME", help="the images are of the test set of mnist, cifar10 or tfd")
    add("--test", metavar="FILE", help="the images are in this .npy, .npz or .h5 array")
    add("--fold", metavar="N", type=int, default=0, help="of a data set with folds (default 0)")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    if given.seed < 0:
        raise ConfigurationError(f"the seed is {given.seed}, but seeds are 0 or more")
    if given.examples is not None and given.of_class is not None:
        raise ConfigurationError("--examples names the images themselves; leave out --class")
    path = pictures.output_path(given, "inpainted")
    content = checkpoint.read(given.model)
    generator = inpainting_generator(checkpoint.model_of(content, given.allow))
    space = generator.mlp.get_input_space()
    shape = ImageShape(*space.shape, space.num_channels)
    tests = pictures.split_of_data(given, content, "test", given.test)
    chosen = _chosen(len(tests), given, content)
    images = np.ascontiguousarray(images_from_rows(tests[chosen], shape), dtype=backend.floatX())
    shown, framed, columns = filled(generator, images), [], given.cols
    caption = [f"Test images with their right half made by {os.path.basename(given.model)}"]
    if given.originals:
        shown = np.stack([shown, images], axis=1).reshape(-1, *shape)
        framed, columns = list(range(1, len(shown), 2)), columns * 2
        caption.append("framed in yellow, the image as it was")
    pictures.draw(shown, columns, path, caption, given, framed, images)


def _chosen(count: int, given: argparse.Namespace, content: Mapping[str, Any]) -> np.ndarray:
    """The numbers of the test images to fill in, of `count`."""
    if given.examples is not None:
        outside = [number for number in given.examples if not 0 <= number < count]
        if outside:
            raise ConfigurationError(f"--examples {outside[0]}: the test images are 0 to {count - 1}")
        return np.array(given.examples)
    among = np.arange(count)
    if given.of_class is not None:
        classes = pictures.data_of(given, content, "test", given.test).classes("test", given.fold)
        among = np.flatnonzero(classes == given.of_class)
        if not len(among):
            raise ConfigurationError(f"--class {given.of_class}: the classes are {classes.min()} to {classes.max()}")
    number = min(given.rows * given.cols, len(among))
    return np.sort(np.random.default_rng(given.seed).choice(among, size=number, replace=False))


def inpainting_generator(model: Model) -> Generator:
    """The generator of a model, if it fills in the right half of images.

    Raises
    ------
    CheckpointError
        Where there is none, or it does something else.
    """
    generator = getattr(model, "generator", model)
    if not isinstance(generator, Generator):
        raise CheckpointError(f"a model of class {type(model).__name__} has no generator to fill in images")
    space = generator.mlp.get_input_space()
    made = generator.get_output_space().get_total_dimension()
    square = isinstance(space, Conv2DSpace) and space.shape[0] == space.shape[1]
    if not square or 2 * made != space.get_total_dimension():
        raise CheckpointError(
            "this model's generator does not fill in the right half of images; draw its samples by show_samples.py"
        )
    if tuple(space.axes) != ("b", 0, 1, "c"):
        raise CheckpointError(f"this model's generator reads images of axes {space.axes}, not ('b', 0, 1, 'c')")
    return generator


def filled(generator: Generator, images: np.ndarray) -> np.ndarray:
    """`images` (count, rows, columns, channels) in floatX with their right half made by `generator`."""
    batch = generator.mlp.get_input_space().make_theano_batch()
    return np.asarray(backend.function([batch], generator.inpainting_sample_and_noise(batch)[0])(images))
