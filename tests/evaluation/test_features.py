"""Features are what a layer computes."""

from __future__ import annotations

import conditional_games as small
import numpy as np
import pytest

from adversarial.errors import ConfigurationError
from adversarial.evaluation.features import features, layers_of
from adversarial.models.composite import SpaceConverter
from adversarial.models.linear import Linear
from adversarial.models.mlp import MLP
from adversarial.space import Conv2DSpace


def test_layers_of_a_conditional_pair_are_those_that_read_examples(float64):
    model = small.pair()
    assert layers_of(model) == ["gen/g0", "gen/gy", "dis/d0"]
    p = {name: param.get_value() for name, param in model.named_parameters().items()}
    found = features(model, "dis/d0", small.X)
    np.testing.assert_allclose(found, np.maximum(0, small.X @ p["dis/d0_W"] + p["dis/d0_b"]), rtol=1e-12)
    pairs = np.hstack([np.ones((2, 3)), np.eye(4)[:2]])
    hidden = np.maximum(0, pairs @ p["gen/g0_W"] + p["gen/g0_b"])
    np.testing.assert_allclose(features(model, "gen/g0", pairs), hidden, rtol=1e-12)


def test_images_lie_in_rows_channel_by_channel():
    images = Conv2DSpace([2, 2], num_channels=3)
    to_c01b = SpaceConverter(layer_name="same", output_space=Conv2DSpace([2, 2], num_channels=3))
    rows = np.arange(24.0).reshape(2, 12)
    found = features(MLP([to_c01b], input_space=images), "same", rows)
    np.testing.assert_array_equal(found, rows.reshape(2, 3, 4).transpose(0, 2, 1).reshape(2, 12))


def test_what_is_no_layer_or_does_not_fit_is_told():
    model = MLP([Linear(layer_name="h0", dim=2, irange=0.1)], nvis=3)
    with pytest.raises(ConfigurationError, match="its layers are h0"):
        features(model, "h1", np.zeros((1, 3)))
    with pytest.raises(ConfigurationError, match="rows have shape"):
        features(model, "h0", np.zeros((1, 4)))
