"""Random windows are windows, the numbers behind them C's, and a resumed run has those of its epoch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.options import OptionError
from adversarial.train_extensions.window_flip import WindowAndFlip, rand_r, random_windows


def images(count=6, axes=("b", 0, 1, "c")):
    lengths = {"b": count, 0: 5, 1: 4, "c": 2}
    return DenseDesignMatrix(topo_view=np.random.RandomState(0).rand(*(lengths[axis] for axis in axes)), axes=axes)


def test_numbers_are_those_of_the_c_library():
    assert rand_r(4294967295, 3).tolist() == [1670702726, 99100226, 931463008]


@given(st.integers(1, 5), st.integers(1, 4), st.booleans(), st.integers(0, 9))
def test_each_window_is_one_of_its_image_or_the_mirror_of_one(rows, columns, flip, seed):
    of = np.random.RandomState(1).rand(4, 5, 4, 2)
    for image, window in zip(of, random_windows(of, (rows, columns), np.random.RandomState(seed), flip), strict=True):
        places = [(y, x) for y in range(6 - rows) for x in range(5 - columns)]
        windows = [image[y : y + rows, x : x + columns] for y, x in places]
        found = windows + [each[:, ::-1] for each in windows] if flip else windows
        assert any(np.array_equal(window, each) for each in found)


@pytest.mark.parametrize("axes", [("b", 0, 1, "c"), ("c", 0, 1, "b")])
def test_epochs_differ_the_order_of_axes_does_not_matter_and_a_resumed_run_has_its_own(axes):
    data, other = images(axes=axes), images(axes=axes)
    extension, resumed = (WindowAndFlip([3, 3], randomize=[each], pad_randomized=1) for each in (data, other))
    extension.setup(None, None, None)
    first = data.X
    extension.on_monitor(None, None, None)
    assert data.view_converter.axes == axes and not np.array_equal(data.X, first)
    resumed.setup(None, None, None)
    np.testing.assert_array_equal(other.X, first)
    resumed.set_state(extension.get_state())
    np.testing.assert_array_equal(other.X, data.X)
    for each in (extension, resumed):
        each.on_monitor(None, None, None)
    np.testing.assert_array_equal(other.X, data.X)


def test_windows_larger_than_images_are_refused():
    with pytest.raises(OptionError, match=r"window_shape is \[9, 3\], larger than images"):
        WindowAndFlip([9, 3], randomize=[images()]).setup(None, None, None)
    with pytest.raises(OptionError, match=r"window_shape is \[9, 3\], larger than images"):
        WindowAndFlip([9, 3], center=[images()]).setup(None, None, None)
