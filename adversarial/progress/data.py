"""What the training data are, at a glance, and whether the model can be meant for them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from adversarial.datasets.dataset import Dataset
from adversarial.models.gaussian_rbm import GaussianBinaryRBM
from adversarial.models.model import Model
from adversarial.models.rbm import RBM
from adversarial.progress.summary import networks, number

#: Numbers of channels that images have: grey, with transparency, colour, colour with transparency.
_CHANNELS = (1, 2, 3, 4)
#: Values beyond what a layer gives, as a fraction of the range of the data, that rounding may explain.
_ROUNDING = 1e-3


def data_lines(dataset: Dataset, model: Model) -> list[str]:
    """Return what the training data are, and a warning for each sign that they are not what was meant.

    Parameters
    ----------
    dataset : Dataset
        The data.
    model : Model
        What is trained on them.

    Returns
    -------
    list of str
        The class, number and shape of examples, their range and mean; then warnings.

    Examples
    --------
    >>> from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
    >>> from adversarial.models.linear import Sigmoid
    >>> from adversarial.models.mlp import MLP
    >>> dataset = DenseDesignMatrix(topo_view=np.arange(60.0).reshape(5, 2, 2, 3))
    >>> data_lines(dataset, MLP([Sigmoid(layer_name="y", dim=1, irange=0.1)], nvis=12))
    ['DenseDesignMatrix: 5 examples of 12 values, 2 x 2 with 3 channels; 0 to 59, mean 29.5']
    """
    space = getattr(dataset, "X_space", None)
    text = f"{type(dataset).__name__}: {dataset.get_num_examples():,} examples"
    if space is not None:
        text += f" of {space.get_total_dimension():,} values"
    shape = dataset.image_shape
    if shape is not None:
        text += f", {shape[0]} x {shape[1]} with {shape[2]} channel{'s' * (shape[2] > 1)}"
    some = getattr(dataset, "some_examples", None)
    values = None if some is None else np.asarray(some())
    if values is None or values.size == 0 or values.dtype.kind not in "fiub":
        return [text, *_misread_axes(dataset)]
    low, high = float(values.min()), float(values.max())
    text += f"; {number(low)} to {number(high)}, mean {number(float(values.mean(dtype=np.float64)))}"
    return [text, *_misread_axes(dataset), *_out_of_reach(low, high, model)]


def _misread_axes(dataset: Dataset) -> Iterator[str]:
    shape = dataset.image_shape
    if shape is not None and shape[2] not in _CHANNELS:
        advice = ": where channels come first, axes: ['b', 'c', 0, 1] of FileDataset says so" * (shape[0] in _CHANNELS)
        yield f"warning: the images are taken as {shape[0]} x {shape[1]} pixels with {shape[2]} channels{advice}"


def _out_of_reach(low: float, high: float, model: Model) -> Iterator[str]:
    if isinstance(model, RBM) and not isinstance(model, GaussianBinaryRBM) and not (low >= 0 and high <= 1):
        yield (
            f"warning: the data are from {number(low)} to {number(high)}, but the visible units of "
            f"{type(model).__name__} are binary, and read probabilities, 0 to 1: bring the data there, bytes by "
            "scale: 255 of FileDataset, or use GaussianBinaryRBM"
        )
    generator = networks(model).get("generator")
    last = generator.layers[-1] if generator is not None and generator.layers else None
    if last is None:
        return
    least, most = last.output_range
    slack = _ROUNDING * (high - low)
    if not least - slack <= low <= high <= most + slack:
        yield (
            f"warning: the data are from {number(low)} to {number(high)}, but {last.layer_name}, the generator's last "
            f"layer, a {type(last).__name__}, gives values from {least:g} to {most:g}: bring the data there, bytes by "
            "scale: 255 of FileDataset, or use another layer"
        )
