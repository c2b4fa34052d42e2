"""OpenBLAS on OpenMP's threads multiplies as ever, on as many threads as it is told."""

from __future__ import annotations

import os

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.tensor.blas import Dot22

from adversarial import backend
from adversarial.engine import thread_pool


@pytest.mark.skipif(not pytensor.config.cxx, reason="there is no C compiler")
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_products_are_right_on_any_number_of_threads(threads):
    before = backend.threads()
    backend.configure(threads=threads)
    try:
        x, y = pt.dmatrices("x", "y")
        # Our own products would not ask OpenBLAS for this one.
        product = backend.function([x, y], pt.dot(x, y), mode=backend.mode().excluding("skip_zeros"))
        assert [type(node.op) for node in product.maker.fgraph.toposort()] == [Dot22]
        left, right = np.random.default_rng(0).standard_normal((2, 300, 300))
        np.testing.assert_allclose(product(left, right), np.einsum("ij,jk->ik", left, right), rtol=1e-10)
    finally:
        backend.configure(threads=before)


def test_without_a_compiler_that_works_the_library_keeps_its_threads(monkeypatch, tmp_path):
    monkeypatch.setattr(thread_pool, "_SOURCE", "this is no C++")
    assert not thread_pool.share(tmp_path / "none.so", "set_callback")


@pytest.mark.parametrize(
    "said, spins",
    [({}, "2000"), ({"OMP_WAIT_POLICY": "active"}, None), ({"GOMP_SPINCOUNT": "5"}, "5")],
    ids=["nothing said", "a policy", "a count"],
)
def test_threads_spin_briefly_unless_the_user_said_how_they_wait(said, spins, monkeypatch):
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    thread_pool.spin_briefly()
    assert os.environ.get("GOMP_SPINCOUNT") == spins
