"""The name_samples.py program: whether a classifier names the class that a conditional generator was asked for."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

import numpy as np

from adversarial import checkpoint
from adversarial.command_line import pictures, program
from adversarial.command_line.averages import add_averaged_argument, take_averages
from adversarial.errors import ConfigurationError
from adversarial.evaluation import data_sources
from adversarial.evaluation.asked_class import asked_and_named, named_classes

EXAMPLE = """
tools/name_samples.py yaml/conditional_mnist.pkl yaml/classifier_mnist.pkl
"""


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    parser = program.parser(
        "name_samples.py",
        "Print how many samples of a conditional generator a classifier puts in the class that they were drawn under, "
        "class by class, and the classifier's own error on test data.",
        EXAMPLE,
    )
    add = parser.add_argument
    add("model", help="a saved conditional model (.pkl or .h5)")
    add("classifier", help="a saved classifier, such as yaml/classifier_mnist.yaml trains")
    add("-n", "--samples", metavar="N", type=pictures.count, default=10_000, help="samples (default %(default)s)")
    add("--seed", metavar="N", type=int, default=0, help="of the noise (default %(default)s)")
    add("-d", "--dataset", metavar="NAME", help="the test data, such as mnist (default: the classifier's own)")
    add_averaged_argument(parser)
    add("--allow", metavar="MODULE", action="append", default=[], help="a module the models may name")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    if given.seed < 0:
        raise ConfigurationError(f"the seed is {given.seed}, but seeds are 0 or more")
    model = checkpoint.model_of(checkpoint.read(given.model), given.allow)
    take_averages(model, given)
    content = checkpoint.read(given.classifier)
    classifier = checkpoint.model_of(content, given.allow)
    data = data_sources.of_model(content, given.classifier, tuple(given.allow), given.dataset)
    found = asked_and_named(model, classifier, given.samples, given.seed)
    wrong = np.mean(named_classes(classifier, data.split("test")) != data.classes("test"))
    program.say(f"error of the classifier on test data {wrong:.2%}")
    for number, named in enumerate(found):
        program.say(f"class {number}: {named[number] / max(1, named.sum()):.2%} of {named.sum()} named as asked")
    program.say(f"all: {found.trace() / found.sum():.2%} of {found.sum()} named as asked")


command = partial(program.run, main)

if __name__ == "__main__":
    command()
