"""The `.h5` file: the same content as the `.pkl` file, each array an HDF5 dataset that other programs can open.

``/content/...`` has the arrays, at their places in the content (such as `/content/parameters/dis%2Fh0_W`);
``/structure`` is a JSON text of everything else, with ``{"!array": [path, dtype, shape]}`` where an array belongs.

The first 512 bytes, which HDF5 leaves to its users, hold the seal: the size and SHA-256 of what follows. The HDF5
library is written in C and trusts its files; it sees none whose seal does not hold, so accidents stop before it.
From a sealed file, only contiguous, unfiltered datasets under hard links are taken, no more than the file can
hold: no external or virtual data, no references, no compression that would blow up.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import struct
from collections.abc import Callable, Iterable
from typing import IO, Any
from urllib.parse import quote

import h5py
import numpy as np

from adversarial.errors import CheckpointError
from adversarial.serialization.plain import MAX_DEPTH, MAX_VALUES, array_dtype, array_from_bytes

#: How the file begins; the version follows.
MAGIC = b"adversarial checkpoint, HDF5, format "
VERSION = 1

_BLOCK = 512
_STRUCTURE = "structure"


def encode(content: Any) -> list[bytes]:
    """Encode `content`, as `plain.normalise` returns it, as the file's bytes, in pieces."""
    with h5py.File("checkpoint.h5", "w", driver="core", backing_store=False) as file:
        structure = _to_json(content, "/content", file)
        text = json.dumps(structure, allow_nan=False, separators=(",", ":")).encode("ascii")
        file.create_dataset(_STRUCTURE, data=np.bytes_(text))
        file.flush()
        image = file.id.get_file_image()
    return [_block([image]), image]


def _block(pieces: Iterable[bytes]) -> bytes:
    found, size = hashlib.sha256(), 0
    for piece in pieces:
        found.update(piece)
        size += len(piece)
    return _block_of(size, found.hexdigest())


def _block_of(size: int, digest: str) -> bytes:
    return (MAGIC + b"%d\nbytes %d\nsha256 %s\n" % (VERSION, size, digest.encode())).ljust(_BLOCK, b"\0")


def decode(file: IO[bytes], size: int) -> Any:
    """Decode the content of an open file of `size` bytes that begins with `MAGIC`.

    Raises
    ------
    CheckpointError
        If the file is of another version, cut short, damaged, or holds what this program does not write.
    """
    _check_seal(file, size)
    file.seek(0)
    try:
        with h5py.File(file, "r") as opened:
            return _Reader(opened, size).content()
    except (OSError, KeyError, RuntimeError, ValueError, TypeError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError("it was not written by this program: HDF5 cannot read what it holds") from error


def _check_seal(file: IO[bytes], size: int) -> None:
    file.seek(0)
    block = file.read(_BLOCK)
    version = block[len(MAGIC) :].split(b"\n", 1)[0]
    if version != b"%d" % VERSION and version.isdigit() and len(version) < 6:
        raise CheckpointError(
            f"it is of file format {int(version)}, and this version of adversarial reads format {VERSION}"
        )
    found = _block(iter(lambda: file.read(1 << 20), b""))
    if found == block:
        return
    if len(block) < _BLOCK or not block.startswith(_block_of(size - _BLOCK, "")[:-1].rstrip(b"\n\0")):
        raise CheckpointError("it is cut short or damaged: its size is not what was written")
    raise CheckpointError("it is damaged: its bytes are not those that were written (the checksum differs)")


# Content to JSON and datasets. A dict with one key that begins with "!" stands for what JSON has no notation for.


def _to_json(value: Any, path: str, file: h5py.File) -> Any:
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"!float": struct.pack(">d", value).hex()}
    if type(value) is bytes:
        return {"!bytes": base64.b64encode(value).decode("ascii")}
    if type(value) is list:
        return [_to_json(item, f"{path}/{i}", file) for i, item in enumerate(value)]
    if type(value) is tuple:
        return {"!tuple": [_to_json(item, f"{path}/{i}", file) for i, item in enumerate(value)]}
    if type(value) is dict:
        pairs = {key: _to_json(item, f"{path}/{_link_name(key)}", file) for key, item in value.items()}
        return {"!dict": pairs} if len(pairs) == 1 and next(iter(pairs)).startswith("!") else pairs
    _store(file, path, _stored(value))
    return {"!array": [path, value.dtype.str, list(value.shape)]}


def _store(file: h5py.File, path: str, array: np.ndarray) -> None:
    """Create the dataset at `path` and its groups, as `create_dataset` does in three times the time.

    A checkpoint has a thousand arrays, mostly of a few numbers, and training waits while it is saved.
    """
    links = h5py.h5p.create(h5py.h5p.LINK_CREATE)
    links.set_create_intermediate_group(True)
    kind, space = h5py.h5t.py_create(array.dtype, logical=True), h5py.h5s.create_simple(array.shape)
    dataset = h5py.h5d.create(file.id, path.encode("ascii"), kind, space, lcpl=links)
    if array.size:
        dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, array)


def _stored(array: np.ndarray) -> np.ndarray:
    """Return the array as HDF5 stores it: text of a fixed length, which HDF5 would trim, as its bytes."""
    return np.frombuffer(array.tobytes(), np.uint8) if array.dtype.kind in "SU" else array


def _link_name(key: str) -> str:
    name = quote(key, safe=" !#$&'()*+,:;<=>?@[]^`{|}", errors="surrogatepass")
    return {"": "%", ".": "%2E"}.get(name, name)


class _Reader:
    """Reads a content from an HDF5 file, trusting nothing in it."""

    def __init__(self, file: h5py.File, size: int):
        self.file = file
        self.bytes_left = size
        self.values = 0

    def content(self) -> Any:
        text = self.dataset(_STRUCTURE, np.dtype("S")).tobytes()
        try:
            # Numbers beyond float's range are none of ours; json itself refuses endless digits and depth.
            structure = json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise CheckpointError("it was not written by this program: its structure is not legible") from error
        return self.restore(structure, 0)

    def dataset(self, path: str, dtype: np.dtype) -> np.ndarray:
        """Read the dataset at `path`, if it is plain and really in the file."""
        place: Any = self.file
        for name in path.strip("/").split("/"):
            if not isinstance(place, h5py.Group) or not isinstance(place.get(name, getlink=True), h5py.HardLink):
                raise CheckpointError(f"it was not written by this program: it has no array of its own at {path!r}")
            place = place[name]
        if not isinstance(place, h5py.Dataset) or place.dtype.kind != dtype.kind or place.dtype.hasobject:
            raise CheckpointError(f"it was not written by this program: {path!r} is no array of {dtype}")
        layout = place.id.get_create_plist()
        plain = layout.get_layout() in (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT) and not layout.get_nfilters()
        nbytes = place.size * place.dtype.itemsize if place.shape is not None else -1
        self.bytes_left -= nbytes
        if not plain or layout.get_external_count() or place.id.get_storage_size() != nbytes or self.bytes_left < 0:
            raise CheckpointError(f"it was not written by this program: {path!r} is not simply stored in it")
        found = np.empty(place.shape, place.dtype)
        if found.size:
            place.read_direct(found)
        return found

    def restore(self, value: Any, depth: int) -> Any:
        self.values += 1
        if depth > MAX_DEPTH or self.values > MAX_VALUES:
            raise CheckpointError("it was not written by this program: its values are too many or too deep")
        if type(value) is list:
            return [self.restore(item, depth + 1) for item in value]
        if type(value) is not dict:
            return value
        if len(value) == 1:
            ((key, item),) = value.items()
            if key in _MEANINGS:
                return _MEANINGS[key](self, item, depth)
        return {key: self.restore(item, depth + 1) for key, item in value.items()}

    def array(self, parts: Any) -> np.ndarray:
        if not isinstance(parts, list) or len(parts) != 3 or not isinstance(parts[0], str):
            raise CheckpointError("it was not written by this program: an array is not whole")
        dtype = array_dtype(parts[1])
        stored = self.dataset(parts[0], np.dtype(np.uint8) if dtype.kind in "SU" else dtype)
        if dtype.kind not in "SU" and stored.dtype != dtype:
            raise CheckpointError(f"it was not written by this program: {parts[0]!r} is no array of {dtype}")
        return array_from_bytes(np.ascontiguousarray(stored).reshape(-1).view(np.uint8).data, dtype, parts[2])

    def whole(self, item: Any, kind: type) -> Any:
        if type(item) is not kind:
            raise CheckpointError("it was not written by this program: its structure is not ours")
        return item


def _no_constant(name: str) -> float:
    raise ValueError(name)


_MEANINGS: dict[str, Callable[[_Reader, Any, int], Any]] = {
    "!array": lambda reader, item, depth: reader.array(item),
    "!float": lambda reader, item, depth: struct.unpack(">d", bytes.fromhex(reader.whole(item, str)))[0],
    "!bytes": lambda reader, item, depth: base64.b64decode(reader.whole(item, str), validate=True),
    "!tuple": lambda reader, item, depth: tuple(reader.restore(reader.whole(item, list), depth)),
    "!dict": lambda reader, item, depth: {
        key: reader.restore(part, depth + 1) for key, part in reader.whole(item, dict).items()
    },
}
