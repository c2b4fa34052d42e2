"""Dropout: what is dropped, and what a network under it computes."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from evaluation import evaluate

from adversarial.models.dropout import Dropout
from adversarial.models.linear import Linear
from adversarial.models.mlp import MLP
from adversarial.random_streams import MRG_RandomStreams


def identity():
    """An MLP whose output is its input."""
    mlp = MLP([Linear(layer_name="h0", dim=4, irange=0.5)], nvis=4)
    mlp.layers[0].set_weights(np.eye(4))
    return mlp


def test_a_layer_without_a_value_of_its_own_has_the_default():
    dropout = Dropout(0.5, 2.0, include_probs={"h0": 0.8}, scales={"h1": 3.0})
    assert [dropout.include_prob(name) for name in ("h0", "h1", None)] == [0.8, 0.5, 0.5]
    assert [dropout.scale(name) for name in ("h0", "h1", None)] == [2.0, 3.0, 2.0]


@pytest.mark.parametrize("dropout", [Dropout.none(), Dropout(None, 5.0), Dropout(0.5, 2.0, include_probs={"h0": 1.0})])
def test_nothing_dropped_is_nothing_scaled_and_no_variate(dropout):
    streams, layer, x = MRG_RandomStreams(1), identity().layers[0], pt.matrix()
    assert dropout.drop_inputs(x, layer, streams) is x
    assert streams.state_updates == []


def test_inputs_are_zero_or_scaled(float64):
    x = pt.dmatrix()
    found = evaluate(identity().fprop(x, dropout=Dropout(0.75, 3.0)), {x: np.ones((4000, 4))})
    assert set(np.unique(found)) == {0.0, 3.0}
    assert (found > 0).mean() == pytest.approx(0.75, abs=0.02)


def test_a_layer_says_what_a_dropped_input_becomes(float64):
    mlp, x = identity(), pt.dmatrix()
    mlp.layers[0].dropout_input_mask_value = -1.0
    found = evaluate(mlp.fprop(x, dropout=Dropout(0.5, 2.0)), {x: np.ones((50, 4))})
    assert set(np.unique(found)) == {-1.0, 2.0}


def test_parts_of_a_composite_input_have_masks_of_their_own(float64):
    streams, layer, x = MRG_RandomStreams(1), identity().layers[0], pt.dmatrix()
    parts = Dropout(0.5, 1.0).drop_inputs((x, x), layer, streams)
    first, second = evaluate(list(parts), {x: np.ones((50, 4))})
    assert (first != second).any()


def test_the_keywords_of_2014_mean_the_same(float64):
    x = pt.dmatrix()
    dropout = Dropout(0.5, 2.0, include_probs={"h0": 0.8}, scales={"h0": 1.25})
    ours = identity().fprop(x, dropout=dropout)
    theirs = identity().dropout_fprop(x, input_include_probs={"h0": 0.8}, input_scales={"h0": 1.25})
    inputs = {x: np.random.RandomState(0).rand(20, 4)}
    np.testing.assert_array_equal(evaluate(ours, inputs), evaluate(theirs, inputs))
