"""Tables of numbers of every format that is read, told apart by the ending of a file's name."""

from __future__ import annotations

import os
from pathlib import Path

from adversarial.files import rows
from adversarial.serialization import torch_tensors

ENDINGS = (*rows.ENDINGS, *torch_tensors.ENDINGS)


def open_table(path: str | os.PathLike) -> rows.Flattened:
    """Open a table of numbers as rows, one per example.

    Parameters
    ----------
    path : str or path
        A .npy, .npz, .h5, .mat, .safetensors, .csv, .pt or .pth file, or a folder of images. `path:NAME` picks one of
        several arrays.

    Returns
    -------
    Flattened
        The rows, each flat.

    Raises
    ------
    DataError
        Where the file is missing, damaged, of another ending, has no array, or several and none was picked.
    """
    text = os.fspath(path)
    return torch_tensors.open_tensor(text) if _has_ending(text, torch_tensors.ENDINGS) else rows.open_rows(text)


def is_table(path: str | os.PathLike) -> bool:
    """Return whether a path names a table by its ending, or a folder; `samples.npz:name` does too."""
    text = os.fspath(path)
    return os.path.isdir(text) or _has_ending(text, ENDINGS)


def _has_ending(text: str, endings: tuple[str, ...]) -> bool:
    array = text if os.path.exists(text) else text.rpartition(":")[0] or text
    return Path(text).suffix.lower() in endings or Path(array).suffix.lower() in endings
