"""Arrays in .safetensors files: a header in JSON, then the values as they are."""

from __future__ import annotations

import json
import math
import os
from typing import IO, Any, NamedTuple

import numpy as np

from adversarial.errors import DataError

_DTYPES = {
    "F16": "<f2",
    "F32": "<f4",
    "F64": "<f8",
    "BOOL": "?",
    "U8": "u1",
    "I8": "i1",
    **{f"{sign}{bits}": f"<{sign.lower()}{bits // 8}" for sign in "UI" for bits in (16, 32, 64)},
}
#: Bytes of the longest header that the format allows.
_MOST_HEADER = 100_000_000


class Stored(NamedTuple):
    """Where an array lies in a file: from which byte, its shape and its kind of number."""

    start: int
    shape: tuple[int, ...]
    dtype: np.dtype


def safetensors_arrays(file: IO[bytes], path: str) -> dict[str, Stored]:
    """Read what arrays of at least two axes a .safetensors file holds, and where.

    Raises
    ------
    DataError
        If the header is damaged, or claims what the file does not hold.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    if length > min(size - 8, _MOST_HEADER):
        raise DataError(f"{path} is damaged, or no .safetensors file: its header is longer than the file")
    header = json.loads(file.read(length))
    return {
        name: _stored(path, name, entry, 8 + length, size)
        for name, entry in header.items()
        if name != "__metadata__" and len(entry["shape"]) > 1
    }


def _stored(path: str, name: str, entry: dict[str, Any], start: int, size: int) -> Stored:
    if entry["dtype"] not in _DTYPES:
        raise DataError(f"{path} holds '{name}' as {entry['dtype']}, which NumPy does not know: save it as F32")
    dtype = np.dtype(_DTYPES[entry["dtype"]])
    shape, (begin, end) = tuple(entry["shape"]), entry["data_offsets"]
    plain = all(type(each) is int and each >= 0 for each in (*shape, begin, end))
    if not plain or end - begin != math.prod(shape) * dtype.itemsize or start + end > size:
        raise DataError(f"{path} is damaged: '{name}' in it is not where its header says")
    return Stored(start + begin, shape, dtype)
