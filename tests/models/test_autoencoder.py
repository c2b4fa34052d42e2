"""Autoencoders against plain NumPy, and the penalties against explicit Jacobians."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from adversarial import backend
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.datasets.transformer_dataset import TransformerDataset
from adversarial.models.autoencoder import Autoencoder, ContractiveAutoencoder, HigherOrderContractiveAutoencoder
from adversarial.models.blocks import StackedBlocks
from adversarial.models.corruption import DummyCorruptor, GaussianCorruptor, SaltPepperCorruptor
from adversarial.options import OptionError
from adversarial.random_streams import MRG_RandomStreams

ACTIVATIONS = {
    None: lambda x: x,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "softplus": lambda x: np.log1p(np.exp(x)),
}
X = np.random.default_rng(0).random((5, 6))


def value(expression, *pairs):
    """The value of an expression where symbolic inputs have these values."""
    inputs = [symbol for symbol, _ in pairs]
    return backend.function(inputs, expression)(*(given for _, given in pairs))


@pytest.mark.parametrize("act_enc", ACTIVATIONS)
@pytest.mark.parametrize("tied", [False, True])
def test_reconstruction_is_the_formula(act_enc, tied, float64):
    model = Autoencoder(nvis=6, nhid=4, act_enc=act_enc, act_dec="sigmoid", tied_weights=tied, irange=2.0)
    params = {param.name: param.get_value() for param in model.get_params()}
    x = pt.matrix()
    hidden = ACTIVATIONS[act_enc](X @ params["W"] + params["hb"])
    decoder = params["W"].T if tied else params["Wprime"]
    expected = ACTIVATIONS["sigmoid"](hidden @ decoder + params["vb"])
    assert value(model.reconstruct(x), (x, X)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("act_enc", ["sigmoid", "tanh", "softplus"])
def test_the_contraction_penalty_is_the_norm_of_the_jacobian(act_enc, float64):
    model = ContractiveAutoencoder(nvis=6, nhid=4, act_enc=act_enc, act_dec=None, irange=2.0)
    x, one = pt.matrix(), pt.vector()
    jacobian = pytensor.gradient.jacobian(model.encode(one[None, :])[0], one)
    explicit = np.mean([np.sum(value(jacobian, (one, row)) ** 2) for row in X])
    assert value(model.contraction_penalty(x), (x, X)) == pytest.approx(explicit, abs=1e-12)
    assert pytest.approx(value(jacobian, (one, X[0])), abs=1e-12) == value(model.jacobian_h_x(x), (x, X[:1]))[0].T


def test_without_noise_the_higher_order_penalty_is_nothing(float64):
    options = {"nvis": 6, "nhid": 4, "act_enc": "sigmoid", "act_dec": None, "irange": 2.0}
    x = pt.matrix()
    still = HigherOrderContractiveAutoencoder(DummyCorruptor(), 2, **options)
    moved = HigherOrderContractiveAutoencoder(GaussianCorruptor(0.5), 2, **options)
    assert value(still.higher_order_penalty(x), (x, X)) == 0
    assert value(moved.higher_order_penalty(x), (x, X)) > 0


def test_the_sampling_step_moves_codes_along_the_jacobian(float64):
    model = ContractiveAutoencoder(nvis=3, nhid=2, act_enc="sigmoid", act_dec=None, tied_weights=True, irange=8.0)
    model.visbias.set_value(np.zeros(3))
    sigma, x = 0.3, pt.matrix()
    start = np.tile(X[:1, :3], (200_000, 1))
    step = model.sample_step(x, sigma, MRG_RandomStreams(3))
    moved = value(step, (x, start)) - value(model.reconstruct(x), (x, start[:1]))
    J = value(model.jacobian_h_x(x), (x, start[:1]))[0].T  # (codes, inputs)
    # The decoder is linear: its weights carry the codes' covariance to the inputs.
    W = model.weights.get_value()
    expected = W @ (sigma**2 * (J @ J.T) @ (J @ J.T)) @ W.T
    assert np.cov(moved.T) == pytest.approx(expected, rel=0.05, abs=0.05 * np.abs(expected).max())


def test_salt_and_pepper_replace_the_share_that_they_say(float64):
    x = pt.matrix()
    found = value(SaltPepperCorruptor(0.4)(x), (x, np.full((400, 500), 0.5)))
    assert np.mean(found != 0.5) == pytest.approx(0.4, abs=0.005)
    assert np.mean(found[found != 0.5]) == pytest.approx(0.5, abs=0.01)


def test_a_stack_is_its_blocks_one_after_the_other(float64):
    lower = Autoencoder(nvis=6, nhid=4, act_enc="tanh", act_dec=None, irange=2.0)
    upper = Autoencoder(nvis=4, nhid=2, act_enc="sigmoid", act_dec=None, irange=2.0)
    stack = StackedBlocks([lower, upper])
    assert stack.perform(X) == pytest.approx(upper.perform(lower.perform(X)), abs=1e-12)
    codes = TransformerDataset(DenseDesignMatrix(X=X, y=np.arange(5)), stack)
    assert pytest.approx(stack.perform(X), abs=1e-12) == codes.X
    assert codes.y.tolist() == [0, 1, 2, 3, 4]
    later = TransformerDataset(DenseDesignMatrix(X=X), stack)
    lower.weights.set_value(-lower.weights.get_value())
    # Made when first read, as an earlier phase of a file may train the stack, and kept from then on.
    trained = later.X
    assert pytest.approx(stack.perform(X), abs=1e-12) == trained
    assert np.abs(trained - codes.X).max() > 0.01
    lower.weights.set_value(0 * lower.weights.get_value())
    assert np.array_equal(later.X, trained)
    with pytest.raises(OptionError, match="a block gives"):
        StackedBlocks([upper, lower])
