"""The format of safetensors: values at the places that its header in JSON gives."""

from __future__ import annotations

import json

import numpy as np
import pytest

from adversarial.errors import DataError
from adversarial.files.rows import open_rows

TABLE = np.random.default_rng(0).random((50, 3, 2)).astype(np.float32)


def write(path, header, values=b""):
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + values)


def entry(array, start=0, **changed):
    kind = {"float32": "F32", "float16": "F16", "uint8": "U8"}[array.dtype.name]
    return {"dtype": kind, "shape": list(array.shape), "data_offsets": [start, start + array.nbytes]} | changed


@pytest.mark.parametrize("dtype", ["float32", "float16", "uint8"])
def test_arrays_come_back_and_are_picked_by_name(tmp_path, dtype):
    first, second = (TABLE * 9).astype(dtype), (TABLE * 5).astype(dtype)
    header = {"__metadata__": {"format": "pt"}, "a": entry(first), "b": entry(second, first.nbytes)}
    write(tmp_path / "x.safetensors", header, first.tobytes() + second.tobytes())
    rows = open_rows(f"{tmp_path}/x.safetensors:b")
    assert rows.example == (3, 2) and rows.dtype == dtype
    np.testing.assert_array_equal(rows[10:20], second.reshape(50, 6)[10:20])
    with pytest.raises(DataError, match="several arrays, a, b"):
        open_rows(tmp_path / "x.safetensors")


@pytest.mark.parametrize(
    "changed",
    [
        {"data_offsets": [0, 10]},
        {"data_offsets": [4, 4 + TABLE.nbytes]},
        {"shape": [-50, -3, 2]},
        {"shape": "many"},
        {"dtype": "BF16"},
        {"dtype": 3},
    ],
)
def test_a_header_that_is_not_true_is_refused(tmp_path, changed):
    write(tmp_path / "x.safetensors", {"a": entry(TABLE, **changed)}, TABLE.tobytes())
    with pytest.raises(DataError, match=r"x\.safetensors"):
        open_rows(tmp_path / "x.safetensors")


def test_no_header_is_refused(tmp_path):
    for content in (b"", b"\xff" * 20, (10).to_bytes(8, "little") + b"[1, 2, 3] "):
        (tmp_path / "x.safetensors").write_bytes(content)
        with pytest.raises(DataError, match=r"x\.safetensors"):
            open_rows(tmp_path / "x.safetensors")
