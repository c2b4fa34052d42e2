"""Networks made from parts of trained ones, and other helpers that 2014 YAML calls by name."""

from __future__ import annotations

import numpy as np

from adversarial.datasets.dataset import Dataset
from adversarial.models.layer import Layer
from adversarial.models.mlp import MLP
from adversarial.options import Index, OptionError, configurable


@configurable
def add_layers(mlp: MLP, pretrained: str, start_layer: Index = 0) -> MLP:
    """`mlp` with the generator's layers of a saved model on top, parameters and all.

    Parameters
    ----------
    mlp : whose output fits the input of the first layer taken
    pretrained : path of the saved model; looked for beside the YAML file, then in the working directory
    start_layer : index of the first layer to take
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
    """The discriminator of a saved model with its output layer replaced by `new_head`, which starts afresh."""
    discriminator = _load_pair(pair_path).discriminator
    discriminator.remove_last_layer()
    discriminator.add_layers([new_head])
    return discriminator


@configurable
def marginals(dataset: Dataset) -> np.ndarray:
    """The mean of each feature of a dataset."""
    return dataset.get_design_matrix().mean(axis=0)


def _load_pair(path: str):
    # Imported here because saved models are rebuilt from this module's own room.
    from adversarial.checkpoint import load_model
    from adversarial.config import yaml_parse

    return load_model(yaml_parse.beside(path))
