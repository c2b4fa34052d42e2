"""Features: what a layer of a trained network computes of examples (or a generator's of noise), as arrays."""

from __future__ import annotations

import numpy as np

from adversarial import backend
from adversarial.datasets.view_converter import DefaultViewConverter
from adversarial.errors import ConfigurationError
from adversarial.game.conditional_discriminator import ConditionalDiscriminator
from adversarial.game.pair import AdversaryPair
from adversarial.models.mlp import MLP
from adversarial.models.model import Model
from adversarial.options import nearest
from adversarial.space import Conv2DSpace, Space, VectorSpace

#: Examples that a network reads in one call.
AT_ONCE = 1_000


def networks_of(model: Model) -> dict[str, MLP]:
    """Return the networks of a model by 2014's short names: gen, dis, inf; one that stands alone by ''.

    Parameters
    ----------
    model : Model
        A pair of players, or an MLP.

    Returns
    -------
    dict of MLP
        The networks. Of a conditional discriminator it is the part that reads examples alone.
    """
    if isinstance(model, MLP):
        return {"": model}
    if not isinstance(model, AdversaryPair):
        raise ConfigurationError(f"a model of class {type(model).__name__} has no layers to take features of")
    found = {"gen": model.generator.mlp, "dis": model.discriminator}
    if isinstance(model.discriminator, ConditionalDiscriminator):
        found["dis"] = model.discriminator.data_mlp
    return found if model.inferer is None else found | {"inf": model.inferer}


def layers_of(model: Model) -> list[str]:
    """Return the layers of a model by the names that `features` takes, such as 'dis/h0'."""
    return [
        f"{name}/{layer}" if name else str(layer)
        for name, network in networks_of(model).items()
        for layer in network.layer_names
    ]


def features(model: Model, layer: str, rows: np.ndarray) -> np.ndarray:
    """Compute what a layer gives for examples, without dropout.

    Parameters
    ----------
    model : Model
        A pair of players, or an MLP.
    layer : str
        One of `layers_of`, such as 'dis/h0'.
    rows : array of shape (count, dimension)
        A row for each example: of a dataset's design matrix for D and an inferer, z for a generator.

    Returns
    -------
    array of shape (count, units)
        The features in floatX.

    Raises
    ------
    ConfigurationError
        If there is no such layer, or the rows have another number of values than the network reads.

    Examples
    --------
    >>> from adversarial.models.linear import RectifiedLinear
    >>> network = MLP([RectifiedLinear(layer_name="h0", dim=5, irange=0.1)], nvis=3)
    >>> features(network, "h0", np.zeros((4, 3))).shape
    (4, 5)
    """
    network, index = _layer(model, layer)
    space = network.get_input_space()
    if rows.ndim != 2 or rows.shape[1] != space.get_total_dimension():
        raise ConfigurationError(f"{layer} reads {space}, but the rows have shape {rows.shape}")
    batch = space.make_theano_batch(name="examples")
    parts = list(batch) if isinstance(batch, tuple) else [batch]
    output = network.fprop(batch, return_all=True)[index]
    own = network.layers[index].get_output_space()
    compute = backend.function(parts, own.format_as(output, VectorSpace(own.get_total_dimension())))
    rows = np.asarray(rows, dtype=backend.floatX())
    starts = range(0, len(rows), AT_ONCE)
    return np.concatenate([np.asarray(compute(*_batch(rows[start : start + AT_ONCE], space))) for start in starts])


def _layer(model: Model, layer: str) -> tuple[MLP, int]:
    known = layers_of(model)
    if layer not in known:
        hint = nearest(layer, known) or f"; its layers are {', '.join(known)}"
        raise ConfigurationError(f"the model has no layer '{layer}'{hint}")
    name, _, own = layer.rpartition("/")
    network = networks_of(model)[name]
    return network, network.layer_names.index(own)


def _batch(rows: np.ndarray, space: Space) -> list[np.ndarray]:
    """Rows as what a network reads, part by part; images lie in rows channel by channel."""
    if isinstance(space, Conv2DSpace):
        view = DefaultViewConverter((space.shape[0], space.shape[1], space.num_channels), space.axes)
        return [np.ascontiguousarray(view.get_formatted_batch(rows, space))]
    formatted = VectorSpace(rows.shape[1]).np_format_as(rows, space)
    return list(formatted) if isinstance(formatted, tuple) else [formatted]
