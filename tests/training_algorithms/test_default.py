"""Models that train themselves: the RBM's own learning against plain NumPy, and a model of one's own."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation import evaluate
from training_stand_ins import Killed, KilledAt, Pair, data, interpret

from adversarial import checkpoint
from adversarial.backend import sharedX
from adversarial.config import yaml_parse
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.errors import ConfigurationError, DataError, NumericalError
from adversarial.models.rbm import RBM, BlockGibbsSampler
from adversarial.termination_criteria import EpochCounter, MonitorBased
from adversarial.train import Reporter, Train
from adversarial.training_algorithms.default import DefaultTrainingAlgorithm

X = np.random.RandomState(3).uniform(size=(20, 4))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def moments(v, W, b_hid):
    """What each term of the gradient is a mean of: v P(h = 1 | v), v, P(h = 1 | v)."""
    h = sigmoid(v @ W + b_hid)
    return v.T @ h / len(v), v.mean(axis=0), h.mean(axis=0)


@pytest.mark.parametrize(("anneal_start", "rates"), [(None, [0.05] * 4), (0.1, [0.05, 0.05, 0.1 / 3, 0.025])])
def test_an_rbm_learns_by_stochastic_maximum_likelihood(anneal_start, rates, float64):
    options = {"nvis": 4, "nhid": 3, "irange": 0.5, "nchains": 6, "sml_gibbs_steps": 2}
    rbm = RBM(**options, base_lr=0.05, anneal_start=anneal_start)
    twin = RBM(**options)
    chains = BlockGibbsSampler(twin, np.full((6, 4), 0.5), twin.rng, steps=2)
    (moves,) = chains.updates().values()
    order = np.random.RandomState((17, 2, 946))
    dataset = DenseDesignMatrix(X=X)
    W, b_vis, b_hid = rbm.get_param_values()
    for rate in rates:
        start = order.randint(len(X) - 5 + 1)
        data_terms = moments(X[start : start + 5], W, b_hid)
        twin.set_param_values([W, b_vis, b_hid])
        particles = chains.particles.get_value()
        moved = evaluate(moves)
        W, b_vis, b_hid = (
            value + rate * (of_data - of_chains)
            for value, of_data, of_chains in zip(
                (W, b_vis, b_hid), data_terms, moments(particles, W, b_hid), strict=True
            )
        )
        chains.particles.set_value(moved)
        assert rbm.train_batch(dataset, 5) is True
        for found, expected in zip(rbm.get_param_values(), (W, b_vis, b_hid), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


class Doubling(Pair):
    """Trains itself: each batch adds its first entry to a bias; enough after some batches."""

    def __init__(self, batches=7, last=False):
        super().__init__()
        self.left, self.last = batches, last

    def train_batch(self, dataset, batch_size):
        self.left -= 1
        bias = self.discriminator.b
        bias.set_value(bias.get_value() + dataset.get_batch_design(batch_size)[0, 0])
        return self.last if self.left == 0 else True


def trained(model, **options):
    algorithm = DefaultTrainingAlgorithm(**{"batch_size": 2, "batches_per_iter": 3} | options)
    train = Train(data(9), model, algorithm)
    train.main_loop()
    return train


def test_training_ends_when_the_model_says_so(monkeypatch):
    interpret(monkeypatch)
    train = trained(Doubling(), monitoring_dataset={"valid": data(12, seed=1)})
    monitor = train.model.monitor
    assert (monitor.get_batches_seen(), monitor.get_examples_seen()) == (7, 14)
    assert monitor.get_epochs_seen() == 3
    assert {"valid_first", "valid_bias"} <= set(monitor.channels)
    order = np.random.RandomState((17, 2, 946))
    first = [data(9).X[order.randint(9 - 2 + 1), 0] for _ in range(7)]
    np.testing.assert_allclose(train.model.discriminator.b.get_value(), np.sum(first), rtol=1e-5)


def test_a_termination_criterion_may_end_it_earlier(monkeypatch):
    interpret(monkeypatch)
    train = trained(Doubling(), termination_criterion=EpochCounter(max_epochs=1))
    assert train.model.monitor.get_batches_seen() == 3


def test_train_batch_says_whether_to_go_on(monkeypatch):
    interpret(monkeypatch)
    with pytest.raises(ConfigurationError, match="train_batch of Doubling returned None, but must return whether to"):
        trained(Doubling(last=None))


def test_an_array_says_nothing_of_going_on(monkeypatch):
    interpret(monkeypatch)
    with pytest.raises(ConfigurationError, match=r"returned array\(\[1, 2\]\), but must return whether to"):
        trained(Doubling(last=np.array([1, 2])))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch_size": 10}, "batch_size is 10, but there are 9 examples to train on"),
        (
            {
                "monitoring_dataset": data(12),
                "termination_criterion": MonitorBased(channel_name="nope", prop_decrease=0.0, N=1),
            },
            "nope",
        ),
    ],
)
def test_mistakes_are_told_before_training(options, words, monkeypatch):
    interpret(monkeypatch)
    algorithm = DefaultTrainingAlgorithm(**{"batch_size": 2, "batches_per_iter": 3} | options)
    with pytest.raises(ConfigurationError, match=words):
        Train(data(9), Doubling(), algorithm).setup()


def test_data_of_another_width_are_told_before_training(monkeypatch):
    interpret(monkeypatch)
    algorithm = DefaultTrainingAlgorithm(batch_size=2)
    with pytest.raises(ConfigurationError, match="has 5 values an example, but a batch of VectorSpace"):
        Train(data(9, dim=5), Doubling(), algorithm).setup()


def test_data_that_are_not_finite_are_told_before_training(monkeypatch):
    interpret(monkeypatch)
    broken = data(9)
    broken.X[4, 1] = np.nan
    with pytest.raises(DataError, match="example 4 of the data, counted from 0, is NaN or infinite"):
        Train(broken, Doubling(), DefaultTrainingAlgorithm(batch_size=2)).setup()


class Breaking(Doubling):
    """Has a large parameter that breaks at the second update."""

    def __init__(self):
        super().__init__(batches=8)
        self.large = sharedX(np.zeros(5000), name="large")
        self._params = [*self._params, self.large]

    def train_batch(self, dataset, batch_size):
        if self.monitor.get_batches_seen() == 1:
            self.large.set_value(np.full_like(self.large.get_value(), np.nan))
        return super().train_batch(dataset, batch_size)


@pytest.mark.parametrize(("find_nan", "update"), [(True, 2), (False, 6)])
def test_debug_nan_finds_the_update(find_nan, update, monkeypatch):
    interpret(monkeypatch)
    train = Train(data(9), Breaking(), DefaultTrainingAlgorithm(batch_size=2, batches_per_iter=6))
    train.debug_nan = find_nan
    with pytest.raises(NumericalError, match=f"parameter large is NaN after update {update}") as caught:
        train.main_loop(max_epochs=1)
    assert ("--debug-nan" in str(caught.value)) is not find_nan


def test_a_model_without_train_batch_is_named():
    with pytest.raises(ConfigurationError, match="calls train_batch, which Pair does not have: use SGD"):
        trained(Pair())


def rbm_run(folder, content=None, reporter=None):
    algorithm = DefaultTrainingAlgorithm(
        batch_size=5,
        batches_per_iter=4,
        monitoring_dataset=DenseDesignMatrix(X=X),
        termination_criterion=EpochCounter(max_epochs=3),
    )
    rbm = RBM(nvis=4, nhid=3, nchains=6, base_lr=0.1, anneal_start=0.5)
    train = Train(DenseDesignMatrix(X=X), rbm, algorithm, save_path=f"{folder}/rbm.pkl", save_freq=1)
    train.save_every_seconds = 0.0  # after each update
    train.reporter = reporter or Reporter()
    if content is not None:
        train.resume(content)
    train.main_loop()
    return train.model


@pytest.mark.parametrize("update", [2, 4, 7])
def test_a_killed_run_goes_on_to_the_bit(update, tmp_path, monkeypatch, float64):
    interpret(monkeypatch)
    straight = rbm_run(tmp_path)
    (tmp_path / "rbm.pkl").unlink()
    with pytest.raises(Killed):
        rbm_run(tmp_path, reporter=KilledAt(update))
    resumed = rbm_run(tmp_path, content=checkpoint.read(tmp_path / "rbm.pkl"))
    for one, other in zip(straight.get_param_values(), resumed.get_param_values(), strict=True):
        np.testing.assert_array_equal(one, other)
    records = [model.monitor.channels["reconstruction_error"].val_record for model in (straight, resumed)]
    assert records[0] == records[1]
    assert straight.monitor.get_batches_seen() == resumed.monitor.get_batches_seen() == 12


def test_a_file_of_2014_trains_by_it(tmp_path, float64):
    np.save(tmp_path / "v.npy", np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]))
    train = yaml_parse.load(
        """!obj:pylearn2.train.Train {
            dataset: &data !obj:pylearn2.datasets.npy_npz.NpyDataset { file: '${V}' },
            model: !obj:pylearn2.models.rbm.RBM { nvis: 2, nhid: 3, base_lr: .1, nchains: 4, sml_gibbs_steps: 1 },
            algorithm: !obj:pylearn2.training_algorithms.default.DefaultTrainingAlgorithm {
                batch_size: 1,
                batches_per_iter: 3,
                monitoring_batches: -1,
                monitoring_dataset: *data,
                termination_criterion: !obj:pylearn2.termination_criteria.EpochCounter { max_epochs: 2 },
            },
        }""",
        {"V": str(tmp_path / "v.npy")},
    )
    before = train.model.get_weights()
    train.main_loop()
    assert train.model.monitor.get_batches_seen() == 6 and not np.array_equal(train.model.get_weights(), before)
    assert np.isfinite(train.model.monitor.channels["reconstruction_error"].val_record).all()
