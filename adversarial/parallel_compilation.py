"""Compile a function's C modules side by side, where PyTensor would compile one after the other.

An experiment compiles dozens of small C++ modules at its first run. Before PyTensor turns to them, those that its cache
lacks are compiled here, one a thread, and put into that cache, where PyTensor finds them. What does not compile here
is left to PyTensor, which says why. Nothing depends on this but time.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytensor import config
from pytensor.graph.basic import Apply, Constant
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.utils import MethodNotDefined
from pytensor.link.c.basic import CLinker, get_module_cache
from pytensor.link.c.cmodule import dlimport, get_lib_extension, get_module_hash
from pytensor.link.c.exceptions import CompileError
from pytensor.link.c.op import COp
from pytensor.link.vm import VMLinker


class ParallelVMLinker(VMLinker):
    """PyTensor's linker for C, whose modules are compiled side by side beforehand."""

    #: How many are compiled at a time.
    workers = 1

    def accept(self, *args: Any, **kwargs: Any) -> ParallelVMLinker:
        """Take a function graph to link; see VMLinker."""
        linker = super().accept(*args, **kwargs)
        linker.workers = self.workers
        return linker

    def make_all(self, *args: Any, **kwargs: Any) -> Any:
        """Link the function graph; see VMLinker."""
        if self.workers > 1 and self.c_thunks and config.cxx:
            compile_modules(self.schedule(self.fgraph), self.workers)
        return super().make_all(*args, **kwargs)


@dataclass
class _Module:
    """A module to compile: PyTensor's key of it, how, and the folder where it is once that is done.

    It stands in for PyTensor's CLinker in `ModuleCache.module_from_key`.
    """

    key: tuple
    linker: CLinker
    folder: Path | None = None

    def get_src_code(self) -> str:
        return self.linker.get_src_code()

    def compile(self, parent: str) -> None:
        """Run the compiler, in a new folder within `parent`; on failure `folder` stays None."""
        folder = Path(tempfile.mkdtemp(dir=parent))
        linker = self.linker
        try:
            linker.c_compiler().compile_str(
                module_name=linker.get_dynamic_module().code_hash,
                src_code=linker.get_src_code(),
                location=str(folder),
                include_dirs=linker.header_dirs(),
                lib_dirs=linker.lib_dirs(),
                libs=linker.libraries(),
                preargs=linker.compile_args(),
                py_module=False,
            )
        except (CompileError, OSError):
            return
        self.folder = folder

    def compile_cmodule(self, location: str) -> Any:
        """Move what was compiled to its place in the cache, and load it."""
        for file in self.folder.iterdir():
            shutil.move(file, location)
        (Path(location) / "__init__.py").touch()
        name = f"{self.linker.get_dynamic_module().code_hash}.{get_lib_extension()}"
        return dlimport(str(Path(location) / name))


#: What `_signature` gave of nodes whose modules are in the cache.
_known: set[tuple] = set()


def compile_modules(nodes: Iterable[Apply], workers: int) -> None:
    """Compile those modules of `nodes` that PyTensor's cache lacks, `workers` at a time, into that cache."""
    missing = _missing(nodes)
    if len(missing) < 2:
        return
    with tempfile.TemporaryDirectory(prefix="adversarial_compilation_") as parent:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda module: module.compile(parent), missing))
        for module in missing:
            if module.folder is not None:
                get_module_cache().module_from_key(module.key, module)


def _missing(nodes: Iterable[Apply]) -> list[_Module]:
    cache = get_module_cache()
    missing: dict[str, _Module] = {}
    for node in nodes:
        signature = _signature(node)
        if signature in _known or not isinstance(node.op, COp):
            continue
        _known.add(signature)
        linker = _linker(node)
        key = None if linker is None else linker.cmodule_key()
        # A module without a version is not kept in the cache.
        if key is None or not key[0] or key in cache.entry_from_key:
            continue
        module_hash = get_module_hash(linker.get_src_code(), key)
        if module_hash not in cache.module_hash_to_key_data:
            missing.setdefault(module_hash, _Module(key, linker))
    return list(missing.values())


def _signature(node: Apply) -> tuple:
    """What the C code of a node depends on."""
    inputs = tuple(each.signature() if isinstance(each, Constant) else each.type for each in node.inputs)
    return node.op, inputs, tuple(output.type for output in node.outputs)


def _linker(node: Apply) -> CLinker | None:
    """PyTensor's linker of this node alone, as `COp.make_c_thunk` makes it; None where it has no C code."""
    try:
        node.op.prepare_node(node, storage_map=None, compute_map=None, impl="c")
        linker = CLinker().accept(FunctionGraph(node.inputs, node.outputs), no_recycling=[])
        linker.get_src_code()
    except (NotImplementedError, MethodNotDefined):
        return None
    return linker
