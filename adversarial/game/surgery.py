"""Networks made from parts of trained ones, and other helpers that 2014 YAML calls by name."""

from __future__ import annotations

from typing import cast

import numpy as np

from adversarial.datasets.dataset import Dataset
from adversarial.game.pair import AdversaryPair
from adversarial.models.layer import Layer
from adversarial.models.mlp import MLP
from adversarial.options import Index, Momentum01, OptionError, configurable


@configurable
def add_layers(mlp: MLP, pretrained: str, start_layer: Index = 0) -> MLP:
    """Append the generator's layers of a saved model, with their parameters, to an MLP.

    Parameters
    ----------
    mlp : MLP
        The network; its output space must be the input space of the first layer that is appended.
    pretrained : str
        Path of the saved pair; a relative path is looked up beside the YAML file, then in the working directory.
    start_layer : int, default 0
        Index of the first layer of the generator that is appended.

    Returns
    -------
    MLP
        `mlp` itself.

    Examples
    --------
    >>> add_layers(mlp, "pretrained.pkl", start_layer=1)  # doctest: +SKIP
    """
    layers = _load_pair(pretrained).generator.mlp.layers
    if start_layer >= len(layers):
        reason = f"start_layer is {start_layer}, but the generator of {pretrained} has {len(layers)} layers"
        raise OptionError("add_layers", "start_layer", reason)
    have, want = mlp.get_output_space(), layers[start_layer].get_input_space()
    if have != want:
        reason = (
            f"pretrained is {pretrained}, whose layer '{layers[start_layer].layer_name}' reads {want}, "
            f"but mlp gives {have}"
        )
        raise OptionError("add_layers", "pretrained", reason)
    mlp.take_layers(layers[start_layer:])
    return mlp


@configurable
def recapitate_discriminator(pair_path: str, new_head: Layer) -> MLP:
    """Return the discriminator of a saved model with a new output layer.

    Parameters
    ----------
    pair_path : str
        Path of the saved pair; a relative path is looked up beside the YAML file, then in the working directory.
    new_head : Layer
        The new output layer; its parameters are made here.

    Returns
    -------
    MLP
        The discriminator.

    Examples
    --------
    >>> from adversarial.models.linear import Sigmoid
    >>> head = Sigmoid(layer_name="y", dim=1, irange=0.005)
    >>> recapitate_discriminator("mnist.pkl", head)  # doctest: +SKIP
    """
    discriminator = _load_pair(pair_path).discriminator
    discriminator.remove_last_layer()
    discriminator.add_layers([new_head])
    return discriminator


@configurable
def with_inferer(pretrained_model: AdversaryPair, inferer: MLP) -> AdversaryPair:
    """Return a trained pair with a new third player that infers z, its other two frozen.

    Training changes nothing of G and D, whatever the cost and the limits on norms (section 7 of the paper).

    Parameters
    ----------
    pretrained_model : AdversaryPair
        The trained pair, `!pkl:` in YAML.
    inferer : MLP
        Reads what the discriminator reads; its output has the dimension of z.

    Returns
    -------
    AdversaryPair
        The pair, of which only the inferer is monitored and has parameters to train.

    Examples
    --------
    >>> with_inferer(load_model("mnist.pkl"), inferer).get_params() == inferer.get_params()  # doctest: +SKIP
    True
    """
    generator, discriminator = pretrained_model.generator, pretrained_model.discriminator
    noise, inferred = generator.get_input_space(), inferer.get_output_space()
    if noise.get_total_dimension() != inferred.get_total_dimension():
        reason = f"inferer gives {inferred}, but z is of {noise}"
        raise OptionError("with_inferer", "inferer", reason)
    for network in (generator.mlp, discriminator):
        network.freeze(network.get_params())
    return AdversaryPair(
        generator, discriminator, inferer=inferer, monitor_generator=False, monitor_discriminator=False
    )


@configurable
def with_averages(pretrained_model: AdversaryPair, average_decay: Momentum01) -> AdversaryPair:
    """Return a trained pair whose generator is averaged from here on, whatever was averaged before.

    Parameters
    ----------
    pretrained_model : AdversaryPair
        The trained pair, `!pkl:` in YAML.
    average_decay : float
        As of `Generator`; above 0, and below 1.

    Returns
    -------
    AdversaryPair
        The same pair.

    Examples
    --------
    >>> with_averages(load_model("mnist.pkl"), average_decay=0.999).generator.averages()  # doctest: +SKIP
    """
    if not average_decay:
        raise OptionError("with_averages", "average_decay", "average_decay is 0, but must be above 0, such as .999")
    pretrained_model.generator.average(average_decay)
    return pretrained_model


@configurable
def marginals(dataset: Dataset) -> np.ndarray:
    """Return the mean of each feature of a dataset.

    Parameters
    ----------
    dataset : Dataset
        A dataset with a design matrix.

    Returns
    -------
    array of shape (features,)
        The means.

    Examples
    --------
    >>> from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
    >>> marginals(DenseDesignMatrix(X=np.array([[0.0, 1.0], [1.0, 3.0]]))).tolist()
    [0.5, 2.0]
    """
    return dataset.get_design_matrix().mean(axis=0)


def _load_pair(path: str) -> AdversaryPair:
    # Imported late: a saved model is rebuilt from the classes of this folder.
    from adversarial.checkpoint import load_model
    from adversarial.config import yaml_parse

    return cast(AdversaryPair, load_model(yaml_parse.beside(path)))
