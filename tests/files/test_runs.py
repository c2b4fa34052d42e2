"""Rows read by the system: those that HDF5 reads, in any order, from any place in the file."""

from __future__ import annotations

import os

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adversarial.errors import DataError
from adversarial.files.runs import run_of

pytestmark = pytest.mark.skipif(not hasattr(os, "preadv"), reason="this system has no preadv: HDF5 reads instead")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shape=st.lists(st.integers(1, 5), min_size=2, max_size=4),
    dtype=st.sampled_from(["u1", "<f4", ">f4", "<i8"]),
    user_block=st.sampled_from([0, 512]),
    data=st.data(),
)
def test_rows_are_those_of_hdf5(tmp_path, shape, dtype, user_block, data):
    values = np.random.default_rng(0).integers(0, 200, shape).astype(dtype)
    with h5py.File(tmp_path / "it.h5", "w", userblock_size=user_block) as file:
        file["before"] = np.zeros(7)
        file["it"] = values
    with h5py.File(tmp_path / "it.h5") as file:
        run = run_of(file["it"])
        numbers = np.array(data.draw(st.lists(st.integers(0, shape[0] - 1), max_size=8)), np.int64)
        run.read_ahead(numbers)
        np.testing.assert_array_equal(run.read(numbers), values[numbers])
        start, stop = sorted(data.draw(st.tuples(*[st.integers(0, shape[0])] * 2)))
        run.read_ahead(slice(start, stop))
        found = run.read(slice(start, stop))
        np.testing.assert_array_equal(found, values[start:stop])
        assert found.dtype == values.dtype


def test_what_is_no_run_of_bytes_is_left_to_hdf5(tmp_path):
    values = np.arange(12.0).reshape(4, 3)
    with h5py.File(tmp_path / "it.h5", "w") as file:
        file.create_dataset("chunked", data=values, chunks=(2, 3))
        file.create_dataset("external", data=values, external=[(str(tmp_path / "raw"), 0, values.nbytes)])
        file.create_dataset("truths", data=values > 3)
        file.create_dataset("never written", (4, 3), "f4")
        layout = h5py.VirtualLayout((4, 3), values.dtype)
        layout[:] = h5py.VirtualSource(tmp_path / "it.h5", "chunked", (4, 3))
        file.create_virtual_dataset("virtual", layout)
    with h5py.File(tmp_path / "it.h5") as file:
        assert [run_of(array) for array in file.values()] == [None] * 5


def test_a_file_that_ends_before_its_array_is_damaged(tmp_path):
    with h5py.File(tmp_path / "it.h5", "w") as file:
        file["it"] = np.zeros((100, 50))
    with h5py.File(tmp_path / "it.h5") as file:
        run = run_of(file["it"])
        os.truncate(tmp_path / "it.h5", file["it"].id.get_offset() + 1000)
        assert run.read(slice(0, 2)).shape == (2, 50)
        with pytest.raises(DataError, match=r"it\.h5: /it cannot be read, so the file is damaged"):
            run.read(np.array([99]))
