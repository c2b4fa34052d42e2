"""TFD: 2014's figures from a made-up file in its layout."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from adversarial.datasets import tfd
from adversarial.datasets.tfd import SETS, TFD
from adversarial.errors import ConfigurationError, DataError


@pytest.fixture
def data(golden, tmp_path, monkeypatch):
    """$PYLEARN2_DATA_PATH with the golden file in its place."""
    (tmp_path / "faces" / "TFD").mkdir(parents=True)
    path = tmp_path / "faces" / "TFD" / "TFD_48x48.mat"
    path.write_bytes((golden / "tfd" / "TFD_48x48.mat").read_bytes())
    monkeypatch.setenv("PYLEARN2_DATA_PATH", str(tmp_path))
    return path


def recorded_cases(golden):
    return np.load(golden / "tfd" / "expected.npz")


def test_every_recorded_set_is_2014s(golden, data):
    recorded = recorded_cases(golden)
    for name in recorded.files:
        which_set, fold, scale, what = name.split("/")
        dataset = TFD(which_set=which_set, fold=int(fold[-1]), scale=bool(int(scale[-1])))
        found = dataset.X[:, ::97] if what == "X" else dataset.y
        assert found.dtype == recorded[name].dtype
        np.testing.assert_array_equal(found, recorded[name], err_msg=name)


@pytest.mark.parametrize("size", [1, 7, 20])
def test_images_gathered_by_blocks_are_those_gathered_at_once(data, monkeypatch, size):
    monkeypatch.setattr(tfd, "_BLOCK", size)
    content = loadmat(data)
    expected = content["images"][content["folds"][:, 2] == 1].reshape(-1, 2304)
    found = TFD(which_set="train", fold=2).X
    np.testing.assert_array_equal(found, expected)
    assert len(found) == 20


@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize("scale", [False, True])
def test_minibatches_have_the_same_bits_as_the_whole(data, center, scale):
    dataset = TFD(which_set="full_train", center=center, scale=scale)
    np.testing.assert_array_equal(np.concatenate(list(dataset.iterator(batch_size=7))), dataset.X)
    images = loadmat(data)
    chosen = np.isin(images["folds"][:, 0], [1, 2])
    expected = images["images"][chosen].reshape(-1, 2304).astype(np.float32)
    expected = expected - np.float32(127.5) if center else expected
    expected = expected / np.float32(127.5 if center else 255.0) if scale else expected
    np.testing.assert_array_equal(dataset.X, expected)
    shown = dataset.adjust_for_viewer(dataset.X)
    np.testing.assert_allclose(shown, images["images"][chosen].reshape(-1, 2304) / 127.5 - 1, atol=1e-6)


def test_the_sets_of_a_fold_share_no_image(data):
    for fold in range(5):
        sizes = {name: TFD(which_set=name, fold=fold).get_num_examples() for name in SETS}
        assert sizes["train"] + sizes["valid"] == sizes["full_train"]
        assert sum(size for name, size in sizes.items() if name != "full_train") == 60


def test_a_range_is_within_the_set_and_comes_before_the_shuffle(data):
    whole = TFD(which_set="train")
    part = TFD(which_set="train", example_range=[5, 9])
    np.testing.assert_array_equal(part.X, whole.X[5:9])
    np.testing.assert_array_equal(part.y_identity, whole.y_identity[5:9])
    order = np.random.RandomState(132987).permutation(4)
    shuffled = TFD(which_set="train", example_range=[5, 9], shuffle=True)
    for name in ("X", "y", "y_identity"):
        np.testing.assert_array_equal(getattr(shuffled, name), getattr(part, name)[order])


def test_targets_can_be_rows_and_the_unlabelled_have_none(data):
    rows = TFD(which_set="test", one_hot=True).y
    np.testing.assert_array_equal(rows.argmax(axis=1), TFD(which_set="test").y[:, 0])
    unlabelled = TFD(which_set="unlabeled", one_hot=True)
    assert not unlabelled.has_targets() and unlabelled.y_identity is None


def test_images_kept_as_other_numbers_are_the_same(data):
    content = loadmat(data)
    expected = TFD(which_set="train", scale=True).X
    savemat(data, {name: content[name].astype(float) for name in ("images", "folds", "labs_ex", "labs_id")})
    found = TFD(which_set="train", scale=True)
    np.testing.assert_array_equal(found.X, expected)
    assert found.y.dtype == np.int64


def test_options_out_of_range_are_refused(data):
    for options, words in [
        ({"which_set": "trian"}, "did you mean 'train'"),
        ({"which_set": "train", "fold": 5}, "fold is 5, but must be a whole number of at least 0 and at most 4"),
        ({"which_set": "train", "fold": -1}, "fold is -1"),
        ({"which_set": "train", "image_size": 64}, "one of 48, 96"),
        ({"which_set": "train", "example_range": [3, 21]}, "within the 20 examples"),
        ({"which_set": "train", "example_range": [3, 3]}, "within the 20 examples"),
        ({"which_set": "train", "axes": ["b", 0, 0, "c"]}, "each once"),
    ]:
        with pytest.raises(ConfigurationError, match=words):
            TFD(**options)


def without(name):
    def spoil(content):
        del content[name]

    return spoil


def replaced(name, value):
    return lambda content: content.update({name: value})


@pytest.mark.parametrize(
    "spoil, words",
    [
        (without("folds"), "has no 'folds'"),
        (replaced("folds", np.ones((60, 3))), r"'folds' as numbers of shape \(examples, 5\)"),
        (replaced("labs_ex", np.ones((59, 1))), "60 images, but 59 rows of 'labs_ex'"),
        (replaced("images", np.ones((60, 96, 96))), r"shape \(examples, 48, 48\)"),
        (replaced("images", "text"), "'images' as numbers"),
        (replaced("folds", np.zeros((60, 5))), "no images of the set 'train' in fold 0"),
    ],
)
def test_a_file_of_another_layout_is_said_in_a_sentence(data, spoil, words):
    content = {name: value for name, value in loadmat(data).items() if not name.startswith("__")}
    spoil(content)
    savemat(data, content)
    with pytest.raises(DataError, match=words):
        TFD(which_set="train")


@pytest.mark.parametrize("length", [0, 10, 1000, -1])
def test_a_file_cut_short_is_said_in_a_sentence(data, length):
    data.write_bytes(data.read_bytes()[:length])
    with pytest.raises(DataError, match="TFD_48x48.mat") as caught:
        TFD(which_set="train")
    assert "\n" not in str(caught.value)


def test_an_absent_file_says_whom_to_ask_and_where_to_put_it(data):
    data.unlink()
    with pytest.raises(DataError, match="faces/TFD/TFD_48x48.mat: .* ask its makers for it .*put the file there"):
        TFD(which_set="train")
