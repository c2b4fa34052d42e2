"""The show_gen_weights.py program: the weights next to a generator's output as images; after 2014's script."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from functools import partial

from adversarial import checkpoint
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
    path = pictures.output_path(given, "gen_weights")
    model = checkpoint.load_model(given.model, given.allow)
    sheet = weights_sheet(
        model,
        given.rows,
        given.cols,
        strongest=given.strongest,
        component=given.component,
        shape=given.shape,
        name=os.path.basename(given.model),
    )
    pictures.draw(sheet, path, given)


command = partial(program.run, main)

if __name__ == "__main__":
    command()
