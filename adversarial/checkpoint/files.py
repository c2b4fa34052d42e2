"""The file of a saved model: nested plain values and arrays, written whole or not at all, read within bounds."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from adversarial.backend import is_first_process
from adversarial.checkpoint.content import check_kinds
from adversarial.checkpoint.published import path_of
from adversarial.errors import CheckpointError, FileError
from adversarial.files.special import open_file, what_else
from adversarial.files.whole_file import write_whole
from adversarial.names.allow_list import part_of_model
from adversarial.serialization import hdf5_format, model_2014, pickle_format
from adversarial.serialization.plain import normalise

#: Endings and their formats.
ENDINGS = (".pkl", ".h5", ".joblib")

#: First bytes of a pickle of an object: its protocol, or, in protocols 0 and 1, a class, a mark, a dict or a list.
_PICKLES = (b"\x80", b"c", b"(", b"}", b"]")

_GZIP = b"\x1f\x8b"
#: No genuine model shrinks to less than a hundredth by gzip, a few large arrays of zeros aside.
_MAX_GZIP_RATIO = 100


def write(path: str | os.PathLike, content: Mapping[str, Any]) -> None:
    """Save `content` whole or not at all.

    Parameters
    ----------
    path : str or path
        Ending in `.pkl` or `.h5`, or, as in 2014, in `.joblib`, which is written as `.pkl`. An old file is replaced
        once the new one is complete and on the disk. Of several processes that train together the first one writes.
    content : mapping
        Nested dicts (with text keys), lists and tuples of plain values and arrays.

    Raises
    ------
    CheckpointError
        If the ending is another one, a value is not plain, or the file cannot be written (the disk is full, ...);
        the file that was at `path` is then unchanged.
    """
    encode = _format_for(path).encode
    if not is_first_process():
        return
    try:
        pieces = encode(normalise(content))
    except CheckpointError as error:
        raise CheckpointError(f"cannot save {os.fspath(path)}: {error}") from error
    try:
        write_whole(path, pieces)
    except FileError as error:
        raise CheckpointError(str(error)) from error


def _format_for(path: str | os.PathLike) -> ModuleType:
    ending = os.path.splitext(os.fspath(path))[1].lower()
    if ending in (".pkl", ".joblib"):
        return pickle_format
    if ending == ".h5":
        return hdf5_format
    raise CheckpointError(f"cannot save {os.fspath(path)}: a saved model's name ends in {' or '.join(ENDINGS)}")


def read(path: str | os.PathLike) -> dict[str, Any]:
    """Read the content of a saved model, of ours or of 2014; the first bytes of the file say which, not its name.

    Parameters
    ----------
    path : str or path
        The file, or the name of a published model, such as 'adversarial:mnist'.

    Returns
    -------
    dict
        Nested dicts, lists and tuples of plain values and NumPy arrays, bit for bit what was written: a `SavedModel`
        where `save_model` or `save_train` wrote it.

    Raises
    ------
    CheckpointError
        If the file is missing, not a saved model, cut short, damaged, or asks to run something. Nothing that the
        file names is ever imported or called, and memory is allocated only in proportion to the file's size.
    """
    try:
        return _read(path)
    except CheckpointError as error:
        raise CheckpointError(f"cannot open {os.fspath(path)}: {error}") from error
    except OSError as error:
        raise CheckpointError(f"cannot open {os.fspath(path)}: {error.strerror or error}") from error
    except ValueError as error:
        raise CheckpointError(f"cannot open {os.fspath(path)!r}: it is not the name of a file") from error
    except (MemoryError, RecursionError) as error:
        raise CheckpointError(f"cannot open {os.fspath(path)}: it takes more memory than there is") from error


def _read(path: str | os.PathLike) -> dict[str, Any]:
    path = path_of(path)
    found = what_else(path)
    if found is not None:
        raise CheckpointError(f"it is {found}, not a file")
    with open_file(path, CheckpointError) as file:
        status = os.fstat(file.fileno())
        first = file.read(64)
        if first.startswith(hdf5_format.MAGIC):
            content = hdf5_format.decode(file, status.st_size)
        else:
            content = _read_pickle(first + file.read())
    if not isinstance(content, dict):
        raise CheckpointError("it was not written by this program, though it says so")
    check_kinds(content)
    return content


def _read_pickle(data: bytes) -> Any:
    if data.startswith(_GZIP):
        data = _unzipped(data)
    if data.startswith(pickle_format.MAGIC):
        return pickle_format.decode(data)
    if data.startswith(b"\x89HDF"):
        raise CheckpointError("it is an HDF5 file, but not a saved model")
    if not data:
        raise CheckpointError("it is empty")
    if not data.startswith(_PICKLES):
        raise CheckpointError("it is no saved model: it begins neither as one of ours nor as a pickle of 2014")
    return model_2014.decode(data, part_of_model(()))


def _unzipped(data: bytes) -> bytes:
    limit = _MAX_GZIP_RATIO * len(data)
    try:
        unpacker = zlib.decompressobj(wbits=31)
        unpacked = unpacker.decompress(data, limit)
    except zlib.error as error:
        raise CheckpointError("it is a damaged gzip file") from error
    if len(unpacked) >= limit:
        raise CheckpointError(f"it unpacks to more than {_MAX_GZIP_RATIO} times its size; unpack it with gunzip first")
    if not unpacker.eof or unpacker.unused_data:
        raise CheckpointError("it is a gzip file that is cut short or goes on where it should end")
    return unpacked
