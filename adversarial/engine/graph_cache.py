"""A cache of rewritten graphs, beside PyTensor's cache of compiled modules.

Rewriting the graphs of an experiment takes seconds, at each start, even if nothing need be compiled. Here a rewritten
graph is cached in a file whose name is the digest of everything that decides the result of rewriting: the graph, the
rewriters, the programs' text and versions, the configuration and the processor. If one of them differs, or is not
known, or the file is damaged, the graph is rewritten. Such a file is a pickle, which can run code when it is read, as
the compiled modules beside it can: PyTensor's folder of these must be as trusted as programs are.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import platform
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pytensor
import scipy
from pytensor import config
from pytensor.compile.aliasing import Supervisor
from pytensor.compile.mode import Mode
from pytensor.graph.destroyhandler import DestroyHandler
from pytensor.graph.features import PreserveVariableAttributes, ReplaceValidate
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.rewriting.basic import GraphRewriter, NodeRewriter, SequentialGraphRewriter
from pytensor.graph.rewriting.db import RewriteDatabase, RewriteDatabaseQuery

from adversarial.engine import compat
from adversarial.engine.graph_table import KNOWN_PACKAGES, GraphTable, NotPlainError, table_of, to_bytes
from adversarial.errors import FileError
from adversarial.files.whole_file import write_whole

#: Graphs of fewer nodes are rewritten sooner than found in the cache.
WORTH_CACHING = 40
#: How many bytes of files stay; those that were not used for longest are removed first.
LIMIT = 64 << 20

#: The program's text is read from its files, which must not have changed since it began: those that are not older than
#: this may have.
_BEGAN = time.time() - 10
_DIGEST_SIZE = hashlib.sha256().digest_size


class CachedRewritesMode(Mode):
    """A mode whose rewritten graphs are cached.

    Attributes
    ----------
    settings : str
        Further text that decides the result of rewriting.
    """

    settings = ""

    @property
    def optimizer(self) -> GraphRewriter:
        return CachedRewriter(self)

    @property
    def rewriter(self) -> GraphRewriter:
        """The rewriter of graphs that are not in the cache."""
        return super().optimizer

    def clone(self, *args: Any, **kwargs: Any) -> CachedRewritesMode:
        """Return a mode like this one; see Mode."""
        cloned = super().clone(*args, **kwargs)
        cloned.settings = self.settings
        return cloned

    def digest_pieces(self) -> Iterator[bytes]:
        """Yield bytes that differ for modes that may rewrite differently."""
        query = compat.query_of(self)
        if not isinstance(query, RewriteDatabaseQuery) or query.extra_rewrites or query.subquery:
            raise NotPlainError("rewriters that are in no database")
        yield repr((list(query.include), list(query.require), list(query.exclude), query.position_cutoff)).encode()
        yield repr((type(self.linker).__qualname__, self.settings)).encode()
        compat.register_all_rewrites()
        yield from _registered(compat.database_of(self), set())


class CachedRewriter(GraphRewriter):
    """The rewriter of a `CachedRewritesMode`: takes the result from the cache, or rewrites and adds it."""

    def __init__(self, mode: CachedRewritesMode):
        super().__init__()
        self._mode = mode

    def add_requirements(self, fgraph: FunctionGraph) -> None:
        """Add nothing: the mode's own rewriter adds what it needs."""

    def apply(self, fgraph: FunctionGraph) -> None:
        """Rewrite `fgraph`."""
        path = self._path(fgraph)
        cached = None if path is None else _read(path)
        if cached is not None:
            _replace(fgraph, *cached)
            return
        features = compat.features_of(fgraph)
        self._mode.rewriter.rewrite(fgraph)
        written = None if path is None else _write(path, fgraph)
        if written is not None:
            # An unpickled Op may differ from the one that was pickled, and have other C code. This run uses it too, so
            # that the next one finds that code compiled.
            for feature in [each for each in compat.features_of(fgraph) if each not in features]:
                fgraph.remove_feature(feature)
            _replace(fgraph, *written)

    def _path(self, fgraph: FunctionGraph) -> Path | None:
        """The file for `fgraph`; None if what the result depends on cannot be known."""
        if len(fgraph.apply_nodes) < WORTH_CACHING:
            return None
        try:
            digest = hashlib.sha256()
            for pieces in (table_of(fgraph).pieces(), _roles(fgraph), self._mode.digest_pieces(), _surroundings()):
                for piece in pieces:
                    digest.update(len(piece).to_bytes(8, "little") + piece)
                digest.update(b"|")
        except (NotPlainError, OSError):
            return None
        return _folder() / f"{digest.hexdigest()}.graph"


def _folder() -> Path:
    return Path(config.compiledir) / "adversarial_rewritten"


def _roles(fgraph: FunctionGraph) -> Iterator[bytes]:
    """Yield what rewriters may ask of the inputs and outputs: features, protection, updates."""
    for feature in compat.features_of(fgraph):
        if type(feature) not in (ReplaceValidate, PreserveVariableAttributes, Supervisor):
            raise NotPlainError(f"{feature} may decide the result of rewriting")
        yield type(feature).__name__.encode()
        if isinstance(feature, Supervisor):
            protected = set(feature.protected)
            yield bytes(variable in protected for variable in fgraph.inputs)
    yield repr(sorted((fgraph.update_mapping or {}).items())).encode()


def _registered(database: RewriteDatabase, seen: set[int]) -> Iterator[bytes]:
    """Yield the rewriters of a database and of those within it: names and tags, order and positions."""
    if id(database) in seen:
        return
    seen.add(id(database))
    plain = compat.other_attributes(database)
    by_tag = compat.rewriters_by_tag(database)
    yield repr([(name, value) for name, value in plain.items() if _is_plain(value)]).encode()
    for tag, rewriters in by_tag.items():
        if rewriters:  # a query for an unknown tag leaves an empty set
            yield repr((tag, [each.name for each in rewriters])).encode()
    found = [each for tagged in by_tag.values() for each in tagged]
    for each in found + [value for value in plain.values() if isinstance(value, RewriteDatabase)]:
        yield from _registered(each, seen) if isinstance(each, RewriteDatabase) else _described(each, seen)


def _described(rewriter: GraphRewriter | NodeRewriter, seen: set[int]) -> Iterator[bytes]:
    """Yield where the code of a rewriter is, and of the functions and rewriters that it consists of."""
    if id(rewriter) in seen:
        return
    seen.add(id(rewriter))
    for value in [type(rewriter), *vars(rewriter).values()]:
        for part in value if isinstance(value, list | tuple) else [value]:
            if isinstance(part, GraphRewriter | NodeRewriter):
                yield from _described(part, seen)
            elif isinstance(part, type | FunctionType):
                if part.__module__.partition(".")[0] not in KNOWN_PACKAGES:
                    raise NotPlainError(f"the rewriter {rewriter} is of no known package")
                if part is not SequentialGraphRewriter:  # some create one at their first use
                    yield f"{part.__module__} {part.__qualname__}".encode()


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_plain, [*value, *value.values()]))
    return value is None or isinstance(value, str | int | float)


#: Modules whose plain settings a rewritten graph may depend on.
_REWRITERS = tuple(
    f"{package}." for package in (f"{__package__}.rewrites", f"{__package__}.c", f"{__package__.partition('.')[0]}.ops")
)


def _surroundings() -> Iterator[bytes]:
    """Yield programs, their versions, the processor, and the configuration of PyTensor."""
    versions = (sys.version, np.__version__, scipy.__version__, pytensor.__version__)
    yield repr((versions, platform.platform(), platform.processor())).encode()
    # Constants are folded by code that uses the fastest instructions of the processor.
    yield repr(sorted(compat.processor_features().items())).encode()
    yield from _program()
    for name, module in sorted(sys.modules.copy().items()):
        if name.startswith(_REWRITERS):
            yield repr((name, sorted((key, value) for key, value in vars(module).items() if _is_plain(value)))).encode()
    # Modes differ by their rewriters, which are in the digest already.
    yield repr([(name, value) for name, value in compat.configuration() if name != "mode"]).encode()


def _program() -> list[bytes]:
    """Return the text of this package, and names, sizes and times of PyTensor's files."""
    ours, theirs = (_old_files(folder) for folder in (Path(__file__).parents[1], Path(pytensor.__file__).parent))
    return [*_text(ours), *(repr(file).encode() for file in theirs)]


@cache
def _text(files: tuple[tuple[Path, int, int], ...]) -> list[bytes]:
    """Return names and digests of files; sizes and times are part of the key."""
    return [f"{path} {hashlib.sha256(path.read_bytes()).hexdigest()}".encode() for path, *_ in files]


def _old_files(folder: Path) -> tuple[tuple[Path, int, int], ...]:
    """The files of Python and C++ in a folder, each with its size and time of change."""
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.suffix in {".py", ".h"}):
        stat = path.stat()
        # An installer can set st_mtime back, but not st_ctime.
        if max(stat.st_mtime, stat.st_ctime) > _BEGAN:
            raise NotPlainError(f"{path} may have changed since it was imported")
        found.append((path, stat.st_size, stat.st_mtime_ns))
    return tuple(found)


def _read(path: Path) -> tuple[GraphTable, bool] | None:
    """Return the graph at `path` and whether it overwrites variables; None if it is missing or damaged."""
    try:
        content = path.read_bytes()
        digest, payload = content[:_DIGEST_SIZE], content[_DIGEST_SIZE:]
        if hashlib.sha256(payload).digest() != digest:
            return None
        os.utime(path)
        return pickle.loads(payload)
    except Exception:  # a pickle can fail in any way
        return None


def _replace(fgraph: FunctionGraph, table: GraphTable, destroys: bool) -> None:
    """Replace the nodes of `fgraph` by those of the table."""
    for number, output in enumerate(table.build(fgraph.inputs)):
        fgraph.change_node_input(*fgraph.get_output_client(number), output, reason="cached", import_missing=False)
    if destroys:
        fgraph.attach_feature(DestroyHandler())


def _write(path: Path, fgraph: FunctionGraph) -> tuple[GraphTable, bool] | None:
    """Add a rewritten graph to the cache, if it can be read again unchanged; return what `_read` will."""
    destroys = any(isinstance(feature, DestroyHandler) for feature in compat.features_of(fgraph))
    try:
        table = table_of(fgraph)
        payload = to_bytes((table, destroys))
        read = pickle.loads(payload)
        if not table.same_as(read[0]):
            return None
        path.parent.mkdir(exist_ok=True)
        write_whole(path, [hashlib.sha256(payload).digest(), payload])
        _remove_oldest(path.parent)
    except (NotPlainError, FileError, OSError):
        return None
    return read


def _remove_oldest(folder: Path) -> None:
    """Remove the files that were not used for longest, until the rest are within the limit."""
    files = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    total = 0
    for path in files:
        total += path.stat().st_size
        if total > LIMIT:
            path.unlink(missing_ok=True)
