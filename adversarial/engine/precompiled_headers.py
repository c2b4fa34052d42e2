"""Precompile the headers that all of PyTensor's C code includes.

An experiment compiles dozens of small C++ modules at its first run, and half of each one's time goes into parsing
Python's and NumPy's headers. GCC can parse those once. Where it cannot use the result (another compiler, other flags)
it parses the headers themselves: nothing but time depends on this.
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytensor
from pytensor import config

from adversarial.engine import compat
from adversarial.engine.c import sources

_Trial: TypeAlias = Callable[[list[str]], tuple[bool, bool]]

_HEADERS = sources.text("precompiled.h")
#: What PyTensor adds to the compiler's arguments for every module; a header compiled otherwise would not be used.
_FLAGS = ("-g", "-O3", "-fno-math-errno", "-Wno-unused-label", "-Wno-unused-variable", "-Wno-write-strings")
#: Modules with vectorised loops have a flag more; GCC chooses from a folder of precompiled headers what fits.
_KINDS = {"plain": (), "simd": ("-fopenmp-simd",)}
#: Without debugging information modules compile in four fifths of the time.
_NO_DEBUGGER = "-g0"
#: Links a module in less time than the default linker.
_FASTER_LINKER = "-fuse-ld=gold"


def use() -> None:
    """Compile C code with the precompiled headers from now on; begin to compile them if they do not exist."""
    global _flags_before
    if _NO_DEBUGGER in config.gcc__cxxflags or not sys.platform.startswith("linux") or not config.cxx:
        return
    _flags_before = config.gcc__cxxflags
    config.gcc__cxxflags = f"{config.gcc__cxxflags} {_NO_DEBUGGER}".strip()
    if _links_faster():
        config.gcc__cxxflags += f" {_FASTER_LINKER}"
    with _trials_remembered():
        compat.compiler_arguments()
    arguments = [config.cxx, "-shared", *_FLAGS, *compat.compiler_arguments(), *_include_directories()]
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


def stop() -> None:
    """Compile C code as PyTensor does from now on: undo `use`."""
    global _flags_before
    if _flags_before is not None:
        config.gcc__cxxflags, _flags_before = _flags_before, None


#: The compiler's flags before `use`; None when the headers are not in use.
_flags_before: str | None = None
_being_made: list[threading.Thread] = []


def wait() -> None:
    """Wait until the headers are compiled: compiling with them then is faster than beginning before."""
    for thread in list(_being_made):
        thread.join()


@contextmanager
def _trials_remembered() -> Iterator[None]:
    """Remember which flags for the processor work, between starts.

    PyTensor asks the compiler for them at every start, and compiles and runs a program with them. Here it does so only
    if the flags, the compiler or the processor changed.
    """
    try:
        circumstances = (config.gcc__cxxflags, *_compiler(), *_processor())
    except OSError:
        yield
        return

    def remembered(attempt: _Trial) -> _Trial:
        def look_up(flags: list[str]) -> tuple[bool, bool]:
            mark = _folder() / f"adversarial_flags_{_digest(flags, circumstances)}"
            if mark.exists():
                return True, True
            found = attempt(flags)
            if all(found):
                mark.touch()
            return found

        return look_up

    with compat.flags_tried_by(remembered):
        yield


def _links_faster() -> bool:
    """Return whether the faster linker is installed and can link a module."""
    if shutil.which("ld.gold") is None:
        return False
    command = [config.cxx, _FASTER_LINKER, *["-shared", "-fPIC", "-pthread", "-x", "c++", "-", "-o"]]
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
    """Return the compiler's path, size and time of change."""
    path = os.path.realpath(shutil.which(config.cxx) or config.cxx)
    stat = os.stat(path)
    return path, stat.st_size, stat.st_mtime_ns


def _processor() -> list[str]:
    """Return the lines of /proc/cpuinfo that do not change while the system runs."""
    lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    return [line for line in lines if not line.startswith(("cpu MHz", "bogomips", "processor", "core id", "apicid"))]


def _include_directories() -> list[str]:
    helpers = Path(pytensor.__file__).parent / "link" / "c" / "c_code"
    return [f"-I{folder}" for folder in (np.get_include(), sysconfig.get_paths()["include"], helpers)]


def _write(header: Path) -> None:
    """Write the headers, which GCC reads if none of the precompiled ones fits."""
    header.with_suffix(".h.gch").mkdir(parents=True, exist_ok=True)
    if not header.exists():
        part = header.with_name(f"headers.{os.getpid()}.h")
        part.write_text(_HEADERS)
        os.replace(part, header)


def _make(header: Path, target: Path, arguments: list[str]) -> None:
    """Compile the headers to `target`; if that fails, there is no such file."""
    part = header.with_name(f"headers.{os.getpid()}.{target.name}.part")
    try:
        command = [*arguments, "-x", "c++-header", str(header), "-o", str(part)]
        done = subprocess.run(command, capture_output=True, check=False)
        if not done.returncode:
            os.replace(part, target)
    except OSError:
        return
