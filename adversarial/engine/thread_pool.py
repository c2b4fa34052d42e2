"""One pool of threads for the products of OpenBLAS and for our own loops.

OpenBLAS from its wheel has threads of its own, which wait for the next product by looking for it all the time; so do
those of OpenMP for the next loop. With as many of each as there are processors, an update takes five times as long as
with one thread. OpenBLAS can be told to have its work done by others: here, by OpenMP's.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

from pytensor import config

from adversarial.engine.c import sources

_SOURCE = sources.text("thread_pool.h")


def share(blas: Path, set_callback: str) -> bool:
    """Let a BLAS library, loaded already, work on OpenMP's threads from now on; whether that can be.

    Parameters
    ----------
    blas : the library
    set_callback : its function that takes the one that runs jobs
    """
    runner = _compiled()
    setter = None if runner is None else getattr(ctypes.CDLL(str(blas)), set_callback, None)
    if setter is None:
        return False
    setter(ctypes.cast(ctypes.CDLL(str(runner)).adversarial_run_jobs, ctypes.c_void_p))
    return True


def _compiled() -> Path | None:
    """The library that runs jobs, compiled if it is not there yet; None where that fails."""
    command = [config.cxx, "-O2", "-shared", "-fPIC", "-fopenmp"]
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
