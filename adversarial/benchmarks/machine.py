"""The machine that figures were measured on: its processor, its memory, and the versions of what computes."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

#: Sets of vector instructions, the widest last; the names are those of /proc/cpuinfo on x86 and on ARM.
INSTRUCTION_SETS = ("sse4_2", "asimd", "avx", "fma", "avx2", "avx512f", "avx512_fp16", "amx_tile", "sve", "sve2")
#: Packages whose versions decide what is computed.
PACKAGES = ("numpy", "pytensor", "numba", "jax", "torch", "mkl", "scipy-openblas32")


def machine() -> str:
    """Return the processor's name, and how many this process may use.

    Examples
    --------
    >>> " x " in machine()
    True
    """
    return f"{processors()} x {_of_cpuinfo('model name') or platform.processor() or platform.machine()}"


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def description() -> dict[str, str]:
    """Return what a reader needs to know of this machine, by headings that are the same on every one.

    Examples
    --------
    >>> list(description())[:3]
    ['processor', 'model', 'instruction sets']
    """
    known = (_of_cpuinfo("flags") or _of_cpuinfo("Features")).split()
    model = [f"{word} {_of_cpuinfo(key)}" for word, key in (("family", "cpu family"), ("model", "model"))]
    return {
        "processor": machine(),
        "model": ", ".join(model) if _of_cpuinfo("model") else platform.machine(),
        "instruction sets": ", ".join(name for name in INSTRUCTION_SETS if name in known) or "not known",
        "memory": f"{_memory() / 1e9:.0f} GB" if _memory() else "not known",
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "compiler": _compiler(),
        "Python": platform.python_version(),
    } | {name: _version(name) for name in PACKAGES}


def most_resident(reset: bool = False) -> float:
    """Return the most memory that this process has had so far, in MB.

    Parameters
    ----------
    reset : bool, default False
        Count anew from here on, where the system can.

    Returns
    -------
    float
        Resident memory, shared libraries included.
    """
    status = Path("/proc/self/status")
    if status.exists():  # What getrusage says there may be that of the program that started this one.
        kilobytes = next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        return int(kilobytes) * 1024 / 1e6
    import resource  # which Windows lacks

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def _of_cpuinfo(key: str) -> str:
    """Return the first value of a key of /proc/cpuinfo; '' where there is none."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    pairs = (line.partition(":") for line in lines)
    return next((value.strip() for name, _, value in pairs if name.strip() == key), "")


def _memory() -> int:
    """Return the bytes of memory of the machine, 0 where that is not known."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return 0
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _compiler() -> str:
    found = shutil.which("g++")
    if found is None:
        return "none"
    done = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
    return (done.stdout.splitlines() or ["g++"])[0]


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
