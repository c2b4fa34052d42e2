"""CIFAR-100 from a file in its layout, made up for the test, against 2014's formulas on all images at once."""

from __future__ import annotations

import numpy as np
import pytest

from adversarial.config import yaml_parse
from adversarial.datasets import standins
from adversarial.datasets.cifar100 import CIFAR100
from adversarial.errors import DataError
from adversarial.options import OptionError

IMAGES = np.random.RandomState(0).randint(256, size=(30, 3072)).astype(np.uint8)
LABELS = (np.arange(30) * 7 % 100).tolist()


def write(folder, images=IMAGES, key="fine_labels", which_set="train") -> None:
    path = folder / "cifar100" / "cifar-100-python" / which_set
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(standins._pickle([(key, LABELS), ("data", images)]))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PYLEARN2_DATA_PATH", str(tmp_path))
    write(tmp_path)
    return tmp_path


def normalised(X: np.ndarray, gcn: float) -> np.ndarray:
    X = (X.T - X.mean(axis=1)).T
    X = (X.T / np.sqrt(np.square(X).sum(axis=1))).T
    X *= gcn
    return X


PLAIN = IMAGES.astype(np.float32)
PREPARED = {
    "plain": ({}, PLAIN),
    "center": ({"center": True}, PLAIN - np.float32(127.5)),
    "toronto": ({"toronto_prepro": True}, PLAIN / 255.0 - (PLAIN / 255.0).mean(axis=0)),
    "gcn": ({"gcn": 55.0}, normalised(PLAIN, 55.0)),
    "both": ({"center": True, "gcn": 2.0}, normalised(PLAIN - np.float32(127.5), 2.0)),
}


@pytest.mark.parametrize("prepared", PREPARED)
def test_images_are_prepared_as_in_2014(folder, prepared):
    options, expected = PREPARED[prepared]
    dataset = CIFAR100("train", **options)
    np.testing.assert_array_equal(dataset.X, expected.astype(np.float32))
    np.testing.assert_array_equal(dataset.y, LABELS)
    shown = dataset.adjust_for_viewer(dataset.X)
    assert -1.0 <= shown.min() < shown.max() <= 1.0


def test_a_range_is_cut_after_the_mean_is_taken(folder):
    part = CIFAR100("train", toronto_prepro=True, start=10, stop=20, one_hot=True)
    np.testing.assert_array_equal(part.X, CIFAR100("train", toronto_prepro=True).X[10:20])
    np.testing.assert_array_equal(part.y.argmax(axis=1), LABELS[10:20])
    assert part.y.shape == (10, 100)


def test_2014_ignored_stop_alone(folder):
    text = "!obj:{}.CIFAR100 {{which_set: train, stop: 5}}"
    assert yaml_parse.load(text.format("pylearn2.datasets.cifar100")).get_num_examples() == 30
    assert yaml_parse.load(text.format("adversarial.datasets.cifar100")).get_num_examples() == 5


def test_the_test_set_has_the_same_options(folder):
    write(folder, IMAGES[::-1].copy(), which_set="test")
    test = CIFAR100("train", center=True, start=0, stop=3).get_test_set()
    np.testing.assert_array_equal(test.X, PLAIN[::-1] - np.float32(127.5))


def test_mistakes_get_a_sentence(folder):
    with pytest.raises(OptionError, match="it does not go with gcn"):
        CIFAR100("train", toronto_prepro=True, gcn=1.0)
    with pytest.raises(OptionError, match="it is for which_set: train"):
        CIFAR100("test", toronto_prepro=True)
    with pytest.raises(DataError, match="unpack CIFAR-100 there"):
        CIFAR100("test")
    write(folder, key="labels")
    with pytest.raises(DataError, match="is no part of CIFAR-100: it has no images and fine_labels"):
        CIFAR100("train")
    flat = IMAGES.copy()
    flat[4] = 7
    write(folder, flat)
    with pytest.raises(DataError, match="has no contrast"):
        CIFAR100("train", gcn=1.0)
