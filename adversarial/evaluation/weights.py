"""The weights of a layer as a sheet of images: those next to a generator's output, or what units look for."""

from __future__ import annotations

import numpy as np

from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.evaluation.sheets import Sheet, vector_image_shape
from adversarial.figures.grid import ImageShape, images_from_rows
from adversarial.figures.weights import sheet_size, strongest_first
from adversarial.files.arrays import candidates
from adversarial.game.generator import Generator
from adversarial.models.composite import CompositeLayer
from adversarial.models.deep_boltzmann import DBM, BinaryVectorMaxPool
from adversarial.models.layer import Layer
from adversarial.models.mlp import MLP
from adversarial.models.model import Model
from adversarial.space import CompositeSpace, VectorSpace


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
    return _sheet(images, layer, rows, columns, strongest, name)


def filters_sheet(
    model: Model,
    rows: int | None = None,
    columns: int | None = None,
    *,
    layer: str | None = None,
    strongest: bool = False,
    shape: ImageShape | None = None,
    name: str = "the model",
) -> Sheet:
    """Draw what each unit of a layer looks for: the weights with which it reads, an image for each unit.

    Parameters
    ----------
    model : Model
        A pair, whose discriminator is meant by default, a network, or another model that has weights.
    rows, columns : int, optional
        Of the sheet. The default is about square, of 400 images or fewer.
    layer : str, optional
        Its name, in a pair after that of the player: generator.h1. The default is the first layer that has weights
        and does not read several parts side by side.
    strongest : bool, optional
        Draw those of largest norm, and first.
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
    ConfigurationError
        If there is no such layer, or it has no weights that can be drawn.
    """
    found = _readers(model)
    if not found:
        raise ConfigurationError(f"a {type(model).__name__} has no weights that can be drawn")
    if layer is None:
        layer = next((each for each, reader in found.items() if not _reads_parts(reader)), next(iter(found)))
    if layer not in found:
        hint = candidates(layer, list(found), most=len(found))
        raise ConfigurationError(f"{name} has no layer '{layer}' with weights{hint}")
    reader = found[layer]
    if _reads_parts(reader) and shape is None:
        space = reader.get_input_space()
        raise ConfigurationError(
            f"layer {layer} of {name} reads {space}: its {space.get_total_dimension()} values, side by side, are no "
            "image; give a --shape of so many values to draw them all the same"
        )
    try:
        images = reader.get_weights_topo()
    except ConfigurationError:
        units = reader.get_weights()
        by_unit = units.T if units.shape[0] == reader.get_input_space().get_total_dimension() else units
        images = images_from_rows(by_unit, vector_image_shape(by_unit.shape[1], model, shape))
    if images.shape[3] not in (1, 3):
        reason = f"layer {layer} of {name} has filters of {images.shape[3]} channels"
        raise ConfigurationError(f"{reason}; images have 1 or 3, so draw the layer next to the input")
    return _sheet(images, layer, rows, columns, strongest, name)


def _readers(model: Model) -> dict[str, Model]:
    """Return the parts of a model that have weights, by name, those of the discriminator or the model itself first."""
    players = {player: getattr(model, player, None) for player in ("discriminator", "generator", "inferer")}
    found: dict[str, Model] = {}
    for player, network in players.items():
        if network is not None:
            mlp = network.mlp if isinstance(network, Generator) else network
            found |= {f"{player}.{name}": each for name, each in _readers(mlp).items()}
    if found:
        return found
    if isinstance(model, DBM):
        below = [model.visible_layer.nvis, *(layer.dim for layer in model.hidden_layers)]
        pairs = zip(model.hidden_layers, below, strict=False)
        return {layer.layer_name: _LayerOfMachine(layer, inputs) for layer, inputs in pairs}
    parts = getattr(model, "layers", None) or [model]
    if parts == [model]:
        return {type(model).__name__: model} if _has_weights(model) else {}
    for place, each in enumerate(parts):
        own = str(getattr(each, "layer_name", place))
        inner = _readers(each) if getattr(each, "layers", None) else {}
        found |= {f"{own}.{name}": part for name, part in inner.items()} or ({own: each} if _has_weights(each) else {})
    return found


class _LayerOfMachine(Model):
    """The weights between a hidden layer of a DBM and the layer below, which has so many `inputs`."""

    def __init__(self, layer: BinaryVectorMaxPool, inputs: int):
        self.layer = layer
        self.input_space = VectorSpace(inputs)

    def get_weights(self) -> np.ndarray:
        return self.layer.W.get_value()


def _reads_parts(reader: Model) -> bool:
    return isinstance(reader.get_input_space(), CompositeSpace)


def _has_weights(part: Model) -> bool:
    for read in (part.get_weights_topo, part.get_weights):
        try:
            read()
        except ConfigurationError:
            continue
        return True
    return False


def _sheet(images: np.ndarray, layer: str, rows: int | None, columns: int | None, strongest: bool, name: str) -> Sheet:
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
