"""The images_to_npz.py program: a folder of pictures of any sizes as one file that experiments train on."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from functools import partial

import numpy as np

from adversarial.command_line import pictures, program
from adversarial.errors import ConfigurationError, DataError
from adversarial.files.image_folders import ImagesInFolder
from adversarial.files.streamed import check_name, write_rows
from adversarial.progress import counting

EXAMPLE = """
tools/images_to_npz.py photos photos.npz --size 32x32 --test 50
tools/images_to_npz.py photos photos.h5 --size 64x64 --mode rgb
"""


def argument_parser() -> argparse.ArgumentParser:
    """Return the options: the folder, the file, and what is done to images."""
    parser = program.parser(
        "images_to_npz.py",
        "Gather the PNG, JPEG, BMP, PPM and PGM files of a folder, in the order of their names, as bytes in one "
        ".npz or .h5 file: the array 'images' (images, rows, columns[, 3]). They are never all in memory.",
        EXAMPLE,
    )
    add = parser.add_argument
    add("folder", metavar="FOLDER", help="where the images are; folders below it do not count")
    add("output", metavar="OUT.npz", help="the file, ending in .npz, or in .h5, which HDF5Dataset reads piece by piece")
    add("--size", metavar="ROWSxCOLS", type=pictures.shape,
        help="cut the middle of each image to this shape and resample it to this size (default: as they are, all of "
        "one size)")  # fmt: skip
    add("--mode", choices=["grey", "rgb"], help="convert all images (default: grey where all are, else rgb)")
    add("--test", type=pictures.count, metavar="N",
        help="put N of the images, evenly apart, in an array 'test', and all others in 'train'")  # fmt: skip
    add("-q", "--quiet", action="store_true", help="print nothing but errors")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    check_name(given.output)
    if given.size is not None and given.size.channels != 1:
        raise ConfigurationError("--size is of rows and columns alone; --mode says grey or rgb")
    if not os.path.isdir(given.folder):
        raise DataError(f"there is no folder {given.folder}")
    images = ImagesInFolder(given.folder, None if given.size is None else given.size[:2], given.mode)
    arrays = {"images": images} if given.test is None else _with_test(images, given.test)
    with counting("images", len(images), given.quiet) as progress:
        write_rows(given.output, arrays, progress)
    if not given.quiet:
        sizes = [f"{name} {' x '.join(str(length) for length in array.shape)}" for name, array in arrays.items()]
        program.say(f"{given.output}: {', '.join(sizes)}")


def _with_test(images: ImagesInFolder, count: int) -> dict[str, ImagesInFolder]:
    """Return the images to train on, and those to test on, evenly apart, for names often come in an order."""
    if count >= len(images):
        raise ConfigurationError(f"--test is {count}, but the folder has {len(images)} images, and some must be left")
    chosen = np.linspace(0, len(images), count, endpoint=False).astype(int)
    rest = np.setdiff1d(np.arange(len(images)), chosen)
    return {"train": images.chosen(rest.tolist()), "test": images.chosen(chosen.tolist())}


command = partial(program.run, main)

if __name__ == "__main__":
    command()
