"""One class for files of every format, with one spelling of options, and errors that list what there is."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.datasets.files import FileDataset
from adversarial.datasets.hdf5 import HDF5Dataset
from adversarial.datasets.npy_npz import NpyDataset, NpzDataset
from adversarial.datasets.preprocessing import GlobalContrastNormalization
from adversarial.errors import DataError
from adversarial.options import OptionError

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 4, 6, 3)).astype(np.uint8)
ROWS = IMAGES.transpose(0, 3, 1, 2).reshape(20, -1)
LABELS = np.arange(20)


@pytest.fixture
def files(tmp_path):
    np.save(tmp_path / "x.npy", IMAGES)
    np.savez(tmp_path / "x.npz", images=IMAGES, labels=LABELS[:, None])
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["images"], file["labels"] = IMAGES, LABELS[:, None]
    savemat(tmp_path / "x.mat", {"images": IMAGES, "labels": LABELS[:, None]})
    (tmp_path / "folder").mkdir()
    for number, image in enumerate(IMAGES):
        Image.fromarray(image).save(tmp_path / "folder" / f"{number:02}.png")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("x.npy", {}),
        ("folder", {}),
        *((f"x.{ending}", {"key": "images", "target_key": "labels"}) for ending in ("npz", "h5", "mat")),
    ],
)
def test_bytes_are_pixels_whatever_the_format(files, name, options):
    dataset = FileDataset(str(files / name), start=5, stop=15, **options)
    assert dataset.image_shape == (4, 6, 3) and dataset.get_num_examples() == 10
    np.testing.assert_allclose(dataset.X, ROWS[5:15] / 255, rtol=1e-6)
    np.testing.assert_allclose(dataset.some_examples(), dataset.X)
    if options:
        np.testing.assert_array_equal(dataset.y.ravel(), LABELS[5:15])


def test_a_minibatch_is_scaled_as_the_whole_is(files):
    dataset = FileDataset(str(files / "x.npy"), scale=127.5)
    for batch, expected in zip(dataset.iterator("sequential", 7), (dataset.X[:7], dataset.X[7:14]), strict=False):
        np.testing.assert_array_equal(batch, expected)


def test_channels_first_and_grey_images(tmp_path):
    np.save(tmp_path / "first.npy", IMAGES.transpose(0, 3, 1, 2))
    dataset = FileDataset(str(tmp_path / "first.npy"), axes=("b", "c", 0, 1), scale=1.0)
    assert dataset.image_shape == (4, 6, 3)
    np.testing.assert_array_equal(dataset.X, ROWS)
    np.save(tmp_path / "last.npy", IMAGES.transpose(3, 1, 2, 0))
    for axes in ("c01b", ["c", 0, 1, "b"]):
        dataset = FileDataset(str(tmp_path / "last.npy"), axes=axes, scale=1.0)
        np.testing.assert_array_equal(dataset.X, ROWS)
    np.save(tmp_path / "grey.npy", IMAGES[..., 0])
    assert FileDataset(str(tmp_path / "grey.npy")).image_shape == (4, 6, 1)


def test_a_csv_may_have_its_targets_in_a_column(tmp_path):
    np.savetxt(tmp_path / "x.csv", np.column_stack([LABELS, ROWS]), delimiter=",", fmt="%d")
    dataset = FileDataset(str(tmp_path / "x.csv"), target_key=0, scale=255.0)
    np.testing.assert_array_equal(dataset.y.ravel(), LABELS)
    np.testing.assert_allclose(dataset.X, ROWS / 255, rtol=1e-6)
    with pytest.raises(OptionError, match="target_key is 90"):
        FileDataset(str(tmp_path / "x.csv"), target_key=90)


def test_what_a_preprocessor_makes_is_not_scaled_again(files):
    dataset = FileDataset(str(files / "x.npy"), preprocessor=GlobalContrastNormalization())
    plain = DenseDesignMatrix(X=(ROWS / np.float32(255)).astype("f4"), preprocessor=GlobalContrastNormalization())
    np.testing.assert_allclose(dataset.X, plain.X, rtol=1e-5)


def test_errors_list_what_there_is(files):
    for read in (
        lambda: FileDataset(str(files / "x.npz"), key="pictures"),
        lambda: NpzDataset(str(files / "x.npz"), key="pictures"),
        lambda: FileDataset(str(files / "x.h5"), key="pictures"),
        lambda: HDF5Dataset(str(files / "x.h5"), topo_view="pictures"),
        lambda: FileDataset(str(files / "x.mat"), key="pictures"),
    ):
        with pytest.raises(DataError, match="has no array 'pictures'; it has images, labels"):
            read()
    with pytest.raises(DataError, match="has several arrays, images, labels; pick one"):
        FileDataset(str(files / "x.npz"))
    with pytest.raises(OptionError, match="has no option 'path'; it has file, mmap_mode"):
        NpyDataset(path="x.npy")
