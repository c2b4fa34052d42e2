"""One thread pool for the products of OpenBLAS and for our own loops.

OpenBLAS from its wheel has a thread pool of its own, whose threads spin while they wait for the next product; so do
those of OpenMP for the next loop. With as many of each as there are processors, an update takes five times as long as
with one thread. OpenBLAS can run its jobs on another pool by a callback: here, on OpenMP's, whose threads spin for some
microseconds only, so that a thread that lost its processor to another program is not waited for by spinning.
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

#: How often a thread looks for more work before it sleeps, about 30 microseconds. GCC's own default is milliseconds:
#: beside two programs that compute on two processors, an update of mnist.yaml then took 2.2 times as long. Without
#: any spinning, an update on a quiet machine takes .1 longer, as each loop must wake the threads.
_SPINS = 2000

_SOURCE = sources.text("thread_pool.h")


def spin_briefly() -> None:
    """Let OpenMP's threads sleep soon when they wait, unless the user said how they wait.

    GCC's OpenMP reads this when it is loaded: call it before any compiled module is.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", str(_SPINS))


def share(blas: Path, set_callback: str) -> bool:
    """Let a BLAS library that is loaded run on OpenMP's threads from now on.

    Parameters
    ----------
    blas : Path
        The library.
    set_callback : str
        Its function that takes the callback.

    Returns
    -------
    bool
        Whether that succeeded.
    """
    runner = _compiled()
    setter = None if runner is None else getattr(ctypes.CDLL(str(blas)), set_callback, None)
    if setter is None:
        return False
    setter(ctypes.cast(ctypes.CDLL(str(runner)).adversarial_run_jobs, ctypes.c_void_p))
    return True


def _compiled() -> Path | None:
    """Return the library that runs jobs, compiled if it does not exist yet; None if that fails."""
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
