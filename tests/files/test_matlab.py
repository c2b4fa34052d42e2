"""MATLAB's files: its arrays with its axes, of the old versions and of 7.3, which stores the last axis first."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from adversarial.errors import DataError
from adversarial.files.rows import open_rows

TABLE = np.random.default_rng(0).random((50, 6))


@pytest.mark.parametrize("options", [{"format": "4"}, {"do_compression": False}, {"do_compression": True}])
def test_an_array_comes_back_as_it_was(tmp_path, options):
    savemat(tmp_path / "m.mat", {"samples": TABLE, "note": "text"}, **options)
    np.testing.assert_array_equal(open_rows(f"{tmp_path}/m.mat:samples")[0:50], TABLE)


def test_one_array_of_numbers_needs_no_name(tmp_path):
    savemat(tmp_path / "m.mat", {"samples": TABLE, "cell": np.array(["a", 1], object)})
    np.testing.assert_array_equal(open_rows(tmp_path / "m.mat")[3:7], TABLE[3:7])


def test_version_7_3_has_its_axes_turned_back(tmp_path):
    with h5py.File(tmp_path / "m.mat", "w", userblock_size=512) as file:
        file["samples"] = TABLE.T
    np.testing.assert_array_equal(open_rows(tmp_path / "m.mat")[0:50], TABLE)


def test_a_damaged_file_is_refused(tmp_path):
    savemat(tmp_path / "m.mat", {"samples": TABLE})
    whole = (tmp_path / "m.mat").read_bytes()
    for content in (b"", b"no such thing", whole[: len(whole) // 2]):
        (tmp_path / "m.mat").write_bytes(content)
        with pytest.raises(DataError, match=r"m\.mat"):
            open_rows(tmp_path / "m.mat")
