"""Made-up images: in the layouts of the real files, something to learn, and nobody's real data written over."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy.io import loadmat

from adversarial.datasets import standins
from adversarial.datasets.cifar10 import CIFAR10
from adversarial.datasets.tfd import TFD
from adversarial.errors import DataError


def test_batches_are_pickles_that_python_reads_with_the_keys_of_cifar10(tmp_path):
    paths = standins.cifar10(tmp_path, examples=30)
    assert [path.name for path in paths] == [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    for path in paths:
        content = pickle.loads(path.read_bytes(), encoding="latin1")
        assert set(content) == {"batch_label", "labels", "data", "filenames"}
        assert content["data"].dtype == np.uint8 and content["data"].shape == (30, 3072)
        assert sorted(content["labels"]) == sorted(list(range(10)) * 3)
        assert content["batch_label"].startswith("made-up images")
    meta = pickle.loads((paths[0].parent / "batches.meta").read_bytes(), encoding="latin1")
    assert meta["num_cases_per_batch"] == 30 and meta["label_names"][3] == "cat"
    assert "not that data set" in (paths[0].parent / "MADE-UP.txt").read_text()


def test_faces_have_the_arrays_of_tfd(tmp_path):
    (path,) = standins.tfd(tmp_path, examples=400)
    content = loadmat(path)
    assert content["images"].shape == (400, 48, 48) and content["images"].dtype == np.uint8
    assert (content["images"].min(axis=(1, 2)) == 0).all() and (content["images"].max(axis=(1, 2)) == 255).all()
    assert content["folds"].shape == (400, 5)
    unlabelled = (content["folds"] == 0).all(axis=1)
    assert (unlabelled == (content["folds"] == 0).any(axis=1)).all()
    assert (content["labs_ex"][unlabelled] == -1).all()
    assert set(content["labs_ex"][~unlabelled, 0]) <= set(range(1, 8))
    assert all(set(fold) == {0, 1, 2, 3} for fold in content["folds"].T)


def test_a_seed_gives_one_set(tmp_path):
    for name, seed in [("one", 1), ("same", 1), ("other", 2)]:
        standins.cifar10(tmp_path / name, examples=10, seed=seed)
        standins.tfd(tmp_path / name, examples=60, seed=seed)
    one, same, other = (
        [
            (tmp_path / name / "cifar10/cifar-10-batches-py/data_batch_2").read_bytes(),
            loadmat(tmp_path / name / "faces/TFD/TFD_48x48.mat")["images"].tobytes(),
        ]
        for name in ("one", "same", "other")
    )
    assert one == same
    assert all(mine != theirs for mine, theirs in zip(one, other, strict=True))


def nearest_mean_accuracy(images: np.ndarray, labels: np.ndarray) -> float:
    """How often the class whose mean image is nearest is the right one, on the half that the means are not of."""
    half = len(images) // 2
    means = np.array([images[:half][labels[:half] == label].mean(axis=0) for label in np.unique(labels)])
    distances = [((images[half:] - mean) ** 2).sum(axis=1) for mean in means]
    return float((np.unique(labels)[np.argmin(distances, axis=0)] == labels[half:]).mean())


def test_there_is_something_to_learn(tmp_path, monkeypatch):
    monkeypatch.setenv("PYLEARN2_DATA_PATH", str(tmp_path))
    standins.cifar10(tmp_path, examples=100)
    standins.tfd(tmp_path, examples=500)
    flowers = CIFAR10(which_set="train", rescale=True)
    # Twice what guessing gives: more than seven standard deviations from it.
    assert nearest_mean_accuracy(flowers.X, flowers.y) > 2 / 10
    faces = standins.faces(np.arange(700) % 7, 48, np.random.RandomState(0)).reshape(700, -1) / 255.0
    assert nearest_mean_accuracy(faces, np.arange(700) % 7) > 2 / 7
    for dataset in (flowers, TFD(which_set="unlabeled", scale=True)):
        X = dataset.X - dataset.X.mean(axis=0)
        variances = np.linalg.svd(X[:300], compute_uv=False) ** 2
        # Noise would need many directions; drawings need few.
        assert variances[:40].sum() > 0.8 * variances.sum()


@pytest.mark.parametrize("make", [standins.cifar10, standins.tfd])
def test_what_is_there_is_not_written_over(tmp_path, make):
    path = make(tmp_path, 60)[0]
    path.write_bytes(b"precious")
    with pytest.raises(DataError, match="is not written over"):
        make(tmp_path, 60)
    assert path.read_bytes() == b"precious"


def test_progress_counts_every_image(tmp_path):
    for make, total in [(standins.cifar10, 6 * 520), (standins.tfd, 520)]:
        counted = []
        make(tmp_path, 520, progress=counted.append)
        assert sum(counted) == total and len(counted) > 1


def test_folders_that_cannot_be_made_are_said(tmp_path):
    (tmp_path / "faces").write_text("a file")
    with pytest.raises(DataError, match="cannot be made"):
        standins.tfd(tmp_path, 60)
    with pytest.raises(DataError, match="at least 50"):
        standins.tfd(tmp_path, 49)
