"""The show_gen_weights.py program: the weights next to a generator's output as images; after 2014's script."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

from adversarial.command_line import pictures, program
from adversarial.evaluation.weights import weights_sheet

EXAMPLE = """
tools/show_gen_weights.py yaml/mnist.pkl
tools/show_gen_weights.py yaml/mnist.pkl --strongest --rows 10 --cols 20 -o weights.png
"""


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    parser = program.parser(
        "show_gen_weights.py",
        "Draw the weights next to a generator's output, an image for each unit of the layer below, as a PNG.",
        EXAMPLE,
    )
    pictures.add_arguments(parser, rescale="each")
    pictures.add_sheet_of_weights(parser)
    parser.add_argument(
        "--component", metavar="N", type=int, help="which part of a CompositeLayer to look at, counted from 0"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    pictures.draw_weights(given, "gen_weights", weights_sheet, component=given.component)


command = partial(program.run, main)

if __name__ == "__main__":
    command()
