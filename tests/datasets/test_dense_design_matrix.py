"""Design matrices: rows, images and targets, a minibatch at a time."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adversarial.backend import floatX
from adversarial.datasets.dense_design_matrix import DefaultViewConverter, DenseDesignMatrix, one_hot_rows
from adversarial.errors import ConfigurationError, DataError
from adversarial.index_space import IndexSpace
from adversarial.options import OptionError
from adversarial.space import CompositeSpace, Conv2DSpace, VectorSpace

orders = st.permutations(["b", 0, 1, "c"])


def matrix(rows: int = 23, columns: int = 6, **options) -> DenseDesignMatrix:
    X = np.random.RandomState(0).randn(rows, columns)
    return DenseDesignMatrix(X=X, **options)


def images_of(rows: int, columns: int) -> DenseDesignMatrix:
    return matrix(columns=rows * columns, view_converter=DefaultViewConverter([rows, columns, 1]))


@given(orders, st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(1, 5))
def test_rows_to_images_and_back_is_the_identity(axes, rows, columns, channels, examples):
    X = np.arange(examples * rows * columns * channels, dtype=float).reshape(examples, -1)
    converter = DefaultViewConverter([rows, columns, channels], axes)
    images = converter.design_mat_to_topo_view(X)
    converter.topo_space.np_validate(images)
    np.testing.assert_array_equal(converter.topo_view_to_design_mat(images), X)


@given(orders, orders)
def test_images_in_any_order_of_axes_are_the_same_images(stored, asked):
    X = np.random.RandomState(0).randn(7, 2 * 3 * 4)
    dataset = DenseDesignMatrix(X=X, view_converter=DefaultViewConverter([2, 3, 4], stored))
    space = Conv2DSpace([2, 3], num_channels=4, axes=asked)
    batch = next(dataset.iterator(batch_size=7, data_specs=(space, "features")))
    images = X.reshape(7, 4, 2, 3)
    expected = images.transpose([["b", "c", 0, 1].index(axis) for axis in asked])
    np.testing.assert_array_equal(batch, expected.astype(floatX()))
    assert batch.flags.c_contiguous


def test_images_are_those_of_2014(golden):
    recorded = np.load(golden / "trajectories" / "cifar_conv_recipe" / "data.npz")
    dataset = DenseDesignMatrix(X=recorded["train"], view_converter=DefaultViewConverter([8, 8, 3], ["c", 0, 1, "b"]))
    np.testing.assert_array_equal(dataset.get_topological_view(), recorded["train_topo_c01b"])
    again = DenseDesignMatrix(topo_view=recorded["train_topo_c01b"], axes=["c", 0, 1, "b"])
    np.testing.assert_array_equal(again.X, recorded["train"])


@pytest.mark.parametrize("mode", ["sequential", "shuffled_sequential", "batchwise_shuffled_sequential"])
def test_minibatches_hold_every_example_with_its_target(mode):
    dataset = matrix(y=np.arange(23).reshape(-1, 1))
    specs = (CompositeSpace([VectorSpace(6), VectorSpace(1)]), ("features", "targets"))
    batches = list(dataset.iterator(mode, batch_size=5, data_specs=specs, rng=3))
    assert len(batches) == dataset.iterator(mode, batch_size=5, data_specs=specs).num_batches == 5
    features, targets = (np.concatenate(part) for part in zip(*batches, strict=True))
    assert features.dtype == targets.dtype == floatX()
    order = targets[:, 0].astype(int)
    assert sorted(order) == list(range(23))
    np.testing.assert_array_equal(features, dataset.X[order].astype(floatX()))


def test_float64_comes_where_it_is_asked_for(float64):
    (batch,) = next(matrix().iterator(batch_size=4, data_specs=(VectorSpace(6), "features"), return_tuple=True))
    assert batch.dtype == np.float64


@pytest.mark.parametrize("subset", [slice(3, 90), np.array([5, 0, 77])])
def test_pixels_become_the_same_numbers_by_the_batch_as_all_at_once(subset):
    class Pixels(DenseDesignMatrix):
        bytes_are_pixels = True

    bytes_ = np.random.RandomState(0).randint(0, 256, (100, 8)).astype(np.uint8)
    dataset = Pixels(X=bytes_)
    at_once = bytes_.astype(np.float32) / np.float32(255)
    np.testing.assert_array_equal(dataset.X, at_once)
    np.testing.assert_array_equal(dataset.batch(subset, VectorSpace(8), "features"), at_once[subset])
    assert next(dataset.iterator(batch_size=10)).dtype == floatX()


def test_labels_become_rows_where_a_vector_is_asked_for():
    labels = np.array([2, 0, 1, 2])
    dataset = DenseDesignMatrix(X=np.zeros((4, 2)), y=labels, y_labels=3)
    batch = next(dataset.iterator(batch_size=4, data_specs=(VectorSpace(3), "targets")))
    np.testing.assert_array_equal(batch, [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    assert (one_hot_rows(labels, 3).argmax(axis=1) == labels).all()


def test_shuffles_differ_from_pass_to_pass_but_not_from_run_to_run():
    specs = {"mode": "shuffled_sequential", "batch_size": 23}
    one, other = matrix(), matrix()
    passes = [next(one.iterator(**specs)) for _ in range(2)]
    assert (passes[0] != passes[1]).any()
    for known in passes:
        np.testing.assert_array_equal(next(other.iterator(**specs)), known)


def test_restrict_keeps_the_examples_between():
    dataset = matrix(y=np.arange(23))
    X = dataset.X.copy()
    dataset.restrict(4, 9)
    assert dataset.get_num_examples() == 5
    np.testing.assert_array_equal(dataset.get_design_matrix(), X[4:9])
    np.testing.assert_array_equal(dataset.get_targets(), np.arange(4, 9))
    with pytest.raises(OptionError, match="stop is 6, but there are 5 examples"):
        dataset.restrict(0, 6)
    with pytest.raises(OptionError, match="start is 3, but must be below stop, which is 3"):
        dataset.restrict(3, 3)


@pytest.mark.parametrize("targets", [None, np.arange(23)])
def test_a_batch_to_look_at_lies_together_where_2014s_lay(targets):
    options = {"columns": 6, "view_converter": DefaultViewConverter([3, 2, 1], ["c", 0, 1, "b"]), "y": targets}
    start = np.random.RandomState([17, 2, 946]).randint(23 - 4 + 1)
    expected = matrix(columns=6).X[start : start + 4].astype(floatX())
    np.testing.assert_array_equal(matrix(**options).get_batch_design(4), expected)
    assert matrix(**options).get_batch_design(4).dtype == floatX()
    images = matrix(**options).get_batch_topo(4)
    np.testing.assert_array_equal(images, expected.reshape(4, 1, 3, 2).transpose(1, 2, 3, 0))
    rows, labels = matrix(**options).get_batch_design(4, include_labels=True)
    np.testing.assert_array_equal(rows, expected)
    of_images, same = matrix(**options).get_batch_topo(4, include_labels=True)
    np.testing.assert_array_equal(of_images, images)
    if targets is None:
        assert labels is None and same is None
    else:
        np.testing.assert_array_equal(labels, np.arange(start, start + 4))
        np.testing.assert_array_equal(same, labels)


@pytest.mark.parametrize("y, width", [(None, 0), (np.arange(23), 1), (np.zeros((23, 3)), 3)])
def test_all_data_come_with_what_they_are(y, width):
    dataset = matrix(y=y)
    data, (space, source) = dataset.get_data(), dataset.get_data_specs()
    assert dataset.num_examples == dataset.get_num_examples() == 23
    if y is None:
        np.testing.assert_array_equal(data, dataset.X)
        assert (space, source) == (VectorSpace(6), "features")
    else:
        np.testing.assert_array_equal(data[0], dataset.X)
        np.testing.assert_array_equal(data[1], y)
        assert (space, source) == (CompositeSpace([VectorSpace(6), VectorSpace(width)]), ("features", "targets"))
    batch = next(dataset.iterator(batch_size=23, data_specs=(space, source), return_tuple=True))
    assert [part.shape[1] for part in batch] == ([6] if y is None else [6, width])


def test_axes_can_be_changed_later():
    dataset = matrix(view_converter=DefaultViewConverter([2, 3, 1]))
    for axes in permutations(["b", 0, 1, "c"]):
        dataset.set_view_converter_axes(axes)
        images = dataset.get_topological_view()
        assert images.shape[axes.index("b")] == 23
    weights = dataset.get_weights_view(dataset.X)
    np.testing.assert_array_equal(weights, dataset.X.reshape(23, 2, 3, 1))


def test_a_preprocessor_is_applied():
    class Double:
        def apply(self, dataset, can_fit=False):
            self.can_fit = can_fit
            dataset.set_design_matrix(dataset.get_design_matrix() * 2)

    double = Double()
    np.testing.assert_array_equal(matrix(preprocessor=double, fit_preprocessor=True).X, matrix().X * 2)
    assert double.can_fit
    dataset = matrix()
    dataset.apply_preprocessor(double)
    np.testing.assert_array_equal(dataset.X, matrix().X * 2)
    assert not double.can_fit


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: DenseDesignMatrix(), "needs either X"),
        (lambda: DenseDesignMatrix(X=np.zeros((2, 2)), topo_view=np.zeros((1, 1, 1, 1))), "needs either X"),
        (lambda: DenseDesignMatrix(X=np.zeros(3)), "two axes"),
        (lambda: DenseDesignMatrix(topo_view=np.zeros((3, 2, 2))), "must have four axes"),
        (lambda: matrix(y=np.zeros(22)), "23 examples, but 22 targets"),
        (lambda: matrix(y=np.full(23, 3), y_labels=3), "from 0 to 2, but there is 3"),
        (lambda: matrix(y_labels=3), "not given"),
        (lambda: matrix(X_labels=3), "X_labels is given, but features are numbers"),
        (lambda: matrix().get_batch_design(24), "24 examples are asked for at a time, but there are 23"),
        (lambda: matrix().get_batch_design(0), "0 examples are asked for"),
        (lambda: DefaultViewConverter([2, 2, 1], ["b", 0, 0, "c"]), "each once"),
        (lambda: matrix(view_converter=DefaultViewConverter([2, 2, 1])).get_topological_view(), "not images of 2 x 2"),
        (lambda: matrix().get_topological_view(), "no view_converter"),
        (lambda: matrix().iterator(batch_size=5, data_specs=(VectorSpace(1), "targets")), "no targets"),
        (lambda: matrix().iterator(batch_size=5, data_specs=(VectorSpace(1), "labels")), "'labels' is asked of it"),
        (lambda: matrix(y=np.full(23, 7)).batch(slice(0, 2), VectorSpace(5), "targets"), "from 0 to 4, but there is 7"),
        (lambda: matrix().iterator(batch_size=5, data_specs=(VectorSpace(7), "features")), "6 values an example"),
        (lambda: images_of(2, 3).iterator(batch_size=5, data_specs=(Conv2DSpace([3, 2], 1), "features")), "3x2"),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(make, words):
    with pytest.raises((ConfigurationError, DataError), match=words):
        make()


def test_labels_are_served_as_labels_where_they_are_asked_for():
    dataset = DenseDesignMatrix(X=np.eye(4), y=np.array([2, 0, 1, 2]), y_labels=3)
    specs = IndexSpace(max_labels=3, dim=1), "targets"
    (batch,) = dataset.iterator("sequential", batch_size=4, data_specs=specs)
    assert (batch.dtype, batch.tolist()) == (np.int64, [[2], [0], [1], [2]])


def test_data_without_a_test_set_say_so():
    with pytest.raises(DataError, match="DenseDesignMatrix has no test set"):
        DenseDesignMatrix(X=np.eye(3)).get_test_set()
