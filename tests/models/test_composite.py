"""Channels of layers that wrap others."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
from evaluation import evaluate

from adversarial.models.composite import CompositeLayer, FlattenerLayer
from adversarial.models.linear import Linear
from adversarial.models.mlp import MLP
from adversarial.models.softmax import Softmax

X = np.random.RandomState(3).randn(5, 2)


def channels_of(parts, batch):
    mlp = MLP([FlattenerLayer(CompositeLayer(layer_name="c", layers=parts))], nvis=2)
    x = pt.dmatrix()
    channels = mlp.get_monitoring_channels((x, None))
    values = evaluate([mlp.fprop(x), *channels.values()], {x: batch})
    return values[0], dict(zip(channels, values[1:], strict=True))


def linear(name):
    return Linear(layer_name=name, dim=3, irange=1.0)


def test_a_flattened_component_is_monitored_on_its_row_of_the_output_as_in_2014(float64):
    output, channels = channels_of([linear("a"), linear("b")], X)
    for row, name in enumerate("ab"):
        for statistic in ("max", "mean", "min"):
            found = channels[f"c_{name}_{statistic}_x_mean_u"]
            np.testing.assert_allclose(found, getattr(output[row], statistic)())
    assert "c_b_row_norms_max" in channels


def test_a_batch_with_fewer_rows_than_components_takes_the_last(float64):
    output, channels = channels_of([linear("a"), linear("b")], X[:1])
    np.testing.assert_allclose(channels["c_b_max_x_max_u"], output[0].max())


def test_components_that_need_more_than_a_row_are_monitored_on_their_own_output(float64):
    output, channels = channels_of([linear("a"), Softmax(layer_name="y", n_classes=3, irange=1.0)], X)
    np.testing.assert_allclose(channels["c_y_max_max_class"], output[:, 3:].max())
    np.testing.assert_allclose(channels["c_a_max_x_max_u"], output[:, :3].max())
