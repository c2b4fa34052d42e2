"""The figure1.py program: Figure 1 of the paper, from a game on the line: trained here as a PNG, or live in a page."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

from adversarial.command_line import pictures, program
from adversarial.errors import ConfigurationError

EXAMPLE = """
tools/figure1.py
tools/figure1.py -o figure1.png --seed 3
tools/figure1.py --html figure1.html
"""


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    description = (
        "Train a game on the line, and draw it at four moments as Figure 1 of the paper, as a PNG; or write a page in "
        "which the game is played, with the theory of section 4 beside it."
    )
    parser = program.parser("figure1.py", description, EXAMPLE)
    parser.add_argument("-o", "--output", metavar="FILE.png", default="figure1.png", help="default: %(default)s")
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="play another game (default %(default)s)")
    parser.add_argument("--html", metavar="FILE.html", help="write the page, which needs no network, and draw nothing")
    parser.add_argument("--show", action="store_true", help="open it in a window as well")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    if not 0 <= given.seed < 2**31:
        raise ConfigurationError(f"the seed is {given.seed}, but seeds are from 0 to {2**31 - 1}")
    if given.html:
        from adversarial.report.lecture import write_lecture

        write_lecture(given.html)
        print(given.html)
        return
    path = pictures.output_path(given, "figure1")
    from adversarial.figures.one_dimension import write_figure
    from adversarial.game.one_dimensional import play

    game = play(given.seed)
    write_figure(path, game.points, game.data_density, game.z, game.moments)
    print(path)
    if given.show:
        pictures.show(path)


command = partial(program.run, main)

if __name__ == "__main__":
    command()
