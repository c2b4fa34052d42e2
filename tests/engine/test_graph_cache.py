"""A cached graph is what rewriting would make of the same program, and of no other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from foreign_op import ForeignOp
from pytensor import config
from pytensor.compile.io import In
from pytensor.compile.mode import optdb
from pytensor.graph.rewriting.basic import GraphRewriter, dfs_rewriter, node_rewriter
from pytensor.misc.ordered_set import OrderedSet

from adversarial import backend
from adversarial.engine import graph_cache, registry
from adversarial.engine.graph_cache import CachedRewritesMode
from adversarial.engine.graph_table import NotPlainError
from adversarial.engine.rewrites.elementwise import choose_loop

ROOT = Path(__file__).parents[2]
IMPORTABLE = [str(folder) for folder in (ROOT, ROOT / "tests", ROOT / "tests" / "engine")]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """Where graphs are cached, however small; the package may have been edited just now."""
    monkeypatch.setattr(graph_cache, "WORTH_CACHING", 0)
    monkeypatch.setattr(graph_cache, "_program", lambda: [b"program"])
    monkeypatch.setattr(graph_cache, "_folder", lambda: tmp_path / "cached")
    return tmp_path / "cached"


def mode(*excluding, settings="settings") -> CachedRewritesMode:
    """A mode with the C backend's rewriters, whose functions need no compiler."""
    made = CachedRewritesMode("py", "fast_run").including(registry.C_ONLY, "inplace").excluding(*excluding)
    made.settings = settings
    return made


@pytest.fixture
def rewritten(monkeypatch) -> list:
    """A list that grows with each graph that is rewritten."""
    seen = []
    rewriter = CachedRewritesMode.rewriter.fget

    def counted(self):
        seen.append(self)
        return rewriter(self)

    monkeypatch.setattr(CachedRewritesMode, "rewriter", property(counted))
    return seen


@pytest.fixture
def missed(monkeypatch) -> list:
    """A list that grows with each graph that is not found, which then stays as it is, to save the time."""
    seen = []

    class Leave(GraphRewriter):
        def apply(self, fgraph):
            seen.append(fgraph)

    monkeypatch.setattr(CachedRewritesMode, "rewriter", property(lambda self: Leave()))
    return seen


def program(scale=0.5, name="x", axis=0, dtype="float32", mutable=False, steps=1, using=None):
    """A function that updates a shared matrix, and that matrix."""
    x = pt.matrix(name, dtype=dtype)
    w = pytensor.shared(np.linspace(-1, 1, 12, dtype=dtype).reshape(3, 4), name="w")
    gradient = pt.grad((pt.tanh(x @ w) ** 2).sum(), w)
    outputs = [pt.exp(x @ w).sum(axis=axis) * scale, (x + 1).sum()]
    updates = [(w, w - 0.1 * gradient)] if steps else []
    compiled = pytensor.function([In(x, mutable=mutable)], outputs, updates=updates, mode=using or mode())
    return compiled, w


def values(compiled, w):
    """The bits of three calls and of what they left in w."""
    x = np.random.default_rng(5).normal(size=(7, 3)).astype(w.dtype)
    return [np.asarray(each).tobytes() for _ in range(3) for each in (*compiled(x.copy()), w.get_value())]


def test_a_cached_graph_computes_the_same_bits_by_the_same_nodes(rewritten):
    first, second = program(), program()
    assert len(rewritten) == 1
    assert values(*first) == values(*second)
    nodes = [[(node.op, str(node)) for node in each.maker.fgraph.toposort()] for each, _ in (first, second)]
    assert nodes[0] == nodes[1]
    assert first[0].maker.fgraph.update_mapping == second[0].maker.fgraph.update_mapping


def test_the_first_run_takes_what_the_next_will_read(monkeypatch):
    taken, replace = [], graph_cache._replace
    monkeypatch.setattr(
        graph_cache, "_replace", lambda fgraph, *cached: (taken.append(cached[0]), replace(fgraph, *cached))
    )
    first, second = program(), program()
    assert len(taken) == 2
    assert taken[0].same_as(taken[1])
    assert values(*first) == values(*second)


def test_nothing_is_overwritten_that_must_not_be():
    program()
    compiled, w = program()
    x = np.ones((7, 3), "float32")
    compiled(x)
    np.testing.assert_array_equal(x, 1)
    assert any(node.op.destroy_map for node in compiled.maker.fgraph.toposort())
    before = w.get_value()
    compiled(x)
    assert (w.get_value() != before).any()


@pytest.mark.parametrize(
    "other",
    [
        {"scale": 0.25},
        {"name": "y"},
        {"axis": 1},
        {"dtype": "float64"},
        {"mutable": True},
        {"steps": 0},
        {"using": ("fusion",)},
        {"using": ("inplace",)},
    ],
    ids=str,
)
def test_another_program_is_rewritten(missed, other):
    program()
    if "using" in other:
        other = {"using": mode(*other["using"])}
    program(**other)
    assert len(missed) == 2
    program(**other)
    assert len(missed) == 2


def upgrade(package):
    return lambda patch: patch.setattr(f"{package}.__version__", "99.0")


CHANGES = {
    "configuration": lambda patch: patch.setattr(config, "cast_policy", "numpy+floatX"),
    "BLAS": lambda patch: patch.setattr(config, "blas__ldflags", "-lanother_blas"),
    "program": lambda patch: patch.setattr(graph_cache, "_program", lambda: [b"edited"]),
    "constant": lambda patch: patch.setattr("adversarial.engine.rewrites.sums.PIECE", 7),
    "NumPy": upgrade("numpy"),
    "SciPy": upgrade("scipy"),
    "PyTensor": upgrade("pytensor"),
    "Python": lambda patch: patch.setattr("sys.version", "4.0"),
    "processor": lambda patch: patch.setitem(np._core._multiarray_umath.__cpu_features__, "AVX2", "perhaps"),
    "rewriters": lambda patch: register(patch, choose_loop),
}


def register(patch, rewriter):
    """Register a rewriter that no mode asks for, until `patch` is undone."""
    patch.setattr(
        optdb, "__db__", defaultdict(OrderedSet, {tag: OrderedSet(each) for tag, each in optdb.__db__.items()})
    )
    patch.setattr(optdb, "__position__", dict(optdb.__position__))
    patch.setattr(optdb, "_names", set(optdb._names))
    optdb.register("of_this_test", dfs_rewriter(rewriter), "of_no_mode", position=60)


@pytest.mark.parametrize("change", CHANGES)
def test_anything_else_that_rewriting_may_depend_on_counts(missed, change):
    program()
    with pytest.MonkeyPatch.context() as patch:
        CHANGES[change](patch)
        program()
        assert len(missed) == 2
    program()
    assert len(missed) == 2


def test_what_the_backend_says_of_itself_counts(missed):
    program()
    program(using=mode(settings="2 threads"))
    assert len(missed) == 2
    assert backend.mode().settings == backend.summary()


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flip(content: bytes) -> bytes:
    return content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]


@pytest.mark.parametrize("damage", [cut, flip, lambda content: b"", lambda content: b"another file " * 99])
def test_a_damaged_file_is_rewritten(rewritten, folder, damage):
    wanted = values(*program())
    [path] = folder.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert values(*program()) == wanted
    assert (len(rewritten), path.read_bytes()) == (2, whole)


def test_where_nothing_can_be_written_graphs_are_rewritten(missed, folder):
    folder.write_text("a file")
    assert values(*program()) == values(*program())
    assert len(missed) == 2


def test_files_are_kept_within_a_limit_those_used_last_first(missed, folder, monkeypatch):
    program(scale=1)
    [first] = folder.iterdir()
    monkeypatch.setattr(graph_cache, "LIMIT", 2.5 * first.stat().st_size)
    program(scale=2)
    for age, path in enumerate(folder.iterdir()):
        os.utime(path, (1000 - age, 1000 - age))
    program(scale=1)
    program(scale=3)
    assert first in list(folder.iterdir()) and len(list(folder.iterdir())) == 2


def test_small_graphs_are_not_cached(missed, folder, monkeypatch):
    monkeypatch.setattr(graph_cache, "WORTH_CACHING", 100)
    program(), program()
    assert (len(missed), folder.exists()) == (2, False)


def test_ops_of_other_modules_are_not_cached(missed, folder):
    x = pt.vector()
    for _ in range(2):
        pytensor.function([x], ForeignOp()(x) * 2, mode=mode())
    assert (len(missed), folder.exists()) == (2, False)


@node_rewriter(None)
def _foreign_rewriter(fgraph, node):
    return None


def test_with_rewriters_of_other_modules_nothing_is_cached(missed, folder, monkeypatch):
    register(monkeypatch, _foreign_rewriter)
    program(), program()
    assert (len(missed), folder.exists()) == (2, False)


def test_programs_that_may_have_changed_since_they_were_imported_are_not_trusted(tmp_path, monkeypatch):
    path = tmp_path / "module.py"
    path.write_text("x = 1")
    for wait in (lambda: None, lambda: os.utime(path, (1000, 1000))):  # the second hides when it was written
        wait()
        with pytest.raises(NotPlainError, match=r"module\.py may have changed"):
            graph_cache._old_files(tmp_path)
    monkeypatch.setattr(graph_cache, "_BEGAN", float("inf"))
    assert graph_cache._old_files(tmp_path) == ((path, 5, 1000 * 10**9),)


IN_A_NEW_PROCESS = """
import sys
from pathlib import Path
import test_graph_cache as here
from adversarial import backend
from adversarial.engine import graph_cache
backend.configure()
graph_cache._BEGAN = float("inf")  # a test that was edited just now shall pass as well
graph_cache._folder = lambda: Path(sys.argv[1])
graph_cache.WORTH_CACHING = 0
for scale in (1, 2):
    here.program(scale=scale)
"""


def test_another_process_finds_the_same_files(tmp_path):
    """Whatever the first one's rewriting left behind in rewriters and Ops, and whatever seeds their hashes."""

    def files(seed):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(IMPORTABLE)}
        subprocess.run([sys.executable, "-c", IN_A_NEW_PROCESS, str(tmp_path)], env=environment, check=True)
        return sorted(path.name for path in tmp_path.iterdir())

    found = files("1")
    assert len(found) == 2
    assert files("2") == found
