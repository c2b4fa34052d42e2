"""The convert_2014.py program: a model.pkl that Pylearn2 saved in 2014 becomes a saved model of this library.

Nothing in the pickle is run.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

from adversarial import checkpoint
from adversarial.command_line import program

EXAMPLE = """
tools/convert_2014.py old/mnist.pkl mnist.pkl
tools/print_monitor.py mnist.pkl
"""


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    parser = program.parser(
        "convert_2014.py",
        "Turn a model.pkl that Pylearn2 saved in 2014 into a saved model of this library, running nothing in it. "
        "Every program opens old pickles too; a converted file is smaller, bears a checksum, and may be a .h5.",
        EXAMPLE,
    )
    parser.add_argument("old", help="a .pkl (or .pkl.gz) of 2014, with arrays of the CPU or the GPU")
    parser.add_argument("new", help="where to save the model, as .pkl or .h5 by the ending")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    content = checkpoint.convert_2014(given.old, given.new)
    values = sum(value.size for value in content["parameters"].values())
    program.say(f"{given.new}: {len(content['parameters'])} parameters, {values:,} numbers in all")


command = partial(program.run, main)

if __name__ == "__main__":
    command()
