"""The few_labels.py program: how well features of a trained network classify when few examples have labels."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

import numpy as np

from adversarial import checkpoint
from adversarial.command_line import program
from adversarial.errors import ConfigurationError
from adversarial.evaluation import data_sources
from adversarial.evaluation.features import features, layers_of
from adversarial.evaluation.few_labels import DRAWS, LABELS, few_labels

EXAMPLE = """
tools/few_labels.py yaml/mnist.pkl
tools/few_labels.py yaml/mnist.pkl --layer dis/h0 dis/h1 --labels 100 1000 --draws 5 --classifier 1nn
"""


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    parser = program.parser(
        "few_labels.py",
        "The test error, in per cent, of softmax regression and the nearest neighbour on features of a trained network "
        "when few examples have labels, beside raw pixels and an untrained network.",
        EXAMPLE,
    )
    add = parser.add_argument
    add("model", help="a saved model (.pkl or .h5), or a pickle of 2014")
    add("--layer", metavar="NAME", nargs="+", help="layers, such as dis/h0 (default: all of D but the last)")
    add(
        "--labels",
        metavar="N",
        type=int,
        nargs="+",
        default=list(LABELS),
        help="numbers of labels (default %(default)s)",
    )
    add("--draws", metavar="N", type=int, default=DRAWS, help="balanced draws of each number (default %(default)s)")
    add("--classifier", choices=["softmax", "1nn"], nargs="+", default=["softmax", "1nn"], help="default: both")
    add("--seed", type=int, default=0, help="of the draws (default %(default)s)")
    add("-d", "--dataset", metavar="NAME", help="the data set, such as mnist (default: the model's own)")
    add("--allow", metavar="MODULE", action="append", default=[], help="a module the model may name")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    if given.draws < 1 or given.seed < 0:
        raise ConfigurationError("--draws must be at least 1, and --seed at least 0")
    content = checkpoint.read(given.model)
    trained = checkpoint.model_of(content, given.allow)
    untrained = checkpoint.untrained_model_of(content, given.allow)
    chosen = given.layer or [name for name in layers_of(trained) if name.startswith("dis/")][:-1]
    data = data_sources.of_model(content, given.model, tuple(given.allow), given.dataset)
    found: dict[str, dict[str, np.ndarray]] = {}
    splits: tuple[data_sources.Split, ...] = ("train", "test")
    for split in splits:
        rows = data.split(split)
        found[split] = {"pixels": rows}
        for layer in chosen:
            found[split][layer] = features(trained, layer, rows)
            found[split][f"{layer}, untrained"] = features(untrained, layer, rows)
    print(f"{'features':24} {'by':8} {'labels':>6}  error, per cent, over {given.draws} draws")
    for result in few_labels(
        found["train"],
        found["test"],
        data.classes("train"),
        data.classes("test"),
        labels=given.labels,
        draws=given.draws,
        classifiers=given.classifier,
        seed=given.seed,
    ):
        program.say(result)


command = partial(program.run, main)

if __name__ == "__main__":
    command()
