"""The features.py program: what a layer of a trained network computes of data, as arrays in a file."""

from __future__ import annotations

import argparse
import contextlib
import io
from collections.abc import Sequence
from functools import partial

import numpy as np

from adversarial import checkpoint
from adversarial.command_line import program
from adversarial.errors import ConfigurationError, DataError, printable
from adversarial.evaluation import data_sources
from adversarial.evaluation.features import features, layers_of
from adversarial.files.whole_file import write_whole
from adversarial.game.sampling import Sampler

EXAMPLE = """
tools/features.py yaml/mnist.pkl --list
tools/features.py yaml/mnist.pkl --layer dis/h1 -o features.npz
tools/features.py yaml/mnist.pkl --layer gen/h0 -n 1000 -o features.npz
"""


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    parser = program.parser("features.py", "The features of data in a layer of D, of G or of an inferer.", EXAMPLE)
    add = parser.add_argument
    add("model", help="a saved model (.pkl or .h5), or a pickle of 2014")
    add("--layer", metavar="NAME", help="the layer, such as dis/h1; of a generator, the features are of noise")
    add("--list", action="store_true", help="only print the names of the layers")
    add("-o", "--output", metavar="FILE.npz", help="where to write the arrays features, inputs and, of data, classes")
    add("-d", "--dataset", metavar="NAME", help="the data set, such as mnist (default: the model's own)")
    add("--split", choices=["train", "valid", "test"], default="test", help="which part (default %(default)s)")
    add("-n", type=int, metavar="N", help="the first N examples (default all); of a generator, N of noise (1,000)")
    add("--seed", type=int, help="of a generator's noise (default: 2014's)")
    add("--allow", metavar="MODULE", action="append", default=[], help="a module the model may name")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    if not given.list and (given.layer is None or given.output is None):
        raise ConfigurationError("name a --layer and an --output FILE.npz, or ask for the layers by --list")
    if given.output is not None and not given.output.endswith(".npz"):
        raise ConfigurationError(f"the output is {given.output}, but must end in .npz")
    if given.n is not None and given.n < 1:
        raise ConfigurationError(f"-n is {given.n}, but must be at least 1")
    content = checkpoint.read(given.model)
    model = checkpoint.model_of(content, given.allow)
    if given.list:
        program.say("\n".join(printable(name, "") for name in layers_of(model)))
        return
    arrays: dict[str, np.ndarray] = {}
    if given.layer.startswith("gen/"):
        arrays["inputs"] = Sampler(model, seed=given.seed).draw_noise(given.n or 1000)
    else:
        data = data_sources.of_model(content, given.model, tuple(given.allow), given.dataset)
        arrays["inputs"] = data.split(given.split)[: given.n]
        # Data without labels have features all the same.
        with contextlib.suppress(DataError):
            arrays["classes"] = data.classes(given.split)[: given.n]
    found = features(model, given.layer, arrays["inputs"].reshape(len(arrays["inputs"]), -1))
    arrays["features"] = found
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    write_whole(given.output, [buffer.getvalue()])
    print(f"{given.output}: features of {len(found):,} inputs, {found.shape[1]} each")


command = partial(program.run, main)

if __name__ == "__main__":
    command()
