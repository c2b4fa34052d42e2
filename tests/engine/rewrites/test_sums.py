"""Sums are those of plain NumPy, whatever the size and the layout."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adversarial import backend
from adversarial.engine.rewrites.sums import BLOCK, PIECE, SquaredColumnNorms, SumOfLastAxes

pytestmark = pytest.mark.skipif(not pytensor.config.cxx, reason="there is no C compiler")


@pytest.fixture(scope="module")
def sums(on_c):
    """Sums of a matrix and of an array of four axes over their last axes and over all, by dtype."""
    made = {}
    for dtype in ("float32", "float64"):
        x, images = pt.matrix(dtype=dtype), pt.tensor4(dtype=dtype)
        function = backend.function([x, images], [x.sum(axis=1), x.sum(), images.sum(axis=(1, 2, 3))])
        assert sum(isinstance(node.op, SumOfLastAxes) for node in function.maker.fgraph.toposort()) == 3
        made[dtype] = function
    return made


def check(function, x, images):
    found = function(x, images)
    for sum_, values, axis in zip(found, (x, x, images), (1, None, (1, 2, 3)), strict=True):
        exact = values.astype("float64").sum(axis=axis)
        size = np.abs(values.astype("float64")).sum(axis=axis)
        assert sum_.dtype == x.dtype
        assert (np.abs(sum_ - exact) <= np.finfo(x.dtype).eps * size + 1e-15 * size).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(3, 3 * PIECE + 5), (1, 1), (0, 4), (4, 0), (300, 70)])
def test_equal_to_numpy(sums, shape, dtype):
    rng = np.random.default_rng(0)
    x, images = rng.standard_normal(shape).astype(dtype), rng.standard_normal((5, 3, 4, 200)).astype(dtype)
    check(sums[dtype], x, images)
    check(sums[dtype], np.asfortranarray(x)[::-1], images[:, ::-1, :, ::2])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 40), st.integers(0, 900), st.integers(0, 99))
def test_any_size(sums, rows, columns, seed):
    rng = np.random.default_rng(seed)
    check(sums["float32"], rng.random((rows, columns), "float32"), rng.random((rows, 2, 3, 4), "float32"))


def test_python_says_the_same():
    x = np.random.default_rng(0).random((3, 4, 5), "float32")
    for kept in range(3):
        op, storage = SumOfLastAxes(kept), [[None]]
        op.perform(op.make_node(x), [x], storage)
        np.testing.assert_allclose(storage[0][0], x.sum(axis=tuple(range(kept, 3))), rtol=1e-6)
    with pytest.raises(TypeError, match="more than 3 axes"):
        SumOfLastAxes(3).make_node(x)


@pytest.fixture(scope="module")
def norms(on_c):
    """The squared norms of a matrix's columns, by dtype."""
    made = {}
    for dtype in ("float32", "float64"):
        x = pt.matrix(dtype=dtype)
        made[dtype] = function = backend.function([x], pt.sqr(x).sum(axis=0))
        assert [node.op for node in function.maker.fgraph.toposort()] == [SquaredColumnNorms()]
    return made


def check_norms(found, x):
    squares = np.square(x).astype("longdouble")
    exact = squares.sum(axis=0)
    assert found.dtype == x.dtype
    # One rounding at the end, and one a row in float64.
    assert (np.abs(found - exact) <= (np.finfo(x.dtype).eps + len(x) * np.finfo("float64").eps) * exact).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(2 * BLOCK[0] + 3, BLOCK[1] + 5), (3, 5 * BLOCK[1]), (1, 1), (0, 4), (4, 0)])
def test_squared_norms_of_columns_are_those_of_numpy(norms, shape, dtype):
    x = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    for layout in (x, np.asfortranarray(x)[::-1]):
        check_norms(norms[dtype](layout), layout)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 700), st.integers(0, 60), st.integers(0, 99))
def test_squared_norms_of_any_number_of_columns(norms, rows, columns, seed):
    x = np.random.default_rng(seed).standard_normal((rows, columns)).astype("float32")
    check_norms(norms["float32"](x), x)


def test_any_number_of_threads_makes_the_same_bits_of_norms(norms):
    x, found, threads = np.random.default_rng(0).random((999, 333), "float32"), [], backend.threads()
    try:
        for number in (1, 2, 5):
            backend.configure(threads=number)
            found.append(norms["float32"](x))
    finally:
        backend.configure(threads=threads)
    for made in found[1:]:
        np.testing.assert_array_equal(made, found[0])


def test_squares_that_are_needed_are_kept(on_c):
    x = pt.fmatrix()
    function = backend.function([x], [pt.sqr(x), pt.sqr(x).sum(axis=0)])
    assert SquaredColumnNorms() not in [node.op for node in function.maker.fgraph.toposort()]
    values = np.random.default_rng(0).random((7, 3), "float32")
    check_norms(function(values)[1], values)


def test_python_makes_the_same_norms():
    x, storage = np.random.default_rng(0).random((30, 4), "float32"), [[None]]
    op = SquaredColumnNorms()
    op.perform(op.make_node(x), [x], storage)
    check_norms(storage[0][0], x)


@pytest.mark.parametrize("wrong", [pt.fvector(), pt.imatrix()])
def test_norms_of_anything_else_are_refused(wrong):
    with pytest.raises(TypeError, match="takes a matrix of float32 or float64"):
        SquaredColumnNorms()(wrong)
