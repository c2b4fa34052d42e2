"""MNIST: the embedded copy, the user's own files, and files that do not serve."""

from __future__ import annotations

import gzip
import shutil

import numpy as np
import pytest

from adversarial.datasets import mnist
from adversarial.datasets.mnist import EMBEDDED, IMAGES_MAGIC, LABELS_MAGIC, MNIST, read_idx, shuffled_order
from adversarial.errors import DataError
from adversarial.options import OptionError
from adversarial.space import Conv2DSpace, VectorSpace

IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """$PYLEARN2_DATA_PATH/mnist/, with nothing in it."""
    monkeypatch.setenv("PYLEARN2_DATA_PATH", str(tmp_path))
    (tmp_path / "mnist").mkdir()
    return tmp_path / "mnist"


@pytest.fixture(scope="module")
def test_set() -> MNIST:
    return MNIST(which_set="test")


def plain(images: bytes) -> np.ndarray:
    """What the file's bytes say, read without this package's reader."""
    return np.frombuffer(gzip.decompress(images), np.uint8, offset=16).reshape(-1, 784)


def test_the_embedded_set_is_the_known_one(test_set):
    assert MNIST(which_set="train").get_num_examples() == 60000
    assert test_set.get_num_examples() == 10000
    assert test_set.y.shape == (10000, 1)
    assert [int(label) for label in test_set.y[:10, 0]] == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    for name in mnist.SHA256:
        read_idx(EMBEDDED / f"{name}.gz", LABELS_MAGIC if "labels" in name else IMAGES_MAGIC, check_hash=True)


def test_pixels_are_the_float32_numbers_of_2014(test_set):
    bytes_ = plain((EMBEDDED / f"{IMAGES}.gz").read_bytes())
    expected = bytes_.astype(np.float32) / np.float32(255)
    np.testing.assert_array_equal(test_set.X, expected)
    for batch, start in zip(test_set.iterator("sequential", batch_size=4000), (0, 4000, 8000), strict=True):
        np.testing.assert_array_equal(batch, expected[start : start + 4000])


def test_a_file_is_read_once_while_it_is_in_use_and_as_it_was(folder):
    for name in (IMAGES, LABELS):
        shutil.copy(EMBEDDED / f"{name}.gz", folder)
    part = MNIST(which_set="test", start=9000)
    first, second = mnist.load("test"), mnist.load("test")
    assert first[0] is second[0] and first[1] is second[1] and not first[0].flags.writeable
    del first, second
    kept = len(mnist._in_use)
    assert kept >= 2
    (folder / f"{LABELS}.gz").write_bytes(gzip.compress(bytes((0, 0, 8, 1, 0, 0, 39, 16)) + bytes(10000)))
    assert not mnist.load("test")[1].any() and part.y.any()
    del part
    assert len(mnist._in_use) == kept - 2


def test_a_range_is_that_part_of_the_whole(test_set):
    part = MNIST(which_set="test", start=100, stop=200)
    np.testing.assert_array_equal(part.X, test_set.X[100:200])
    np.testing.assert_array_equal(part.y, test_set.y[100:200])


def test_options_change_what_they_say(test_set):
    binary = MNIST(which_set="test", binarize=True)
    np.testing.assert_array_equal(binary.X, (test_set.X > 0.5).astype(np.float32))
    rows = MNIST(which_set="test", one_hot=True).y
    np.testing.assert_array_equal(rows.argmax(axis=1), test_set.y[:, 0])
    assert (rows.sum(axis=1) == 1).all()
    centred = MNIST(which_set="test", center=True)
    np.testing.assert_array_equal(centred.X, test_set.X - test_set.X.mean(axis=0))
    targets = next(test_set.iterator(batch_size=50, data_specs=(VectorSpace(10), "targets")))
    np.testing.assert_array_equal(targets, rows[:50])


def test_the_shuffle_is_swaps_from_2014s_seed(test_set):
    rng, images = np.random.RandomState([1, 2, 3]), list(range(300))
    for i in range(300):
        j = rng.randint(300)
        images[i], images[j] = images[j], images[i]
    assert list(shuffled_order(300)) == images
    shuffled = MNIST(which_set="test", shuffle=True)
    order = shuffled_order(10000)
    np.testing.assert_array_equal(shuffled.X[:50], test_set.X[order[:50]])
    np.testing.assert_array_equal(shuffled.y, test_set.y[order])


def test_images_stand_upright_in_any_order_of_axes(test_set):
    dataset = MNIST(which_set="test", axes=["c", 0, 1, "b"], stop=20)
    assert dataset.get_topological_view().shape == (1, 28, 28, 20)
    space = Conv2DSpace([28, 28], num_channels=1)
    batch = next(dataset.iterator(batch_size=20, data_specs=(space, "features")))
    np.testing.assert_array_equal(batch[:, :, :, 0].reshape(20, 784), test_set.X[:20])


@pytest.mark.parametrize("packed", [False, True])
def test_the_users_own_files_come_first(folder, packed):
    images = bytearray(gzip.decompress((EMBEDDED / f"{IMAGES}.gz").read_bytes()))
    images[16] = 255
    write(folder / IMAGES, bytes(images), packed)
    write(folder / LABELS, gzip.decompress((EMBEDDED / f"{LABELS}.gz").read_bytes()), packed)
    assert MNIST(which_set="test").X[0, 0] == 1


def write(path, content: bytes, packed: bool) -> None:
    if packed:
        path = path.with_name(path.name + ".gz")
        content = gzip.compress(content, 1)
    path.write_bytes(content)


def test_a_range_beyond_the_set_is_refused():
    for options, words in [
        ({"stop": 10001}, "stop is 10001, but there are 10000"),
        ({"start": 5, "stop": 5}, "start is 5, but must be below stop, which is 5"),
        ({"start": 10000}, "start is 10000, but must be below stop"),
        ({"start": -1}, "at least 0"),
        ({"axes": ["b", "b", 0, "c"]}, "each once"),
        ({"fit_preprocessor": True}, "fit_test_preprocessor is False"),
    ]:
        with pytest.raises(OptionError, match=words):
            MNIST(which_set="test", **options)
    with pytest.raises(OptionError, match="'train', 'test'"):
        MNIST(which_set="valid")


def spoil_absent(folder):
    (folder / f"{LABELS}.gz").unlink()


def spoil_swapped(folder):
    shutil.copy(EMBEDDED / f"{LABELS}.gz", folder / f"{IMAGES}.gz")


def spoil_cut_gz(folder):
    path = folder / f"{IMAGES}.gz"
    path.write_bytes(path.read_bytes()[:50000])


def spoil_cut_raw(folder):
    (folder / IMAGES).write_bytes(gzip.decompress((folder / f"{IMAGES}.gz").read_bytes())[:-1])


def spoil_empty(folder):
    (folder / IMAGES).write_bytes(b"")


def spoil_other(folder):
    (folder / IMAGES).write_bytes(b"<html>not found</html>")


def spoil_training_set(folder):
    shutil.copy(EMBEDDED / "train-labels-idx1-ubyte.gz", folder / f"{LABELS}.gz")


def spoil_header(folder):
    (folder / IMAGES).write_bytes((2051).to_bytes(4, "big"))


@pytest.mark.parametrize(
    "spoil, words",
    [
        (spoil_absent, f"there is no {LABELS} .*put all four files"),
        (spoil_swapped, "holds labels, not images: it begins with 2049 instead of 2051"),
        (spoil_cut_gz, "cut short or damaged"),
        (spoil_cut_raw, "should hold 7840000 bytes of images, but holds 7839999"),
        (spoil_empty, "no images in IDX format"),
        (spoil_other, "no images in IDX format"),
        (spoil_training_set, "holds 60000 labels, but should 10000"),
        (spoil_header, "cut short"),
    ],
)
def test_files_that_do_not_serve_are_said_in_a_sentence(folder, spoil, words):
    for name in (IMAGES, LABELS):
        shutil.copy(EMBEDDED / f"{name}.gz", folder)
    spoil(folder)
    with pytest.raises(DataError, match=words) as caught:
        MNIST(which_set="test")
    assert "\n" not in str(caught.value)


def test_an_embedded_file_that_was_changed_is_not_used(tmp_path, monkeypatch):
    for name in (IMAGES, LABELS):
        shutil.copy(EMBEDDED / f"{name}.gz", tmp_path)
    images = bytearray(gzip.decompress((EMBEDDED / f"{IMAGES}.gz").read_bytes()))
    images[1000] ^= 1
    (tmp_path / f"{IMAGES}.gz").write_bytes(gzip.compress(bytes(images), 1))
    monkeypatch.setattr(mnist, "EMBEDDED", tmp_path)
    monkeypatch.setenv("PYLEARN2_DATA_PATH", str(tmp_path / "none"))
    with pytest.raises(DataError, match="install it again"):
        MNIST(which_set="test")


def test_the_test_set_has_the_options_of_the_training_set():
    train = MNIST("train", start=10, stop=20, one_hot=True, binarize=True, axes=("c", 0, 1, "b"))
    test = train.get_test_set()
    assert test.get_num_examples() == 10_000
    assert test.y.shape == (10_000, 10)
    assert set(np.unique(test.X[:50])) == {0.0, 1.0}
    assert test.view_converter.axes == ("c", 0, 1, "b")
