"""The interpolate.py program: what a generator makes of straight lines in z space; Figure 3 of the paper."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

import numpy as np

from adversarial import checkpoint
from adversarial.command_line import pictures, program
from adversarial.errors import ConfigurationError
from adversarial.figures.grid import check_size, images_from_rows
from adversarial.figures.interpolation import path_through
from adversarial.game.sampling import Sampler

EXAMPLE = """
tools/interpolate.py yaml/mnist.pkl
tools/interpolate.py yaml/mnist.pkl --points 4 --steps 6 --rows 5 --seed 3
tools/interpolate.py yaml/mnist.pkl --through 3 14 15 92 -o figure3.png
"""

#: Samples of the sheet that show_samples.py draws unless told otherwise, whose numbers --through takes.
SHEET_SAMPLES = 100


def argument_parser() -> argparse.ArgumentParser:
    """The options."""
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
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    if given.seed is not None and given.seed < 0:
        raise ConfigurationError(f"the seed is {given.seed}, but seeds are 0 or more")
    if given.through and (given.points or given.rows):
        raise ConfigurationError("--through names the points of one row; leave out --points and --rows")
    path = pictures.output_path(given, "interpolation")
    model = checkpoint.load_model(given.model, given.allow)
    sampler = Sampler(model, seed=given.seed)
    shape = pictures.shape_of(sampler.generator.get_output_space(), given, model)
    points = len(given.through or ()) or given.points or 4
    check_size((given.rows or 2) * points * given.steps, shape)
    ends = _ends(sampler, given)
    rows, points = ends.shape[:2]
    z = path_through(ends.reshape(rows, points, -1), given.steps)
    columns = z.shape[1]
    images = sampler.images_of(z.reshape(rows * columns, *ends.shape[2:]))
    framed = [row * columns + column for row in range(rows) for column in range(0, columns, given.steps)]
    name = os.path.basename(given.model)
    caption = [f"{name} along straight lines in z space", "framed in yellow, the points between which they run"]
    pictures.draw(images_from_rows(images, shape), columns, path, caption, given, framed)


def _ends(sampler: Sampler, given: argparse.Namespace) -> np.ndarray:
    """The points (rows, points, ...) of z space that the lines go through."""
    if given.through is None:
        rows, points = given.rows or 2, given.points or 4
        if points < 2:
            raise ConfigurationError("a line takes at least 2 points")
        z = sampler.draw_noise(rows * points)
        return z.reshape(rows, points, *z.shape[1:])
    if len(given.through) < 2:
        raise ConfigurationError("a line takes at least 2 points: name 2 samples or more")
    absent = [number for number in given.through if not 0 <= number < SHEET_SAMPLES]
    if absent:
        raise ConfigurationError(f"--through {absent[0]}: the samples of the sheet are 0 to {SHEET_SAMPLES - 1}")
    return sampler.draw_noise(SHEET_SAMPLES)[given.through][None]
