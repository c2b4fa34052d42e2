"""Tables in files: the rows that were saved, whatever the format, and one sentence for what is no table."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from adversarial.errors import DataError
from adversarial.files.rows import RowsInFile, open_rows, spool
from adversarial.likelihood.parzen import log_likelihoods

TABLE = np.random.default_rng(0).random((50, 6)).astype(np.float32)


def save(path, table):
    if path.suffix == ".npy":
        np.save(path, table)
    elif path.suffix == ".npz":
        np.savez_compressed(path, samples=table)
    else:
        with h5py.File(path, "w") as file:
            file["of/samples"] = table


@pytest.mark.parametrize("ending", [".npy", ".npz", ".h5", ".hdf5"])
@pytest.mark.parametrize("table", [TABLE, np.asfortranarray(TABLE), TABLE.astype(">f8"), TABLE.reshape(50, 3, 2)])
def test_slices_are_those_of_what_was_saved(tmp_path, ending, table):
    save(tmp_path / f"table{ending}", table)
    rows = open_rows(tmp_path / f"table{ending}")
    flat = table.reshape(50, 6)
    assert rows.shape == (50, 6) and len(rows) == 50
    for part in (slice(0, 50), slice(7, 20), slice(45, 80), slice(60, 70)):
        np.testing.assert_array_equal(rows[part], flat[part])
    np.testing.assert_allclose(log_likelihoods(rows, TABLE, 0.5), log_likelihoods(flat, TABLE, 0.5), rtol=1e-12)


@pytest.mark.parametrize("ending", [".npz", ".h5"])
def test_one_of_several_arrays_is_picked_by_name(tmp_path, ending):
    path = tmp_path / f"two{ending}"
    if ending == ".npz":
        np.savez(path, a=TABLE, b=TABLE + 1)
    else:
        with h5py.File(path, "w") as file:
            file["a"], file["b"] = TABLE, TABLE + 1
    np.testing.assert_array_equal(open_rows(f"{path}:b")[0:50], TABLE + 1)
    with pytest.raises(DataError, match="has several arrays, a, b; pick one by"):
        open_rows(path)
    with pytest.raises(DataError, match="has no array 'c'; it has a, b"):
        open_rows(f"{path}:c")


def test_files_that_are_no_tables_are_refused(tmp_path):
    with pytest.raises(DataError, match="there is no file"):
        open_rows(tmp_path / "absent.npy")
    with pytest.raises(DataError, match="not a table of numbers by its name"):
        open_rows(tmp_path / "table.txt")
    for ending, reason in ((".npy", "not an array that NumPy saved"), (".npz", "damaged"), (".h5", "as an HDF5 file")):
        (tmp_path / f"bad{ending}").write_bytes(b"no such thing")
        with pytest.raises(DataError, match=reason):
            open_rows(tmp_path / f"bad{ending}")
    for table, reason in ((np.arange(3.0), "a row an example"), (np.array([["a"]]), "must hold numbers")):
        np.save(tmp_path / "odd.npy", table)
        with pytest.raises(DataError, match=reason):
            open_rows(tmp_path / "odd.npy")
    np.save(tmp_path / "objects.npy", np.array([[object()]]), allow_pickle=True)
    with pytest.raises(DataError, match="must hold numbers"):
        open_rows(tmp_path / "objects.npy")
    np.save(tmp_path / "cut.npy", TABLE)
    whole = (tmp_path / "cut.npy").read_bytes()
    (tmp_path / "cut.npy").write_bytes(whole[:-5])
    with pytest.raises(DataError, match="cut short"):
        open_rows(tmp_path / "cut.npy")


@pytest.mark.parametrize("in_memory", [1 << 20, 100])
def test_blocks_are_kept_in_memory_or_in_a_file_and_come_back_the_same(in_memory):
    rows = spool(iter([TABLE[:20], TABLE[20:45], TABLE[45:]]), 50, in_memory)
    assert isinstance(rows, RowsInFile if in_memory == 100 else np.ndarray)
    np.testing.assert_array_equal(rows[10:48], TABLE[10:48])
    assert rows.shape == (50, 6)
