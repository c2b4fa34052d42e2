"""The interpolate.py program: what a generator makes of straight lines in z space; Figure 3 of the paper."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from functools import partial

from adversarial import checkpoint
from adversarial.command_line import pictures, program
from adversarial.command_line.averages import add_averaged_argument, take_averages
from adversarial.errors import ConfigurationError
from adversarial.evaluation.sheets import interpolation_sheet

EXAMPLE = """
tools/interpolate.py yaml/mnist.pkl
tools/interpolate.py yaml/mnist.pkl --points 4 --steps 6 --rows 5 --seed 3
tools/interpolate.py yaml/mnist.pkl --through 3 14 15 92 -o figure3.png
tools/interpolate.py yaml/conditional_mnist.pkl --through-conditions 3 8 9
"""


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    parser = program.parser(
        "interpolate.py", "Draw what a generator makes of straight lines between points of z space, as a PNG.", EXAMPLE
    )
    pictures.add_arguments(parser)
    add = parser.add_argument
    add("--points", metavar="K", type=pictures.count, help="points that each row goes through (default 4)")
    add("--steps", metavar="N", type=pictures.count, default=5, help="steps from a point to the next (default 5)")
    add("--rows", metavar="N", type=pictures.count, help="rows, each through points of its own (default 2)")
    add("--seed", metavar="N", type=int, help="go through other points (default: those of 2014's seed)")
    add("--through", metavar="SAMPLE", type=int, nargs="+",
        help="one row, through these samples of the sheet that show_samples.py draws, of the same --seed, counted "
        "from 0 at the top left, row by row")  # fmt: skip
    add("--condition", metavar="K", type=int, help="of a conditional generator, all rows under class K (default: each "
        "row under a class of its own)")  # fmt: skip
    add("--through-conditions", metavar="K", type=int, nargs="+", help="of a conditional generator: rows through these "
        "classes, each with one z")  # fmt: skip
    add_averaged_argument(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    if given.seed is not None and given.seed < 0:
        raise ConfigurationError(f"the seed is {given.seed}, but seeds are 0 or more")
    if given.through and (given.points or given.rows):
        raise ConfigurationError("--through names the points of one row; leave out --points and --rows")
    if given.through_conditions and (given.through or given.points or given.condition is not None):
        raise ConfigurationError("--through-conditions names the points; leave out --through, --points and --condition")
    path = pictures.output_path(given, "interpolation")
    model = checkpoint.load_model(given.model, given.allow)
    take_averages(model, given)
    sheet = interpolation_sheet(
        model,
        given.rows or 2,
        given.points or 4,
        given.steps,
        through=given.through,
        through_conditions=given.through_conditions,
        condition=given.condition,
        seed=given.seed,
        shape=given.shape,
        name=os.path.basename(given.model),
    )
    pictures.draw(sheet, path, given)


command = partial(program.run, main)

if __name__ == "__main__":
    command()
