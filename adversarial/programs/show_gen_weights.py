"""The show_gen_weights.py program: the weights next to a generator's output as images; after 2014's script."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

import numpy as np

from adversarial import checkpoint
from adversarial.command_line import pictures, program
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.figures.grid import images_from_rows
from adversarial.figures.weights import sheet_size, strongest_first
from adversarial.game.generator import Generator
from adversarial.models.composite import CompositeLayer
from adversarial.models.layer import Layer
from adversarial.models.mlp import MLP
from adversarial.models.model import Model

EXAMPLE = """
tools/show_gen_weights.py yaml/mnist.pkl
tools/show_gen_weights.py yaml/mnist.pkl --strongest --rows 10 --cols 20 -o weights.png
"""


def argument_parser() -> argparse.ArgumentParser:
    """The options."""
    parser = program.parser(
        "show_gen_weights.py",
        "Draw the weights next to a generator's output, an image for each unit of the layer below, as a PNG.",
        EXAMPLE,
    )
    pictures.add_arguments(parser, rescale="each")
    add = parser.add_argument
    add("--rows", metavar="N", type=pictures.count, help="rows of the sheet (default: of 400 images or fewer)")
    add("--cols", metavar="N", type=pictures.count, help="images in a row (default: about as many as there are rows)")
    add("--strongest", action="store_true", help="draw those of largest norm, and first")
    add("--component", metavar="N", type=int, help="which part of a CompositeLayer to look at, counted from 0")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    path = pictures.output_path(given, "gen_weights")
    model = checkpoint.load_model(given.model, given.allow)
    generator = getattr(model, "generator", model)
    if not isinstance(generator, (Generator, MLP)):
        raise CheckpointError(f"a model of class {type(model).__name__} has no generator whose weights to draw")
    mlp = generator.mlp if isinstance(generator, Generator) else generator
    images, layer = _weights(mlp, given, model)
    rows, columns = sheet_size(len(images), given.rows, given.cols)
    shown = images[strongest_first(images)] if given.strongest else images
    shown = shown[: rows * columns]
    number = f"all {len(images)}" if len(shown) == len(images) else f"{len(shown)} of {len(images)}"
    which = f"{number}, the strongest first" if given.strongest else number
    caption = [f"Weights of layer {layer} of {os.path.basename(given.model)}, {which}"]
    pictures.draw(shown, columns, path, caption, given)


def _weights(mlp: MLP, given: argparse.Namespace, model: Model) -> tuple[np.ndarray, str]:
    """The weights of the last layer that has any, as images (count, rows, columns, channels), and its name."""
    for layer in reversed(mlp.layers):
        if isinstance(layer, CompositeLayer):
            layer = _component(layer, given.component)
        if isinstance(layer, MLP):
            return _weights(layer, given, model)
        try:
            return layer.get_weights_topo(), layer.layer_name
        except ConfigurationError:
            pass  # It reads vectors, or has no weights.
        try:
            weights = layer.get_weights()
        except ConfigurationError:
            continue  # No weights, as a SpaceConverter: those of the layer below are next to the output.
        shape = pictures.shape_of_vectors(weights.shape[1], given, model)
        return images_from_rows(weights, shape), layer.layer_name
    raise CheckpointError("no layer of the generator has weights that can be drawn")


def _component(layer: CompositeLayer, number: int | None) -> Layer:
    names = [part.layer_name for part in layer.layers]
    if number is None or not 0 <= number < len(names):
        listed = ", ".join(f"{place} ({name})" for place, name in enumerate(names))
        raise ConfigurationError(f"layer '{layer.layer_name}' has the parts {listed}; choose one by --component")
    return layer.layers[number]
