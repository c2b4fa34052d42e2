"""The `.pkl` file: a pickle of plain values alone, sealed.

Python's own `pickle.load` reads it as a dict, without importing anything::

    {"format": "adversarial checkpoint", "version": 1, "sha256": <32 bytes>, "bytes": <size of the file>,
     "content": {...}}

An array stands in the content as ``{"__array__": "<f4", "shape": (3, 4), "data": <bytes in C order>}``. The seal
is the SHA-256 of all that follows it, so a file that was cut or damaged is refused before anything in it is
believed. It guards against accidents, not against malice: what keeps a stranger's file harmless is that
`pickle_machine` builds nothing but plain values from it, within bounds.
"""

from __future__ import annotations

import hashlib
import pickle
import struct
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from adversarial.errors import CheckpointError
from adversarial.serialization import pickle_machine
from adversarial.serialization.plain import MAX_DEPTH, MAX_VALUES, array_dtype, array_from_bytes

FORMAT = "adversarial checkpoint"
VERSION = 1

_ARRAY = "__array__"

#: Takes the file's next bytes.
Emit = Callable[[bytes | memoryview], None]


def _text(value: str) -> bytes:
    data = value.encode("utf-8", "surrogatepass")
    if len(data) < 256:
        return b"\x8c" + bytes([len(data)]) + data
    return b"\x8d" + struct.pack("<Q", len(data)) + data


#: Dict, mark, then the first keys and values, to where the version, the seal and the length follow.
MAGIC = b"\x80\x04}(" + _text("format") + _text(FORMAT) + _text("version") + b"K"
_BEFORE_SEAL = MAGIC + bytes([VERSION]) + _text("sha256") + b"C\x20"
_AFTER_SEAL = _text("bytes") + b"\x8a\x08"
_BEFORE_CONTENT = _text("content")
_END = b"u."


def encode(content: Any) -> list[bytes | memoryview]:
    """Encode `content`, as `plain.normalise` returns it, as the file's bytes, in pieces; arrays are not copied."""
    body: list[bytes | memoryview] = []
    _encode(content, body.append)
    content_size = sum(len(piece) for piece in body)
    frame = len(_BEFORE_SEAL) + 32 + len(_AFTER_SEAL) + 8 + len(_BEFORE_CONTENT) + len(_END)
    sealed = [_AFTER_SEAL + struct.pack("<q", frame + content_size) + _BEFORE_CONTENT, *body, _END]
    return [_BEFORE_SEAL + digest(sealed), *sealed]


def digest(pieces: Iterable[bytes | memoryview]) -> bytes:
    """Return the SHA-256 of `pieces` one after another."""
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
    return found.digest()


def decode(data: bytes) -> Any:
    """Decode the content of a file whose bytes begin with `MAGIC`.

    Raises
    ------
    CheckpointError
        If the file is of another version, cut short, damaged, or holds anything but plain values.
    """
    view = memoryview(data)
    if len(view) > len(MAGIC) and view[len(MAGIC)] != VERSION:
        raise CheckpointError(
            f"it is of file format {view[len(MAGIC)]}, and this version of adversarial reads format {VERSION}"
        )
    seal_at = len(_BEFORE_SEAL)
    length_at = seal_at + 32 + len(_AFTER_SEAL)
    content_at = length_at + 8 + len(_BEFORE_CONTENT)
    if len(view) < content_at + len(_END):
        raise CheckpointError(f"it is cut short: only {len(view)} bytes are there")
    length = struct.unpack_from("<q", view, length_at)[0]
    if length > len(view):
        raise CheckpointError(f"it is cut short, or damaged: {len(view)} of {length} bytes are there")
    if view[:seal_at] != _BEFORE_SEAL or view[seal_at : seal_at + 32] != digest([view[seal_at + 32 :]]):
        raise CheckpointError("it is damaged: its bytes are not those that were written (the checksum differs)")
    if length != len(view) or view[content_at - len(_BEFORE_CONTENT) : content_at] != _BEFORE_CONTENT:
        raise CheckpointError("it was not written by this program, though it says so")
    # A value takes at least three bytes of the file, and at most some 370 of memory.
    budget = 2 * len(view) + min(128 * len(view), 400 * MAX_VALUES)
    frame = pickle_machine.run(data, budget, pickle_machine.PLAIN_OPCODES)
    return _Arrays().restore(frame["content"], 0)


class _Arrays:
    """Replaces the bytes of arrays by arrays, and counts values."""

    def __init__(self) -> None:
        self.values = 0

    def restore(self, value: Any, depth: int) -> Any:
        self.values += 1
        if depth > MAX_DEPTH or self.values > MAX_VALUES:
            raise CheckpointError("it was not written by this program: its values are too many or too deep")
        if type(value) is dict:
            if _ARRAY in value:
                return self.array(value)
            if not all(type(key) is str for key in value):
                raise CheckpointError("it was not written by this program: a key is not text")
            return {key: self.restore(item, depth + 1) for key, item in value.items()}
        if type(value) is list:
            return [self.restore(item, depth + 1) for item in value]
        if type(value) is tuple:
            return tuple([self.restore(item, depth + 1) for item in value])
        return bytes(value) if type(value) is memoryview else value

    def array(self, parts: dict) -> np.ndarray:
        if set(parts) != {_ARRAY, "shape", "data"} or not isinstance(parts["data"], (bytes, memoryview)):
            raise CheckpointError("it was not written by this program: an array is not whole")
        return array_from_bytes(parts["data"], array_dtype(parts[_ARRAY]), parts["shape"])


def _encode(value: Any, emit: Emit) -> None:
    if value is None:
        emit(b"N")
    elif value is True or value is False:
        emit(b"\x88" if value else b"\x89")
    elif type(value) is int:
        data = pickle.encode_long(value)
        emit(b"\x8a" + bytes([len(data)]) + data)
    elif type(value) is float:
        emit(b"G" + struct.pack(">d", value))
    elif type(value) is str:
        emit(_text(value))
    elif type(value) is bytes:
        emit(b"\x8e" + struct.pack("<Q", len(value)))
        emit(value)
    elif type(value) is list:
        emit(b"](")
        for item in value:
            _encode(item, emit)
        emit(b"e")
    elif type(value) is tuple:
        emit(b"(")
        for item in value:
            _encode(item, emit)
        emit(b"t")
    elif type(value) is dict:
        if _ARRAY in value:
            raise CheckpointError(f"the key '{_ARRAY}' is kept for the file format's own use")
        _encode_pairs(value, emit)
    else:
        _encode_array(value, emit)


def _encode_pairs(pairs: dict[str, Any], emit: Emit) -> None:
    emit(b"}(")
    for key, item in pairs.items():
        emit(_text(key))
        _encode(item, emit)
    emit(b"u")


def _encode_array(array: np.ndarray, emit: Emit) -> None:
    emit(b"}(" + _text(_ARRAY) + _text(array.dtype.str) + _text("shape"))
    _encode(tuple(array.shape), emit)
    emit(_text("data") + b"\x8e" + struct.pack("<Q", array.nbytes))
    # Viewed as bytes, since an array without values or in another byte order cannot export its buffer.
    emit(array.reshape(-1).view(np.uint8).data if array.size else b"")
    emit(b"u")
