"""Made-up files in the layouts of the data that Pylearn2's experiments read, and in Pylearn2's own formats."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from old_pickles import Obj, binary_pickle

from adversarial.datasets import standins

#: The sizes that the experiments cut their sets from.
CIFAR10_EXAMPLES, EMOTIONS_EXAMPLES, SMALL = 50_000, 28_709, 600


def make_all(folder: Path) -> None:
    """Write to `folder`, which is to be $PYLEARN2_DATA_PATH, every set but MNIST, which is embedded."""
    rng = np.random.RandomState(0)
    whitened_cifar10(folder / "cifar10" / "pylearn2_gcn_whitened", rng)
    svhn(folder / "SVHN" / "format2" / "h5", rng)
    contest(folder / "icml_2013_black_box", 1000, 1875, 9, rng, spaces=False, first_label=1)
    contest(folder / "icml_2013_emotions", EMOTIONS_EXAMPLES, 48 * 48, 7, rng, spaces=True, first_label=0)


def dataset(X: np.ndarray, y: np.ndarray | None = None, design_loc: str | None = None) -> Obj:
    """A DenseDesignMatrix of CIFAR-10's images as Pylearn2 pickled it; X in a file of its own if `design_loc`."""
    converter = Obj("pylearn2.datasets.dense_design_matrix.DefaultViewConverter", {"shape": [32, 32, 3]})
    own = {"X": X if design_loc is None else None, "design_loc": design_loc, "y": y, "view_converter": converter}
    return Obj("pylearn2.datasets.cifar10.CIFAR10", own)


def whitening(features: int) -> Obj:
    """A ZCA, which has learned that there is nothing to do."""
    identity = np.eye(features, dtype="f4")
    learned = {"P_": identity, "inv_P_": identity, "mean_": np.zeros(features, "f4"), "filter_bias": 0.1}
    return Obj("pylearn2.datasets.preprocessing.ZCA", learned)


def whitened_cifar10(folder: Path, rng: np.random.RandomState) -> None:
    """Write the files of `make_cifar10_gcn_whitened.py`: of the training images, the first of each cut are not 0."""
    folder.mkdir(parents=True)
    for name, examples in (("train", CIFAR10_EXAMPLES), ("test", SMALL)):
        X = np.lib.format.open_memmap(str(folder / f"{name}.npy"), "w+", "f4", (examples, 3072))
        for start in range(0, examples, 10_000):
            X[start : start + SMALL] = rng.randn(SMALL, 3072)
        X.flush()
        y = rng.randint(10, size=(examples, 1)).astype("u1")
        y[:10, 0] = np.arange(10)
        there = f"/home/of/2014/{name}.npy"
        (folder / f"{name}.pkl").write_bytes(binary_pickle(dataset(X, y, design_loc=there)))
    (folder / "preprocessor.pkl").write_bytes(binary_pickle(whitening(3072)))


def svhn(folder: Path, rng: np.random.RandomState) -> None:
    """Write the three parts that the experiments read."""
    folder.mkdir(parents=True)
    for name in ("splitted_train", "valid", "test"):
        with h5py.File(folder / f"{name}_32x32.h5", "w") as file:
            file["Data/X"] = rng.randn(SMALL, 3072).astype("f4")
            file["Data/y"] = np.eye(10, dtype="f4")[rng.randint(10, size=SMALL)]


def contest(
    folder: Path, examples: int, features: int, classes: int, rng: np.random.RandomState, spaces: bool, first_label: int
) -> None:
    """Write train.csv and test.csv of a contest of ICML 2013; `spaces` stand between the values of one image."""
    folder.mkdir(parents=True)
    between = " " if spaces else ","
    rows = [between.join(map(str, rng.randint(10, size=features))) for _ in range(20)]
    labels = rng.randint(classes, size=examples) + first_label
    # Every class, so that the number of classes can be told.
    labels[:classes] = np.arange(classes) + first_label
    header = "emotion,pixels" if spaces else ",".join(["label", *(f"x{i}" for i in range(features))])
    lines = [f"{label},{rows[index % 20]}" for index, label in enumerate(labels)]
    (folder / "train.csv").write_text("\n".join([header, *lines]) + "\n")
    (folder / "test.csv").write_text("\n".join([header.partition(",")[2], *rows]) + "\n")


def saved_by_hand(folder: Path) -> None:
    """Write to `folder`, beside the experiments, what a program of 2014 wrote there."""
    (folder / "zca.pkl").write_bytes(binary_pickle(whitening(1875)))
    rng = np.random.RandomState(0)
    patches = Obj("pylearn2.datasets.dense_design_matrix.DenseDesignMatrix", {"X": rng.randn(SMALL, 192), "y": None})
    (folder / "cifar10_preprocessed_train.pkl").write_bytes(binary_pickle(patches))


def make_for_games(folder: Path) -> None:
    """Write to `folder`, which is to be $PYLEARN2_DATA_PATH, the sets of goodfeli/galatea."""
    standins.cifar10(folder, CIFAR10_EXAMPLES // 5)
    standins.tfd(folder)
    rng = np.random.RandomState(0)
    whitened_cifar10(folder / "cifar10" / "pylearn2_gcn_whitened", rng)
    svhn(folder / "SVHN" / "format2" / "h5", rng)
