"""Extensions that add channels to the monitor, or set shared variables by the epoch; after Pylearn2's namesakes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor.extra_ops import searchsorted
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX
from adversarial.monitor import NO_DATA, find_channel
from adversarial.options import Count, Index, OptionError
from adversarial.train_extensions import TrainExtension


class ChannelSmoother(TrainExtension):
    """An extension: a channel that is the mean of the newest values of another one.

    Extensions that read the new channel must stand after this one.

    Parameters
    ----------
    channel_to_smooth : str
        The channel whose values are averaged.
    channel_to_publish : str
        Name of the new channel.
    k : int, default 5
        The mean is of the newest k - 1 values, as in 2014, at least one.

    Examples
    --------
    >>> ChannelSmoother("valid_objective", "valid_objective_smooth").k
    5
    """

    def __init__(self, channel_to_smooth: str, channel_to_publish: str, k: Count = 5):
        self.channel_to_smooth = channel_to_smooth
        self.channel_to_publish = channel_to_publish
        self.k = k

    def setup(self, model: Any, dataset: Any, algorithm: Any) -> None:
        smoothed = find_channel(model.monitor, self.channel_to_smooth, "ChannelSmoother")
        model.monitor.add_channel(self.channel_to_publish, None, -1.0, smoothed.dataset, data_specs=NO_DATA)

    def on_monitor(self, model: Any, dataset: Any, algorithm: Any) -> None:
        channels = model.monitor.channels
        newest = channels[self.channel_to_smooth].val_record[-max(self.k - 1, 1) :]
        channels[self.channel_to_publish].val_record[-1] = sum(newest) / len(newest)


class SharedSetter(TrainExtension):
    """An extension: shared variables take on given values after given numbers of epochs.

    Parameters
    ----------
    epoch_updates : list
        Triples [epoch, shared variable, value]; epoch 0 is before training. Each variable has a name, under which it
        becomes a channel where something is monitored.

    Examples
    --------
    >>> from adversarial.training_algorithms.learning_rule import Momentum
    >>> momentum = Momentum(0.5).momentum
    >>> SharedSetter([[10, momentum, 0.9]]).epoch_updates[0][0]
    10
    """

    def __init__(self, epoch_updates: list):
        for update in epoch_updates:
            if not isinstance(update, (list, tuple)) or len(update) != 3 or not hasattr(update[1], "set_value"):
                reason = f"epoch_updates holds {update!r:.60}, but must hold [epoch, shared variable, value]"
                raise OptionError("SharedSetter", "epoch_updates", reason)
        self.epoch_updates = epoch_updates
        self._count = 0

    def setup(self, model: Any, dataset: Any, algorithm: Any) -> None:
        if model.monitor.datasets:
            for variable in dict.fromkeys(variable for _, variable, _ in self.epoch_updates):
                first = model.monitor.datasets[0]
                model.monitor.add_channel(variable.name, None, variable, first, data_specs=NO_DATA)

    def on_monitor(self, model: Any, dataset: Any, algorithm: Any) -> None:
        for epoch, variable, value in self.epoch_updates:
            if epoch == self._count:
                variable.set_value(np.asarray(value, dtype=variable.dtype))
        self._count += 1

    def get_state(self) -> dict[str, Any]:
        return {"count": self._count}

    def set_state(self, state: dict[str, Any]) -> None:
        self._count = int(state["count"])


class RocAucChannel(TrainExtension):
    """An extension: a channel for each monitoring dataset, the area under a classifier's ROC curve.

    It is the probability that an example of the positive class has a higher output for it than one of the others,
    ties counting half: 1 is perfect and .5 is chance. It is of each batch, so let a batch be the whole dataset
    (`monitoring_batches: 1`); in a batch without both classes it is NaN.

    Parameters
    ----------
    channel_name_suffix : str, default 'roc_auc'
        Name of the channel, behind that of the dataset.
    positive_class_index : int, default 1
        The positive class.
    negative_class_index : int, optional
        The negative class; by default all others.

    Examples
    --------
    >>> RocAucChannel(positive_class_index=3).channel_name_suffix
    'roc_auc'
    """

    def __init__(
        self,
        channel_name_suffix: str = "roc_auc",
        positive_class_index: Index = 1,
        negative_class_index: Index | None = None,
    ):
        self.channel_name_suffix = channel_name_suffix
        self.positive_class_index = positive_class_index
        self.negative_class_index = negative_class_index

    def setup(self, model: Any, dataset: Any, algorithm: Any) -> None:
        space, sources = model.get_monitoring_data_specs()
        batch = space.make_theano_batch(name="roc_auc")
        scores, labels = model.fprop(batch[0])[:, self.positive_class_index], pt.argmax(batch[1], axis=1)
        positive = pt.eq(labels, self.positive_class_index)
        negative = pt.invert(positive)
        if self.negative_class_index is not None:
            negative = pt.eq(labels, self.negative_class_index)
        area = area_under_roc_curve(scores, positive, negative)
        for name, each in (algorithm.monitoring_dataset or {}).items():
            channel = f"{name}_{self.channel_name_suffix}" if name else self.channel_name_suffix
            model.monitor.add_channel(channel, batch, area, each, data_specs=(space, sources))


def area_under_roc_curve(scores: TensorVariable, positive: TensorVariable, negative: TensorVariable) -> TensorVariable:
    """Return the share of pairs of a positive and a negative example in which the positive one scores higher.

    Parameters
    ----------
    scores : TensorVariable
        A score for each example.
    positive : TensorVariable
        Whether each example is positive.
    negative : TensorVariable
        Whether each example is negative; one that is neither does not count.

    Returns
    -------
    TensorVariable
        A scalar, ties counting half; NaN where one of the kinds is absent.

    Examples
    --------
    >>> positive = pt.constant(np.array([True, False, True, False]))
    >>> float(area_under_roc_curve(pt.constant(np.array([0.9, 0.5, 0.5, 0.1])), positive, ~positive).eval())
    0.875
    """
    # Scores of other examples are put behind all negative ones, where they are below none.
    of_negative = pt.sort(pt.switch(negative, scores, np.inf))
    below = searchsorted(of_negative, scores, side="left") + searchsorted(of_negative, scores, side="right")
    pairs = positive.sum() * negative.sum()
    return pt.cast((pt.switch(positive, below, 0).sum() / 2.0) / pairs, floatX())
