"""Arrays, datasets and preprocessors behind `!pkl:`: as Pylearn2 pickled them, and of our own; nothing in them runs."""

from __future__ import annotations

import gzip
import pickle

import numpy as np
import pytest
from old_pickles import Obj, binary_pickle, text_pickle

from adversarial import checkpoint
from adversarial.config import yaml_parse
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.datasets.pickled import open_data, save_data
from adversarial.datasets.view_converter import DefaultViewConverter
from adversarial.datasets.whitening import ZCA, ZCA_Dataset
from adversarial.errors import CheckpointError, ConfigurationError, DataError
from adversarial.models.linear import Linear
from adversarial.models.mlp import MLP

X = np.arange(24.0).reshape(2, 12)
VIEW = Obj("pylearn2.datasets.dense_design_matrix.DefaultViewConverter", {"shape": [2, 2, 3], "axes": ("c", 0, 1, "b")})
CIFAR10 = "pylearn2.datasets.cifar10.CIFAR10"


@pytest.mark.parametrize("dump", [text_pickle, binary_pickle])
@pytest.mark.parametrize("zipped", [False, True])
def test_a_dataset_that_pylearn2_pickled_is_its_examples_targets_and_images(dump, zipped, tmp_path):
    data = dump(Obj(CIFAR10, {"X": X, "y": np.array([3, 1]), "view_converter": VIEW, "compress": False}))
    (tmp_path / "train.pkl").write_bytes(gzip.compress(data) if zipped else data)
    found = open_data(tmp_path / "train.pkl")
    np.testing.assert_array_equal(found.X, X)
    assert found.y.tolist() == [3, 1]
    assert found.image_shape == (2, 2, 3) and found.view_converter.axes == ("c", 0, 1, "b")


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("array", [X, np.asfortranarray(X.astype("f4")), np.array([[3], [1]]), np.arange(6) > 2,
                                   X.reshape(2, 3, 4).transpose(1, 2, 0), X[::-1, ::2]])  # fmt: skip
def test_an_array_that_python_of_today_pickled_is_that_array(array, protocol, tmp_path):
    (tmp_path / "x.pkl").write_bytes(pickle.dumps(array, protocol))
    found = open_data(tmp_path / "x.pkl")
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype


def test_examples_that_were_saved_beside_a_pickle_are_read_from_its_own_folder(tmp_path):
    np.save(tmp_path / "train.npy", X)
    state = {"design_loc": "/home/of/2014/train.npy", "y": None, "view_converter": None}
    (tmp_path / "train.pkl").write_bytes(binary_pickle(Obj(CIFAR10, state)))
    np.testing.assert_array_equal(open_data(tmp_path / "train.pkl").X, X)
    (tmp_path / "train.npy").unlink()
    with pytest.raises(DataError, match=r"there is no .*train.npy|cannot be read"):
        open_data(tmp_path / "train.pkl")


def test_whitening_that_pylearn2_pickled_whitens_and_goes_back(tmp_path):
    zca, data = ZCA(), DenseDesignMatrix(X=np.random.RandomState(0).randn(50, 3))
    before = data.X
    data.apply_preprocessor(zca, can_fit=True)
    state = {"P_": zca.P_, "inv_P_": zca.inv_P_, "mean_": zca.mean_, "n_components": None, "has_fit_": True}
    state |= {"filter_bias": np.array(0.1), "store_inverse": True, "matrices_save_path": None}
    (tmp_path / "zca.pkl").write_bytes(binary_pickle(Obj("pylearn2.datasets.preprocessing.ZCA", state)))
    again = DenseDesignMatrix(X=before, preprocessor=open_data(tmp_path / "zca.pkl"))
    np.testing.assert_array_equal(again.X, data.X)
    np.testing.assert_allclose(zca.inverse(again.X), before, atol=1e-9)


def test_a_pipeline_is_its_preprocessors(tmp_path):
    contrast = Obj("pylearn2.datasets.preprocessing.GlobalContrastNormalization", {"_scale": 2.0, "_use_std": False})
    moments = {"_mean": np.zeros(12), "_std": np.ones(12), "_std_eps": 0.0}
    standardize = Obj("pylearn2.datasets.preprocessing.Standardize", moments)
    pipeline = Obj("pylearn2.datasets.preprocessing.Pipeline", {"items": [contrast, standardize]})
    (tmp_path / "both.pkl").write_bytes(binary_pickle(pipeline))
    found = DenseDesignMatrix(X=X, preprocessor=open_data(tmp_path / "both.pkl"))
    np.testing.assert_allclose(np.linalg.norm(found.X, axis=1), 2.0)


def test_what_is_saved_here_is_opened_by_yaml(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = DenseDesignMatrix(X=X, y=np.array([1, 0]), view_converter=DefaultViewConverter((2, 2, 3)))
    zca = ZCA()
    data.apply_preprocessor(zca, can_fit=True)
    save_data("train.pkl", data)
    save_data("zca.pkl", zca)
    np.save("array.npy", X)
    found = yaml_parse.load(
        "{ data: !obj:pylearn2.datasets.zca_dataset.ZCA_Dataset { preprocessed_dataset: !pkl: 'train.pkl', "
        "preprocessor: !pkl: 'zca.pkl', axes: ['c', 0, 1, 'b'] }, array: !pkl: 'array.npy' }"
    )
    assert isinstance(found["data"], ZCA_Dataset)
    np.testing.assert_array_equal(found["data"].X, data.X)
    assert found["data"].y.tolist() == [[0, 1], [1, 0]]
    assert found["data"].view_converter.axes == ("c", 0, 1, "b")
    np.testing.assert_array_equal(found["array"], X)


def test_models_stay_models_and_anything_else_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    checkpoint.save_model("model.pkl", MLP([Linear(dim=2, layer_name="y", irange=0.1)], nvis=3))
    assert isinstance(yaml_parse.load("!pkl: 'model.pkl'"), MLP)
    for name, data in {
        "command.pkl": b"cos\nsystem\n(S'true'\ntR.",
        "other.pkl": binary_pickle(Obj("pylearn2.utils.Thing", {"x": 1})),
        "text.pkl": b"hello",
        "cut.pkl": gzip.compress(binary_pickle(X))[:-20],
    }.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises((ConfigurationError, CheckpointError), match=f"cannot open {name}"):
            yaml_parse.load(f"!pkl: '{name}'")


def test_damage_within_is_one_sentence(tmp_path):
    state = {"X": Obj("pylearn2.space.VectorSpace", {}), "view_converter": None}
    (tmp_path / "train.pkl").write_bytes(binary_pickle(Obj(CIFAR10, state)))
    with pytest.raises(DataError, match="is a damaged pickle of Pylearn2"):
        open_data(tmp_path / "train.pkl")
