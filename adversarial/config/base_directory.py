"""The folder of the document being built, for files that are named relative to it."""

from __future__ import annotations

import contextlib
import contextvars
import os
from collections.abc import Iterator
from pathlib import Path

_base_directory: contextvars.ContextVar[Path | None] = contextvars.ContextVar("base_directory", default=None)


@contextlib.contextmanager
def document_folder(path: str | os.PathLike | None) -> Iterator[None]:
    """Look for files beside the document at `path` within the block; None for text that comes from no file."""
    token = _base_directory.set(None if path is None else Path(path).resolve().parent)
    try:
        yield
    finally:
        _base_directory.reset(token)


def beside(path: str | os.PathLike) -> Path:
    """Return the path of a file that the document names: beside the document if it exists there, else unchanged.

    2014's `pretrained: './pretrain.pkl'` meant the working directory, which was the YAML file's own.
    """
    base = _base_directory.get()
    if base is not None and os.path.exists(base / path):
        return base / path
    return Path(path)
