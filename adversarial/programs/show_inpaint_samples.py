"""The show_inpaint_samples.py program: test images of which a generator made the right half, or what a mask hides.

After 2014's show_inpaint_samples.py and show_samples_inpaint.py.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from adversarial import checkpoint
from adversarial.command_line import pictures, program
from adversarial.command_line.averages import add_averaged_argument, take_averages
from adversarial.datasets.npy_npz import load_npy
from adversarial.errors import ConfigurationError
from adversarial.evaluation.completion import completion_sheet
from adversarial.evaluation.inpainting import inpainting_generator, inpainting_sheet
from adversarial.game.all_conditionals import AllConditionalsPair
from adversarial.game.masks import KINDS, Masks

EXAMPLE = """
tools/show_inpaint_samples.py inpaint.pkl
tools/show_inpaint_samples.py inpaint.pkl --originals --rows 5 --cols 4 --seed 2 -o inpainted.png
tools/show_inpaint_samples.py inpaint.pkl --class 3 --originals
tools/show_inpaint_samples.py inpaint.pkl --test images.npy --examples 0 5 17
tools/show_inpaint_samples.py yaml/all_conditionals_mnist.pkl --mask left --cols 8 --originals
tools/show_inpaint_samples.py yaml/all_conditionals_mnist.pkl --mask mask.npy
"""


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    parser = program.parser(
        "show_inpaint_samples.py",
        "Draw test images whose right half the generator made from their left half and noise, as a PNG; of a model of "
        "all conditionals, test images and several completions of each under any mask.",
        EXAMPLE,
    )
    pictures.add_arguments(parser)
    add = parser.add_argument
    add("--rows", metavar="N", type=pictures.count, default=10, help="rows of the sheet (default %(default)s)")
    add("--cols", metavar="N", type=pictures.count, default=10, help="filled images in a row (default %(default)s)")
    add(
        "--mask",
        metavar="MASK",
        default="pixels",
        help=f"of a model of all conditionals, what is visible: {', '.join(KINDS)}, or a .npy array with 1 where a "
        "pixel is visible (default %(default)s)",
    )
    add("--seed", metavar="N", type=int, default=0, help="draw other test images (default %(default)s)")
    add("--examples", metavar="N", type=int, nargs="+", help="these test images, counted from 0, in this order")
    add("--class", dest="of_class", metavar="N", type=int, help="draw them from this class alone")
    add("--originals", action="store_true", help="on the right of each, in a yellow frame, the image as it was")
    add("-d", "--dataset", metavar="NAME", help="the images are of the test set of mnist, cifar10 or tfd")
    add("--test", metavar="FILE", help="the images are in this .npy, .npz or .h5 array")
    add("--fold", metavar="N", type=int, default=0, help="of a data set with folds (default 0)")
    add_averaged_argument(parser)
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
    model = checkpoint.model_of(content, given.allow)
    take_averages(model, given)
    if isinstance(model, AllConditionalsPair):
        tests = pictures.split_of_data(given, content, "test", given.test)
        chosen = tests[_chosen(len(tests), given, content, given.rows)]
        masks, name = _masks(given.mask, model, len(chosen)), os.path.basename(given.model)
        pictures.draw(completion_sheet(model, chosen, masks, given.cols, given.originals, name), path, given)
        return
    generator = inpainting_generator(model)
    tests = pictures.split_of_data(given, content, "test", given.test)
    chosen = tests[_chosen(len(tests), given, content, given.rows * given.cols)]
    sheet = inpainting_sheet(generator, chosen, given.cols, given.originals, os.path.basename(given.model))
    pictures.draw(sheet, path, given)


def _masks(mask: str, model: AllConditionalsPair, count: int) -> np.ndarray:
    """Return the masks that --mask names, one for each image."""
    shape = model.masks.rows, model.masks.columns
    for kind in KINDS:
        if mask == kind:
            return Masks(*shape, kinds=[kind]).draw(count)
    if not mask.endswith(".npy"):
        raise ConfigurationError(f"--mask {mask}: give {', '.join(KINDS)} or a .npy file")
    found = load_npy(mask)
    if found.shape != shape:
        raise ConfigurationError(
            f"--mask {mask} has shape {found.shape}, but images have {shape[0]} x {shape[1]} pixels"
        )
    return np.repeat(np.reshape(found > 0, (1, -1)), count, axis=0).astype(float)


def _chosen(count: int, given: argparse.Namespace, content: Mapping[str, Any], most: int) -> np.ndarray:
    """Return the numbers of the test images to fill in, of `count`, at most so many."""
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
    number = min(most, len(among))
    return np.sort(np.random.default_rng(given.seed).choice(among, size=number, replace=False))


command = partial(program.run, main)

if __name__ == "__main__":
    command()
