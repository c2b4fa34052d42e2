"""Arrays written block by block: what is read back is what was given, and a file is whole or absent."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adversarial.errors import ConfigurationError, DataError, FileError
from adversarial.files import streamed
from adversarial.files.streamed import write_rows
from adversarial.serialization.tables import open_table


class Noted:
    """Rows that note how many were asked for at once, and fail at one of them."""

    def __init__(self, rows, fails_at=None):
        self._rows, self._fails_at = rows, fails_at
        self.shape, self.dtype, self.most = rows.shape, rows.dtype, 0

    def __getitem__(self, subset):
        if self._fails_at is not None and subset.stop > self._fails_at:
            raise DataError("third.png is damaged")
        block = self._rows[subset]
        self.most = max(self.most, len(block))
        return block


@pytest.mark.parametrize("ending", [".npz", ".h5"])
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    counts=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    example=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    dtype=st.sampled_from(["uint8", "float32", "int16"]),
    block=st.integers(1, 200),
)
def test_what_is_read_is_what_was_written(tmp_path, ending, counts, example, dtype, block):
    rng = np.random.default_rng(0)
    arrays = {
        name: (rng.integers(0, 100, (count, *example)).astype(dtype))
        for name, count in zip(("train", "test"), counts, strict=True)
    }
    done = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streamed, "_BLOCK", block)
        write_rows(tmp_path / f"it{ending}", arrays, done.append)
    assert sum(done) == sum(counts)
    for name, rows in arrays.items():
        found = open_table(f"{tmp_path}/it{ending}:{name}")
        np.testing.assert_array_equal(found[:].reshape(rows.shape), rows[:])
        assert found.dtype == rows.dtype


@pytest.mark.parametrize("ending", [".npz", ".h5"])
def test_no_more_rows_are_in_memory_than_a_block(tmp_path, monkeypatch, ending):
    monkeypatch.setattr(streamed, "_BLOCK", 100)
    rows = Noted(np.zeros((50, 5, 6), np.uint8))
    write_rows(tmp_path / f"it{ending}", {"images": rows})
    assert rows.most == 3


@pytest.mark.parametrize("ending", [".npz", ".h5"])
def test_what_fails_on_the_way_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, ending):
    monkeypatch.setattr(streamed, "_BLOCK", 60)
    path = tmp_path / f"it{ending}"
    path.write_bytes(b"old")
    with pytest.raises(DataError, match=r"third\.png"):
        write_rows(path, {"images": Noted(np.zeros((50, 5, 6), np.uint8), fails_at=9)})
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [(path.name, b"old")]


def test_rows_of_hdf5_are_one_run_of_bytes(tmp_path):
    write_rows(tmp_path / "it.h5", {"images": np.arange(60, dtype=np.uint8).reshape(5, 4, 3)})
    with h5py.File(tmp_path / "it.h5") as file:
        assert file["images"].chunks is None and file["images"].id.get_offset() is not None


def test_where_it_cannot_be_written(tmp_path):
    with pytest.raises(ConfigurationError, match=r"it\.png must end in \.npz, \.h5 or \.hdf5"):
        write_rows(tmp_path / "it.png", {})
    for ending in (".npz", ".h5"):
        with pytest.raises(FileError, match="make its directory first"):
            write_rows(tmp_path / "absent" / f"it{ending}", {"images": np.zeros((1, 2))})
