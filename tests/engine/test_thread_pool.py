"""Threads share loops and products: each part is made once, and no figure depends on how many threads there are."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import sys
from collections import Counter

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.tensor.blas import Dot22

from adversarial import backend
from adversarial.engine import thread_pool
from adversarial.engine.rewrites.zero_skipping import ZeroSkippingGemm
from adversarial.models.maxout import Maxout
from adversarial.models.mlp import MLP
from adversarial.random_streams import MRG_RandomStreams

compiled = pytest.mark.skipif(not pytensor.config.cxx, reason="there is no C compiler")
THREADS = (1, 2, 5)


@pytest.fixture
def on_threads():
    """Call a function on each number of threads."""
    before = backend.threads()

    def call(function):
        found = []
        for threads in THREADS:
            backend.configure(threads=threads)
            found.append(function())
        return found

    yield call
    backend.configure(threads=before)


class ShorterVectors(ZeroSkippingGemm):
    """On processors without vectors of 64 bytes dense products are BLAS's."""

    def c_compile_args(self, **kwargs):
        return [*super().c_compile_args(**kwargs), "-mno-avx512f"]


@compiled
@pytest.mark.parametrize("shape", [(300, 200, 310), (1500, 70, 90), (90, 70, 1500), (129, 300, 40)])
@pytest.mark.parametrize("gemm", [ZeroSkippingGemm(in_place=False), ShorterVectors(in_place=False)], ids=["", "BLAS"])
@pytest.mark.parametrize("of_zeros", [0, 0.7])
def test_products_are_the_same_to_the_bit_on_any_number_of_threads(on_threads, shape, gemm, of_zeros):
    rng = np.random.default_rng(0)
    rows, inner, columns = shape
    left = rng.standard_normal((rows, inner), np.float32) * (rng.random((rows, inner)) >= of_zeros).astype(np.float32)
    right = rng.standard_normal((inner, columns), np.float32)
    x, y = pt.fmatrices("x", "y")
    first, *others = on_threads(lambda: backend.function([x, y], gemm(np.float32(1), x, y))(left, right))
    np.testing.assert_allclose(first, left.astype(np.float64) @ right, rtol=1e-4, atol=1e-4)
    assert all((other == first).all() for other in others)


@compiled
def test_so_are_products_that_are_left_to_blas(on_threads):
    x, y = pt.dmatrices("x", "y")
    left, right = np.random.default_rng(0).standard_normal((2, 300, 300))

    def product():
        function = backend.function([x, y], pt.dot(x, y), mode=backend.mode().excluding("skip_zeros"))
        assert [type(node.op) for node in function.maker.fgraph.toposort()] == [Dot22]
        return function(left, right)

    first, *others = on_threads(product)
    np.testing.assert_allclose(first, np.einsum("ij,jk->ik", left, right), rtol=1e-10)
    assert all((other == first).all() for other in others)


@compiled
def test_so_are_loops_sums_noise_and_maxout(on_threads):
    mlp = MLP([Maxout(layer_name="h", num_units=70, num_pieces=5, irange=0.1)], nvis=130)
    x, v = pt.matrix(dtype=backend.floatX()), pt.vector(dtype=backend.floatX())
    rng = np.random.default_rng(0)
    values, line = (rng.standard_normal(shape).astype(x.dtype) for shape in ((301, 130), 100_003))

    def everything():
        noise = MRG_RandomStreams(7).uniform((301, 130))
        h = mlp.fprop(x * noise)
        wrt = pt.grad(h.sum(), x)
        return backend.function([x, v], [noise, h, wrt, pt.exp(v) * v, pt.exp(v).sum(), h.sum()])(values, line)

    first, *others = on_threads(everything)
    for other in others:
        for one, another in zip(first, other, strict=True):
            np.testing.assert_array_equal(one, another)


PART = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)


def made(threads, lanes, parts, spared=0, work=lambda library, lane, part: None):
    """Give how often each part was made."""
    assert thread_pool.use(threads, False)
    library, found = thread_pool._loaded(), []

    @PART
    def make(_, lane, part):
        found.append((lane, part))
        work(library, lane, part)

    library.adversarial_share(make, None, *map(ctypes.c_int64, (lanes, parts, spared)))
    return Counter(found)


@pytest.fixture
def as_before():
    """Leave the pool as it was."""
    yield
    backend.configure()
    backend.function([], pt.constant(1))


@compiled
@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("lanes, parts, spared", [(1, 1, 0), (2, 5, 0), (2, 5, 2), (5, 40, 3), (300, 2, 0), (3, 0, 0)])
def test_each_part_is_made_once(as_before, threads, lanes, parts, spared):
    expected = dict.fromkeys(((lane, part) for lane in range(lanes) for part in range(parts)), 1)
    for _ in range(20):
        assert made(threads, lanes, parts, spared) == expected


@compiled
def test_a_part_may_share_work_itself(as_before):
    inner = []

    @PART
    def within(_, lane, part):
        inner.append((lane, part))

    def share(library, lane, part):
        library.adversarial_share(within, None, *map(ctypes.c_int64, (2, 3, 0)))

    assert set(made(2, 2, 2, work=share).values()) == {1}
    assert set(Counter(inner).values()) == {4} and len(set(inner)) == 6


def _made_in_a_child(pipe):
    pipe.send(made(2, 2, 9) == dict.fromkeys(((lane, part) for lane in range(2) for part in range(9)), 1))


@compiled
@pytest.mark.skipif(not hasattr(os, "fork") or sys.platform == "darwin", reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_process_begins_threads_of_its_own(as_before):
    made(2, 2, 9)
    here, there = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_made_in_a_child, args=(there,))
    child.start()
    assert here.poll(60) and here.recv()
    child.join(60)
    assert child.exitcode == 0


def test_without_a_compiler_that_works_there_are_no_threads_to_share_with(monkeypatch):
    monkeypatch.setattr(thread_pool, "_SOURCE", "this is no C++")
    monkeypatch.setattr(thread_pool, "_loaded", thread_pool._loaded.__wrapped__)
    assert not thread_pool.use(2, False)


@pytest.mark.parametrize(
    "said, spins",
    [({}, "2000"), ({"OMP_WAIT_POLICY": "active"}, None), ({"GOMP_SPINCOUNT": "5"}, "5")],
    ids=["nothing said", "a policy", "a count"],
)
def test_threads_of_openmp_spin_briefly_unless_the_user_said_how_they_wait(said, spins, monkeypatch):
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    thread_pool.spin_briefly()
    assert os.environ.get("GOMP_SPINCOUNT") == spins
