"""What graphs are compiled for, and what the environment says of it."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from pytensor import config

from adversarial.engine.blas import NO_BLAS, Blas, find_blas
from adversarial.errors import ConfigurationError

Backend: TypeAlias = Literal["c", "numba", "jax"]
Device: TypeAlias = Literal["cpu", "cuda"]
Engine: TypeAlias = Literal["fast", "plain"]
FloatX: TypeAlias = Literal["float32", "float64"]


@dataclass(frozen=True)
class Machines:
    """How many devices compute together, and in which processes; JAX alone can use several.

    Attributes
    ----------
    devices : int, default 1
        Devices in each process.
    coordinator : str, optional
        HOST:PORT where process 0 listens for the others; None where there is one process.
    process, processes : int, default 0 and 1
        Which process of how many this one is, counted from 0.
    timeout : int, default 60
        Seconds to wait for the others.
    """

    devices: int = 1
    coordinator: str | None = None
    process: int = 0
    processes: int = 1
    timeout: int = 60


@dataclass
class Settings:
    """What graphs are compiled for."""

    blas: Blas
    engine: Engine = "fast"
    threads: int = 0
    backend: Backend = "c"
    without_compiler: bool = False
    #: Whether the user chose the backend, rather than an experiment's file.
    chosen: bool = False
    device: Device | None = None
    machines: Machines = field(default_factory=Machines)

    def choose(self, backend: Backend) -> None:
        """Use `backend`, or numba where C is wanted and there is no compiler."""
        self.without_compiler = backend == "c" and not config.cxx
        self.backend = "numba" if self.without_compiler else backend


def from_environment() -> Settings:
    """Give the settings that the environment asks for; their threads are not in use yet.

    Raises
    ------
    ConfigurationError
        If one of its values is unknown, or names what is not installed.
    """
    backend = one_of("ADVERSARIAL_BACKEND", os.environ.get("ADVERSARIAL_BACKEND", "c"), Backend)
    require_installed(backend)
    engine = one_of("ADVERSARIAL_ENGINE", os.environ.get("ADVERSARIAL_ENGINE", "fast"), Engine)
    settings = Settings(_blas_in_use(), engine, chosen="ADVERSARIAL_BACKEND" in os.environ)
    settings.choose(backend)
    return settings


def threads_from_environment() -> int:
    """Give the number of threads asked for; where none is, the processors that this process may use.

    Raises
    ------
    ConfigurationError
        If ADVERSARIAL_THREADS is no whole number of at least 1.
    """
    asked = os.environ.get("ADVERSARIAL_THREADS")
    if asked is not None:
        if not asked.isdecimal() or int(asked) < 1:
            raise ConfigurationError(f"ADVERSARIAL_THREADS is '{asked}', but must be a whole number of at least 1")
        return int(asked)
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return int(asked) if asked.isdecimal() and int(asked) > 0 else _usable_processors()


def _usable_processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_pytensor_flags(option: str) -> bool:
    """Return whether the user set this option of PyTensor's by PYTENSOR_FLAGS."""
    return f"{option}=" in os.environ.get("PYTENSOR_FLAGS", "").replace(" ", "")


def _blas_in_use() -> Blas:
    """What C code is linked with: nothing where there is none, what PYTENSOR_FLAGS names, or what is found."""
    if not config.cxx:
        return NO_BLAS
    if in_pytensor_flags("blas__ldflags"):
        return Blas("BLAS of PYTENSOR_FLAGS", config.blas__ldflags)
    return find_blas(os.environ.get("ADVERSARIAL_BLAS"))


def one_of(what: str, value: str, choices: Any) -> Any:
    """Return `value`, which must be one of those that the type `choices` lists.

    Parameters
    ----------
    what : str
        How an error names the value.
    value : str
        The value.
    choices : Literal
        The type.

    Returns
    -------
    str
        The value.

    Raises
    ------
    ConfigurationError
        If it is another.
    """
    if value not in (known := get_args(choices)):
        allowed = " or ".join(known) if len(known) == 2 else f"one of {', '.join(known)}"
        raise ConfigurationError(f"{what} is '{value}', but must be {allowed}")
    return value


def require_installed(backend: Backend) -> None:
    """Raise a ConfigurationError if what a backend needs is not installed."""
    if backend != "c" and importlib.util.find_spec(backend) is None:
        brings = {"numba": "numba", "jax": "adversarial[jax]"}[backend]
        raise ConfigurationError(f"the backend {backend} is not installed; pip install {brings} brings it")
