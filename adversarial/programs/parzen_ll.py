"""The parzen_ll.py program: the Parzen-window log-likelihood of the paper's Table 1; after 2014's parzen_ll.py."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

from adversarial import checkpoint
from adversarial.command_line import program
from adversarial.command_line.chains import add_chain_arguments, chain_options
from adversarial.command_line.scoring import (
    add_data_arguments,
    add_sample_arguments,
    check_least,
    data_of_arguments,
    samples_of_arguments,
)
from adversarial.errors import ConfigurationError, printable
from adversarial.evaluation import data_sources, parzen_log_likelihood
from adversarial.evaluation.chain_curve import chain_curve
from adversarial.evaluation.data_sources import Data
from adversarial.evaluation.guards import Classifier
from adversarial.evaluation.sample_sources import Samples
from adversarial.figures.width_curve import check_picture, draw_curves
from adversarial.likelihood.cross_validation import GRID, grid
from adversarial.likelihood.parzen import TILE, check_widths
from adversarial.models.chains import Start

EXAMPLE = """
tools/parzen_ll.py yaml/mnist.pkl
tools/parzen_ll.py yaml/mnist.pkl --sigma auto --repeats 5 --plot widths.png
tools/parzen_ll.py samples.npy -d mnist --json
tools/parzen_ll.py yaml/tfd_pretrain/train.pkl --folds all
tools/parzen_ll.py --anchor train -d mnist
tools/parzen_ll.py yaml/mnist.pkl --guards yaml/classifier_mnist.pkl
tools/parzen_ll.py gsn_mnist.pkl --start corrupted --burn-in 50
tools/parzen_ll.py gsn_mnist.pkl --steps 0,1,3,10,50 --plot steps.png
"""


def argument_parser() -> argparse.ArgumentParser:
    """Return the options: those of 2014 (-p -s -d -f -v -n -l -b -c --sigma_start --sigma_end) and ours."""
    parser = program.parser(
        "parzen_ll.py",
        "The log-likelihood of test data under a Parzen window of a generator's samples, its width cross-validated.",
        EXAMPLE,
    )
    add_sample_arguments(parser)
    add_data_arguments(parser)
    add = parser.add_argument
    add("-v", dest="score_valid", action="store_true", help="score the validation data as well; so does a bare --valid")
    add("-l", "--limit_size", "--limit-size", metavar="N", type=int, default=1000,
        help="choose the width on the first N validation examples; 0 for all (default %(default)s)")  # fmt: skip
    add("-b", "--batch_size", "--batch-size", metavar="N", type=int, default=TILE,
        help="examples scored at a time: memory, not the result, depends on it (default %(default)s)")  # fmt: skip
    width = parser.add_argument_group("the width of the Gaussians, in the unit of the data")
    add = width.add_argument
    add("-s", "--sigma", metavar="WIDTH", help="a fixed width, or 'auto': a grid that widens while its edge is best")
    add("-c", "--cross_val", "--cross-val", metavar="N", type=int, default=GRID[2],
        help="number of widths to try (default %(default)s)")  # fmt: skip
    add("--sigma_start", "--sigma-start", metavar="POWER", type=float, default=GRID[0],
        help="the least is 10 to this power (default %(default)s)")  # fmt: skip
    add("--sigma_end", "--sigma-end", metavar="POWER", type=float, default=GRID[1],
        help="the largest is 10 to this power (default %(default)s)")  # fmt: skip
    add_chain_arguments(parser, many_starts=True)
    more = parser.add_argument_group("beside the number")
    add = more.add_argument
    add("--repeats", metavar="K", type=int, default=1, help="draw the samples K times, and say how far results spread")
    add("--convergence", action="store_true", help="show how the result depends on the number of samples")
    add("--guards", metavar="CLASSIFIER", nargs="?", const="",
        help="what the number does not say: that of training images as samples, how far samples are from the nearest, "
        "and which classes a saved classifier sees in them")  # fmt: skip
    add("--steps", metavar="N,N,...", type=_steps,
        help="score samples after 0,1,3,10,50 steps, from each --start (default data, corrupted)")  # fmt: skip
    add("--plot", metavar="FILE.png",
        help="draw the log-likelihood: of the validation data by width; of the test data by --steps")  # fmt: skip
    add("--json", action="store_true", help="print one JSON object on standard output, and nothing else")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    check_least(given, num_samples=1, batch_size=1, repeats=1, limit_size=-1, cross_val=1)
    sigma = _sigma(given)
    if given.plot and isinstance(sigma, float) and given.steps is None:
        raise ConfigurationError("--plot draws the widths tried, and a fixed --sigma tries none: leave one of them out")
    if given.plot:
        check_picture(given.plot)
    samples, data = samples_of_arguments(given), data_of_arguments(given)
    widths = None if isinstance(sigma, float) else grid(given.sigma_start, given.sigma_end, given.cross_val)
    valid_limit = given.limit_size if given.limit_size > 0 else None
    if given.steps is not None:
        _say_curve(given, samples, data, sigma=sigma, widths=widths, valid_limit=valid_limit)
        return
    if len(given.start or ()) > 1:
        raise ConfigurationError("several --start go with --steps, which scores each; leave one")
    result = parzen_log_likelihood(
        samples,
        data,
        num_samples=given.num_samples,
        sigma=sigma,
        widths=widths,
        valid_limit=valid_limit,
        score_valid=given.score_valid,
        fold=given.folds or given.fold,
        repeats=given.repeats,
        convergence=given.convergence,
        batch_size=given.batch_size,
        as_is=given.as_is,
        axes=given.axes,
        data_axes=given.data_axes,
        allow=given.allow,
        chains=chain_options(given),
        guards=_guards(given),
        progress=not given.json,
    )
    _warn(result.warnings)
    if given.plot:
        draw_curves(given.plot, result.width_choices, "the validation data")
    program.say(result.to_json() if given.json else result)


def _say_curve(given: argparse.Namespace, samples: Samples, data: Data | None, **widths: Any) -> None:
    for option in ("burn_in", "thinning", "chains"):
        if getattr(given, option) is not None:
            raise ConfigurationError(f"--steps says at which steps to score, and --num-samples how many chains: "
                                     f"leave --{option.replace('_', '-')} out")  # fmt: skip
    if given.repeats > 1 or given.convergence or given.folds or given.score_valid or given.guards is not None:
        others = "--repeats, --convergence, --folds, --guards and -v"
        reason = f"--steps scores the test data of one fold, once: leave {others} out"
        raise ConfigurationError(reason)
    if given.axes is not None:
        raise ConfigurationError("--axes is of samples in a file, but --steps draws its own: leave it out")
    starts: Sequence[Start] = given.start or ("data", "corrupted")
    curve = chain_curve(
        samples, given.steps, starts, data,
        chains=given.num_samples, allow=given.allow, progress=not given.json,
        as_is=given.as_is, data_axes=given.data_axes, fold=given.fold, batch_size=given.batch_size, **widths,
    )  # fmt: skip
    _warn(curve.warnings)
    if given.plot:
        curve.draw(given.plot)
    program.say(curve.to_json() if given.json else curve)


def _guards(given: argparse.Namespace) -> bool | Classifier:
    """What to put beside the number: nothing, what needs no classifier, or all."""
    if not given.guards:
        return given.guards is not None
    content = checkpoint.read(given.guards)
    model = checkpoint.model_of(content, given.allow)
    own = data_sources.of_model(content, given.guards, tuple(given.allow))
    return Classifier.measured(model, given.guards, own.split("test"), own.classes("test"))


def _warn(warnings: Sequence[str]) -> None:
    for warning in warnings:
        print(f"warning: {printable(warning)}", file=sys.stderr)


def _steps(text: str) -> list[int]:
    parts = text.split(",")
    if not all(part.strip().isdigit() for part in parts):
        raise argparse.ArgumentTypeError(f"'{text}' is not a list of steps such as 0,1,3,10,50")
    return [int(part) for part in parts]


def _sigma(given: argparse.Namespace) -> float | Literal["auto"] | None:
    if given.sigma is None or given.sigma == "auto":
        return given.sigma
    try:
        sigma = float(given.sigma)
    except ValueError as error:
        raise ConfigurationError(f"--sigma is '{given.sigma}', but must be a number above 0 or 'auto'") from error
    check_widths(sigma)
    return sigma


command = partial(program.run, main)

if __name__ == "__main__":
    command()
