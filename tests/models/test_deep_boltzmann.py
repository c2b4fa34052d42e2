"""Small deep Boltzmann machines against the enumeration of all their states, and against a restricted one."""

from __future__ import annotations

import itertools

import numpy as np
import pytensor.tensor as pt
import pytest
from training_stand_ins import whole_and_resumed

from adversarial import backend, checkpoint
from adversarial.cost import SumOfCosts
from adversarial.costs.dbm import TorontoSparsity, VariationalPCD, WeightDecay
from adversarial.datasets.binarizer import Binarizer
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.models.chains import Chain
from adversarial.models.deep_boltzmann import DBM, BinaryVector, BinaryVectorMaxPool
from adversarial.models.rbm import RBM
from adversarial.options import OptionError
from adversarial.termination_criteria import EpochCounter
from adversarial.train import Train
from adversarial.training_algorithms.sgd import SGD

RNG = np.random.default_rng(3)
X = (RNG.random((10, 3)) < 0.4).astype(float)


def machine(*dims, niter=1):
    layers = [BinaryVectorMaxPool(f"h{n}", dim, irange=1.0, init_bias=-0.3) for n, dim in enumerate(dims)]
    return DBM(5, BinaryVector(3), layers, niter)


def compiled(inputs, outputs):
    return backend.function(inputs, outputs, on_unused_input="ignore")


def test_each_unit_is_drawn_given_its_neighbours(float64):
    deep = machine(2, 3, 2, niter=2)
    sizes = [3, 2, 3, 2]
    every = np.array(list(itertools.product([0.0, 1.0], repeat=sum(sizes))))
    parts = np.split(every, np.cumsum(sizes)[:-1], axis=1)
    symbols = [pt.matrix() for _ in sizes]
    energies = compiled(symbols, deep.energy(symbols))(*parts)
    received = compiled(symbols, [deep._input_of(number, symbols) for number in range(4)])(*parts)
    unit = 0
    for number, size in enumerate(sizes):
        for column in range(size):
            flipped = every.copy()
            flipped[:, unit] = 1 - flipped[:, unit]
            other = compiled(symbols, deep.energy(symbols))(*np.split(flipped, np.cumsum(sizes)[:-1], axis=1))
            # log P(1 | rest) - log P(0 | rest) is the difference of energies.
            log_odds = np.where(every[:, unit] == 1, other - energies, energies - other)
            np.testing.assert_allclose(received[number][:, column], log_odds, atol=1e-12)
            unit += 1


def test_mean_field_of_two_layers_comes_to_its_fixed_point(float64):
    deep, v = machine(2, 3, niter=200), pt.matrix()
    first, second = compiled([v], deep.mf(v))(X)
    lower, upper = deep.hidden_layers
    W1, b1, W2, b2 = (p.get_value() for p in (lower.W, lower.b, upper.W, upper.b))
    np.testing.assert_allclose(first, 1 / (1 + np.exp(-(X @ W1 + b1 + second @ W2.T))), atol=1e-10)
    np.testing.assert_allclose(second, 1 / (1 + np.exp(-(first @ W2 + b2))), atol=1e-10)


def test_with_one_layer_it_is_a_restricted_machine(float64):
    shallow, restricted, v = machine(4), RBM(nvis=3, nhid=4), pt.matrix()
    shallow.visible_layer.bias.set_value(RNG.normal(size=3))
    bias, W, b = shallow.get_params()
    for param, own in zip(restricted.get_params(), (W, bias, b), strict=True):
        param.set_value(own.get_value())
    means, own_means = compiled([v], [restricted.mean_h_given_v(v), shallow.mf(v)[0]])(X)
    np.testing.assert_allclose(own_means, means, rtol=1e-12)
    # The gradient of the bound is that of the free energy: data less chains.
    cost = VariationalPCD(num_chains=6, num_gibbs_steps=2)
    gradients, updates = cost.get_gradients(shallow, v)
    chains = [updates[state] for state in cost.chains]
    found = compiled([v], [*gradients.values(), *chains])(X)
    (visible, hidden), samples = found[3:], found[:3]
    positive = [X.mean(axis=0), X.T @ means / len(X), means.mean(axis=0)]
    negative = [visible.mean(axis=0), visible.T @ hidden / len(visible), hidden.mean(axis=0)]
    for gradient, up, down in zip(samples, positive, negative, strict=True):
        np.testing.assert_allclose(gradient, down - up, atol=1e-12)


def test_sparsity_follows_its_target_as_if_units_were_linear(float64):
    deep, v = machine(2, 3, niter=3), pt.matrix()
    cost = TorontoSparsity(targets=[0.2, 0.1], coeffs=[0.5, 2.0])
    gradients, _ = cost.get_gradients(deep, v)
    first, second, value, *found = compiled([v], [*deep.mf(v), cost.expr(deep, v), *gradients.values()])(X)
    off = [first.mean(axis=0) - 0.2, second.mean(axis=0) - 0.1]
    np.testing.assert_allclose(value, 0.5 * np.square(off[0]).mean() + 2 * np.square(off[1]).mean(), rtol=1e-12)
    expected = []
    for below, coeff, each in ((X, 0.5, off[0]), (first, 2.0, off[1])):
        wanted = coeff * 2 * each / len(each) / len(X)
        expected += [np.outer(below.sum(axis=0), wanted), wanted * len(X)]
    for gradient, by_hand in zip(found, expected, strict=True):
        np.testing.assert_allclose(gradient, by_hand, rtol=1e-12)


def experiment(epochs):
    data = Binarizer(DenseDesignMatrix(X=np.random.default_rng(5).random((10, 3))))
    cost = SumOfCosts([VariationalPCD(4, 2), WeightDecay([0.01, 0.0]), TorontoSparsity([0.2, 0.2], [0.1, 0.1])])
    sgd = SGD(0.1, cost, monitoring_dataset=data, termination_criterion=EpochCounter(epochs))
    return Train(data, machine(2, 3, niter=2), sgd)


def test_training_resumes_to_the_bit_and_saves_what_samples(float64, tmp_path):
    whole, _ = whole_and_resumed(experiment)
    checkpoint.save_model(tmp_path / "machine.pkl", whole.model)
    loaded = checkpoint.load_model(tmp_path / "machine.pkl")
    samples = [Chain(each, X, seed=1).advance(3) for each in (whole.model, loaded)]
    np.testing.assert_array_equal(*samples)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BinaryVectorMaxPool("h", 4, irange=0.1, pool_size=2), "max-pooling is out of scope"),
        (lambda: machine(2, 3), "needs 2 or more"),
        (lambda: DBM(5, BinaryVector(3), [], 1), "must be one or more"),
        (lambda: BinaryVector(2, DenseDesignMatrix(X=np.eye(3))), "has 3 features, but nvis is 2"),
        (lambda: WeightDecay([0.1, 0.2]).expr(machine(2), None), "has 2 numbers, but the DBM has 1 hidden layer$"),
        (lambda: TorontoSparsity([2.0], [0.1]), "targets is .2.0., but .* a number of at least 0 and at most 1"),
    ],
)
def test_what_cannot_be_is_said(make, message):
    with pytest.raises(OptionError, match=message):
        make()
