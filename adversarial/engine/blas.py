"""Find a BLAS; link C code with it; set its threads."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pytensor import config

from adversarial.engine import thread_pool
from adversarial.errors import ConfigurationError

#: The BLAS routines that PyTensor's C code and ours call; a wheel's library has them under a prefix.
BLAS_ROUTINES = tuple(f"{kind}{name}_" for kind in "sd" for name in ("gemm", "gemv", "ger", "dot", "axpy", "scal"))


@dataclass(frozen=True)
class Blas:
    """A BLAS library.

    Attributes
    ----------
    name : str
        Its name, for people.
    ldflags, cxxflags : str, default ''
        The flags that link C code with it, and that compile this code.
    library : Path, optional
        The file, if it must be loaded to set its threads.
    set_threads : str, default ''
        Its function that sets the number of threads.
    """

    name: str
    ldflags: str = ""
    cxxflags: str = ""
    library: Path | None = None
    set_threads: str = ""

    def use(self, threads: int) -> None:
        """Link C code with this library from now on, running on `threads` threads."""
        config.blas__ldflags = self.ldflags
        if self.cxxflags and self.cxxflags not in config.gcc__cxxflags:
            config.gcc__cxxflags = f"{config.gcc__cxxflags} {self.cxxflags}".strip()
        self._set_threads(threads)

    def share_threads(self, threads: int) -> None:
        """Let products and our own loops share one pool of threads, on which this library makes parts of products."""
        split = self.library is not None and bool(self.set_threads)
        if thread_pool.use(threads, split) and split:
            self._set_threads(1)

    def _set_threads(self, threads: int) -> None:
        if self.library is not None and self.set_threads:
            loaded = ctypes.CDLL(str(self.library), mode=ctypes.RTLD_GLOBAL)
            getattr(loaded, self.set_threads)(ctypes.c_int(threads))


def _mkl() -> Blas | None:
    """MKL, as the wheel `mkl` installs it: beside the interpreter's own libraries."""
    found = sorted(Path(sys.prefix, "lib").glob("libmkl_rt.so*"))
    if not found:
        return None
    # The OpenMP runtime that comes with the compiler.
    os.environ.setdefault("MKL_THREADING_LAYER", "GNU")
    library = found[-1]
    # -Wl,-L instead of -L: PyTensor looks for a file without version in folders given by -L, and warns.
    ldflags = f"-Wl,-L{library.parent} -l:{library.name} -Wl,-rpath,{library.parent}"
    return Blas("MKL", ldflags, library=library, set_threads="MKL_Set_Num_Threads")


def _wheel() -> Blas | None:
    """OpenBLAS from the wheel scipy-openblas32, whose routines carry the prefix `scipy_`."""
    if importlib.util.find_spec("scipy_openblas32") is None:
        return None
    import scipy_openblas32  # type: ignore[import-untyped]

    folder, stem = scipy_openblas32.get_lib_dir(), scipy_openblas32.get_library()
    version = scipy_openblas32.get_openblas_config().split()[1]
    library = next(path for path in sorted(Path(folder).iterdir()) if path.name.startswith(f"lib{stem}."))
    return Blas(
        f"OpenBLAS {version} (scipy-openblas32)",
        f"-L{folder} -l{stem} -Wl,-rpath,{folder}",
        " ".join(f"-D{routine}=scipy_{routine}" for routine in BLAS_ROUTINES),
        library,
        "scipy_openblas_set_num_threads",
    )


def _system() -> Blas | None:
    """The BLAS that PyTensor's own search finds on the system."""
    from pytensor.link.c.cmodule import default_blas_ldflags

    ldflags = default_blas_ldflags()
    return Blas(f"system BLAS ({ldflags})", ldflags) if ldflags else None


NO_BLAS = Blas("no BLAS")
_FINDERS: dict[str, Callable[[], Blas | None]] = {
    "mkl": _mkl,
    "wheel": _wheel,
    "system": _system,
    "none": lambda: NO_BLAS,
}


def find_blas(wanted: str | None) -> Blas:
    """Return the BLAS with this name, or the fastest that is installed.

    Parameters
    ----------
    wanted : {'mkl', 'wheel', 'system', 'none'} or None
        Its name; None finds the fastest.

    Returns
    -------
    Blas
        The library.

    Raises
    ------
    ConfigurationError
        If the name is unknown, or the library is not installed.
    """
    if wanted is None:
        return next(blas for finder in _FINDERS.values() if (blas := finder()) is not None)
    if wanted not in _FINDERS:
        raise ConfigurationError(f"ADVERSARIAL_BLAS is '{wanted}', but must be one of {', '.join(_FINDERS)}")
    blas = _FINDERS[wanted]()
    if blas is None:
        brings = {"mkl": "pip install adversarial[mkl]", "wheel": "pip install scipy-openblas32"}
        hint = f"; {brings[wanted]} brings it" if wanted in brings else ""
        raise ConfigurationError(f"ADVERSARIAL_BLAS asks for {wanted}, which is not installed{hint}")
    return blas
