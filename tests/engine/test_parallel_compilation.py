"""Modules compiled side by side are those that PyTensor would have compiled, and it finds them."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from pytensor import config
from pytensor.compile.mode import Mode
from pytensor.link.c.basic import CLinker

from adversarial import backend
from adversarial.engine import parallel_compilation
from adversarial.engine.parallel_compilation import ParallelVMLinker
from adversarial.engine.rewrites import zero_skipping

pytestmark = pytest.mark.skipif(not config.cxx, reason="needs a C++ compiler")


def mode(workers, kind=Mode):
    """A mode that compiles so many modules at a time, whatever the threads of this run."""
    linker = ParallelVMLinker(use_cloop=True)
    linker.workers = workers
    return kind(linker=linker, optimizer="fast_run")


def new_function(workers):
    """A function whose two modules are in no cache, since its constants are new, and what NumPy makes of it."""
    scale, shift = np.random.default_rng().uniform(1, 2, 2)
    x = pt.dvector("x")
    outputs = [pt.exp(x * scale) + shift, (pt.sqrt(x) * shift).sum() - scale]
    compiled = backend.function([x], outputs, mode=mode(workers))
    return compiled, lambda x: (np.exp(x * scale) + shift, (np.sqrt(x) * shift).sum() - scale)


def check(compiled, expected):
    x = np.linspace(0.1, 2, 7)
    for found, wanted in zip(compiled(x), expected(x), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-14)


def test_pytensor_finds_what_was_compiled_beforehand(monkeypatch):
    def refuse(*args):
        raise AssertionError("PyTensor compiled a module by itself")

    monkeypatch.setattr(CLinker, "compile_cmodule", refuse)
    check(*new_function(workers=2))
    with pytest.raises(AssertionError, match="by itself"):
        new_function(workers=1)


def test_pytensor_compiles_what_could_not_be_compiled_beforehand(monkeypatch):
    monkeypatch.setattr(parallel_compilation, "_library", lambda modules: None)
    check(*new_function(workers=2))


def test_modules_that_do_not_compile_together_are_compiled_one_by_one(monkeypatch):
    compiled, texts = [], parallel_compilation.joint_modules.joint_text
    monkeypatch.setattr(parallel_compilation.joint_modules, "joint_text", lambda each: f"{texts(each)}\n#error no")
    together = parallel_compilation._library

    def library(modules):
        compiled.append((len(modules), together(modules)))
        return compiled[-1][1]

    monkeypatch.setattr(parallel_compilation, "_library", library)
    monkeypatch.setattr(CLinker, "compile_cmodule", None)
    monkeypatch.setattr(parallel_compilation.joint_modules, "shared_out", lambda sizes, workers: [[*range(len(sizes))]])
    check(*new_function(workers=2))
    assert compiled[0][0] > 1 and compiled[0][1] is None
    assert {(1, True)} == {(count, made is not None) for count, made in compiled[1:]}


def test_modules_of_one_compilation_are_one_file(monkeypatch):
    monkeypatch.setattr(parallel_compilation.joint_modules, "shared_out", lambda sizes, workers: [[*range(len(sizes))]])
    before = set(parallel_compilation._by_hash)
    check(*new_function(workers=2))
    made = [each for key, each in parallel_compilation._by_hash.items() if key not in before]
    assert len(made) > 1 and len({id(each.library) for each in made}) == 1
    path = made[0].library._path
    assert path.stat().st_nlink == len(made)


def test_what_is_begun_ahead_is_what_graphs_with_products_need():
    x, y, z = (pt.tensor(dtype=backend.floatX(), shape=shape) for shape in [(3, 4), (4, 5), (3, 5)])
    total = backend.sharedX(np.zeros((3, 5)))
    graphs = [
        backend.function([x, y], pt.dot(x, y)),
        backend.function([x, y], updates=[(total, total / 2 + pt.dot(x, y))]),
    ]
    begun = zero_skipping.products_of(backend.floatX())
    keys = {parallel_compilation._linker(node).get_src_code() for node in begun}
    for graph in graphs:
        nodes = [node for node in graph.maker.fgraph.toposort() if isinstance(node.op, zero_skipping.ZeroSkippingGemm)]
        assert {parallel_compilation._linker(node).get_src_code() for node in nodes} <= keys
    assert len(begun) == len(keys) == 2 or config.blas__ldflags == ""


def test_the_modules_that_are_counted_are_those_that_had_to_be_compiled():
    before = backend.compilation()
    check(*new_function(workers=2))
    done, total = backend.compilation()
    assert done == total > before[1]
    check(*new_function(workers=1))
    assert backend.compilation() == (done, total)


def test_modules_compile_before_their_function_is_linked_which_finds_them(monkeypatch):
    monkeypatch.setattr(backend, "mode", lambda: mode(2, backend._CMode))
    x, scale = pt.dvector("x"), np.float64(np.random.default_rng().uniform(1, 2))
    # A function of an earlier test may have been refused before it was linked.
    before = set(parallel_compilation._by_hash)
    function = backend.function([x], pt.exp(x * scale), later=True)
    assert function._made is None
    modules = {key: each for key, each in parallel_compilation._by_hash.items() if key not in before}
    [module] = [each for each in modules.values() if not each.in_cache]
    module._done.wait()
    monkeypatch.setattr(parallel_compilation, "_compile", None)
    monkeypatch.setattr(CLinker, "compile_cmodule", None)
    np.testing.assert_allclose(function(np.ones(3)), np.exp(np.full(3, scale)), rtol=1e-14)
    assert function._made is not None and module.in_cache
    # Another that needs it while it is on its way does not compile it again.
    assert all(each.in_cache for each in modules.values())


def test_functions_of_one_module_share_it_on_its_way(monkeypatch):
    monkeypatch.setattr(backend, "mode", lambda: mode(2, backend._CMode))
    x, scale = pt.dvector("x"), np.float64(np.random.default_rng().uniform(1, 2))
    before = len(parallel_compilation._by_hash)
    functions = [backend.function([x], pt.exp(x * scale), later=True) for _ in range(2)]
    assert len(parallel_compilation._by_hash) == before + 1
    backend.finish(functions)
    for function in functions:
        np.testing.assert_allclose(function(np.ones(3)), np.exp(np.full(3, scale)), rtol=1e-14)


def test_what_a_function_linked_later_has_is_the_functions():
    x, w = pt.vector("x"), backend.sharedX(3.0, name="w")
    function = backend.function([x], x * w, updates=[(w, w + 1)], later=True, mode=mode(2, backend._CMode))
    assert function.get_shared() == [w]
    assert function.maker.fgraph.update_mapping == {1: 1}


def test_the_backend_compiles_as_many_modules_at_a_time_as_it_has_threads():
    linker = backend.mode().linker
    assert isinstance(linker, ParallelVMLinker)
    assert linker.workers == backend.threads()
