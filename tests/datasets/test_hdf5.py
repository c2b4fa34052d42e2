"""HDF5 files: the same examples as in memory, and no more of them read than asked for."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from adversarial.datasets.dataset import Preprocessor
from adversarial.datasets.dense_design_matrix import DefaultViewConverter, DenseDesignMatrix
from adversarial.datasets.hdf5 import HDF5Dataset, StoredRows
from adversarial.datasets.iteration import MODES
from adversarial.errors import ConfigurationError, DataError
from adversarial.space import CompositeSpace, Conv2DSpace, VectorSpace

X = np.random.RandomState(0).randn(23, 12)
IMAGES = X.reshape(23, 2, 3, 2)
Y = np.arange(23).reshape(-1, 1)


@pytest.fixture
def file(tmp_path) -> str:
    path = str(tmp_path / "data.h5")
    with h5py.File(path, "w") as content:
        content["group/X"] = X
        content["images"] = IMAGES
        content.create_dataset("c01b", data=IMAGES.transpose(3, 1, 2, 0), chunks=(2, 2, 3, 4), compression="gzip")
        content["y"] = Y
        content["words"] = np.array([b"one", b"two"])
        content["pixels"] = np.arange(46, dtype=np.uint8).reshape(23, 2)
    return path


@pytest.mark.parametrize("mode", ["sequential", "shuffled_sequential", "random_uniform", "random_slice"])
@pytest.mark.parametrize("options", [{"X": "group/X"}, {"topo_view": "images"}])
def test_minibatches_are_those_of_the_same_matrix_in_memory(file, mode, options):
    stored = HDF5Dataset(file, y="y", **options)
    held = DenseDesignMatrix(y=Y, **({"X": X} if "X" in options else {"topo_view": IMAGES}))
    space = VectorSpace(12) if "X" in options else Conv2DSpace([2, 3], num_channels=2, axes=["c", 0, 1, "b"])
    asked = {
        "batch_size": 5,
        "num_batches": 5,
        "data_specs": (CompositeSpace([space, VectorSpace(1)]), ("features", "targets")),
    }
    rng = None if mode == "sequential" else 3
    for one, other in zip(stored.iterator(mode, rng=rng, **asked), held.iterator(mode, rng=rng, **asked), strict=True):
        for mine, known in zip(one, other, strict=True):
            np.testing.assert_array_equal(mine, known)


def test_images_may_have_any_order_of_axes(file):
    dataset = HDF5Dataset(file, topo_view="c01b", axes=["c", 0, 1, "b"])
    np.testing.assert_array_equal(dataset.get_topological_view(), IMAGES.transpose(3, 1, 2, 0))
    np.testing.assert_array_equal(dataset.X[:, :6], X[:, ::2])


def test_only_the_examples_of_a_minibatch_are_read(file, monkeypatch):
    read = []
    rows = StoredRows._rows

    def noted(self, examples):
        found = rows(self, examples)
        read.append(len(found))
        return found

    monkeypatch.setattr(StoredRows, "_rows", noted)
    dataset = HDF5Dataset(file, X="group/X")
    dataset.restrict(2, 20)
    iterator = dataset.iterator("shuffled_sequential", batch_size=6, rng=1)
    assert read == []
    batches = list(iterator)
    assert read == [6, 6, 6]
    order = np.arange(18)
    np.random.RandomState(1).shuffle(order)
    np.testing.assert_array_equal(np.concatenate(batches), X[2:20][order].astype(batches[0].dtype))


def test_a_range_of_a_range_is_that_part(file):
    dataset = HDF5Dataset(file, X="group/X", y="y")
    dataset.restrict(2, 20)
    dataset.restrict(3, 7)
    np.testing.assert_array_equal(dataset.X, X[5:9])
    np.testing.assert_array_equal(dataset.y, Y[5:9])
    np.testing.assert_array_equal(dataset._stored[np.array([3, 0, 3])], X[[8, 5, 8]])


def test_whole_numbers_stay_as_they_are(file):
    dataset = HDF5Dataset(file, X="pixels", view_converter=DefaultViewConverter([1, 2, 1]))
    np.testing.assert_array_equal(next(dataset.iterator(batch_size=3)), [[0, 1], [2, 3], [4, 5]])


def test_bytes_divided_by_their_scale_are_pixels(file):
    dataset = HDF5Dataset(file, X="pixels", scale=255.0)
    known = np.arange(46).reshape(23, 2) / 255
    batch = next(dataset.iterator("sequential", batch_size=3))
    assert batch.dtype.kind == "f"
    np.testing.assert_allclose(batch, known[:3], rtol=1e-6)
    np.testing.assert_allclose(dataset.X, known, rtol=1e-6)


def test_what_a_preprocessor_makes_is_not_scaled_again(file):
    class Doubled(Preprocessor):
        def apply(self, dataset, can_fit=False):
            dataset.set_design_matrix(2 * dataset.get_design_matrix())

    dataset = HDF5Dataset(file, X="pixels", scale=255.0, preprocessor=Doubled())
    np.testing.assert_allclose(dataset.X, 2 * np.arange(46).reshape(23, 2) / 255, rtol=1e-6)


def test_what_does_not_serve_is_said_in_a_sentence(file, tmp_path):
    text, cut = tmp_path / "text.h5", tmp_path / "cut.h5"
    text.write_text("no HDF5")
    with open(file, "rb") as whole:
        cut.write_bytes(whole.read()[:3000])
    for arguments, words in [
        ((file,), "needs the key of either X"),
        ((file, "group/X", "images"), "needs the key of either X"),
        ((file, "imags"), "no array 'imags'; did you mean 'images'"),
        ((file, "group"), "no array 'group'"),
        ((file, "images"), "'images' as numbers with 2 axes"),
        ((file, None, "group/X"), "'group/X' as numbers with 4 axes"),
        ((file, "words"), "'words' as numbers"),
        ((file, "group/X", None, "words"), "'words' as numbers"),
        ((file, None, "images", None, DefaultViewConverter([2, 3, 2])), "goes with X"),
        ((file, None, "images", None, None, ["b", 0, 0, "c"]), "each once"),
        ((str(tmp_path / "none.h5"), "X"), "there is no file"),
        ((str(tmp_path), "X"), "there is no file"),
        ((str(text), "X"), "cannot be read as an HDF5 file"),
        ((str(cut), "X"), "cannot be read as an HDF5 file"),
    ]:
        with pytest.raises((ConfigurationError, DataError), match=words) as caught:
            HDF5Dataset(*arguments)
        assert "\n" not in str(caught.value)


def test_targets_must_be_as_many_as_examples(file):
    with h5py.File(file, "a") as content:
        content["short"] = np.arange(5)
    with pytest.raises(DataError, match="23 examples, but 5 targets"):
        HDF5Dataset(file, X="group/X", y="short")


def test_a_chunk_that_is_damaged_is_said_where_it_is_read(file):
    with h5py.File(file, "r") as content:
        place = content["c01b"].id.get_chunk_info(0).byte_offset
    with open(file, "r+b") as content:
        content.seek(place)
        content.write(b"\xff" * 20)
    dataset = HDF5Dataset(file, topo_view="c01b", axes=["c", 0, 1, "b"])
    with pytest.raises(DataError, match="c01b cannot be read, so the file is damaged"):
        next(dataset.iterator(batch_size=3))


# Read ahead.


@pytest.mark.parametrize("key", ["images", "c01b"])
@pytest.mark.parametrize("mode", ["sequential", "shuffled_sequential", "even_batchwise_shuffled_sequential"])
def test_the_rows_of_the_next_minibatch_are_told_while_this_one_is_used(file, monkeypatch, mode, key):
    told = []
    monkeypatch.setattr(StoredRows, "read_ahead", lambda self, subset: told.append(subset))
    axes = ["c", 0, 1, "b"] if key == "c01b" else ["b", 0, 1, "c"]
    dataset = HDF5Dataset(file, topo_view=key, axes=axes)
    batches = list(dataset.iterator(mode, batch_size=5, rng=1))
    assert len(told) == len(batches) - 1
    for subset, batch in zip(told, batches[1:], strict=True):
        np.testing.assert_array_equal(dataset.X[subset].astype(batch.dtype), batch)


@pytest.mark.parametrize("mode", sorted(MODES))
def test_reading_ahead_takes_no_random_numbers_early(file, mode):
    """Between any two minibatches the random numbers stand where they do for a matrix in memory."""
    asked = {"batch_size": 5, "num_batches": 3} if MODES[mode].endless else {"batch_size": 5}
    states = []
    for dataset in (HDF5Dataset(file, X="group/X"), DenseDesignMatrix(X=X)):
        rng = np.random.RandomState(3)
        iterator = dataset.iterator(mode, rng=rng, **asked)
        states.append([rng.randint(1 << 30) for _ in iterator])
    assert states[0] == states[1]


def test_what_is_left_of_a_pass_can_be_taken_as_subsets(file):
    """As a device does, that gathers the examples itself."""
    iterator = HDF5Dataset(file, X="group/X").iterator("sequential", batch_size=5)
    next(iterator)
    assert [subset.start for subset in iterator.subsets] == [5, 10, 15, 20]


def test_examples_are_found_by_any_number_of_theirs(file):
    rows = HDF5Dataset(file, X="group/X")._stored.part(3, 13)
    np.testing.assert_array_equal(rows[np.array([-1, 0, 9])], X[[12, 3, 12]])
    with pytest.raises(IndexError, match="there are 10 examples"):
        rows[np.array([10])]
