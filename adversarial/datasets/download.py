"""Download of data sets: an archive from the web, resumed where it broke off, checked by hash, and unpacked safely."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import os
import tarfile
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from adversarial.datasets.cifar10 import FILES
from adversarial.errors import DataError

_BLOCK = 2**18
#: How often a transfer that breaks off is resumed, as long as each try gets further.
TRIES = 5
TIMEOUT_SECONDS = 60
#: No file of the archives here is larger.
_MAX_MEMBER = 64 * 2**20

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Archive:
    """A .tar.gz archive.

    Attributes
    ----------
    url : str
        Its address.
    sha256 : str
        Its SHA-256, in hexadecimal.
    size : int
        Its size in bytes.
    members : tuple of str
        The files to extract.
    folder : str
        Where the members go, below the folder of all data.
    """

    url: str
    sha256: str
    size: int
    members: tuple[str, ...]
    folder: str


CIFAR10_ARCHIVE = Archive(
    url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    size=170498071,
    members=tuple(f"cifar-10-batches-py/{name}" for name in (*FILES["train"], *FILES["test"], "batches.meta")),
    folder="cifar10",
)


def missing(archive: Archive, data: Path) -> list[Path]:
    """Return the files of an archive that are not below `data`, the folder of all data."""
    paths = [data / archive.folder / member for member in archive.members]
    return [path for path in paths if not path.is_file()]


def get(archive: Archive, data: Path, url: str | None = None, progress: Progress | None = None) -> None:
    """Download an archive and write its files below `data`; a download that was cut off is resumed.

    Parameters
    ----------
    archive : Archive
        What to download.
    data : Path
        The folder of all data.
    url : str, optional
        Another address of the same archive.
    progress : callable, optional
        Called with each number of bytes newly received.

    Raises
    ------
    DataError
        If the archive cannot be downloaded, is not the known one, or cannot be unpacked.
    """
    folder = data / archive.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder} cannot be made: {error.strerror}") from error
    path = folder / archive.url.rpartition("/")[2]
    if not path.exists():
        fetch(archive, url or archive.url, path, progress or (lambda count: None))
    unpack(archive, path, folder)
    path.unlink()


def fetch(archive: Archive, url: str, path: Path, progress: Progress) -> None:
    """Download the archive to `path`.part, check its hash, and rename it to `path`."""
    if not url.lower().startswith(("http://", "https://")):
        raise DataError(f"{url} is no address that begins with http:// or https://")
    partial = path.with_name(path.name + ".part")
    there = partial.stat().st_size if partial.exists() else 0
    if there > archive.size:
        partial.unlink()
        there = 0
    progress(there)
    for attempt in range(1, TRIES + 1):
        before, reason = there, "the connection broke off"
        try:
            if there < archive.size:
                _transfer(archive, url, partial, there, progress)
        except urllib.error.HTTPError as error:
            raise DataError(f"{url} cannot be fetched: the server says {error.code} {error.reason}") from error
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            reason = str(getattr(error, "reason", error)) or reason
        there = partial.stat().st_size if partial.exists() else 0
        if there == archive.size:
            break
        if there == before or attempt == TRIES:
            raise DataError(
                f"{url} gave {there:,} of {archive.size:,} bytes ({reason}); run this again to go on from there"
            )
    found = _sha256(partial)
    if found != archive.sha256:
        partial.unlink()
        raise DataError(f"{url} is not the file known here: its SHA-256 is {found}, but should be {archive.sha256}")
    os.replace(partial, path)


def _transfer(archive: Archive, url: str, partial: Path, there: int, progress: Progress) -> None:
    """Append to `partial`, which has `there` bytes, what the server sends before the connection ends."""
    request = urllib.request.Request(url, headers={"Range": f"bytes={there}-"} if there else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
        goes_on = response.status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {there}-")
        if there and not goes_on:
            # The server sends the whole file again.
            progress(-there)
            there = 0
        with open(partial, "ab" if there else "wb") as file:
            while block := response.read(_BLOCK):
                there += len(block)
                if there > archive.size:
                    raise DataError(f"{url} is not the file known here: it has more than {archive.size:,} bytes")
                file.write(block)
                progress(len(block))


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unpack(archive: Archive, path: Path, folder: Path) -> None:
    """Extract the members of an archive to `folder`, and nothing else that may be in it."""
    left = set(archive.members)
    try:
        with tarfile.open(path, "r:gz") as content:
            for member in content:
                if member.name not in left:
                    continue
                if not member.isreg() or member.size > _MAX_MEMBER:
                    raise DataError(f"{path} holds {member.name} as something else than a file of its usual size")
                source = content.extractfile(member)
                assert source is not None  # as it is a regular file
                _write(folder / member.name, source.read())
                left.remove(member.name)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} cannot be unpacked: {error}; remove it and run this again") from error
    if left:
        raise DataError(f"{path} does not hold {', '.join(sorted(left))}; remove it and run this again")


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(content)
    os.replace(partial, path)
