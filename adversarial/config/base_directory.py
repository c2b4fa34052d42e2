"""Where the document being built lies, for files that are named relative to it."""

from __future__ import annotations

import contextlib
import contextvars
import os
from collections.abc import Iterator
from pathlib import Path

_base_directory: contextvars.ContextVar[Path | None] = contextvars.ContextVar("base_directory", default=None)


@contextlib.contextmanager
def building(path: str | os.PathLike | None) -> Iterator[None]:
    """Within it, `path` is the document being built; None for text from no file."""
    token = _base_directory.set(None if path is None else Path(path).resolve().parent)
    try:
        yield
    finally:
        _base_directory.reset(token)


def beside(path: str | os.PathLike) -> Path:
    """A file named in the document being built: beside that document if it is there, else as it stands.

    2014's `pretrained: './pretrain.pkl'` meant the working directory, which was the YAML file's own.
    """
    base = _base_directory.get()
    if base is not None and os.path.exists(base / path):
        return base / path
    return Path(path)
