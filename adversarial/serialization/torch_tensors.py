"""Tensors in files of PyTorch (.pt, .pth), read without running anything in them."""

from __future__ import annotations

import zipfile
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from adversarial.errors import CheckpointError, DataError
from adversarial.files.arrays import damage_told
from adversarial.files.rows import Flattened, RowsInFile, pick, split_name, unpack
from adversarial.files.safetensors import Stored
from adversarial.files.special import refuse_special
from adversarial.serialization.pickle_2014 import class_name, mapping
from adversarial.serialization.pickle_machine import Record, run

#: Files that PyTorch saved, by their ending.
ENDINGS = (".pt", ".pth")
_STORAGES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "BoolStorage": "?",
    "ByteStorage": "u1",
    "CharStorage": "i1",
    "ShortStorage": "<i2",
    "IntStorage": "<i4",
    "LongStorage": "<i8",
}
_REBUILD = "torch._utils._rebuild_tensor_v2"
#: What a file of tensors names; nothing of it is imported or called.
_NAMES = {
    ("persistent", "id"),
    ("collections", "OrderedDict"),
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_parameter"),
    *(("torch", storage) for storage in (*_STORAGES, "BFloat16Storage")),
}
#: Bytes that honest files of tensors need besides them.
_BUDGET = 16 * 2**20
_MOST_PICKLE = 64 * 2**20


class _Tensor(NamedTuple):
    """A tensor as the file describes it; `start` and `stride` count values."""

    storage: str
    dtype: np.dtype
    start: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


def open_tensor(path: str) -> Flattened:
    """Open a tensor as rows, one per example.

    Parameters
    ----------
    path : str
        A .pt or .pth file of a tensor, or of several by name, of which `path:NAME` picks one.

    Returns
    -------
    Flattened
        The rows, each flat.

    Raises
    ------
    DataError
        If the file is damaged, holds no such tensor, or asks to run something.
    """
    path, name = split_name(path, ENDINGS)
    refuse_special(path)
    try:
        with (
            damage_told(f"{path} cannot be read as PyTorch saves tensors (from 1.6 on)"),
            zipfile.ZipFile(path) as file,
        ):
            described = next(entry for entry in file.infolist() if PurePosixPath(entry.filename).name == "data.pkl")
            if described.file_size > _MOST_PICKLE:
                raise DataError(f"{path} is made to take much memory: it describes tensors at length")
            data = file.read(described)
            tensors = _tensors(run(data, _BUDGET + 12 * len(data), permit=_permit))
            name = pick(path, list(tensors), name)
            tensor = tensors[name]
            entry = file.getinfo(str(PurePosixPath(described.filename).parent / "data" / tensor.storage))
            if entry.compress_type != zipfile.ZIP_STORED:
                raise DataError(f"{path} is damaged: its tensors are compressed, as PyTorch's never are")
            return Flattened(_rows(tensor, entry.file_size, file, entry, f"{path}:{name}"))
    except CheckpointError as error:
        raise DataError(f"{path} is no file of tensors: {error}") from error


def _permit(module: str, name: str) -> None:
    if (module, name) not in _NAMES:
        raise CheckpointError(f"it asks to run {module}.{name}; nothing was run, and tensors alone need no such thing")


def _tensors(value: Any) -> dict[str, _Tensor]:
    """Return the tensors of at least two axes: one alone, or those of a dict or list, by name or number."""
    if isinstance(value, (list, tuple)):
        return {str(number): tensor for number, each in enumerate(value) if (tensor := _tensor(each)) is not None}
    if isinstance(value, dict) or class_name(value) == "collections.OrderedDict":
        pairs = mapping(value).items()
        return {str(name): tensor for name, each in pairs if (tensor := _tensor(each)) is not None}
    found = _tensor(value)
    return {} if found is None else {"tensor": found}


def _tensor(value: Any) -> _Tensor | None:
    if class_name(value) == "torch._utils._rebuild_parameter":
        value = value.arguments[0]
    if not isinstance(value, Record) or class_name(value) != _REBUILD:
        return None
    stored, start, shape, stride = value.arguments[:4]
    _, kind, key, *_ = stored.arguments[0]
    if len(shape) < 2 or kind.name not in _STORAGES:
        return None
    numbers = (start, *shape, *stride)
    if any(type(each) is not int or each < 0 for each in numbers) or len(shape) != len(stride):
        raise CheckpointError("it is damaged: a tensor's shape is not one")
    return _Tensor(str(key), np.dtype(_STORAGES[kind.name]), start, shape, stride)


def _rows(
    tensor: _Tensor, size: int, file: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str
) -> RowsInFile | np.ndarray:
    last = tensor.start + sum((length - 1) * step for length, step in zip(tensor.shape, tensor.stride, strict=True))
    if 0 not in tensor.shape and (last + 1) * tensor.dtype.itemsize > size:
        raise DataError(f"{name} is damaged: it has shape {tensor.shape}, which is more than the file holds")
    steps, step = [], 1
    for length in tensor.shape[::-1]:
        steps.append(step)
        step *= length
    unpacked = unpack(file, entry)
    stored = Stored(tensor.start * tensor.dtype.itemsize, tensor.shape, tensor.dtype)
    if tensor.stride == tuple(steps[::-1]):
        return RowsInFile(unpacked, name, stored)
    values = np.frombuffer(unpacked.read(), tensor.dtype)[tensor.start :]
    if np.prod(tensor.shape, dtype=object) > len(values):
        raise DataError(f"{name} repeats its values: save it by .contiguous()")
    strides = tuple(step * tensor.dtype.itemsize for step in tensor.stride)
    return np.lib.stride_tricks.as_strided(values, tensor.shape, strides, writeable=False).copy()
