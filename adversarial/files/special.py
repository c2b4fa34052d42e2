"""Special files (pipes, devices, sockets) refused before they are opened: opening one may wait for ever, or act."""

from __future__ import annotations

import os
import stat
from typing import BinaryIO

from adversarial.errors import DataError, UserError

_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def what_else(path: str | os.PathLike | int) -> str | None:
    """Return what is at `path` if it is no file, such as 'a pipe'; None for a file, or where nothing is.

    Parameters
    ----------
    path : str, path or int
        Where to look, symbolic links followed, or the descriptor of an open file.
    """
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return None
    return None if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "no file")


def refuse_special(path: str | os.PathLike, kind: type[UserError] = DataError) -> None:
    """Raise an error of `kind` if something other than a file is at `path`."""
    found = what_else(path)
    if found is not None:
        raise kind(f"{os.fspath(path)} cannot be read: it is {found}, not a file")


def open_file(path: str | os.PathLike, kind: type[UserError] = DataError) -> BinaryIO:
    """Open a file for reading.

    Parameters
    ----------
    path : str or path
        The file.
    kind : type, optional
        The error to raise, default DataError.

    Returns
    -------
    file
        The file, open.

    Raises
    ------
    UserError
        Of `kind`, if something other than a file is there.
    OSError
        If it cannot be opened.
    """
    refuse_special(path, kind)
    # Whoever puts a pipe there meanwhile does not make this wait either.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    file = os.fdopen(os.open(path, flags), "rb")
    found = what_else(file.fileno())
    if found is not None:
        file.close()
        raise kind(f"{os.fspath(path)} cannot be read: it is {found}, not a file")
    return file
