"""Networks made from parts of trained ones compute what those parts computed."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from evaluation import evaluate

from adversarial import checkpoint
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.game.costs import AdversaryCost2
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.game.surgery import add_layers, marginals, recapitate_discriminator, with_inferer
from adversarial.models.linear import Linear, RectifiedLinear, Sigmoid, Tanh
from adversarial.models.mlp import MLP
from adversarial.options import OptionError
from adversarial.termination_criteria import EpochCounter
from adversarial.train import Train
from adversarial.training_algorithms.sgd import SGD

X = np.random.RandomState(0).standard_normal((6, 5))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@pytest.fixture
def saved(float64, tmp_path):
    """A pair on disk, and its parameters by name."""
    generator = MLP([Tanh(layer_name="g0", dim=4, irange=0.5), Sigmoid(layer_name="g1", dim=3, irange=0.5)], nvis=2)
    discriminator = MLP([Tanh(layer_name="d0", dim=4, irange=0.5), Sigmoid(layer_name="y", dim=1, irange=0.5)], nvis=5)
    pair = AdversaryPair(generator=Generator(mlp=generator), discriminator=discriminator)
    rng = np.random.RandomState(1)
    for param in pair.get_params():
        param.set_value(rng.standard_normal(param.get_value().shape))
    checkpoint.save_model(tmp_path / "pair.pkl", pair)
    return str(tmp_path / "pair.pkl"), checkpoint.read(tmp_path / "pair.pkl")["parameters"]


def output(mlp, inputs):
    x = pt.dmatrix()
    return evaluate(mlp.fprop(x), {x: inputs})


@pytest.mark.parametrize("start", [0, 1])
def test_the_layers_of_a_saved_generator_go_on_top(saved, start):
    path, value = saved
    made = add_layers(MLP([RectifiedLinear(layer_name="new", dim=(2, 4)[start], irange=0.5)], nvis=5), path, start)
    h = np.maximum(X @ made.layers[0].get_weights() + made.layers[0].get_biases(), 0)
    if start == 0:
        h = np.tanh(h @ value["gen/g0_W"] + value["gen/g0_b"])
    np.testing.assert_allclose(output(made, X), sigmoid(h @ value["gen/g1_W"] + value["gen/g1_b"]), rtol=1e-12)
    assert made.layer_names == ["new", *["g0", "g1"][start:]]


def test_a_saved_discriminator_gets_a_new_head_and_keeps_the_rest(saved):
    path, value = saved
    made = recapitate_discriminator(path, Sigmoid(layer_name="y", dim=3, irange=0.5))
    head = made.layers[-1]
    assert head.get_weights().shape == (4, 3) and (head.get_biases() == 0).all()
    h = np.tanh(X @ value["dis/d0_W"] + value["dis/d0_b"])
    np.testing.assert_allclose(output(made, X), sigmoid(h @ head.get_weights()), rtol=1e-12)


def test_layers_that_do_not_fit_are_refused(saved):
    path, _ = saved
    mlp = MLP([RectifiedLinear(layer_name="new", dim=9, irange=0.5)], nvis=5)
    with pytest.raises(OptionError, match="layer 'g0' reads .*2.*but mlp gives .*9"):
        add_layers(mlp, path)
    with pytest.raises(OptionError, match="has 2 layers"):
        add_layers(mlp, path, 2)


def test_marginals_are_column_means():
    X = np.random.RandomState(0).rand(6, 3)
    np.testing.assert_allclose(marginals(DenseDesignMatrix(X=X)), X.mean(axis=0))


def test_a_trained_pair_with_an_inferer_learns_to_infer_and_changes_nothing_else(saved):
    path, _ = saved
    generator = checkpoint.load_model(path).generator
    limited = MLP([Sigmoid(layer_name="y", dim=1, irange=0.5, max_col_norm=0.01)], nvis=3)
    inferer = MLP([Linear(layer_name="z", dim=2, irange=0.1)], nvis=3)
    model = with_inferer(AdversaryPair(generator, limited), inferer)
    frozen = {name: param.get_value() for name, param in model.named_parameters().items() if "inf" not in name}
    dataset = DenseDesignMatrix(X=np.zeros((20, 3)))
    cost = AdversaryCost2(scale_grads=False, ever_train_discriminator=False, ever_train_generator=False)
    stop = EpochCounter(2)
    sgd = SGD(0.1, cost, batch_size=10, monitoring_dataset=dataset, init_momentum=0.5, termination_criterion=stop)
    train = Train(dataset, model, sgd)
    train.main_loop()
    after = model.named_parameters()
    assert all(after[name].get_value().tobytes() == value.tobytes() for name, value in frozen.items())
    losses = model.monitor.channels["objective_i"].val_record
    assert losses[-1] < losses[0]
    with pytest.raises(OptionError, match="but z is of"):
        with_inferer(AdversaryPair(generator, limited), MLP([Linear(layer_name="z", dim=3, irange=0.1)], nvis=3))
