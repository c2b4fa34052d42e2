"""Compile a function's C modules in parallel, where PyTensor would compile one after the other.

An experiment compiles about a hundred small C++ modules at its first run. As soon as a graph is rewritten, those that
PyTensor's cache lacks are compiled here, several in one compilation and one compilation a thread, while the program
goes on to its next graph; when the function is linked they are added to that cache, where PyTensor finds them. What
fails to compile here is left to PyTensor, which reports why. Nothing but time depends on this.
"""

from __future__ import annotations

import importlib
import os
import queue
import shutil
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, cast

from pytensor import config
from pytensor.compile.maker import FunctionMaker
from pytensor.graph.basic import Apply, Constant
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.utils import MethodNotDefined
from pytensor.link.c.basic import CLinker
from pytensor.link.c.cmodule import dlimport, get_lib_extension, get_module_hash
from pytensor.link.c.op import COp
from pytensor.link.vm import VMLinker

from adversarial.engine import compat, joint_modules, precompiled_headers


class ParallelVMLinker(VMLinker):
    """PyTensor's linker for C, whose modules are compiled in parallel beforehand."""

    #: How many modules are compiled at a time.
    workers = 1
    _ahead: list[_Module] | None = None

    def accept(self, *args: Any, **kwargs: Any) -> ParallelVMLinker:
        """Take a function graph to link; see VMLinker."""
        linker = super().accept(*args, **kwargs)
        linker.workers, linker._ahead = self.workers, None
        return linker

    def compile_ahead(self) -> list[_Module]:
        """Begin to compile what the graph needs; return the modules that are not in the cache yet."""
        if self._ahead is None:
            possible = self.workers > 1 and self.c_thunks and config.cxx
            self._ahead = _begun(self.schedule(cast(FunctionGraph, self.fgraph)), self.workers) if possible else []
        return self._ahead

    def make_all(self, *args: Any, **kwargs: Any) -> Any:
        """Link the function graph; see VMLinker."""
        for module in self.compile_ahead():
            module.finish()
        # What was not compiled ahead is compiled by PyTensor, now.
        precompiled_headers.wait()
        return super().make_all(*args, **kwargs)


def begin(nodes: Iterable[Apply], workers: int) -> None:
    """Begin to compile what will be needed, before any graph is rewritten, unless PyTensor's cache has it.

    Parameters
    ----------
    nodes : iterable of Apply
        Nodes like those of graphs to come.
    workers : int
        How many compilations run at a time.
    """
    if workers > 1 and config.cxx and _begun(nodes, workers):
        # Nor has a first start PyTensor's own modules, which their import compiles.
        threading.Thread(target=importlib.import_module, args=("pytensor.link.c.cvm",), daemon=True).start()


class LinkedLater:
    """A function that is linked when it is first used, so that its modules can compile until then."""

    def __init__(self, make: Callable[[], Callable[..., Any]]):
        self._make = make
        self._made: Callable[..., Any] | None = None

    def linked(self) -> Callable[..., Any]:
        """Return the function itself."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.linked()(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.linked(), name)


class LaterMaker(FunctionMaker):
    """A FunctionMaker that begins to compile a graph's modules, and whose function is linked later."""

    def create(self, *args: Any, **kwargs: Any) -> LinkedLater:
        """Return the function; see FunctionMaker."""
        if isinstance(self.linker, ParallelVMLinker):
            self.linker.compile_ahead()
        return LinkedLater(lambda: FunctionMaker.create(self, *args, **kwargs))


class _Library:
    """What one compilation made: a file that has one module, or several."""

    def __init__(self, path: Path):
        self._path = path
        self._placed = False

    def place(self, target: Path) -> None:
        """Let `target` be this library: the file itself, then further names of it, which take no more room."""
        if not self._placed:
            shutil.move(self._path, target)
            self._path, self._placed = target, True
            return
        try:
            os.link(self._path, target)
        except OSError:
            shutil.copyfile(self._path, target)


class _Module:
    """A module to compile: PyTensor's key of it, its linker, and the library that has it once it is compiled.

    `compat.add_to_module_cache` calls its methods as those of a CLinker.
    """

    def __init__(self, key: tuple, linker: CLinker):
        self.key = key
        self.linker = linker
        self.library: _Library | None = None
        self.in_cache = False
        self._done = threading.Event()

    def get_src_code(self) -> str:
        """Return the C++ text."""
        return self.linker.get_src_code()

    def circumstances(self) -> tuple[tuple[str, ...], ...]:
        """Return how it is compiled and linked: modules that agree in it can be compiled together."""
        linker = self.linker
        return tuple(
            tuple(part) for part in (linker.compile_args(), linker.header_dirs(), linker.lib_dirs(), linker.libraries())
        )

    def ended(self) -> None:
        """Take note that the compiler has ended; where it failed, `library` is None."""
        self._done.set()

    def has_ended(self) -> bool:
        """Return whether the compiler has ended."""
        return self._done.is_set()

    def finish(self) -> None:
        """Wait until it is compiled, and add it to PyTensor's cache."""
        self._done.wait()
        if self.library is not None and not self.in_cache:
            compat.add_to_module_cache(self.key, self)
        self.in_cache = True

    def compile_cmodule(self, location: str) -> Any:
        """Put the files at their place in the cache, and load the module."""
        assert self.library is not None
        path = Path(location) / f"{self.linker.get_dynamic_module().code_hash}.{get_lib_extension()}"
        self.library.place(path)
        (Path(location) / "mod.cpp").write_text(self.get_src_code())
        (Path(location) / "__init__.py").touch()
        return dlimport(str(path))


def _compile(modules: Sequence[_Module]) -> None:
    """Compile modules that agree in their circumstances: together, or one by one where that fails."""
    library = _library(modules)
    for module in modules:
        module.library = library
        if library is None and len(modules) > 1:
            module.library = _library([module])


def _library(modules: Sequence[_Module]) -> _Library | None:
    """Run the compiler; None if it fails."""
    from pytensor.link.c.exceptions import CompileError

    arguments, include_dirs, lib_dirs, libs = map(list, modules[0].circumstances())
    texts = [module.get_src_code() for module in modules]
    together = len(modules) > 1
    name = modules[0].linker.get_dynamic_module().code_hash
    try:
        folder = Path(tempfile.mkdtemp(dir=_parents[0].name))
        modules[0].linker.c_compiler().compile_str(
            module_name=name,
            src_code=joint_modules.joint_text(texts) if together else texts[0],
            location=str(folder),
            include_dirs=include_dirs,
            lib_dirs=lib_dirs,
            libs=libs,
            preargs=[*arguments, *(joint_modules.ARGUMENTS if together else ())],
            py_module=False,
        )
    except (CompileError, OSError):
        return None
    return _Library(folder / f"{name}.{get_lib_extension()}")


#: A folder for what is being compiled, removed when the program ends.
_parents: list[tempfile.TemporaryDirectory] = []
_waiting: queue.SimpleQueue[list[_Module]] = queue.SimpleQueue()
_threads: list[threading.Thread] = []


def _compile_what_waits() -> None:
    while True:
        modules = _waiting.get()
        precompiled_headers.wait()
        try:
            _compile(modules)
        finally:
            for module in modules:
                module.ended()


#: The modules of nodes by `_signature`; None if the cache had it, or there is no C code.
_known: dict[tuple, _Module | None] = {}
#: The same modules by PyTensor's hash of their code, which other nodes may share.
_by_hash: dict[str, _Module] = {}


def progress() -> tuple[int, int]:
    """Return how many modules are compiled, and how many are known to be needed, of those that no cache had."""
    modules = list(_by_hash.values())
    return sum(module.has_ended() for module in modules), len(modules)


def _begun(nodes: Iterable[Apply], workers: int) -> list[_Module]:
    """Begin to compile the modules of `nodes` that PyTensor's cache lacks, and return them."""
    if not _parents:
        _parents.append(tempfile.TemporaryDirectory(prefix="adversarial_compilation_"))
    while len(_threads) < workers:
        # Daemons: they end with the program, whatever is still in the queue.
        _threads.append(threading.Thread(target=_compile_what_waits, daemon=True))
        _threads[-1].start()
    found: dict[_Module, None] = {}
    begun = len(_by_hash)
    for node in nodes:
        if isinstance(node.op, COp):
            signature = _signature(node)
            if signature not in _known:
                _known[signature] = _module(node)
            module = _known[signature]
            if module is not None and not module.in_cache:
                found[module] = None
    alike: dict[tuple, list[_Module]] = defaultdict(list)
    for module in list(_by_hash.values())[begun:]:
        alike[module.circumstances()].append(module)
    # Those of which there are most first: they take longest, and the others fill the time at the end.
    for modules in sorted(alike.values(), key=len, reverse=True):
        for places in joint_modules.shared_out([len(module.get_src_code()) for module in modules], workers):
            _waiting.put([modules[place] for place in places])
    return list(found)


def _module(node: Apply) -> _Module | None:
    """Return the module of a node; None if PyTensor's cache has it or there is no C code."""
    try:
        linker = _linker(node)
        key = linker.cmodule_key()
        # PyTensor does not cache a module without a version.
        if not key[0] or compat.in_module_cache(key):
            return None
        code = linker.get_src_code()
    except (NotImplementedError, MethodNotDefined):
        return None
    module_hash = get_module_hash(code, key)
    if compat.code_in_module_cache(module_hash):
        return None
    if module_hash not in _by_hash:
        _by_hash[module_hash] = _Module(key, linker)
    return _by_hash[module_hash]


def _signature(node: Apply) -> tuple:
    """Return what the C code of a node depends on."""
    inputs = tuple(each.signature() if isinstance(each, Constant) else each.type for each in node.inputs)
    return node.op, inputs, tuple(output.type for output in node.outputs)


def _linker(node: Apply) -> CLinker:
    """Return PyTensor's linker of this node alone, as in `COp.make_c_thunk`."""
    node.op.prepare_node(node, storage_map=None, compute_map=None, impl="c")
    return CLinker().accept(FunctionGraph(node.inputs, node.outputs), no_recycling=[])
