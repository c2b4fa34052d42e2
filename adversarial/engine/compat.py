"""What the engine takes of PyTensor's and NumPy's insides, which may change without notice: nothing else does.

Each function says why it is needed and of which versions of PyTensor it is true. None asks for the version: where
versions differ, it looks at what is there, and where a name were missing an AttributeError would name this file.
"""

from __future__ import annotations

import importlib
import sys
import sysconfig
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any, cast

import numpy as np
from pytensor import config
from pytensor.compile.mode import Mode
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Apply, Constant, Variable
from pytensor.graph.features import Feature
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.rewriting.basic import GraphRewriter
from pytensor.graph.rewriting.db import RewriteDatabase, RewriteDatabaseQuery
from pytensor.link.c import cmodule
from pytensor.link.c.basic import get_module_cache
from pytensor.misc.frozendict import frozendict
from pytensor.tensor.elemwise import Elemwise

try:
    # Private to PyTensor: links BLAS, and declares its functions. From 3.3 on in a package of its own.
    from pytensor.tensor.blas.blas_c import BaseBLAS  # type: ignore[import-not-found]
except ModuleNotFoundError:
    from pytensor.tensor.blas_c import BaseBLAS as BaseBLAS

#: Tags that PyTensor 3.0 to 3.3 sets to help debugging, or to remember what it derived from the rest of the graph.
_DERIVED_TAGS = frozenset(
    {
        "imported_by",
        "removed_by",
        "fake_node",
        "trace",
        "is_diagonal",
        "is_non_negative",
        "is_permutation",
        "is_positive",
        "is_selection",
        "values_eq_approx",
    }
)


def features_of(fgraph: FunctionGraph) -> list[Feature]:
    """Return the features of a graph, in their order; PyTensor 3.0 to 3.3 has no public list of them."""
    return list(fgraph._features)


def query_of(mode: Mode) -> GraphRewriter | RewriteDatabaseQuery:
    """Return what a mode asks the database of rewriters for; 3.0 to 3.3 give the answer alone in public."""
    return mode._optimizer


def database_of(mode: Mode) -> RewriteDatabase:
    """Return the database that a mode asks; 3.0 to 3.3 declare no type for it."""
    return cast(RewriteDatabase, mode.optdb)  # type: ignore[has-type]


def rewriters_by_tag(database: RewriteDatabase) -> Mapping[str, Any]:
    """Return a database's rewriters by name and tag; 3.0 to 3.3 can only be asked by a query, which drops the tags."""
    return cast("defaultdict[str, Any]", database.__db__)


def other_attributes(database: RewriteDatabase) -> dict[str, Any]:
    """Return what else a database of 3.0 to 3.3 consists of: positions, names, databases within it."""
    return {name: value for name, value in vars(database).items() if name != "__db__"}


def register_all_rewrites() -> None:
    """Let PyTensor register the rewrites that 3.0 to 3.3 imports amid the first rewriting, unless it was before."""
    importlib.import_module("pytensor.sparse")


def configuration() -> list[tuple[str, Any]]:
    """Return the options of PyTensor and their values, sorted by name; 3.0 to 3.3 only prints them in public."""
    return [(name, getattr(config, name)) for name in sorted(config._config_var_dict)]


def processor_features() -> dict[str, bool]:
    """Return which instructions NumPy finds in the processor; NumPy 2 has no public name for it."""
    return cast("dict[str, bool]", np._core._multiarray_umath.__cpu_features__)  # type: ignore[attr-defined]


def stable_tags(thing: Variable | Apply) -> tuple[tuple[str, Any], ...]:
    """Return a variable's or node's tags, sorted, but for those that PyTensor derives and may have or not."""
    return tuple(sorted((name, value) for name, value in vars(thing.tag).items() if name not in _DERIVED_TAGS))


def set_tags(thing: Variable | Apply, tags: tuple[tuple[str, Any], ...]) -> None:
    """Set tags as `stable_tags` gave them; the scratchpad of 3.0 to 3.3 has no method for it."""
    vars(thing.tag).update(tags)


def reduced(thing: Any) -> Any:
    """Return how to pickle a frozendict without the hash that 3.0 to 3.3 remembers once asked; else NotImplemented."""
    return (frozendict, (dict(thing),)) if type(thing) is frozendict else NotImplemented


def storage_of(variable: SharedVariable) -> list[Any]:
    """Return the cell with a shared variable's value: `set_value` of 3.0 to 3.3 would copy JAX's arrays to NumPy."""
    return variable.container.storage


def in_module_cache(key: tuple[Any, ...]) -> bool:
    """Return whether PyTensor's cache has the module of a key; 3.0 to 3.3 can only be asked by compiling."""
    return key in get_module_cache().entry_from_key


def code_in_module_cache(module_hash: str) -> bool:
    """Return whether PyTensor's cache has a module of this code, maybe under another key; as `in_module_cache`."""
    return module_hash in get_module_cache().module_hash_to_key_data


def add_to_module_cache(key: tuple[Any, ...], module: Any) -> None:
    """Let PyTensor's cache take a module; it asks a CLinker of 3.0 to 3.3 for `get_src_code` and `compile_cmodule`."""
    get_module_cache().module_from_key(key, module)


def spare_setuptools() -> None:
    """Let PyTensor 3.0 to 3.3 link C code without setuptools, whose import takes a tenth of a start.

    It needs two things of it: the ending of compiled modules, which Python's own sysconfig knows, and a class of errors
    to derive its `CompileError` from, for which an empty one serves.
    """
    cmodule._get_ext_suffix = lambda: sysconfig.get_config_var("EXT_SUFFIX")
    if not {"setuptools", "pytensor.link.c.exceptions"} & sys.modules.keys():
        stand_ins = {name: ModuleType(name) for name in ("setuptools", "setuptools.errors")}
        stand_ins["setuptools.errors"].CompileError = type("CompileError", (Exception,), {})  # type: ignore[attr-defined]
        sys.modules.update(stand_ins)
        try:
            importlib.import_module("pytensor.link.c.exceptions")
        finally:
            for name in stand_ins:
                del sys.modules[name]


def compiler_arguments() -> list[str]:
    """Return the arguments that PyTensor 3.0 to 3.3 gives the compiler, the processor's flags among them."""
    return list(cmodule.GCC_compiler.compile_args())


@contextmanager
def flags_tried_by(trial: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Iterator[None]:
    """Let PyTensor try the processor's flags by `trial` of its own function, which 3.0 to 3.3 calls at each start."""
    before = cmodule.try_march_flag
    cmodule.try_march_flag = trial(before)
    try:
        yield
    finally:
        cmodule.try_march_flag = before


def node_and_shapes(arguments: Sequence[Any]) -> tuple[Apply, list[tuple]]:
    """Return the node and its inputs' shapes from the arguments of `infer_shape`: before 3.3 the graph is the first."""
    return cast(tuple[Apply, list[tuple]], tuple(arguments[-2:]))


def axis_and_joined(node: Apply) -> tuple[int | None, list[Variable]]:
    """Return the axis, None if it varies, and the joined variables of a Join: before 3.3 the axis is an input."""
    if hasattr(node.op, "axis"):
        return node.op.axis, list(node.inputs)
    axis, *joined = node.inputs
    return (int(axis.data) if isinstance(axis, Constant) else None), joined


def axis_array_and_lengths(node: Apply) -> tuple[int | None, Variable, Variable]:
    """Return the axis, None if it varies, the array and the lengths of a Split: before 3.3 the axis is an input."""
    array, *axis, lengths = node.inputs
    if not axis:
        return node.op.axis, array, lengths
    return (int(axis[0].data) if isinstance(axis[0], Constant) else None), array, lengths


def c_code_in_parts(op: Elemwise, *arguments: Any) -> tuple[str, ...]:
    """Return the C code of an Elemwise, as of `c_code`, in parts, which only a private method gives (3.0 to 3.3)."""
    return op._c_all(*arguments)  # declarations, checks, allocations and the loop
