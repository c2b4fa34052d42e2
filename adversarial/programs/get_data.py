"""The get_data.py program: download the data sets of the experiments to where they are looked for."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from adversarial.command_line import program
from adversarial.datasets import download, standins, tfd
from adversarial.datasets.data_path import data_path
from adversarial.errors import DataError
from adversarial.progress import counting

EXAMPLE = """
tools/get_data.py cifar10
PYLEARN2_DATA_PATH=/data tools/get_data.py cifar10
tools/get_data.py cifar10 --dir /data --url https://example.org/mirror/cifar-10-python.tar.gz
"""

ARCHIVES = {"cifar10": download.CIFAR10_ARCHIVE}


def argument_parser() -> argparse.ArgumentParser:
    """Return the options: the data set, where to, and from where."""
    parser = program.parser(
        "get_data.py",
        "Fetch a data set, check it and unpack it. A fetch that was cut off goes on where it ended.",
        EXAMPLE,
    )
    add = parser.add_argument
    add("dataset", choices=["cifar10", "tfd", "mnist"], help="which one; mnist needs no fetching")
    add("--dir", "--to", dest="to", metavar="DIR", type=Path, help="the folder of all data (default: %(default)s)",
        default=data_path())  # fmt: skip
    add("--url", help="another address of the same file, whose hash is checked all the same")
    add("-q", "--quiet", action="store_true", help="print nothing but errors")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    args = argument_parser().parse_args(argv)
    if args.dataset == "tfd":
        raise DataError(tfd.absent(tfd.path_of(48, args.to)))
    say = (lambda text: None) if args.quiet else print
    if args.dataset == "mnist":
        say("MNIST comes with this package: there is nothing to fetch")
        return
    archive = ARCHIVES[args.dataset]
    folder = args.to / archive.folder
    notes = [folder / Path(member).parent / standins.NOTE for member in archive.members]
    if any(note.exists() for note in notes):
        raise DataError(f"{folder} holds made-up images; remove it, or name another folder by --dir")
    if not download.missing(archive, args.to):
        say(f"{args.dataset} is in {folder} already")
        return
    with counting(f"bytes of {args.dataset}", archive.size, args.quiet) as progress:
        download.get(archive, args.to, args.url, progress)
    say(f"{args.dataset} is in {folder}")
    if args.to != data_path():
        say(f"set PYLEARN2_DATA_PATH to {args.to} so that it is found")


command = partial(program.run, main)

if __name__ == "__main__":
    command()
