"""Opens files that an attacker made: `python open_hostile_files.py FOLDER COUNT SEED KIND...`.

Says in JSON, a line a kind, how many of COUNT files opened and how many were refused in a sentence, and of the worst of
them CPU seconds, CPU seconds less those that its bytes allow, and MiB beyond ten times its size (None where the system
does not tell). It ends with a traceback, and leaves the file, where a file is neither opened nor refused in a sentence,
takes more than it may, runs something, opens the marked file, or where what is said or read has the marked variable's
value or the marked file's content.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import json
import os
import random
import re
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from damaged_data import forget_peak, peak
from hostile_files import CONTENT, KINDS, VALUE, VARIABLE

from adversarial import backend, checkpoint
from adversarial.command_line import program
from adversarial.config import yaml_parse
from adversarial.datasets import cifar10
from adversarial.datasets.hdf5 import HDF5Dataset
from adversarial.datasets.npy_npz import NpyDataset, NpzDataset
from adversarial.errors import UserError
from adversarial.evaluation import data_sources
from adversarial.programs import compare_2014, print_monitor, summarize_model
from adversarial.serialization.tables import open_table

#: CPU seconds for a file, and for each MB of it.
SECONDS, SECONDS_PER_MB = 2.0, 1.0
#: MiB for a file, and times its size; and address space that no file may ask for.
ROOM, TIMES, MEMORY = 200, 10, 4 << 30
#: After how many CPU seconds a file is said to hang, and after how many of a clock, as one that waits does.
HANGS, WAITS = 60.0, 1800
_RUNS = {"os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "subprocess.Popen", "ctypes.dlopen"}

#: Opens a file, and returns what it read.
Door = Callable[[Path], Any]


def _program(main: Any, *options: str) -> Door:
    def run(path: Path) -> None:
        try:
            program.run(main, [str(path), *options])
        except SystemExit as done:
            if done.code:
                raise UserError(sys.stderr.getvalue()) from done  # type: ignore[attr-defined]

    return run


def _built(path: Path) -> Any:
    return checkpoint.parameters_of(checkpoint.load_model(path))


def _named_data(path: Path) -> Any:
    return data_sources.of_model(checkpoint.read(path), str(path)).split("train")


def _row(path: Path) -> Any:
    return open_table(str(path))[:4]


def _named_row(path: Path) -> Any:
    return open_table(f"{path}:X")[:4]


def _hdf5(path: Path) -> Any:
    return HDF5Dataset(str(path), X="X").get_design_matrix()


PROGRAMS = (_program(summarize_model.main), _program(print_monitor.main), _program(compare_2014.main))
MODELS = (checkpoint.read, _built, *PROGRAMS)
TABLES = (_row, _named_row, lambda path: NpyDataset(str(path)).X, lambda path: NpzDataset(str(path), "X").X, _hdf5)
DOORS: dict[str, Sequence[Door]] = {
    "pickle program": (*MODELS, cifar10.read_batch),
    "forged model": (*MODELS, _named_data),
    "forged 2014": (*MODELS, _named_data),
    "yaml": (yaml_parse.load_path, _program(compare_2014.main)),
    "yaml in model": (_named_data, *PROGRAMS),
    "hdf5 links": (*TABLES, checkpoint.read),
    "archive": (*TABLES, checkpoint.read),
    "special": (*TABLES, *MODELS, yaml_parse.load_path),
}


class Watch:
    """Sees what the interpreter is asked to run or open, while it is armed."""

    def __init__(self, *marked: Path):
        self.whole = {path: path.read_bytes() for path in marked}
        self.armed = False
        self.seen: list[str] = []
        sys.addaudithook(self.hook)

    def hook(self, event: str, arguments: tuple) -> None:
        if self.armed and event in _RUNS:
            self.seen.append(f"{event} {arguments!r}"[:200])
        elif self.armed and event == "open" and "marked." in str(arguments[0]):
            self.seen.append(f"opens {arguments[0]}")

    def restore(self) -> None:
        """Undo what making a file that leads to the marked ones did to them."""
        for path, whole in self.whole.items():
            path.write_bytes(whole)

    def is_whole(self) -> bool:
        return all(path.read_bytes() == whole for path, whole in self.whole.items())


def holds_secret(value: Any) -> bool:
    """Whether what was read, in any nesting, has what only the owner may read."""
    if isinstance(value, Mapping):
        return any(map(holds_secret, value.items()))
    if isinstance(value, (list, tuple)):
        return any(map(holds_secret, value))
    if isinstance(value, np.ndarray) and value.dtype != object:
        as_bytes = value.astype("u1", casting="unsafe").tobytes() if value.dtype.kind in "fiu" else b""
        return CONTENT in as_bytes or CONTENT in value.tobytes()
    return isinstance(value, (str, bytes)) and (VALUE in str(value) or CONTENT.decode() in str(value))


def open_or_refuse(kind: str, path: Path, watch: Watch) -> tuple[int, int, float, float]:
    """How many doors opened and refused, the CPU seconds of the slowest, and those less what the bytes allow."""
    size = path.stat().st_size / 1e6 if path.is_file() else 0.0
    opened = refused = 0
    slowest = 0.0
    for number, door in enumerate(DOORS[kind]):
        where = f"{kind}, door {number}: {path}"
        said, told = io.StringIO(), io.StringIO()
        began = time.process_time()
        faulthandler.dump_traceback_later(WAITS, exit=True, file=sys.__stderr__)
        signal.setitimer(signal.ITIMER_PROF, HANGS)
        watch.armed = True
        found = None
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(told):
                found = door(path)
            opened += 1
        except UserError as error:
            told.write(program.sentence(error))
            refused += 1
        finally:
            watch.armed = False
            faulthandler.cancel_dump_traceback_later()
            signal.setitimer(signal.ITIMER_PROF, 0)
        slowest = max(slowest, time.process_time() - began)
        text = said.getvalue() + told.getvalue()
        assert "defect of this program" not in text and "Traceback" not in text, f"{where}: {text}"
        assert VALUE not in text and CONTENT.decode() not in text, f"{where}: {text}"
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", text), f"{where}: {text!r}"
        if kind != "yaml":  # in a file of one's own, one may name what one likes
            assert not holds_secret(found), where
            assert not watch.seen, f"{where}: {watch.seen}"
        assert not any("open" not in seen for seen in watch.seen), f"{where}: {watch.seen}"
        watch.seen.clear()
    assert not (path.parent / "ran").exists() and not Path("ran").exists(), f"{kind}: {path} ran"
    return opened, refused, slowest, slowest - SECONDS_PER_MB * size


def open_all(kind: str, folder: Path, count: int, seed: str, watch: Watch) -> dict[str, Any]:
    rng = random.Random(f"{kind} {seed}")
    totals, slowest, over, most = [0, 0], 0.0, 0.0, 0.0
    for number in range(-3, count):  # the first ones load what is loaded at first use
        place = folder / "place"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        path = KINDS[kind](rng, place)
        watch.restore()
        size = path.stat().st_size / 2**20 if path.is_file() else 0.0
        forget_peak()
        before = peak()
        opened, refused, seconds, beyond = open_or_refuse(kind, path, watch)
        assert watch.is_whole(), f"{kind}: {path} changes a file elsewhere"
        if number < 0:
            continue
        now = peak()
        taken = 0.0 if before is None or now is None else now - before
        assert beyond < SECONDS, f"{kind}: {path} takes {seconds} s"
        assert taken < ROOM + TIMES * size, f"{kind}: {path} takes {taken} MiB"
        totals = [totals[0] + (opened > 0), totals[1] + (opened == 0)]
        slowest, over, most = max(slowest, seconds), max(over, beyond), max(most, taken - TIMES * size)
    shutil.rmtree(folder / "place", ignore_errors=True)
    return {"kind": kind, "opened": totals[0], "refused": totals[1], "seconds": slowest, "beyond": over, "MiB": most}


def main(folder: str, count: str, seed: str, *kinds: str) -> None:
    """Make and open."""
    backend.configure()  # loads BLAS, which is no file's doing
    os.environ[VARIABLE] = VALUE
    home = Path(folder).resolve()
    working = home / "working"  # what is below the working directory a model may name; the marked files are not
    working.mkdir(exist_ok=True)
    os.chdir(working)
    numbers = np.frombuffer(CONTENT, "u1").reshape(4, 8)
    np.save(home / "marked.npy", numbers)
    with h5py.File(home / "marked.h5", "w") as file:
        file["X"] = numbers
    held = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    limit = held * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))
    watch = Watch(home / "marked.npy", home / "marked.h5")
    for kind in kinds or KINDS:
        print(json.dumps(open_all(kind, home, int(count), seed, watch)), flush=True)


if __name__ == "__main__":
    faulthandler.enable()
    faulthandler.register(signal.SIGPROF, chain=True)  # which then ends the process
    main(*sys.argv[1:])
