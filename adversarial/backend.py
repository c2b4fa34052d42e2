"""The one place that knows which linker, which BLAS, how many threads, which float, and which engine.

Importing this module, or any other of the package, changes nothing of PyTensor's configuration, of the environment or
of the garbage collector. The settings are taken once, at the first call of any function here that depends on them
(`floatX`, `sharedX`, `mode`, `function`, `configure` ...; so when the first dataset, layer or graph is made). From then
on they are PyTensor's: floatX is float32 unless PYTENSOR_FLAGS or `configure` says otherwise, `blas__ldflags` names the
BLAS that was found, and with the fast engine `gcc__cxxflags` has flags that shorten compilation. Who uses PyTensor
without this package keeps their configuration until then. The environment may choose:

    ADVERSARIAL_BACKEND   c, numba or jax
    ADVERSARIAL_ENGINE    fast, or plain: PyTensor's own linkers and rewrites, without anything of engine/
    ADVERSARIAL_BLAS      mkl, wheel, system or none
    ADVERSARIAL_THREADS   number of threads (default: OMP_NUM_THREADS, or else the processors this process may use)
"""

from __future__ import annotations

import gc
import importlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytensor
from numpy.typing import ArrayLike
from pytensor import config
from pytensor.compile.maker import FunctionMaker
from pytensor.compile.mode import Mode, get_mode
from pytensor.graph.basic import Variable
from pytensor.tensor.sharedvar import TensorSharedVariable

from adversarial.engine import (
    compat,
    denormals,
    parallel_compilation,
    precompiled_headers,
    registry,
    settings,
    thread_pool,
)
from adversarial.engine.graph_cache import CachedRewritesMode
from adversarial.engine.parallel_compilation import LaterMaker, LinkedLater, ParallelVMLinker
from adversarial.engine.settings import Backend, Device, Engine, FloatX, Machines, Settings
from adversarial.errors import ConfigurationError

if TYPE_CHECKING:
    from adversarial.engine.jax.update_loop import UpdateLoop

__all__ = [
    "Backend",
    "Device",
    "Engine",
    "FloatX",
    "Machines",
    "anywhere",
    "backend_name",
    "compilation",
    "configure",
    "denormals_flushed",
    "describe_devices",
    "engine",
    "finish",
    "floatX",
    "function",
    "graph_construction",
    "interpreted",
    "is_first_process",
    "mode",
    "prefer",
    "sharedX",
    "summary",
    "threads",
    "update_loop",
]

#: Rewrites for products with diagonal, orthogonal or selection matrices, which neural networks do not have: looking
#: for those at each product takes an eighth of the time of all rewriting.
_FRUITLESS_REWRITES = ("dot_diag_to_elemwise", "orthogonal_dot_transpose_to_eye", "selection_dot_to_indexing")

#: None until they are first needed.
_settings: Settings | None = None


def _current() -> Settings:
    """The settings, which are taken now if this is the first call."""
    if _settings is None:
        configure()
    return cast(Settings, _settings)


def configure(
    backend: Backend | None = None,
    floatX: FloatX | None = None,
    threads: int | None = None,
    device: Device | None = None,
    machines: Machines | None = None,
    engine: Engine | None = None,
) -> None:
    """Choose what graphs are compiled for; functions compiled before stay as they are.

    Parameters
    ----------
    backend : {'c', 'numba', 'jax'}, optional
        What PyTensor compiles to. None leaves it, as with all parameters.
    floatX : {'float32', 'float64'}, optional
        The dtype of parameters and data.
    threads : int, optional
        Number of threads of BLAS and of our own loops, at least 1.
    device : {'cpu', 'cuda'}, optional
        Where JAX computes; no other backend has a choice.
    machines : Machines, optional
        Several devices or processes, which JAX alone can use.
    engine : {'fast', 'plain'}, optional
        'plain' leaves compilation to PyTensor alone; see `adversarial.engine`.

    Raises
    ------
    ConfigurationError
        If the backend is unknown or not installed, floatX, device or engine is none of those above, threads is below
        1, a device is not there, or another process does not answer.
    """
    global _settings
    if floatX is not None:
        settings.one_of("floatX", floatX, FloatX)
    if engine is not None:
        settings.one_of("the engine", engine, Engine)
    if threads is not None and threads < 1:
        raise ConfigurationError(f"the number of threads is {threads}, but must be at least 1")
    if backend is not None:
        _require(backend)
    if _settings is None:
        threads = threads or settings.threads_from_environment()
        # Not JAX itself yet: which devices it uses and which processes it meets is settled when it starts.
        _settings = settings.from_environment()
        if not settings.in_pytensor_flags("floatX"):
            config.floatX = "float32"
    current = _settings
    if (backend, device, machines) != (None, None, None):
        _use_devices(backend or current.backend, device, machines)
    if backend is not None:
        current.choose(backend)
        current.chosen = True
    if engine is not None:
        current.engine = engine
    if floatX is not None:
        config.floatX = floatX
    if threads is not None and threads != current.threads:
        current.threads = threads
        os.environ["OMP_NUM_THREADS"] = str(threads)
        if current.engine == "fast":
            thread_pool.spin_briefly()
        # The threads that the library starts here are those that work on the updates.
        with denormals_flushed():
            current.blas.use(threads)
    if current.engine == "plain":
        precompiled_headers.stop()


def _require(backend: Backend) -> None:
    settings.require_installed(settings.one_of("the backend", backend, Backend))


def _use_devices(backend: Backend, device: Device | None, machines: Machines | None) -> None:
    """Find the devices that are asked for, and those that were before."""
    current = _current()
    device = current.device if device is None else settings.one_of("the device", device, Device)
    machines = machines or current.machines
    if backend == "jax":
        from adversarial.engine.jax import devices

        devices.use(devices.Request(device, **vars(machines)))
    elif device == "cuda" or machines != Machines():
        asked = "the device cuda" if device == "cuda" else "several devices or processes"
        raise ConfigurationError(f"the backend {backend} cannot use {asked}; give --backend jax")
    current.device, current.machines = device, machines


def prefer(backend: Backend | None) -> None:
    """Use the backend that an experiment's file names, unless the user has chosen one.

    Raises
    ------
    ConfigurationError
        As `configure`.
    """
    if backend is None or _current().chosen:
        return
    _require(backend)
    _use_devices(backend, None, None)
    _current().choose(backend)


def backend_name() -> Backend:
    """Return the backend in use: 'c', 'numba' or 'jax'."""
    return _current().backend


def engine() -> Engine:
    """Return the engine in use: 'fast' or 'plain'."""
    return _current().engine


def threads() -> int:
    """Return the number of threads in use."""
    return _current().threads


def floatX() -> FloatX:
    """Return the dtype of parameters and data: 'float32' or 'float64'."""
    _current()
    return cast(FloatX, config.floatX)


class _CMode(CachedRewritesMode):
    """The C backend's mode; `later`: whether its functions are linked when they are first used."""

    later = False

    @property
    def function_maker(self) -> type[FunctionMaker]:
        return LaterMaker if self.later else FunctionMaker


def mode() -> Mode:
    """Return PyTensor's mode for the backend in use, with all rewrites of FAST_RUN."""
    current = _current()
    registry.register_ops(current.backend)
    if current.backend == "jax":
        import jax

        _use_devices("jax", None, None)
        # PyTensor asks for float64 only while it is first imported for JAX, maybe before floatX was chosen.
        jax.config.update("jax_enable_x64", config.floatX == "float64")
    if (current.backend, current.engine) == ("jax", "fast"):
        return get_mode("JAX").including(registry.JAX_ONLY)
    if (current.backend, current.engine) != ("c", "fast"):
        return get_mode({"c": "CVM", "numba": "NUMBA", "jax": "JAX"}[current.backend])
    importlib.import_module("adversarial.engine.rewrites")
    linker = ParallelVMLinker(use_cloop=True)
    linker.workers = current.threads
    made = _CMode(linker=linker, optimizer="fast_run").including(registry.C_ONLY).excluding(*_FRUITLESS_REWRITES)
    made.settings = summary()
    return made


def interpreted() -> Mode:
    """Return a mode that compiles nothing: for what runs too seldom to be worth a compiler's time."""
    return Mode(linker="py", optimizer="fast_compile")


def function(
    inputs: Sequence[Variable],
    outputs: Any = None,
    updates: Mapping[Any, Any] | Iterable[tuple[Any, Any]] | None = None,
    later: bool = False,
    **options: Any,
) -> Callable[..., Any]:
    """Compile a graph for the backend in use; states of random streams move on by their default updates.

    Parameters
    ----------
    inputs : sequence of Variable
        As of `pytensor.function`, as are `outputs` and `updates`.
    outputs : Variable or sequence of Variable, optional
        What the function returns.
    updates : mapping or pairs, optional
        New values of shared variables.
    later : bool, default False
        Whether the function need be ready only when it is first used, or `finish` is called for it: its C code
        compiles while the next function's graph is rewritten. The plain engine ignores it.
    **options : dict
        Further options of `pytensor.function`.

    Returns
    -------
    callable
        The compiled function.
    """
    current = _current()
    fast = current.engine == "fast"
    if fast and current.backend == "jax" and "mode" not in options:
        from adversarial.engine.jax.function import JaxFunction

        return JaxFunction(inputs, outputs, updates, mode(), **options)
    if fast and current.backend == "c":
        _use_headers_and_threads()
    options = {"mode": mode()} | options
    if isinstance(options["mode"], _CMode):
        options["mode"].later = later
    return pytensor.function(inputs, outputs, updates=updates, **options)


def _use_headers_and_threads() -> None:
    compat.spare_setuptools()
    precompiled_headers.use()
    _current().blas.share_threads(_current().threads)


def _compile_products() -> None:
    """Begin to compile the modules of products."""
    from adversarial.engine.rewrites import zero_skipping

    _use_headers_and_threads()
    parallel_compilation.begin(zero_skipping.products_of(floatX()), threads())


@contextmanager
def graph_construction() -> Iterator[None]:
    """Build and compile graphs faster within: no garbage collection, and a node remembers one line that made it.

    Graphs are very many objects, nearly all of which stay. The C code of products, which takes longest and which any
    network needs, compiles meanwhile, if it was not compiled before. PYTENSOR_FLAGS may ask for more lines, by
    traceback__limit.
    With the plain engine nothing changes.
    """
    if _current().engine == "plain":
        yield
        return
    if _current().backend == "c":
        _compile_products()
    collects, limit = gc.isenabled(), config.traceback__limit
    gc.disable()
    if not settings.in_pytensor_flags("traceback__limit"):
        config.traceback__limit = 1
    try:
        yield
    finally:
        config.traceback__limit = limit
        if collects:
            gc.enable()


def denormals_flushed() -> AbstractContextManager[None]:
    """Take denormal numbers for 0 within, in this thread; with the plain engine nothing changes."""
    return nullcontext() if _current().engine == "plain" else denormals.flushed()


def finish(functions: Iterable[Callable[..., Any]]) -> None:
    """Make functions ready to run."""
    for each in functions:
        if isinstance(each, LinkedLater):
            each.linked()


def compilation() -> tuple[int, int]:
    """Return how many C++ modules this process has compiled, and how many it knows that it needs and no cache had."""
    return parallel_compilation.progress()


def update_loop(update: Callable[..., Any]) -> UpdateLoop | None:
    """Return what runs a function of `function`'s many times at once; None where the backend has no such thing."""
    if _current().backend != "jax" or _current().engine == "plain":
        return None
    from adversarial.engine.jax.function import JaxFunction
    from adversarial.engine.jax.update_loop import UpdateLoop

    return UpdateLoop(update) if isinstance(update, JaxFunction) else None


def is_first_process() -> bool:
    """Return whether this is the process that saves and reports: the only one, or the first of several."""
    return _current().machines.process == 0


def anywhere(flag: bool) -> bool:
    """Return whether `flag` is set in any process; all processes must call this alike."""
    if _current().machines.processes == 1:
        return flag
    from adversarial.engine.jax import devices

    return devices.anywhere(flag)


def sharedX(value: ArrayLike, name: str | None = None) -> TensorSharedVariable:
    """Return a shared variable with a copy of `value` in floatX."""
    return pytensor.shared(np.array(value, dtype=floatX()), name=name)


def describe_devices() -> str:
    """Return what computes, for people: 'CPU', '4 CPU devices in 2 processes', or a GPU's name."""
    if _current().backend != "jax":
        return "CPU"
    from adversarial.engine.jax import devices

    _use_devices("jax", None, None)
    return devices.description()


def summary() -> str:
    """Return one line for people: PyTensor, backend, engine if plain, BLAS, threads, floatX."""
    current = _current()
    linker = current.backend + (" (no C compiler found)" if current.without_compiler else "")
    if current.backend == "jax":
        linker = f"jax on {describe_devices()}"
    parts = [f"PyTensor {pytensor.__version__}", linker]
    if current.engine == "plain":
        parts.append("plain engine")
    if current.backend == "c":
        parts.append(current.blas.name)
    return ", ".join([*parts, f"{current.threads} thread{'' if current.threads == 1 else 's'}", config.floatX])
