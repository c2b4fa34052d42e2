"""A cost refuses a model that lacks what it needs, before any graph is built, and takes any that has it."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest

from adversarial import backend
from adversarial.cost import SumOfCosts
from adversarial.costs import dbm, mlp
from adversarial.costs.energy import SMD, SML, CDk
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.errors import ConfigurationError
from adversarial.game.coordination import CoordinatedAdversaryCost
from adversarial.game.costs import AdversaryCost2
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.models.corruption import GaussianCorruptor
from adversarial.models.deep_boltzmann import DBM, BinaryVector, BinaryVectorMaxPool
from adversarial.models.gaussian_rbm import GaussianBinaryRBM, GRBM_Type_1
from adversarial.models.linear import Sigmoid
from adversarial.models.mlp import MLP
from adversarial.models.model import Model
from adversarial.models.rbm import RBM
from adversarial.progress.reporting import Reporter
from adversarial.space import VectorSpace
from adversarial.train import Train
from adversarial.training_algorithms.bgd import BGD
from adversarial.training_algorithms.sgd import SGD


def machine():
    return DBM(5, BinaryVector(3), [BinaryVectorMaxPool("h", 2, irange=0.1)], 1)


def gaussian():
    return GaussianBinaryRBM(GRBM_Type_1(), 3, 2)


def pair():
    generator = Generator(MLP([Sigmoid(dim=3, layer_name="y", irange=0.1)], nvis=2))
    return AdversaryPair(generator, MLP([Sigmoid(dim=1, layer_name="y", irange=0.1)], nvis=3))


def set_up(algorithm, cost, model, **options):
    data = DenseDesignMatrix(X=np.zeros((10, 3)), y=np.zeros((10, 1)))
    options |= {"learning_rate": 0.1} if algorithm is SGD else {}
    algorithm(cost=cost, batch_size=5, **options).setup(model, data)


PAIRS = [
    (CDk(1), machine, "CDk: .* DBM, which has no '.*'; this cost trains an RBM or a GaussianBinaryRBM"),
    (SML(5, 1), machine, "SML: .* DBM, which has no '.*'; this cost trains an RBM or a GaussianBinaryRBM"),
    (SML(5, 1), pair, "SML: .* AdversaryPair, which has no 'free_energy'"),
    (mlp.Default(), machine, "Default: .* DBM, which has no 'cost_from_X'; this cost trains an MLP"),
    (AdversaryCost2(), machine, "AdversaryCost2: .* DBM, which has no 'generator'; this cost trains an AdversaryPair"),
    (CoordinatedAdversaryCost(), machine, "CoordinatedAdversaryCost: .* DBM, which has no 'generator'"),
    (dbm.VariationalPCD(5, 1), gaussian, "VariationalPCD: .* GaussianBinaryRBM, which has no 'mf'; .* a DBM"),
    (dbm.VariationalPCD(5, 1), pair, "VariationalPCD: .* AdversaryPair, which has no 'mf'; .* a DBM"),
    (dbm.TorontoSparsity([0.1], [1.0]), gaussian, "TorontoSparsity: .* GaussianBinaryRBM, which has no 'mf'"),
    (dbm.TorontoSparsity([0.1], [1.0]), pair, "TorontoSparsity: .* AdversaryPair, which has no 'mf'"),
    (dbm.WeightDecay([0.1]), gaussian, "WeightDecay: .* GaussianBinaryRBM, which has no 'hidden_layers'"),
    (dbm.WeightDecay([0.1]), pair, "WeightDecay: .* AdversaryPair, which has no 'hidden_layers'"),
    (SMD(GaussianCorruptor(0.4)), lambda: RBM(3, 2), "SMD: .* RBM, which has no 'score'; .* a GaussianBinaryRBM"),
]


@pytest.mark.parametrize("algorithm", [SGD, BGD])
@pytest.mark.parametrize(("cost", "model", "sentence"), PAIRS)
def test_a_cost_names_the_models_that_it_trains(algorithm, cost, model, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        set_up(algorithm, cost, model())


def test_each_part_of_a_sum_and_each_monitored_cost_is_asked():
    with pytest.raises(ConfigurationError, match="VariationalPCD: .* RBM, which"):
        set_up(SGD, SumOfCosts([SML(5, 1), dbm.VariationalPCD(5, 1)]), RBM(3, 2))
    with pytest.raises(ConfigurationError, match="Default: .* RBM, which"):
        set_up(SGD, SML(5, 1), RBM(3, 2), monitoring_costs={"other": mlp.Default()})


def test_a_model_is_refused_before_anything_compiles():
    told = []

    class Told(Reporter):
        def on_setup(self, train):
            told.append(train)

    data, model = DenseDesignMatrix(X=np.zeros((10, 3))), pair()
    cost = CoordinatedAdversaryCost(feature_layer="bogus")
    train = Train(data, model, SGD(learning_rate=0.1, batch_size=5, cost=cost))
    train.reporter = Told()
    with pytest.raises(ConfigurationError, match="feature_layer is 'bogus'"):
        train.setup()
    assert not told


class OwnModel(Model):
    """A user's own model, which is of no class that is named, but computes what `Default` asks for."""

    def __init__(self):
        self.w = backend.sharedX(np.ones(3), name="w")
        self._params = [self.w]
        self.input_space = self.output_space = VectorSpace(3)

    def cost_from_X(self, data):
        return pt.sqr(data[0] * self.w - data[1]).mean()


def test_a_model_of_ones_own_that_has_what_is_needed_is_taken():
    set_up(SGD, mlp.Default(), OwnModel())
