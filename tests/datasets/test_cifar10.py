"""CIFAR-10 from files in its layout, made up for the test."""

from __future__ import annotations

import base64
import pickle
import zlib

import numpy as np
import pytest

from adversarial.datasets import cifar10, standins
from adversarial.datasets.cifar10 import CIFAR10, CIFAR10OneHot
from adversarial.datasets.preprocessing import global_contrast_normalize
from adversarial.errors import ConfigurationError, DataError
from adversarial.space import CompositeSpace, Conv2DSpace, VectorSpace

BATCHES = "cifar10/cifar-10-batches-py"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    standins.cifar10(folder, examples=40, seed=1)
    return folder


@pytest.fixture
def data(made, monkeypatch):
    """The folder of batches, to read from."""
    monkeypatch.setenv("PYLEARN2_DATA_PATH", str(made))
    return made / BATCHES


@pytest.fixture
def spoiled(tmp_path, monkeypatch):
    """A folder of batches of its own, to spoil."""
    standins.cifar10(tmp_path, examples=10)
    monkeypatch.setenv("PYLEARN2_DATA_PATH", str(tmp_path))
    return tmp_path / BATCHES


def unpickled(path) -> dict:
    """A batch as Python's own pickle reads it: a judge of ours."""
    with open(path, "rb") as file:
        return pickle.load(file, encoding="latin1")


def pixels(data, which_set: str) -> np.ndarray:
    names = [f"data_batch_{number}" for number in range(1, 6)] if which_set == "train" else ["test_batch"]
    return np.concatenate([unpickled(data / name)["data"] for name in names]).astype(np.float32)


@pytest.mark.parametrize("which_set", ["train", "test"])
def test_images_and_labels_are_those_of_the_files(data, which_set):
    dataset = CIFAR10(which_set=which_set)
    np.testing.assert_array_equal(dataset.X, pixels(data, which_set))
    names = ["data_batch_1"] if which_set == "train" else ["test_batch"]
    np.testing.assert_array_equal(dataset.y[:40], unpickled(data / names[0])["labels"])


def test_options_are_2014s_arithmetic(data):
    X, test = pixels(data, "train"), pixels(data, "test")
    for options, expected in [
        ({"center": True}, X - np.float32(127.5)),
        ({"rescale": True}, X / np.float32(127.5)),
        ({"center": True, "rescale": True}, (X - np.float32(127.5)) / np.float32(127.5)),
        ({"gcn": 55.0}, global_contrast_normalize(X, scale=55.0)),
        ({"toronto_prepro": True}, X / np.float32(255) - (X / np.float32(255)).mean(axis=0)),
    ]:
        found = CIFAR10(which_set="train", **options).X
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, expected)
    rescaled = X / np.float32(127.5) / np.float32(255)
    found = CIFAR10("train", toronto_prepro=True, rescale=True).X
    np.testing.assert_array_equal(found, rescaled - rescaled.mean(axis=0))
    mean = (X / np.float32(255)).mean(axis=0)
    found = CIFAR10("test", toronto_prepro=True, rescale=True).X
    np.testing.assert_array_equal(found, test / np.float32(127.5) / np.float32(255) - mean)
    np.testing.assert_array_equal(CIFAR10("test", toronto_prepro=True).X, test / np.float32(255) - mean)


@pytest.mark.parametrize("options", [{"gcn": 55.0}, {"toronto_prepro": True}, {"center": True, "rescale": True}])
def test_a_minibatch_has_the_same_bits_as_the_whole(data, options):
    dataset = CIFAR10(which_set="train", start=3, **options)
    whole = dataset.X
    for batch_size in (1, 7, 100):
        order = np.random.RandomState(2)
        batches = list(dataset.iterator("shuffled_sequential", batch_size=batch_size, rng=order))
        order = np.arange(len(whole))
        np.random.RandomState(2).shuffle(order)
        np.testing.assert_array_equal(np.concatenate(batches), whole[order])


def test_the_mean_by_blocks_has_the_same_bits_as_of_all_at_once(data, monkeypatch):
    expected = CIFAR10(which_set="train", toronto_prepro=True).X
    for size in (1, 7, 199, 200):
        monkeypatch.setattr(cifar10, "_BLOCK", size)
        np.testing.assert_array_equal(CIFAR10(which_set="train", toronto_prepro=True).X, expected)


#: A batch of two images as Python 2.7's own cPickle wrote it, protocol 2, its strings remembered and fetched again;
#: byte i of the images is (7 i + i // 3072) % 256.
PYTHON2_BATCH = (
    "eNprYKotZNQIZUlJLEksZErOK80tqNRLzi9K1cstzSnJTCwqSqzkii9KTc7PKy4pKk0u4SpkhqjiykuByBayeDO0FrKGMia1BxWyaXgzejP5"
    "MvC0QVWllFQWpHIVsocylRoWcngzeDMCVXFqeDOHMtb4+fl5/QcCMOHNUFLIldQZwiDBwMDAzicqo6xlaGHv5hsSnZRZUF7X2jN51sIV67ft"
    "PXL60s0Hz999/cPMJSghr6ZrYu3kGRAel5pTXNXY0T9t7pLVm3YeOH7u6p3Hrz7++M/GKyKtpGlgbufqExyVmJFfVtvSPWnmguXrtu45fOri"
    "jfvP3n75zcQpIC6nqmNs5ejhHxabkl1U2dDeN3XO4lUbd+w/dvbK7UcvP3z/x8ojLKWooW9m6+IdFJmQnlda09w1ccb8ZWu37D508sL1e0/f"
    "fP7FyMEvJquibWTp4O4XGpOcVVhR39Y7ZfailRu27zt65vKthy/ef/vLwi0kqaCuZ2rj7BUYEZ+WW1Ld1Dlh+rylazbvOnji/LW7T15/+jnq"
    "/1H/j/p/1P+j/h/1/6j/R/0/6v9R/48k/48G5Kj/R/0/6v9R/4/6f9T/o/4f9f+o/0f9P3L8X8hdUsiTFMqWk5gEdE4hb2whnwZo6iA1lDsp"
    "sSQ5Ix4sUcgfKlpSlJiZl5mXrgAWVzBUyE9TMC0UCOVMy8xJzUvMTS0uFIwtFNIIFU5OzM3Mz4svjjcAA72CvPRCYXRhQ7CwSGqpHgBRK1GX"
)


def test_a_batch_that_python_2_wrote_is_read(tmp_path):
    (tmp_path / "batch").write_bytes(zlib.decompress(base64.b64decode(PYTHON2_BATCH)))
    images, labels = cifar10.read_batch(tmp_path / "batch")
    place = np.arange(2 * 3072)
    np.testing.assert_array_equal(images, ((7 * place + place // 3072) % 256).reshape(2, 3072))
    np.testing.assert_array_equal(labels, [0, 1])


def test_a_range_comes_after_the_mean_is_taken(data):
    whole = CIFAR10(which_set="train", toronto_prepro=True)
    part = CIFAR10(which_set="train", toronto_prepro=True, start=50, stop=60)
    np.testing.assert_array_equal(part.X, whole.X[50:60])
    np.testing.assert_array_equal(part.y, whole.y[50:60])


def test_images_are_channels_of_rows(data):
    dataset = CIFAR10(which_set="test", axes=["c", 0, 1, "b"])
    images = pixels(data, "test").reshape(40, 3, 32, 32)
    np.testing.assert_array_equal(dataset.get_topological_view(), images.transpose(1, 2, 3, 0))
    space = Conv2DSpace([32, 32], num_channels=3, axes=["c", 0, 1, "b"])
    batch = next(dataset.iterator(batch_size=40, data_specs=(space, "features")))
    np.testing.assert_array_equal(batch, images.transpose(1, 2, 3, 0))


def test_targets_can_be_rows(data):
    rows = CIFAR10(which_set="test", one_hot=True).y
    np.testing.assert_array_equal(rows.argmax(axis=1), CIFAR10(which_set="test").y)
    assert rows.shape == (40, 10) and (rows.sum(axis=1) == 1).all()


@pytest.mark.parametrize("options", [{}, {"center": True}, {"rescale": True}, {"gcn": 55.0}, {"toronto_prepro": True}])
def test_a_viewer_gets_numbers_from_minus_one_to_one(data, options):
    dataset = CIFAR10(which_set="test", **options)
    shown = dataset.adjust_for_viewer(dataset.X)
    assert -1 <= shown.min() < 0 < shown.max() <= 1


def test_options_that_do_not_go_together_are_refused(data):
    for options, words in [
        ({"which_set": "valid"}, "one of 'train', 'test'"),
        ({"which_set": "test", "gcn": 1.0, "toronto_prepro": True}, "does not go with gcn"),
        ({"which_set": "test", "center": True, "toronto_prepro": True}, "does not go with center"),
        ({"which_set": "test", "axes": ["b", "b", 0, 1]}, "each once"),
        ({"which_set": "test", "stop": 10001}, "stop is 10001, but there are 40 examples"),
        ({"which_set": "test", "start": 4, "stop": 4}, "must be below stop"),
        ({"which_set": "test", "gcn": 0.0}, "above 0"),
    ]:
        with pytest.raises(ConfigurationError, match=words):
            CIFAR10(**options)


def other_pixels(folder):
    batch = (folder / "data_batch_2").read_bytes()
    (folder / "data_batch_2").write_bytes(
        batch.replace(b"K\x01J\x0a\x00\x00\x00J\x00\x0c", b"K\x01J\x0a\x00\x00\x00J\x01\x0c")
    )


def write(name, content):
    return lambda folder: (folder / name).write_bytes(content)


def cut(folder):
    path = folder / "data_batch_3"
    path.write_bytes(path.read_bytes()[:20000])


def smaller(folder):
    standins.cifar10(folder / "other", examples=9)
    (folder / "other" / BATCHES / "data_batch_4").replace(folder / "data_batch_4")


HARMFUL = b"cposix\nsystem\n(S'touch harm'\ntR."


@pytest.mark.parametrize(
    "spoil, words",
    [
        (lambda folder: (folder / "data_batch_3").unlink(), "there is no data_batch_3 in .*get_data.py cifar10"),
        (cut, "data_batch_3 is no batch of CIFAR-10: it is cut short"),
        (write("data_batch_1", b""), "data_batch_1 is no batch"),
        (write("data_batch_1", b"<html>"), "data_batch_1 is no batch"),
        (write("data_batch_1", HARMFUL), "asks to run posix.system; nothing was run"),
        (write("data_batch_1", pickle.dumps({"data": [1], "labels": [1]}, 2)), "no images and labels"),
        (other_pixels, "bytes"),
        (smaller, "data_batch_4 holds 9 images, but data_batch_1 10"),
    ],
)
def test_files_that_do_not_serve_are_said_in_a_sentence(spoiled, spoil, words):
    spoil(spoiled)
    with pytest.raises(DataError, match=words) as caught:
        CIFAR10(which_set="train")
    assert "\n" not in str(caught.value)


def test_labels_must_be_labels(spoiled):
    path = spoiled / "test_batch"
    content = path.read_bytes()
    labels = content.index(b"labels](") + len(b"labels](")
    for spoil, words in [
        (content[: labels + 1] + b"\x0a" + content[labels + 2 :], "labels from 0 to 9, but holds 10"),
        (content[:labels] + content[labels + 5 :], "10 images, but 9 labels"),
    ]:
        path.write_bytes(spoil)
        with pytest.raises(DataError, match=words):
            CIFAR10(which_set="test")


def test_no_data_at_all_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PYLEARN2_DATA_PATH", str(tmp_path))
    with pytest.raises(DataError, match="there is no data_batch_1, .*set PYLEARN2_DATA_PATH"):
        CIFAR10(which_set="train")


def test_one_hot_targets_are_conditions(data):
    dataset = CIFAR10OneHot(which_set="test", gcn=55.0, start=3, stop=9)
    labels = np.asarray(unpickled(data / "test_batch")["labels"])[3:9]
    np.testing.assert_array_equal(dataset.y, np.eye(10)[labels])
    assert dataset.y.dtype == np.uint8
    space = CompositeSpace([VectorSpace(3072), VectorSpace(10, dtype="uint8")])
    _, conditions = next(dataset.iterator(batch_size=6, data_specs=(space, ("features", "condition"))))
    assert conditions.dtype == np.uint8
    with pytest.raises(ConfigurationError, match="has features and condition"):
        dataset.iterator(batch_size=6, data_specs=(space, ("features", "targets")))
