"""The compare_2014.py program: an experiment, or what came of one, side by side with 2014."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

from adversarial.command_line import program
from adversarial.comparison import facts
from adversarial.comparison.experiment import Experiment, open_experiment
from adversarial.comparison.formats import FORMATS, formatted
from adversarial.comparison.side_by_side import SideBySide, compare_with_2014
from adversarial.errors import ConfigurationError
from adversarial.evaluation import estimates
from adversarial.evaluation.parzen_result import ParzenJson

EXAMPLE = """
tools/compare_2014.py yaml/mnist.yaml
tools/compare_2014.py yaml/mnist.yaml --set algorithm.batch_size=50 --strict
tools/compare_2014.py yaml/mnist.pkl --estimate
tools/compare_2014.py one.yaml two.yaml --format md
tools/compare_2014.py yaml/mnist.yaml --trajectory
"""


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    parser = program.parser(
        "compare_2014.py",
        "Hold every hyperparameter of an experiment against 2014's, and a trained model's results against the paper's.",
        EXAMPLE,
    )
    add = parser.add_argument
    add("experiments", nargs="+", metavar="experiment",
        help="a YAML file, or a saved model (.pkl or .h5, or a pickle of 2014); several make a table")  # fmt: skip
    add("--against", choices=facts.FILES, metavar="FILE",
        help=f"of 2014: {', '.join(facts.FILES)} (default: the nearest to the first)")  # fmt: skip
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="change a value: algorithm.batch_size=50")
    add("--allow", metavar="MODULE", action="append", default=[], help="a module of yours it may name")
    add("--all", action="store_true", help="show equal values one by one too")
    add("--strict", action="store_true", help="exit with code 1 where something differs")
    add("--format", choices=FORMATS, default="text", metavar="FORMAT",
        help=f"print {', '.join(FORMATS)} (default %(default)s); in json, numbers are numbers")  # fmt: skip
    results = parser.add_argument_group("results")
    either = results.add_mutually_exclusive_group()
    either.add_argument(
        "--estimate", action="store_true", help="estimate the model's log-likelihood, and cache it beside the model"
    )
    either.add_argument("--parzen", metavar="FILE.json", help="the estimate: what parzen_ll.py --json printed")
    results.add_argument(
        "--trajectory", action="store_true", help="make the first 50 updates of 2014's mnist.yaml again, in float64"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; the exit code is 1 with --strict where something differs."""
    given = argument_parser().parse_intermixed_args(argv)
    experiments = [open_experiment(path, program.overrides_of(given.set), given.allow) for path in given.experiments]
    if (given.estimate or given.parzen) and (len(experiments) > 1 or experiments[0].content is None):
        raise ConfigurationError("--estimate and --parzen are for one saved model; train the experiment first")
    found: list[SideBySide] = []
    for experiment in experiments:
        against = found[0].comparison.file if found else given.against
        found.append(compare_with_2014(experiment, against, _estimate(given, experiment), given.trajectory, given.all))
    program.say(formatted(found, given.format))
    return 1 if given.strict and any(each.comparison.differences for each in found) else 0


def _estimate(given: argparse.Namespace, experiment: Experiment) -> ParzenJson | None:
    if experiment.content is None:
        return None
    if given.parzen:
        return estimates.read(given.parzen)
    if given.estimate:
        return estimates.measure(experiment.name, experiment.content, tuple(given.allow))
    return estimates.cached(experiment.name, experiment.content)


command = partial(program.run, main)

if __name__ == "__main__":
    command()
