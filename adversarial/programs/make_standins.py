"""The make_standins.py program: made-up images in the layouts of data sets, to see experiments run without them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from adversarial.command_line import program
from adversarial.datasets import standins
from adversarial.errors import ConfigurationError
from adversarial.progress import counting

EXAMPLE = """
tools/make_standins.py cifar10 standins
PYLEARN2_DATA_PATH=standins train.py yaml/cifar10_fully_connected.yaml
tools/make_standins.py tfd standins --examples 5000 --seed 1
"""


def argument_parser() -> argparse.ArgumentParser:
    """Return the options: the layout, where to, how many and from which seed."""
    parser = program.parser(
        "make_standins.py",
        "Draw images and write them in the layout of a data set. They are not that data set, and say so.",
        EXAMPLE,
    )
    add = parser.add_argument
    add("dataset", choices=["cifar10", "tfd"], help="whose layout")
    add("folder", metavar="DIR", type=Path, help="what PYLEARN2_DATA_PATH is to be set to")
    add("--examples", type=int, metavar="N",
        help=f"images of each of the six batches of cifar10 (default {standins.CIFAR10_BATCH:,}), "
        f"or of tfd (default {standins.TFD_EXAMPLES:,})")  # fmt: skip
    add("--seed", type=int, default=0, metavar="S", help="of what is drawn (default %(default)s)")
    add("-q", "--quiet", action="store_true", help="print nothing but errors")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    args = argument_parser().parse_args(argv)
    usual = {"cifar10": standins.CIFAR10_BATCH, "tfd": standins.TFD_EXAMPLES}[args.dataset]
    examples = usual if args.examples is None else args.examples
    if examples < 1:
        raise ConfigurationError(f"--examples is {examples}, but must be at least 1")
    if not 0 <= args.seed < 2**32:
        raise ConfigurationError(f"--seed is {args.seed}, but must be from 0 to {2**32 - 1}")
    make, total = (standins.cifar10, 6 * examples) if args.dataset == "cifar10" else (standins.tfd, examples)
    with counting("images", total, args.quiet) as progress:
        paths = make(args.folder, examples, args.seed, progress)
    if not args.quiet:
        print(f"{total:,} made-up images are in {paths[0].parent}")
        print(f"set PYLEARN2_DATA_PATH to {args.folder} to use them")


command = partial(program.run, main)

if __name__ == "__main__":
    command()
