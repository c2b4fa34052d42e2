"""Opens damaged data files in a process of its own: `python damaged_data.py FOLDER COUNT KIND...`.

Says in JSON, a line a kind, how many of COUNT damaged files opened and how many were refused, the seconds of the
slowest, and the most memory that one took beyond twice what the whole file takes, in MiB (None where the system does
not tell). It ends with a traceback, and leaves the file, where one is neither opened nor refused in a sentence, or
takes too long.
"""

from __future__ import annotations

import faulthandler
import gzip
import json
import os
import random
import resource
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from saved_content import damaged
from scipy.io import savemat

from adversarial.datasets import cifar10, mnist, standins, tfd
from adversarial.datasets.hdf5 import HDF5Dataset
from adversarial.datasets.npy_npz import NpyDataset, NpzDataset
from adversarial.errors import DataError
from adversarial.files.rows import open_rows

#: Seconds for one file, and memory for all: what a declared size would take must not be asked for.
SECONDS, MEMORY = 2.0, 1 << 30
#: MiB beyond twice what the whole file takes: the allocator's and the libraries' own.
ROOM = 8

TABLE = np.random.RandomState(1).standard_normal((40, 12)).astype("f4")
TFD_FILE = Path(__file__).parent / "golden2014" / "tfd" / "TFD_48x48.mat"


def _idx(path: Path, pack: Callable[[bytes], bytes]) -> None:
    header = b"".join(number.to_bytes(4, "big") for number in (mnist.IMAGES_MAGIC, 20, 9, 9))
    path.write_bytes(pack(header + bytes(np.random.RandomState(2).randint(0, 256, 20 * 9 * 9, np.uint8))))


def _cifar10(path: Path) -> None:
    standins.cifar10(path.parent / "made", examples=10)
    shutil.copy(path.parent / "made" / "cifar10" / "cifar-10-batches-py" / "test_batch", path)
    shutil.rmtree(path.parent / "made")


def _read_tfd(path: Path) -> Any:
    tfd.path_of = lambda image_size: path
    dataset = tfd.TFD("train")
    return dataset.X, dataset.y


def _mat(path: Path) -> None:
    content = {"images": np.zeros((60, 48, 48), np.uint8), "folds": np.ones((60, 5), np.uint8)}
    content |= {name: np.ones((60, 1), np.int16) for name in ("labs_ex", "labs_id")}
    savemat(path, content, do_compression=True)


def _npz_compressed(path: Path) -> None:
    np.savez_compressed(path, X=TABLE)


def _hdf5(path: Path, **options: Any) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("X", data=TABLE, **options)
        file.create_dataset("y", data=np.arange(len(TABLE))[:, None])


def _read_hdf5(path: Path) -> Any:
    dataset = HDF5Dataset(str(path), X="X", y="y")
    return dataset.get_design_matrix(), dataset.y


def _rows(path: Path, name: str = "") -> np.ndarray:
    rows = open_rows(f"{path}{name}")
    return rows[: len(rows)]


#: Name: the file's ending, what writes a whole one, and what reads it.
KINDS: dict[str, tuple[str, Callable[[Path], None], Callable[[Path], Any]]] = {
    "idx": (".idx", lambda path: _idx(path, bytes), lambda path: mnist.read_idx(path, mnist.IMAGES_MAGIC)),
    "idx.gz": (".gz", lambda path: _idx(path, gzip.compress), lambda path: mnist.read_idx(path, mnist.IMAGES_MAGIC)),
    "cifar10": ("", _cifar10, cifar10.read_batch),
    "tfd": (".mat", lambda path: shutil.copy(TFD_FILE, path), _read_tfd),
    "tfd compressed": (".mat", _mat, _read_tfd),
    "npy": (".npy", lambda path: np.save(path, TABLE), lambda path: NpyDataset(str(path)).X),
    "npy mapped": (".npy", lambda path: np.save(path, TABLE), lambda path: np.array(NpyDataset(str(path), "r").X)),
    "npy rows": (".npy", lambda path: np.save(path, np.asfortranarray(TABLE)), _rows),
    "npz": (".npz", lambda path: np.savez(path, X=TABLE), lambda path: NpzDataset(str(path), "X").X),
    "npz compressed": (".npz", _npz_compressed, lambda path: NpzDataset(str(path), "X").X),
    "npz rows": (".npz", _npz_compressed, lambda path: _rows(path, ":X")),
    "hdf5": (".h5", _hdf5, _read_hdf5),
    "hdf5 chunked": (".h5", lambda path: _hdf5(path, compression="gzip", chunks=(7, 12), fletcher32=True), _read_hdf5),
    "hdf5 rows": (".h5", _hdf5, lambda path: _rows(path, ":X")),
}


def peak() -> int | None:
    """MiB that this process has held at most since `forget_peak`."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return None
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def forget_peak() -> None:
    if os.access("/proc/self/clear_refs", os.W_OK):
        Path("/proc/self/clear_refs").write_text("5")


def open_or_refuse(read: Callable[[Path], Any], path: Path) -> tuple[bool, float, float | None]:
    """Whether it opened, seconds, and MiB taken."""
    forget_peak()
    before, began = peak(), time.monotonic()
    faulthandler.dump_traceback_later(10 * SECONDS, exit=True)
    try:
        read(path)
        opened = True
    except DataError as error:
        assert "\n" not in str(error) and str(path) in str(error), str(error)
        opened = False
    finally:
        faulthandler.cancel_dump_traceback_later()
    seconds = time.monotonic() - began
    assert seconds < SECONDS, seconds
    return opened, seconds, None if before is None else peak() - before


def fuzz(kind: str, folder: Path, count: int) -> dict[str, Any]:
    ending, write, read = KINDS[kind]
    path, rng = folder / f"file{ending}", random.Random(kind)
    write(path)
    whole = path.read_bytes()
    # The second time, what is loaded at first use is there.
    honest = [open_or_refuse(read, path) for _ in range(2)][-1]
    assert honest[0]
    results = []
    for _ in range(count):
        path.write_bytes(damaged(whole, rng))
        results.append(open_or_refuse(read, path))
    path.unlink()
    opened, seconds, taken = zip(*results, strict=True)
    most = None if honest[2] is None else max(taken) - 2 * honest[2]
    assert most is None or most < ROOM, most
    return {"kind": kind, "opened": sum(opened), "refused": count - sum(opened), "seconds": max(seconds), "MiB": most}


def main(folder: str, count: str, *kinds: str) -> None:
    """Damage and open."""
    if hasattr(resource, "RLIMIT_AS") and (held := Path("/proc/self/statm")).exists():
        pages = int(held.read_text().split()[0])
        limit = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))
    for kind in kinds or KINDS:
        print(json.dumps(fuzz(kind, Path(folder), int(count))), flush=True)


if __name__ == "__main__":
    faulthandler.enable()
    main(*sys.argv[1:])
