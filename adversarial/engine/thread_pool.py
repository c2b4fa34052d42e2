"""One thread pool for products and for our own loops.

A BLAS library has threads of its own, all of which must make their part of a product at the same time: where another
program has one of the processors, all wait. Here each product and each loop is divided into parts that one thread makes
at a time, whichever comes; see `engine/c/thread_pool.h`. BLAS is then asked for parts only, on one thread.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from pytensor import config

from adversarial.engine.c import sources

#: How often OpenMP's threads, of a BLAS library that uses them, look for more work before they sleep: about 30
#: microseconds. GCC's own default is milliseconds: beside two programs that compute on two processors, an update of
#: mnist.yaml then took 2.2 times as long.
_SPINS = 2000

_SOURCE = sources.text("thread_pool.h")


def spin_briefly() -> None:
    """Let OpenMP's threads sleep soon when they wait, unless the user said how they wait.

    GCC's OpenMP reads this when it is loaded: call it before any compiled module is.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", str(_SPINS))


def use(threads: int, split_blas: bool) -> bool:
    """Share the work of compiled modules among threads from now on.

    Parameters
    ----------
    threads : int
        How many, at least 1.
    split_blas : bool
        Whether products of BLAS are divided among them too; that library must then work on one thread.

    Returns
    -------
    bool
        Whether there are threads to share with: without a compiler there are none.
    """
    library = _loaded()
    if library is not None:
        library.adversarial_use_threads(ctypes.c_int(threads), ctypes.c_int(split_blas))
    return library is not None


@cache
def _loaded() -> ctypes.CDLL | None:
    """Return the library, whose names compiled modules find from now on."""
    path = _compiled()
    return None if path is None else ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)


def _compiled() -> Path | None:
    """Return the library's file, compiled if it does not exist yet; None if that fails."""
    command = [config.cxx, "-O2", "-shared", "-fPIC", "-pthread"]
    name = hashlib.sha256(" ".join([*command, _SOURCE]).encode()).hexdigest()[:16]
    target = Path(config.compiledir) / f"adversarial_thread_pool_{name}.so"
    if target.exists():
        return target
    try:
        with tempfile.TemporaryDirectory(dir=config.compiledir) as folder:
            source, made = Path(folder) / "pool.cpp", Path(folder) / "pool.so"
            source.write_text(_SOURCE)
            done = subprocess.run([*command, str(source), "-o", str(made)], capture_output=True, check=False)
            if done.returncode:
                return None
            os.replace(made, target)
    except OSError:
        return None
    return target
