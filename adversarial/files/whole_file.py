"""Writing a file whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import RawIOBase

from adversarial.errors import FileError
from adversarial.files.special import what_else

try:
    import fcntl
except ImportError:  # no such locks on this system: two programs saving to one path are then the user's to avoid
    fcntl = None  # type: ignore[assignment]

#: The suffix of a file that is being written. One that a killed program left behind is overwritten by the next.
PART = ".part"

#: Neither a link nor a pipe that is put at the part file's place meanwhile is followed or waited for.
_ALONE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)

_FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be larger than the system allows",
}


def write_whole(path: str | os.PathLike, pieces: Iterable[bytes | memoryview]) -> None:
    """Write `pieces`, one after another, to `path`, so that a reader finds the old file or the new one, never a part.

    The bytes go to a file beside it, are flushed to the disk, and replace the old file by a rename. Whatever
    happens before that, a kill or a loss of power included, leaves the old file unchanged.

    Parameters
    ----------
    path : str or path
        The file to write; a symbolic link is followed.
    pieces : iterable of bytes or memoryview
        The content, in order.

    Raises
    ------
    FileError
        If the system does not let it be written, or another program is writing it.
    """
    target = os.path.realpath(path)
    part = target + PART
    _refuse_special(path, target, part)
    try:
        descriptor = _descriptor_held(part) or _open_alone(part)
    except OSError as error:
        raise FileError(_sentence(path, error)) from error
    done = False
    try:
        with open(descriptor, "wb", buffering=0) as file:
            file.truncate(0)
            for piece in _gathered(pieces):
                _write_all(file, piece)
            os.fsync(file.fileno())
            os.replace(part, target)
            done = True
        _sync_directory(os.path.dirname(target))
    except OSError as error:
        raise FileError(_sentence(path, error)) from error
    finally:
        if not done:
            os.unlink(part)
        if part in _held:
            _hold_again(part)


#: Descriptors of the part files that this program holds for longer than a save, by path.
_held: dict[str, int] = {}


@contextmanager
def held(path: str | os.PathLike) -> Iterator[None]:
    """Keep other programs that use this module from writing `path` within the block, not during a save alone.

    Parameters
    ----------
    path : str or path
        The file that the block will write, perhaps many times. Its part file is there, and locked, meanwhile.

    Raises
    ------
    FileError
        If another program holds or writes it, or the system does not let it be written.
    """
    part = os.path.realpath(path) + PART
    if fcntl is None or part in _held:
        yield
        return
    _refuse_special(path, part)
    try:
        _held[part] = _open_alone(part)
    except OSError as error:
        raise FileError(_sentence(path, error)) from error
    try:
        yield
    finally:
        if _descriptor_held(part, duplicate=False) is not None:
            os.unlink(part)
        os.close(_held.pop(part))


def _descriptor_held(part: str, duplicate: bool = True) -> int | None:
    """Return a descriptor of the part file if it is held, and is still the one that is there."""
    descriptor = _held.get(part)
    if descriptor is None or not os.path.exists(part) or not os.path.samestat(os.fstat(descriptor), os.stat(part)):
        return None
    return os.dup(descriptor) if duplicate else descriptor


def _hold_again(part: str) -> None:
    """Hold the next part file; where that fails, the next save will say why."""
    with contextlib.suppress(OSError, FileError):
        before, _held[part] = _held[part], _open_alone(part)
        os.close(before)


def _refuse_special(path: str | os.PathLike, *places: str) -> None:
    for each in places:
        found = what_else(each)
        if found is not None:
            raise FileError(f"cannot save {os.fspath(path)}: {each} is {found}, not a file")


def _open_alone(part: str) -> int:
    """Open `part` and lock it against every other program that would write it."""
    while True:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | _ALONE, 0o666)
        try:
            if fcntl is None or not _lock(descriptor, part):
                return descriptor
            # Whoever held the lock may have renamed the file into place: then this is no longer the part file.
            if os.path.exists(part) and os.path.samestat(os.fstat(descriptor), os.stat(part)):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock(descriptor: int, part: str) -> bool:
    """Lock the file; return False where the file system has no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise FileError(
            f"another program is saving to {part.removesuffix(PART)}, or trains to save there: end it or save elsewhere"
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL):
            return False
        raise
    return True


def _gathered(pieces: Iterable[bytes | memoryview], size: int = 1 << 20) -> Iterable[bytes | memoryview]:
    """Yield `pieces` with the small ones joined, so that each is worth a system call."""
    small: list[bytes | memoryview] = []
    held = 0
    for piece in pieces:
        if len(piece) >= size:
            yield b"".join(small)
            small, held = [], 0
            yield piece
            continue
        small.append(piece)
        held += len(piece)
        if held >= size:
            yield b"".join(small)
            small, held = [], 0
    yield b"".join(small)


def _write_all(file: RawIOBase, piece: bytes | memoryview) -> None:
    rest = memoryview(piece)
    while len(rest):
        rest = rest[file.write(rest) or 0 :]


def _sync_directory(directory: str) -> None:
    """Flush the rename itself to the disk, where directories can be flushed."""
    if os.name != "posix":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def _sentence(path: str | os.PathLike, error: OSError) -> str:
    number = error.errno or 0
    reason = _FULL.get(number, error.strerror or str(error))
    kept = "; the file that was there before is untouched" if os.path.exists(path) else ""
    advice = {
        errno.ENOENT: ": make its directory first",
        errno.ENOSPC: ": free some space and save again",
    }.get(number, "")
    return f"cannot save {os.fspath(path)}: {reason}{advice}{kept}"
