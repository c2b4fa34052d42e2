"""K + 1 outputs against plain NumPy, and against K outputs."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from evaluation import evaluate

from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.datasets.few_labelled import FewLabelled
from adversarial.errors import ConfigurationError
from adversarial.game.generator import Generator
from adversarial.game.semi_supervised import SemiSupervisedAdversaryCost, SemiSupervisedAdversaryPair
from adversarial.models.linear import Linear, RectifiedLinear, Sigmoid
from adversarial.models.mlp import MLP
from adversarial.options import OptionError
from adversarial.space import VectorSpace
from adversarial.termination_criteria import EpochCounter
from adversarial.train import Train
from adversarial.training_algorithms.sgd import SGD

RANDOM = np.random.RandomState(7)
X, LABELLED, Y = RANDOM.rand(20, 6), RANDOM.rand(20, 6), np.eye(3)[np.arange(20) % 3]


def pair(outputs):
    generator = Generator(MLP([Sigmoid(layer_name="gy", dim=6, irange=1.0)], nvis=3), noise="uniform")
    layers = [RectifiedLinear(layer_name="d0", dim=5, irange=1.0), Linear(layer_name="dy", dim=outputs, irange=1.0)]
    return SemiSupervisedAdversaryPair(generator, MLP(layers, nvis=6))


def logits(model, rows):
    p = {name: param.get_value() for name, param in model.named_parameters().items()}
    return np.maximum(0, rows @ p["dis/d0_W"] + p["dis/d0_b"]) @ p["dis/dy_W"] + p["dis/dy_b"]


def found(model, **options):
    batches = pt.dmatrix(), pt.dmatrix(), pt.dmatrix()
    cost = SemiSupervisedAdversaryCost(n_classes=3, **options)
    objectives = cost.get_samples_and_objectives(model, batches)
    gradients = cost.get_gradients(model, batches)[0]
    wanted = [objectives.samples, objectives.discriminator, objectives.generator]
    wanted += [gradients[param] for param in model.get_params()]
    return evaluate(wanted, dict(zip(batches, (X, LABELLED, Y), strict=True)))


def test_objectives_of_k_plus_1_outputs(float64):
    model = pair(4)
    samples, d_obj, g_obj, *_ = found(model, labelled_weight=0.7)

    def real_logit(rows):
        each = logits(model, rows)
        return np.log(np.exp(each[:, :3]).sum(axis=1)) - each[:, 3]

    named = logits(model, LABELLED)[:, :3]
    entropy = -np.mean(np.log((np.exp(named) * Y).sum(axis=1) / np.exp(named).sum(axis=1)))
    real, fake = real_logit(X), real_logit(samples)
    game = 0.5 * (np.logaddexp(0, -real).mean() + np.logaddexp(0, fake).mean())
    np.testing.assert_allclose(d_obj, game + 0.7 * entropy, rtol=1e-10)
    np.testing.assert_allclose(g_obj, np.logaddexp(0, -fake).mean(), rtol=1e-10)


def test_a_last_logit_of_0_leaves_k_outputs(float64):
    more, fewer = pair(4), pair(3)
    for name, param in more.named_parameters().items():
        value = param.get_value()
        if name.startswith("dis/dy"):
            value[..., 3] = 0.0
            param.set_value(value)
            value = value[..., :3]
        fewer.named_parameters()[name].set_value(value)
    for one, other in zip(found(more), found(fewer), strict=True):
        one = one[..., :3] if one.shape != other.shape else one
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)


def test_labelled_examples_come_over_and_over():
    y = np.arange(40) % 4
    dataset = FewLabelled(DenseDesignMatrix(X=np.arange(80.0).reshape(40, 2), y=y[:, None]), labels=8)
    assert np.bincount(y[dataset.labelled]).tolist() == [2] * 4
    space = VectorSpace(2)
    rows, labelled, targets = (
        dataset.batch(np.array([3, 11, 25]), *request)
        for request in ((space, "features"), (space, "labelled"), (VectorSpace(4), "targets"))
    )
    chosen = dataset.labelled[[3, 3, 1]]
    np.testing.assert_array_equal(rows, dataset.X[[3, 11, 25]])
    np.testing.assert_array_equal(labelled, dataset.X[chosen])
    np.testing.assert_array_equal(targets, np.eye(4)[y[chosen]])
    with pytest.raises(ConfigurationError, match="evenly"):
        FewLabelled(dataset, labels=7)


def test_training_learns_the_classes():
    centres = np.eye(3, 6)[np.arange(60) % 3]
    dataset = DenseDesignMatrix(X=centres + 0.1 * np.random.RandomState(1).rand(60, 6), y=np.arange(60) % 3)
    few, every = FewLabelled(dataset, labels=6), FewLabelled(dataset)
    cost = SemiSupervisedAdversaryCost(n_classes=3, scale_grads=False)
    stop = EpochCounter(8)
    train = Train(few, pair(4), SGD(0.2, cost, batch_size=10, monitoring_dataset=every, termination_criterion=stop))
    train.main_loop()
    assert train.model.monitor.channels["misclass"].val_record[-1] <= 0.1


def test_discriminators_of_other_sizes_are_refused():
    with pytest.raises(OptionError, match="a logit for each class"):
        pair(1)
    with pytest.raises(OptionError, match="D has 6 outputs"):
        SemiSupervisedAdversaryCost(n_classes=3).get_data_specs(pair(6))
