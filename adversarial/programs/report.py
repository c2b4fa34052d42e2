"""The report.py program: a trained model as one HTML page, its generator live in it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

from adversarial.command_line import pictures, program
from adversarial.errors import ConfigurationError
from adversarial.report.model_page import PageOptions, write_page
from adversarial.report.page import MOST_BYTES

EXAMPLE = """
tools/report.py yaml/mnist.pkl mnist.html
tools/report.py yaml/mnist.pkl mnist.html --epochs old/epoch*.pkl --no-estimate
tools/report.py yaml/cifar10_convolutional.pkl cifar10.html --megabytes 100
"""

#: Megabytes of a page that no browser opens: the text of weights is one string, of which they have 512 MB at most.
LARGEST = 600


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
    add("--megabytes", metavar="N", type=float, default=MOST_BYTES / 1e6,
        help="the most that the page may weigh (default %(default)g); large generators need more")  # fmt: skip
    add("--allow", metavar="MODULE", action="append", default=[], help="a module of yours the model may name")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    if not 0 < given.megabytes < LARGEST:
        raise ConfigurationError(f"--megabytes is {given.megabytes:g}, but must be above 0 and below {LARGEST}")
    options = PageOptions(
        given.epochs or (),
        not given.no_estimate,
        given.seed,
        given.shape,
        given.title,
        given.allow,
        round(given.megabytes * 1e6),
    )
    size = write_page(given.model, given.output, options)
    print(f"{given.output}: {size / 1e6:.1f} MB")


command = partial(program.run, main)

if __name__ == "__main__":
    command()
