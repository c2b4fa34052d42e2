"""What PyTensor's rewriting made of a graph, kept beside its compiled modules for the next start.

Rewriting the graphs of an experiment takes seconds, every time, of a start from which nothing need be compiled. Here a
rewritten graph is kept in a file whose name is the digest of everything that decides what rewriting makes: the graph,
the rewriters, the programs' text and versions, the configuration and the processor. Where one of them is other than
it was, or not known, or the file is damaged, the graph is rewritten as ever. Such a file is a pickle, which can run
code when it is read, as the compiled modules beside it can: PyTensor's folder of these is as trusted as programs are.
"""

from __future__ import annotations

import hashlib
import importlib
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

from adversarial.engine.graph_table import KNOWN_PACKAGES, GraphTable, NotPlainError, table_of, to_bytes
from adversarial.errors import FileError
from adversarial.files.whole_file import write_whole

#: Graphs of fewer nodes are rewritten sooner than looked up.
WORTH_KEEPING = 40
#: How many bytes of files are kept; those that were not used for longest go first.
LIMIT = 64 << 20

#: What this program was made of is read from its files, which must not have changed since it began: files that are
#: not older than this may have.
_BEGAN = time.time() - 10
_DIGEST_SIZE = hashlib.sha256().digest_size


class KeepingMode(Mode):
    """A mode whose rewritten graphs are kept; see the module.

    Attributes
    ----------
    settings : further text that decides what rewriting makes of a graph
    """

    settings = ""

    @property
    def optimizer(self) -> GraphRewriter:
        return KeptRewriter(self)

    @property
    def rewriter(self) -> GraphRewriter:
        """What rewrites graphs that are not kept."""
        return super().optimizer

    def clone(self, *args: Any, **kwargs: Any) -> KeepingMode:
        """A mode like this one; see Mode."""
        cloned = super().clone(*args, **kwargs)
        cloned.settings = self.settings
        return cloned

    def digest_pieces(self) -> Iterator[bytes]:
        """Bytes that differ for modes that may rewrite differently."""
        query = self._optimizer
        if not isinstance(query, RewriteDatabaseQuery) or query.extra_rewrites or query.subquery:
            raise NotPlainError("rewriters that are in no database")
        yield repr((list(query.include), list(query.require), list(query.exclude), query.position_cutoff)).encode()
        yield repr((type(self.linker).__qualname__, self.settings)).encode()
        # PyTensor imports this amid the first rewriting, unless it was before; it brings rewriters along.
        importlib.import_module("pytensor.sparse")
        yield from _registered(self.optdb, set())


class KeptRewriter(GraphRewriter):
    """Rewrites a graph as its mode does, or takes from the disk what came of that before."""

    def __init__(self, mode: KeepingMode):
        super().__init__()
        self._mode = mode

    def add_requirements(self, fgraph: FunctionGraph) -> None:
        """Nothing: what rewriting needs is added where a graph is rewritten."""

    def apply(self, fgraph: FunctionGraph) -> None:
        """Rewrite `fgraph`."""
        path = self._path(fgraph)
        kept = None if path is None else _read(path)
        if kept is not None:
            _become(fgraph, *kept)
            return
        features = list(fgraph._features)
        self._mode.rewriter.rewrite(fgraph)
        written = None if path is None else _write(path, fgraph)
        if written is not None:
            # An Op that was pickled may be made anew in another way, with C code of its own: so that the next run
            # need not compile that, this one takes it, too.
            for feature in [each for each in fgraph._features if each not in features]:
                fgraph.remove_feature(feature)
            _become(fgraph, *written)

    def _path(self, fgraph: FunctionGraph) -> Path | None:
        """Where what comes of `fgraph` is kept; None where it cannot be known what that depends on."""
        if len(fgraph.apply_nodes) < WORTH_KEEPING:
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
    """What inputs and outputs are to the function, as rewriters may ask for it."""
    for feature in fgraph._features:
        if type(feature) not in (ReplaceValidate, PreserveVariableAttributes, Supervisor):
            raise NotPlainError(f"{feature} may decide what rewriting makes")
        yield type(feature).__name__.encode()
        if isinstance(feature, Supervisor):
            protected = set(feature.protected)
            yield bytes(variable in protected for variable in fgraph.inputs)
    yield repr(sorted((fgraph.update_mapping or {}).items())).encode()


def _registered(database: RewriteDatabase, seen: set[int]) -> Iterator[bytes]:
    """The rewriters of a database and of those within it: their names and tags, order and positions."""
    if id(database) in seen:
        return
    seen.add(id(database))
    plain = {name: value for name, value in vars(database).items() if name != "__db__"}
    yield repr([(name, value) for name, value in plain.items() if _is_plain(value)]).encode()
    for tag, rewriters in database.__db__.items():
        if rewriters:  # asking for a tag leaves it there, of nothing
            yield repr((tag, [each.name for each in rewriters])).encode()
    rewriters = [each for found in database.__db__.values() for each in found]
    for each in rewriters + [value for value in plain.values() if isinstance(value, RewriteDatabase)]:
        yield from _registered(each, seen) if isinstance(each, RewriteDatabase) else _described(each, seen)


def _described(rewriter: GraphRewriter | NodeRewriter, seen: set[int]) -> Iterator[bytes]:
    """Where the code is of a rewriter, and of the functions and rewriters that it is made of."""
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
                if part is not SequentialGraphRewriter:  # some keep one of their parts from their first use on
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
    """Programs, their versions, the processor, and the configuration of PyTensor."""
    versions = (sys.version, np.__version__, scipy.__version__, pytensor.__version__)
    yield repr((versions, platform.platform(), platform.processor())).encode()
    # Constants are folded by code that takes the fastest instructions of the processor.
    yield repr(sorted(np._core._multiarray_umath.__cpu_features__.items())).encode()
    yield from _program()
    for name, module in sorted(sys.modules.copy().items()):
        if name.startswith(_REWRITERS):
            yield repr((name, sorted((key, value) for key, value in vars(module).items() if _is_plain(value)))).encode()
    # The mode is told apart by its rewriters.
    names = sorted(set(config._config_var_dict) - {"mode"})
    yield repr([(name, getattr(config, name)) for name in names]).encode()


def _program() -> list[bytes]:
    """The text of this package, and names, sizes and times of PyTensor's files."""
    ours, theirs = (_old_files(folder) for folder in (Path(__file__).parents[1], Path(pytensor.__file__).parent))
    return [*_text(ours), *(repr(file).encode() for file in theirs)]


@cache
def _text(files: tuple[tuple[Path, int, int], ...]) -> list[bytes]:
    """Names and digests of files, told apart by sizes and times."""
    return [f"{path} {hashlib.sha256(path.read_bytes()).hexdigest()}".encode() for path, *_ in files]


def _old_files(folder: Path) -> tuple[tuple[Path, int, int], ...]:
    """The files of Python and C++ in a folder, each with its size and time of change."""
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.suffix in {".py", ".h"}):
        stat = path.stat()
        # The second is the system's own note, which no installer sets back.
        if max(stat.st_mtime, stat.st_ctime) > _BEGAN:
            raise NotPlainError(f"{path} may have changed since it was imported")
        found.append((path, stat.st_size, stat.st_mtime_ns))
    return tuple(found)


def _read(path: Path) -> tuple[GraphTable, bool] | None:
    """The graph at `path` and whether it overwrites variables; None where there is none, whole."""
    try:
        content = path.read_bytes()
        digest, payload = content[:_DIGEST_SIZE], content[_DIGEST_SIZE:]
        if hashlib.sha256(payload).digest() != digest:
            return None
        os.utime(path)
        return pickle.loads(payload)
    except Exception:  # a pickle can fail in any way, and then there is no graph
        return None


def _become(fgraph: FunctionGraph, table: GraphTable, destroys: bool) -> None:
    """Make of `fgraph` what the table says."""
    for number, output in enumerate(table.build(fgraph.inputs)):
        fgraph.change_node_input(*fgraph.get_output_client(number), output, reason="kept", import_missing=False)
    if destroys:
        fgraph.attach_feature(DestroyHandler())


def _write(path: Path, fgraph: FunctionGraph) -> tuple[GraphTable, bool] | None:
    """Keep a rewritten graph, if what would be read is the same; gives what `_read` will."""
    destroys = any(isinstance(feature, DestroyHandler) for feature in fgraph._features)
    try:
        table = table_of(fgraph)
        payload = to_bytes((table, destroys))
        read = pickle.loads(payload)
        if not table.same_as(read[0]):
            return None
        path.parent.mkdir(exist_ok=True)
        write_whole(path, [hashlib.sha256(payload).digest(), payload])
        _make_room(path.parent)
    except (NotPlainError, FileError, OSError):
        return None
    return read


def _make_room(folder: Path) -> None:
    """Remove files that were not used for long until the rest are within the limit."""
    files = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    total = 0
    for path in files:
        total += path.stat().st_size
        if total > LIMIT:
            path.unlink(missing_ok=True)
