"""The ll.py program: a log-likelihood that is reported while samples are drawn; after 2014's ll.py and ll_mnist.py."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial

from adversarial.command_line import program
from adversarial.command_line.scoring import add_data_arguments, data_of_arguments
from adversarial.errors import ConfigurationError, printable
from adversarial.evaluation.running import EVERY, NUM_SAMPLES, RunningPoint, RunningResult, running_log_likelihood

EXAMPLE = """
tools/ll.py yaml/mnist.pkl .2
tools/ll.py yaml/mnist.pkl .2 --num-samples 1000000 --tolerance .1
tools/ll.py yaml/mnist.pkl --bernoulli
"""


def argument_parser() -> argparse.ArgumentParser:
    """Return the options: 2014's two arguments, and ours."""
    parser = program.parser(
        "ll.py",
        "The log-likelihood of test data, after 1, 1,000, 2,000 ... samples of a generator, until it has come to rest.",
        EXAMPLE,
    )
    add = parser.add_argument
    add("model", help="a saved model (.pkl or .h5), or a file or folder of samples, as parzen_ll.py takes them")
    add("sigma", nargs="?", type=float, help="the width of the Gaussians, in the unit of the data")
    add("-n", "--num-samples", type=int, metavar="N", help=f"stop here (default {NUM_SAMPLES:,}, or where a file ends)")
    add("--tolerance", type=float, metavar="NATS",
        help="stop when twice as many samples change the mean by less than this")  # fmt: skip
    add("--every", type=int, default=EVERY, metavar="N", help="samples between two lines (default %(default)s)")
    add("--seed", type=int, help="start the noise from this instead of 2014's seed")
    add("--bernoulli", action="store_true",
        help="score binary data, each value of a sample being the probability of a 1; no width is needed")  # fmt: skip
    add("--binarisation", choices=["sampled", "threshold"], default="sampled",
        help="how data that are not binary become so: one draw (2014's, the default), or 1 from .5 on")  # fmt: skip
    add("--allow", metavar="MODULE", action="append", default=[], help="a module the model may name")
    add("--json", action="store_true", help="print one JSON object on standard output, and nothing else")
    add_data_arguments(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    for name in ("num_samples", "every"):
        if getattr(given, name) is not None and getattr(given, name) < 1:
            raise ConfigurationError(f"--{name.replace('_', '-')} is {getattr(given, name)}, but must be at least 1")
    if given.folds is not None:
        raise ConfigurationError("--folds is an option of tools/parzen_ll.py; here, pick one by -f")
    result = running_log_likelihood(
        given.model,
        given.sigma,
        data_of_arguments(given),
        bernoulli=given.bernoulli,
        binarisation=given.binarisation,
        num_samples=given.num_samples,
        every=given.every,
        tolerance=given.tolerance,
        seed=given.seed,
        fold=given.fold,
        as_is=given.as_is,
        axes=given.axes,
        data_axes=given.data_axes,
        allow=given.allow,
        on_start=None if given.json else _print_header,
        on_point=None if given.json else _print_point,
    )
    if given.json:
        program.say(result.to_json())


def _print_header(result: RunningResult) -> None:
    for side in result.sides:
        program.say(side)
    for warning in result.warnings:
        print(f"warning: {printable(warning)}", file=sys.stderr)
    if result.binarisation:
        program.say(result.binarisation)
    print("     samples   log-likelihood, nats        seconds", flush=True)


def _print_point(point: RunningPoint) -> None:
    value = point.estimate
    print(f"{point.samples:12,}   {value.mean:12.4f} ± {value.standard_error:.4f}   {point.seconds:8.2f}", flush=True)


command = partial(program.run, main)

if __name__ == "__main__":
    command()
