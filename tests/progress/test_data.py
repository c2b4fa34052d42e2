"""The line on the training data, and the warnings of what they cannot be meant to be."""

from __future__ import annotations

import numpy as np
import pytest

from adversarial.datasets.dataset import Dataset
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.models.gaussian_rbm import GaussianBinaryRBM, GRBM_Type_1
from adversarial.models.linear import HardSigmoid, Linear, RectifiedLinear, Sigmoid, Softplus, Tanh
from adversarial.models.mlp import MLP
from adversarial.models.rbm import RBM
from adversarial.progress.data import data_lines

BYTES = np.arange(64.0).reshape(4, 16) * 4


def pair(last=Sigmoid, **options):
    generator = Generator(MLP([last(layer_name="y", dim=16, irange=0.1, **options)], nvis=2), noise="uniform")
    return AdversaryPair(generator, MLP([Sigmoid(layer_name="d", dim=1, irange=0.1)], nvis=16))


def warnings(X, model):
    return data_lines(DenseDesignMatrix(X=X), model)[1:]


@pytest.mark.parametrize("layer", [Sigmoid, Tanh, HardSigmoid])
def test_bytes_are_out_of_reach_of_layers_that_end(layer):
    (warning,) = warnings(BYTES, pair(layer))
    assert f"the data are from 0 to 252, but y, the generator's last layer, a {layer.__name__}, gives" in warning
    assert "scale: 255" in warning
    assert warnings(BYTES / 255, pair(layer)) == []


@pytest.mark.parametrize("layer", [RectifiedLinear, Softplus])
def test_negative_values_are_out_of_reach_of_layers_that_begin_at_zero(layer):
    assert "gives values from 0 to inf" in warnings(BYTES - 1, pair(layer))[0]
    assert warnings(BYTES, pair(layer)) == []


def test_a_layer_that_reaches_everything_is_warned_of_nothing():
    assert warnings(BYTES - 100, pair(Linear)) == []
    assert warnings(BYTES - 100, pair(RectifiedLinear, left_slope=0.1)) == []


def test_channels_that_nobody_has_are_told_with_what_mends_them():
    dataset = DenseDesignMatrix(topo_view=np.zeros((2, 3, 32, 32)))
    line, warning = data_lines(dataset, MLP([Sigmoid(layer_name="d", dim=1, irange=0.1)], nvis=3072))
    assert line == "DenseDesignMatrix: 2 examples of 3,072 values, 3 x 32 with 32 channels; 0 to 0, mean 0"
    assert "3 x 32 pixels with 32 channels: where channels come first, axes: ['b', 'c', 0, 1]" in warning


def test_many_examples_are_looked_at_in_blocks():
    rows = np.zeros((30_000, 1))
    rows[-1] = 7
    dataset = DenseDesignMatrix(X=rows)
    assert dataset.some_examples().shape == (10_000, 1)
    assert "0 to 7" in data_lines(dataset, pair())[0]


def test_a_dataset_of_ones_own_need_not_have_a_matrix():
    class Own(Dataset):
        def get_num_examples(self):
            return 5

    assert data_lines(Own(), pair()) == ["Own: 5 examples"]


def test_binary_units_read_probabilities():
    (warning,) = warnings(BYTES, RBM(nvis=16, nhid=3))
    assert "from 0 to 252, but the visible units of RBM are binary, and read probabilities" in warning
    assert warnings(BYTES / 255, RBM(nvis=16, nhid=3)) == []
    assert warnings(BYTES, GaussianBinaryRBM(GRBM_Type_1(), 16, 3)) == []
