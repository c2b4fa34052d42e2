"""One channel measured of a model, apart from its own monitor; after Pylearn2's `monitor.get_channel`."""

from __future__ import annotations

from adversarial.cost import Cost
from adversarial.datasets.dataset import Dataset
from adversarial.models.model import Model
from adversarial.monitor.channel import find_channel
from adversarial.monitor.monitor import Monitor
from adversarial.options import Count, configurable


@configurable
def get_channel(model: Model, dataset: Dataset, channel: str, cost: Cost, batch_size: Count) -> float:
    """Measure a channel of a model on a dataset; the model's own monitor stays as it is.

    Parameters
    ----------
    model : Model
        A trained model.
    dataset : Dataset
        Where to measure.
    channel : str
        Name of the channel.
    cost : Cost
        The cost whose channels are there, beside those of the model.
    batch_size : int
        Examples in a batch.

    Returns
    -------
    float
        The value, the mean over the dataset.

    Examples
    --------
    >>> import numpy as np
    >>> from adversarial.costs.mlp import Default
    >>> from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
    >>> from adversarial.models.softmax_regression import SoftmaxRegression
    >>> data = DenseDesignMatrix(X=np.eye(4), y=np.arange(4))
    >>> classifier = SoftmaxRegression(n_classes=4, irange=0.0, nvis=4)
    >>> get_channel(classifier, data, "y_misclass", Default(), batch_size=2)
    0.75
    """
    monitor = Monitor(model)
    monitor.setup(dataset, cost, batch_size)
    monitor()
    return float(find_channel(monitor, channel, "get_channel").val_record[-1])
