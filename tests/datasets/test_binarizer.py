"""Examples drawn from probabilities: their order, their state, and a run that is killed between two of them."""

from __future__ import annotations

import numpy as np
import pytest
from training_stand_ins import experiment, interpret, parameters, record

from adversarial import checkpoint
from adversarial.config import yaml_parse
from adversarial.datasets.binarizer import SEED, Binarizer
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.datasets.view_converter import DefaultViewConverter
from adversarial.random_streams import MRG_RandomStreams
from adversarial.serialization.plain import normalise
from adversarial.space import CompositeSpace, Conv2DSpace, VectorSpace
from adversarial.termination_criteria import EpochCounter
from adversarial.train import Reporter

MEANS = np.random.RandomState(0).uniform(size=(12, 4))


def raw(**options) -> DenseDesignMatrix:
    return DenseDesignMatrix(X=MEANS, y=np.arange(12), **options)


def test_a_batch_is_compared_with_2014s_uniform_numbers(float64):
    streams = MRG_RandomStreams(SEED)
    # The size is a symbol, as of a batch, so that the number of streams is that of any size.
    state = streams.get_substream_rstates(15_360)
    drawn = Binarizer(raw())
    np.testing.assert_array_equal(drawn.get_state()["stream"], state)
    specs = CompositeSpace([VectorSpace(4), VectorSpace(1)]), ("features", "targets")
    batches = list(drawn.iterator("sequential", batch_size=5, data_specs=specs))
    assert [len(features) for features, _ in batches] == [5, 5, 2]
    assert np.concatenate([targets for _, targets in batches]).ravel().tolist() == list(range(12))
    assert set(np.concatenate([features for features, _ in batches]).ravel()) == {0.0, 1.0}


def test_samples_have_their_means_and_every_pass_is_new(float64):
    many = Binarizer(DenseDesignMatrix(X=np.tile(MEANS[:1], (4000, 1))))
    first, second = many.get_design_matrix(), many.get_design_matrix()
    assert first.mean(axis=0) == pytest.approx(MEANS[0], abs=0.03)
    assert (first != second).any()
    again = Binarizer(DenseDesignMatrix(X=np.tile(MEANS[:1], (4000, 1))))
    np.testing.assert_array_equal(again.get_design_matrix(), first)


@pytest.mark.parametrize("on", ["c", "numba", "jax"], indirect=True)
def test_its_state_can_be_saved_on_every_backend(on, float64):
    drawn, again = Binarizer(raw()), Binarizer(raw())
    drawn.get_design_matrix()
    again.set_state(normalise(drawn.get_state()))
    np.testing.assert_array_equal(again.get_design_matrix(), drawn.get_design_matrix())


def test_images_are_drawn_too():
    drawn = Binarizer(raw(view_converter=DefaultViewConverter((2, 2, 1))))
    assert drawn.image_shape == (2, 2, 1)
    space = Conv2DSpace(shape=(2, 2), num_channels=1)
    (batch, *_) = drawn.iterator("sequential", batch_size=6, data_specs=(space, "features"))
    assert batch.shape == (6, 2, 2, 1)
    assert set(batch.ravel()) == {0.0, 1.0}


def test_a_file_of_2014_names_it():
    drawn = yaml_parse.load(
        "!obj:pylearn2.datasets.binarizer.Binarizer "
        "{raw: !obj:pylearn2.datasets.mnist.MNIST {which_set: test, start: 0, stop: 20}}"
    )
    assert drawn.get_num_examples() == 20
    assert drawn.has_targets()
    assert drawn.get_test_set().get_num_examples() == 10_000


class _StopAt(Reporter):
    def __init__(self, update: int):
        self.left = update

    def on_update(self, train):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


def _train(folder, reporter=None, content=None):
    drawn = Binarizer(raw())
    train = experiment(
        monitoring_dataset={"train": drawn},
        termination_criterion=EpochCounter(max_epochs=3),
        train={"dataset": drawn, "save_path": str(folder / "m.pkl"), "save_freq": 1},
    )
    train.save_every_seconds = 0.0
    train.reporter = reporter or Reporter()
    if content is not None:
        train.resume(content)
    train.main_loop()
    return train


def test_a_killed_run_goes_on_with_the_samples_that_it_would_have_had(tmp_path, monkeypatch):
    interpret(monkeypatch)
    straight = _train(tmp_path)
    (tmp_path / "m.pkl").unlink()
    with pytest.raises(KeyboardInterrupt):
        _train(tmp_path, _StopAt(5))
    resumed = _train(tmp_path, content=checkpoint.read(tmp_path / "m.pkl"))
    for one, other in zip(parameters(straight), parameters(resumed), strict=True):
        np.testing.assert_array_equal(one, other)
    assert record(straight) == record(resumed)
