"""Arrays on disk as datasets."""

from __future__ import annotations

import numpy as np
import pytest

from adversarial.datasets.npy_npz import NpyDataset, NpzDataset
from adversarial.errors import DataError

X = np.random.RandomState(0).randn(9, 12)


@pytest.mark.parametrize("mmap_mode", [None, "r", "c"])
def test_a_matrix_comes_back(tmp_path, mmap_mode):
    np.save(tmp_path / "x.npy", X)
    dataset = NpyDataset(str(tmp_path / "x.npy"), mmap_mode=mmap_mode)
    np.testing.assert_array_equal(dataset.get_design_matrix(), X)
    batches = list(dataset.iterator("shuffled_sequential", batch_size=4, rng=1))
    assert [len(batch) for batch in batches] == [4, 4, 1]
    assert isinstance(dataset.X, np.memmap) == (mmap_mode is not None)


def test_images_come_back(tmp_path):
    images = X.reshape(9, 2, 3, 2)
    np.save(tmp_path / "x.npy", images)
    np.testing.assert_array_equal(NpyDataset(str(tmp_path / "x.npy")).get_topological_view(), images)


def test_an_archive_gives_features_and_targets_by_name(tmp_path):
    np.savez_compressed(tmp_path / "x.npz", train=X, labels=np.arange(9))
    dataset = NpzDataset(str(tmp_path / "x.npz"), key="train", target_key="labels")
    np.testing.assert_array_equal(dataset.get_design_matrix(), X)
    np.testing.assert_array_equal(dataset.get_targets(), np.arange(9))
    assert not NpzDataset(str(tmp_path / "x.npz"), key="train").has_targets()


def test_files_that_do_not_serve_are_said_in_a_sentence(tmp_path):
    npy, npz, cut, text, objects = (str(tmp_path / name) for name in ("x.npy", "x.npz", "c.npz", "t.npy", "o.npy"))
    np.save(npy, X)
    np.savez(npz, train=X, line=X[0])
    (tmp_path / "c.npz").write_bytes((tmp_path / "x.npz").read_bytes()[:300])
    (tmp_path / "t.npy").write_text("1, 2, 3")
    np.save(objects, np.array([{}, None]))
    for make, words in [
        (lambda: NpyDataset(str(tmp_path / "none.npy")), "there is no file"),
        (lambda: NpyDataset(npz), "use NpzDataset"),
        (lambda: NpzDataset(npy, key="train"), "use NpyDataset"),
        (lambda: NpzDataset(npz, key="trian"), "no array 'trian'; did you mean 'train'"),
        (lambda: NpzDataset(npz, key="train", target_key="labels"), "no array 'labels'"),
        (lambda: NpzDataset(npz, key="line"), r"shape \(12,\), not numbers as a matrix"),
        (lambda: NpzDataset(npz, key="train", target_key="line"), "9 examples, but 12 targets"),
        (lambda: NpzDataset(cut, key="train"), "cannot be read as a NumPy file"),
        (lambda: NpyDataset(text), "cannot be read as a NumPy file"),
        (lambda: NpyDataset(objects), "type object, but must hold numbers"),
        (lambda: NpyDataset(str(tmp_path)), "cannot be read"),
    ]:
        with pytest.raises(DataError, match=words) as caught:
            make()
        assert "\n" not in str(caught.value)


def test_an_archive_damaged_within_is_said_so(tmp_path):
    np.savez_compressed(tmp_path / "x.npz", train=np.random.RandomState(0).randn(200, 10))
    content = bytearray((tmp_path / "x.npz").read_bytes())
    content[1000] ^= 0xFF
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(DataError, match="is damaged"):
        NpzDataset(str(tmp_path / "x.npz"), key="train")
