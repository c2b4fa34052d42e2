"""Channels that extensions add, against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from evaluation import evaluate
from hypothesis import given, settings
from hypothesis import strategies as st

from adversarial.backend import sharedX
from adversarial.options import OptionError
from adversarial.train_extensions.channels import ChannelSmoother, SharedSetter, area_under_roc_curve


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), min_size=2, max_size=12))
def test_the_area_is_the_share_of_pairs_in_the_right_order(examples):
    scores, labels = np.array(examples, float).T
    pairs = [(p, n) for p in scores[labels == 1] for n in scores[labels == 0]]
    positive, negative = pt.constant(labels == 1), pt.constant(labels == 0)
    found = float(evaluate(area_under_roc_curve(pt.constant(scores), positive, negative)))
    expected = np.mean([(p > n) + 0.5 * (p == n) for p, n in pairs]) if pairs else np.nan
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_shared_variable_is_set_at_its_epoch_and_after_a_resume():
    variable = sharedX(0.5, name="momentum")
    setter = SharedSetter([[1, variable, 0.7], [2, variable, 0.9]])
    values = []
    for _ in range(2):
        setter.on_monitor(None, None, None)
        values.append(round(float(variable.get_value()), 5))
    resumed = SharedSetter([[1, variable, 0.7], [2, variable, 0.9]])
    resumed.set_state(setter.get_state())
    resumed.on_monitor(None, None, None)
    assert [*values, round(float(variable.get_value()), 5)] == [0.5, 0.7, 0.9]
    with pytest.raises(OptionError, match="must hold .epoch, shared variable, value"):
        SharedSetter([[1, 0.5]])


def test_the_smoothed_channel_is_the_mean_of_the_newest_values():
    class Channel:
        def __init__(self, *values):
            self.val_record = list(values)

    class Model:
        class monitor:
            channels = {"nll": Channel(9.0, 1.0, 2.0, 3.0), "smooth": Channel(0.0, 0.0, 0.0, -1.0)}

    ChannelSmoother("nll", "smooth", k=4).on_monitor(Model, None, None)
    assert Model.monitor.channels["smooth"].val_record[-1] == 2.0
