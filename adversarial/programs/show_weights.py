"""The show_weights.py program: what the units of a layer look for, as images; after Pylearn2's script."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

from adversarial.command_line import pictures, program
from adversarial.evaluation.weights import filters_sheet

EXAMPLE = """
tools/show_weights.py yaml/mnist.pkl
tools/show_weights.py yaml/mnist.pkl --layer discriminator.h1 --shape 24x50
tools/show_weights.py classifier.pkl --layer h0 --strongest -o filters.png
"""


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    parser = program.parser(
        "show_weights.py",
        "Draw the weights of each unit of a layer as an image, by default those next to the discriminator's or the "
        "model's input, as a PNG.",
        EXAMPLE,
    )
    pictures.add_arguments(parser, rescale="each")
    pictures.add_sheet_of_weights(parser)
    parser.add_argument("--layer", metavar="NAME", help="such as h0, or of a pair generator.h1 (default: the first)")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    pictures.draw_weights(given, "weights", filters_sheet, layer=given.layer)


command = partial(program.run, main)

if __name__ == "__main__":
    command()
