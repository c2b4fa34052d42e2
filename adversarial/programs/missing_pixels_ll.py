"""The missing_pixels_ll.py program: how likely missing pixels are under a model's completions of test images."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from adversarial import checkpoint
from adversarial.command_line import pictures, program
from adversarial.command_line.averages import add_averaged_argument, take_averages
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.evaluation import data_sources
from adversarial.evaluation.completion import completions
from adversarial.evaluation.missing_pixels import (
    Completer,
    MissingPixelsResult,
    missing_pixels_log_likelihood,
    nearest_by_visible,
)
from adversarial.game.all_conditionals import AllConditionalsPair
from adversarial.game.masks import KINDS, MASK_SEED, Masks
from adversarial.game.sampling import Sampler

#: What is visible by default: the right half, so that the left one is missing, and each pixel with probability .5.
VISIBLE = ["right", "pixels"]

EXAMPLE = """
tools/missing_pixels_ll.py yaml/all_conditionals_mnist.pkl
tools/missing_pixels_ll.py yaml/all_conditionals_mnist.pkl --mask left top --completions 500 --json
"""


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    parser = program.parser(
        "missing_pixels_ll.py",
        "The log-likelihood of what a mask hides of test images, under a Parzen window of each one's completions, "
        "beside completions by the nearest training images and by any training images. The width is chosen on "
        "validation images.",
        EXAMPLE,
    )
    add = parser.add_argument
    add("model", help="a saved model of all conditionals (.pkl or .h5)")
    add(
        "--mask",
        metavar="MASK",
        nargs="+",
        choices=KINDS,
        default=VISIBLE,
        help=f"what is visible: {', '.join(KINDS)} (default: {' '.join(VISIBLE)})",
    )
    add("--completions", metavar="N", type=pictures.count, default=100, help="of an image (default %(default)s)")
    add("--test-images", metavar="N", type=pictures.count, default=1000, help="the first N (default %(default)s)")
    add("--valid-images", metavar="N", type=pictures.count, default=500, help="the first N (default %(default)s)")
    add("--seed", metavar="N", type=int, default=0, help="of masks and noise (default %(default)s)")
    add("-d", "--dataset", metavar="NAME", help="the data set, such as mnist (default: the model's own)")
    add_averaged_argument(parser)
    add("--json", action="store_true", help="print one JSON object on standard output, and nothing else")
    add("--allow", metavar="MODULE", action="append", default=[], help="a module the model may name")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    if given.seed < 0:
        raise ConfigurationError(f"the seed is {given.seed}, but seeds are 0 or more")
    for option in ("test_images", "valid_images"):
        if getattr(given, option) < 2:
            reason = "but must be at least 2: of one image there is no standard error"
            raise ConfigurationError(f"--{option.replace('_', '-')} is {getattr(given, option)}, {reason}")
    content = checkpoint.read(given.model)
    model = checkpoint.model_of(content, given.allow)
    if not isinstance(model, AllConditionalsPair):
        raise CheckpointError(f"{given.model} does not complete images; train one by yaml/all_conditionals_mnist.yaml")
    take_averages(model, given)
    data = data_sources.of_model(content, given.model, tuple(given.allow), given.dataset)
    valid, test = (_first(data.split(split), getattr(given, f"{split}_images"), split) for split in ("valid", "test"))
    completers = _completers(model, data.split("train"), given)
    results = []
    for kind in given.mask:
        masks = Masks(model.masks.rows, model.masks.columns, kinds=[kind], seed=given.seed or MASK_SEED)
        seen_of_valid, seen_of_test = masks.draw(len(valid)), masks.draw(len(test))
        for name, complete in completers.items():
            found = missing_pixels_log_likelihood(
                complete, (valid, seen_of_valid), (test, seen_of_test), progress=not given.json
            )
            results.append({"visible": kind, "completed_by": name, **_values(found)})
            if not given.json:
                program.say(f"visible: {kind:8} completed by {name:24} {found}")
    if given.json:
        program.say(json.dumps({"results": results}))


def _first(images: np.ndarray, count: int, split: str) -> np.ndarray:
    if count > len(images):
        print(f"--{split}-images is {count:,}, but there are {len(images):,}: these are taken", file=sys.stderr)
    return images[:count]


def _completers(model: AllConditionalsPair, examples: np.ndarray, given: argparse.Namespace) -> dict[str, Completer]:
    """Return the model and its yardsticks, by their names."""
    Sampler(model, seed=given.seed)  # which starts the model's noise there
    rng = np.random.default_rng(given.seed)

    def by_any(images: np.ndarray, masks: np.ndarray) -> np.ndarray:
        drawn = examples[rng.integers(len(examples), size=(len(images), given.completions))]
        return np.where(masks[:, None] > 0, images[:, None], drawn)

    return {
        "model": partial(completions, model, count=given.completions),
        "nearest training images": nearest_by_visible(examples, given.completions),
        "any training images": by_any,
    }


def _values(found: MissingPixelsResult) -> dict[str, Any]:
    """Return a result for programs."""
    return {
        "log_likelihood": found.test.mean,
        "standard_error": found.test.standard_error,
        "missing_pixels": found.missing,
        "sigma": found.choice.sigma,
        "edge": found.choice.edge,
        **found.counts,
    }


command = partial(program.run, main)

if __name__ == "__main__":
    command()
