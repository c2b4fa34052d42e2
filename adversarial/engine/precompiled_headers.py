"""Compile the headers that all of PyTensor's C code begins with once, not once a module.

An experiment compiles dozens of small C++ modules at its first run, and half of each one's time goes into reading
Python's and NumPy's headers. GCC can keep those read. Where it cannot (another compiler, flags that differ) it reads
the headers as ever: nothing depends on this but time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytensor
from pytensor import config
from pytensor.link.c import cmodule

from adversarial.engine.c import sources

_HEADERS = sources.text("precompiled.h")
#: What PyTensor adds to the compiler's arguments for every module; a header compiled otherwise would not be used.
_FLAGS = ("-g", "-O3", "-fno-math-errno", "-Wno-unused-label", "-Wno-unused-variable", "-Wno-write-strings")
#: Modules with loops on several threads are compiled otherwise too; GCC takes what fits out of a folder of headers.
_KINDS = {"plain": (), "openmp": ("-fopenmp",)}
#: Nobody debugs these modules, and without what a debugger needs they compile in four fifths of the time.
_NO_DEBUGGER = "-g0"
#: Links a module in less time than the usual one.
_FASTER_LINKER = "-fuse-ld=gold"


def use() -> None:
    """Let C code compiled from now on begin with the compiled headers, making them if they are not there yet."""
    if _NO_DEBUGGER in config.gcc__cxxflags or not sys.platform.startswith("linux") or not config.cxx:
        return
    config.gcc__cxxflags = f"{config.gcc__cxxflags} {_NO_DEBUGGER}".strip()
    if _links_faster():
        config.gcc__cxxflags += f" {_FASTER_LINKER}"
    with _trials_remembered():
        cmodule.GCC_compiler.compile_args()
    arguments = [config.cxx, "-shared", *_FLAGS, *cmodule.GCC_compiler.compile_args(), *_include_directories()]
    header = _folder() / "adversarial_headers" / _digest(arguments, _HEADERS, _KINDS) / "headers.h"
    try:
        _write(header)
    except OSError:
        return
    for kind, further in _KINDS.items():
        made = header.with_suffix(".h.gch") / kind
        if not made.exists():
            _being_made.append(threading.Thread(target=_make, args=(header, made, [*arguments, *further]), daemon=True))
            _being_made[-1].start()
    config.gcc__cxxflags = f"{config.gcc__cxxflags} -include {header}".strip()


_being_made: list[threading.Thread] = []


def wait() -> None:
    """Until the headers are made: to compile with them then is faster than to begin before."""
    for thread in list(_being_made):
        thread.join()


@contextmanager
def _trials_remembered() -> Iterator[None]:
    """PyTensor asks the compiler at every start for the processor's flags, and then compiles and runs a program with
    them: here not again with the flags and the compiler that served before, on a processor that says the same of
    itself."""
    attempt = cmodule.try_march_flag
    try:
        circumstances = (config.gcc__cxxflags, *_compiler(), *_processor())
    except OSError:
        yield
        return

    def remembered(flags: list[str]) -> tuple[bool, bool]:
        mark = _folder() / f"adversarial_flags_{_digest(flags, circumstances)}"
        if mark.exists():
            return True, True
        found = attempt(flags)
        if all(found):
            mark.touch()
        return found

    cmodule.try_march_flag = remembered
    try:
        yield
    finally:
        cmodule.try_march_flag = attempt


def _links_faster() -> bool:
    """Whether the faster linker is there, and makes a library of what modules consist of."""
    if shutil.which("ld.gold") is None:
        return False
    command = [config.cxx, _FASTER_LINKER, *["-shared", "-fPIC", "-fopenmp", "-x", "c++", "-", "-o"]]
    flags = config.blas__ldflags.split()
    try:
        mark = _folder() / f"adversarial_linker_{_digest(command, flags, _compiler())}"
        if not mark.exists():
            with tempfile.TemporaryDirectory(dir=_folder()) as made:
                source = b'extern "C" double sqrt(double); extern "C" double root(double x) { return sqrt(x); }\n'
                done = subprocess.run(
                    [*command, f"{made}/root.so", *flags], input=source, capture_output=True, check=False
                )
            mark.write_text("serves" if done.returncode == 0 else "fails")
        return mark.read_text() == "serves"
    except OSError:
        return False


def _digest(*things: Any) -> str:
    return hashlib.sha256(repr(things).encode()).hexdigest()[:16]


def _folder() -> Path:
    return Path(config.compiledir)


def _compiler() -> tuple[str, int, int]:
    """Where the compiler is, its size and time."""
    path = os.path.realpath(shutil.which(config.cxx) or config.cxx)
    stat = os.stat(path)
    return path, stat.st_size, stat.st_mtime_ns


def _processor() -> list[str]:
    """What Linux says of the processor that does not change from one moment to the next."""
    lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    return [line for line in lines if not line.startswith(("cpu MHz", "bogomips", "processor", "core id", "apicid"))]


def _include_directories() -> list[str]:
    helpers = Path(pytensor.__file__).parent / "link" / "c" / "c_code"
    return [f"-I{folder}" for folder in (np.get_include(), sysconfig.get_paths()["include"], helpers)]


def _write(header: Path) -> None:
    """Write the headers, which GCC reads where it has none that are compiled."""
    header.with_suffix(".h.gch").mkdir(parents=True, exist_ok=True)
    if not header.exists():
        part = header.with_name(f"headers.{os.getpid()}.h")
        part.write_text(_HEADERS)
        os.replace(part, header)


def _make(header: Path, target: Path, arguments: list[str]) -> None:
    """Compile the headers to `target`; where that does not work, nothing is there."""
    part = header.with_name(f"headers.{os.getpid()}.{target.name}.part")
    try:
        command = [*arguments, "-x", "c++-header", str(header), "-o", str(part)]
        done = subprocess.run(command, capture_output=True, check=False)
        if not done.returncode:
            os.replace(part, target)
    except OSError:
        return
