"""The weights next to a generator's output, as a sheet of images."""

from __future__ import annotations

import numpy as np

from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.evaluation.sheets import Sheet, vector_image_shape
from adversarial.figures.grid import ImageShape, images_from_rows
from adversarial.figures.weights import sheet_size, strongest_first
from adversarial.game.generator import Generator
from adversarial.models.composite import CompositeLayer
from adversarial.models.layer import Layer
from adversarial.models.mlp import MLP
from adversarial.models.model import Model


def weights_sheet(
    model: Model,
    rows: int | None = None,
    columns: int | None = None,
    *,
    strongest: bool = False,
    component: int | None = None,
    shape: ImageShape | None = None,
    name: str = "the model",
) -> Sheet:
    """Draw the weights next to a generator's output, an image for each unit of the layer below.

    Parameters
    ----------
    model : Model
        An AdversaryPair, a Generator or an MLP.
    rows, columns : int, optional
        Of the sheet. The default is about square, of 400 images or fewer.
    strongest : bool, optional
        Draw those of largest norm, and first.
    component : int, optional
        Which part of a CompositeLayer to draw, counted from 0.
    shape : ImageShape, optional
        Of an image. The default is that of the training data, else square.
    name : str, optional
        What to call the model in the caption.

    Returns
    -------
    Sheet
        The images.

    Raises
    ------
    CheckpointError, ConfigurationError
        If the model has no generator, or no weights that can be drawn.
    """
    generator = getattr(model, "generator", model)
    if not isinstance(generator, (Generator, MLP)):
        raise CheckpointError(f"a model of class {type(model).__name__} has no generator whose weights to draw")
    mlp = generator.mlp if isinstance(generator, Generator) else generator
    images, layer = _weights(mlp, model, component, shape)
    rows, columns = sheet_size(len(images), rows, columns)
    shown = images[strongest_first(images)] if strongest else images
    shown = shown[: rows * columns]
    number = "all" if len(shown) == len(images) else f"{len(shown)} of {len(images)}"
    which = f"{number}, the strongest first" if strongest else number
    return Sheet(shown, columns, (), [f"Weights of layer {layer} of {name}, {which}"])


def _weights(mlp: MLP, model: Model, component: int | None, shape: ImageShape | None) -> tuple[np.ndarray, str]:
    """Return the weights of the last layer that has any, as images (count, rows, columns, channels), and its name."""
    for layer in reversed(mlp.layers):
        if isinstance(layer, CompositeLayer):
            layer = _component(layer, component)
        if isinstance(layer, MLP):
            return _weights(layer, model, component, shape)
        try:
            return layer.get_weights_topo(), str(layer.layer_name)
        except ConfigurationError:
            pass  # It reads vectors, or has no weights.
        try:
            weights = layer.get_weights()
        except ConfigurationError:
            continue  # No weights, as a SpaceConverter: those of the layer below are next to the output.
        own = vector_image_shape(weights.shape[1], model, shape)
        return images_from_rows(weights, own), str(layer.layer_name)
    raise CheckpointError("no layer of the generator has weights that can be drawn")


def _component(layer: CompositeLayer, number: int | None) -> Layer:
    names = [part.layer_name for part in layer.layers]
    if number is None or not 0 <= number < len(names):
        listed = ", ".join(f"{place} ({name})" for place, name in enumerate(names))
        raise ConfigurationError(f"layer '{layer.layer_name}' has the parts {listed}; choose one by --component")
    return layer.layers[number]
