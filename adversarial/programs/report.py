"""The report.py program: a trained model as one HTML page, its generator live in it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

from adversarial.command_line import pictures, program
from adversarial.report.model_page import PageOptions, write_page

EXAMPLE = """
tools/report.py yaml/mnist.pkl mnist.html
tools/report.py yaml/mnist.pkl mnist.html --epochs old/epoch*.pkl --no-estimate
"""


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    parser = program.parser(
        "report.py",
        "Write one HTML page about a trained model: its training, samples, results, and its generator, live. "
        "It needs no network and nothing beside it.",
        EXAMPLE,
    )
    add = parser.add_argument
    add("model", help="a saved model (.pkl or .h5), or a pickle of 2014")
    add("output", metavar="OUT.html", help="the page")
    add("--epochs", nargs="+", metavar="FILE", help="the model after earlier epochs (default: what train.py "
        "--keep-every left beside it)")  # fmt: skip
    add("--no-estimate", action="store_true", help="show the log-likelihood only where it was measured before")
    add("--seed", metavar="N", type=int, help="draw other samples (default: those of 2014's seed)")
    add("--shape", metavar="ROWSxCOLS[xCHANNELS]", type=pictures.shape,
        help="of an image (default: that of the training data)")  # fmt: skip
    add("--title", help="of the page")
    add("--allow", metavar="MODULE", action="append", default=[], help="a module of yours the model may name")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    options = PageOptions(given.epochs or (), not given.no_estimate, given.seed, given.shape, given.title, given.allow)
    size = write_page(given.model, given.output, options)
    print(f"{given.output}: {size / 1e6:.1f} MB")


command = partial(program.run, main)

if __name__ == "__main__":
    command()
