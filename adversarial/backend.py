"""The one place that knows which linker, which BLAS, how many threads and which float.

Importing it prepares PyTensor: floatX is float32 and the linker C unless the user asked for something else, by
`configure`, by `PYTENSOR_FLAGS`, or by the environment:

    ADVERSARIAL_BACKEND   c, numba or jax
    ADVERSARIAL_BLAS      mkl, wheel, system or none
    ADVERSARIAL_THREADS   number of threads (default: OMP_NUM_THREADS, or else the processors this process may use)
"""

from __future__ import annotations

import gc
import importlib.util
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pytensor
from pytensor import config
from pytensor.compile.maker import FunctionMaker
from pytensor.compile.mode import Mode, get_mode
from pytensor.tensor.sharedvar import TensorSharedVariable

from adversarial.engine import precompiled_headers, registry
from adversarial.engine.blas import NO_BLAS, Blas, find_blas
from adversarial.engine.denormals import flushed as denormals_flushed
from adversarial.engine.graph_cache import KeepingMode
from adversarial.engine.parallel_compilation import LaterMaker, LinkedLater, ParallelVMLinker
from adversarial.errors import ConfigurationError

__all__ = [
    "Machines",
    "anywhere",
    "backend_name",
    "building",
    "configure",
    "denormals_flushed",
    "devices",
    "finish",
    "floatX",
    "function",
    "interpreted",
    "is_first_process",
    "mode",
    "prefer",
    "sharedX",
    "summary",
    "threads",
    "update_loop",
]

Backend = Literal["c", "numba", "jax"]
Device = Literal["cpu", "cuda"]
FloatX = Literal["float32", "float64"]

#: Rewrites for products with diagonal, orthogonal or selection matrices, which a neural network has not: to find
#: that out anew at each product takes an eighth of the time of all rewriting.
_FRUITLESS_REWRITES = ("dot_diag_to_elemwise", "orthogonal_dot_transpose_to_eye", "selection_dot_to_indexing")


@dataclass(frozen=True)
class Machines:
    """How many devices compute together, and in which processes; JAX alone can use several.

    Attributes
    ----------
    devices : how many in each process
    coordinator : HOST:PORT where process 0 listens for the others; None where there is one process
    process, processes : which of how many this one is, counted from 0
    timeout : seconds to wait for the others
    """

    devices: int = 1
    coordinator: str | None = None
    process: int = 0
    processes: int = 1
    timeout: int = 60


@dataclass
class _Settings:
    blas: Blas
    threads: int = 0
    backend: Backend = "c"
    without_compiler: bool = False
    #: Whether the user chose the backend, rather than this module or an experiment's file.
    chosen: bool = False
    device: Device | None = None
    machines: Machines = field(default_factory=lambda: Machines())

    def choose(self, backend: Backend) -> None:
        """Use `backend`, or numba where C is wanted and there is no compiler."""
        self.without_compiler = backend == "c" and not config.cxx
        self.backend = "numba" if self.without_compiler else backend


def _usable_processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _threads_from_environment() -> int:
    asked = os.environ.get("ADVERSARIAL_THREADS")
    if asked is not None:
        if not asked.isdecimal() or int(asked) < 1:
            raise ConfigurationError(f"ADVERSARIAL_THREADS is '{asked}', but must be a whole number of at least 1")
        return int(asked)
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return int(asked) if asked.isdecimal() and int(asked) > 0 else _usable_processors()


def _asked_in_pytensor_flags(option: str) -> bool:
    return f"{option}=" in os.environ.get("PYTENSOR_FLAGS", "").replace(" ", "")


_settings: _Settings | None = None


def configure(
    backend: Backend | None = None,
    floatX: FloatX | None = None,
    threads: int | None = None,
    device: Device | None = None,
    machines: Machines | None = None,
) -> None:
    """Choose what graphs are compiled for; functions compiled before keep what they have.

    Parameters
    ----------
    backend : 'c', 'numba' or 'jax'; None leaves it
    floatX : 'float32' or 'float64'; None leaves it
    threads : number of threads of BLAS and of our own loops; None leaves it
    device : 'cpu' or 'cuda', which only JAX can use; None leaves it
    machines : several devices or processes; None leaves them

    Raises
    ------
    ConfigurationError
        Where the backend is unknown or not installed, floatX is neither of the two, threads is below 1, a device is not
        there, or another process does not answer.
    """
    global _settings
    if floatX not in (None, "float32", "float64"):
        raise ConfigurationError(f"floatX is '{floatX}', but must be float32 or float64")
    if threads is not None and threads < 1:
        raise ConfigurationError(f"the number of threads is {threads}, but must be at least 1")
    chosen = backend is not None or "ADVERSARIAL_BACKEND" in os.environ
    if backend is not None:
        _require(backend)
    if _settings is None:
        threads = threads or _threads_from_environment()
        _settings = _Settings(_blas_in_use())
        # Not JAX itself yet: which devices it uses and whom it meets is settled when it starts.
        _require(from_environment := os.environ.get("ADVERSARIAL_BACKEND", "c"))
        _settings.choose(from_environment)
    if (backend, device, machines) != (None, None, None):
        _use_devices(backend or _settings.backend, device, machines)
    if backend is not None:
        _settings.choose(backend)
    _settings.chosen = _settings.chosen or chosen
    if floatX is not None:
        config.floatX = floatX
    if threads is not None and threads != _settings.threads:
        _settings.threads = threads
        os.environ["OMP_NUM_THREADS"] = str(threads)
        _settings.blas.use(threads)


def _blas_in_use() -> Blas:
    """What C code is linked with: nothing where there is none, what PYTENSOR_FLAGS names, or what is found."""
    if not config.cxx:
        return NO_BLAS
    if _asked_in_pytensor_flags("blas__ldflags"):
        return Blas("BLAS of PYTENSOR_FLAGS", config.blas__ldflags)
    return find_blas(os.environ.get("ADVERSARIAL_BLAS"))


def _require(backend: str) -> None:
    if backend not in ("c", "numba", "jax"):
        raise ConfigurationError(f"the backend is '{backend}', but must be one of c, numba, jax")
    if backend != "c" and importlib.util.find_spec(backend) is None:
        brings = {"numba": "numba", "jax": "adversarial[jax]"}[backend]
        raise ConfigurationError(f"the backend {backend} is not installed; pip install {brings} brings it")


def _use_devices(backend: str, device: Device | None, machines: Machines | None) -> None:
    """Find the devices that are asked for, and those that were before."""
    device = _settings.device if device is None else device
    machines = machines or _settings.machines
    if device not in (None, "cpu", "cuda"):
        raise ConfigurationError(f"the device is '{device}', but must be cpu or cuda")
    if backend == "jax":
        from adversarial.engine.jax import devices

        devices.use(devices.Request(device, **vars(machines)))
    elif device == "cuda" or machines != Machines():
        asked = "the device cuda" if device == "cuda" else "several devices or processes"
        raise ConfigurationError(f"the backend {backend} cannot use {asked}; give --backend jax")
    _settings.device, _settings.machines = device, machines


def prefer(backend: Backend | None) -> None:
    """Use the backend that an experiment's file names, unless the user has chosen one.

    Raises
    ------
    ConfigurationError
        As `configure`.
    """
    if backend is None or _settings.chosen:
        return
    _require(backend)
    _use_devices(backend, None, None)
    _settings.choose(backend)


def backend_name() -> Backend:
    """The backend in use: 'c', 'numba' or 'jax'."""
    return _settings.backend


def threads() -> int:
    """The number of threads in use."""
    return _settings.threads


def floatX() -> FloatX:
    """The dtype of parameters and data."""
    return config.floatX


class _CMode(KeepingMode):
    """The C backend's mode; `later`: whether its functions are linked when they are first used."""

    later = False

    @property
    def function_maker(self) -> type[FunctionMaker]:
        return LaterMaker if self.later else FunctionMaker


def mode() -> Mode:
    """PyTensor's mode for the backend in use, with all rewrites of FAST_RUN."""
    registry.register_ops(_settings.backend)
    if _settings.backend == "jax":
        import jax

        _use_devices("jax", None, None)
        # PyTensor asks for float64 only while it is first imported for JAX, maybe before floatX was chosen.
        jax.config.update("jax_enable_x64", config.floatX == "float64")
    if _settings.backend == "c":
        importlib.import_module("adversarial.engine.rewrites")
        linker = ParallelVMLinker(use_cloop=True)
        linker.workers = _settings.threads
        made = _CMode(linker=linker, optimizer="fast_run").including(registry.C_ONLY).excluding(*_FRUITLESS_REWRITES)
        made.settings = summary()
        return made
    return get_mode({"numba": "NUMBA", "jax": "JAX"}[_settings.backend])


def interpreted() -> Mode:
    """A mode that compiles nothing: for what is run too seldom to be worth a compiler's time."""
    return Mode(linker="py", optimizer="fast_compile")


def function(inputs: list, outputs: Any = None, updates: Any = None, later: bool = False, **options: Any) -> Callable:
    """`pytensor.function` for the backend in use; states of random streams move on by their default updates.

    With `later` the function need not be ready to run when this returns, but when it is first used, or `finish` asks
    for it: its C code compiles while the next function's graph is rewritten.
    """
    if _settings.backend == "jax" and "mode" not in options:
        from adversarial.engine.jax.function import JaxFunction

        return JaxFunction(inputs, outputs, updates, mode(), **options)
    if _settings.backend == "c":
        precompiled_headers.use()
        _settings.blas.share_threads()
    options = {"mode": mode()} | options
    if isinstance(options["mode"], _CMode):
        options["mode"].later = later
    return pytensor.function(inputs, outputs, updates=updates, **options)


@contextmanager
def building() -> Iterator[None]:
    """Build and compile graphs with less ado: nothing looks for garbage, and a node remembers one line that made it.

    Graphs are very many objects, nearly all of which stay. PYTENSOR_FLAGS may ask for more lines, by traceback__limit.
    """
    collects, limit = gc.isenabled(), config.traceback__limit
    gc.disable()
    if not _asked_in_pytensor_flags("traceback__limit"):
        config.traceback__limit = 1
    try:
        yield
    finally:
        config.traceback__limit = limit
        if collects:
            gc.enable()


def finish(functions: Iterable[Callable]) -> None:
    """Make functions ready to run."""
    for each in functions:
        if isinstance(each, LinkedLater):
            each.linked()


def update_loop(update: Callable) -> Any:
    """What makes many updates at once of a function of `function`'s; None where the backend has no such thing."""
    if _settings.backend != "jax":
        return None
    from adversarial.engine.jax.function import JaxFunction
    from adversarial.engine.jax.update_loop import UpdateLoop

    return UpdateLoop(update) if isinstance(update, JaxFunction) else None


def is_first_process() -> bool:
    """Whether this is the process that saves and reports: the only one, or the first of several."""
    return _settings.machines.process == 0


def anywhere(flag: bool) -> bool:
    """Whether `flag` is set in any process; all of them must ask alike."""
    if _settings.machines.processes == 1:
        return flag
    from adversarial.engine.jax import devices

    return devices.anywhere(flag)


def sharedX(value: Any, name: str | None = None) -> TensorSharedVariable:
    """A shared variable with `value` in floatX."""
    return pytensor.shared(np.array(value, dtype=config.floatX), name=name)


def devices() -> str:
    """What computes, for people: 'CPU', '4 CPU devices in 2 processes', or a GPU's name."""
    if _settings.backend != "jax":
        return "CPU"
    from adversarial.engine.jax import devices as found

    _use_devices("jax", None, None)
    return found.description()


def summary() -> str:
    """One line for people: PyTensor, backend, BLAS, threads, floatX."""
    linker = _settings.backend + (" (no C compiler found)" if _settings.without_compiler else "")
    blas = f", {_settings.blas.name}" if _settings.backend == "c" else ""
    if _settings.backend == "jax":
        linker = f"jax on {devices()}"
    plural = "" if _settings.threads == 1 else "s"
    return f"PyTensor {pytensor.__version__}, {linker}{blas}, {_settings.threads} thread{plural}, {config.floatX}"


if not _asked_in_pytensor_flags("floatX"):
    config.floatX = "float32"
configure()
