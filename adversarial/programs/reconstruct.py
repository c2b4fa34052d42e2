"""The reconstruct.py program: test images beside what a generator makes of the z that an inferer finds for them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from functools import partial

import numpy as np

from adversarial import checkpoint
from adversarial.command_line import pictures, program
from adversarial.errors import ConfigurationError
from adversarial.evaluation.reconstruction import Reconstruction

EXAMPLE = """
tools/reconstruct.py yaml/inference_mnist.pkl
tools/reconstruct.py yaml/inference_mnist.pkl --images 6 --steps 5 --seed 2 -o lines.png
"""


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    parser = program.parser(
        "reconstruct.py",
        "Draw test images, what the generator makes of the z that the inferer finds, the nearest samples, and lines in "
        "z between images, as a PNG; print the errors.",
        EXAMPLE,
    )
    pictures.add_arguments(parser)
    add = parser.add_argument
    add("--images", metavar="N", type=pictures.count, default=10, help="test images (default %(default)s)")
    add("--steps", metavar="N", type=pictures.count, default=7, help="steps between two images (default %(default)s)")
    add("--seed", metavar="N", type=int, default=0, help="draw other test images and samples (default %(default)s)")
    add("-d", "--dataset", metavar="NAME", help="the images are of the test set of mnist, cifar10 or tfd")
    add("--test", metavar="FILE", help="the images are in this .npy, .npz or .h5 array")
    add("--fold", metavar="N", type=int, default=0, help="of a data set with folds (default 0)")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    if given.seed < 0:
        raise ConfigurationError(f"the seed is {given.seed}, but seeds are 0 or more")
    path = pictures.output_path(given, "reconstructed")
    content = checkpoint.read(given.model)
    reconstruction = Reconstruction(checkpoint.model_of(content, given.allow), given.seed)
    tests = pictures.split_of_data(given, content, "test", given.test)
    if not 2 <= given.images <= len(tests):
        raise ConfigurationError(f"--images is {given.images}, but must be from 2 to {len(tests)}")
    program.say(reconstruction.errors(tests))
    chosen = np.sort(np.random.default_rng(given.seed).choice(len(tests), size=given.images, replace=False))
    name = os.path.basename(given.model)
    pictures.draw(reconstruction.sheet(tests[chosen], given.steps, given.shape, name), path, given)


command = partial(program.run, main)

if __name__ == "__main__":
    command()
