"""Rewritten graphs of the C backend compute what the graphs before rewriting did."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pytensor.compile.mode import Mode
from pytensor.scalar.basic import Exp, add
from pytensor.tensor.basic import Join

from adversarial import backend
from adversarial.engine.rewrites.elementwise import VectorElemwise
from adversarial.engine.rewrites.maxout import LargestPiece, ToWinners

pytestmark = pytest.mark.skipif(not pytensor.config.cxx, reason="there is no C compiler")


def ops(function):
    return [node.op for node in function.maker.fgraph.toposort()]


def products(function):
    names = ("Dot22", "Gemm", "Dot22Scalar", "Dot", "ZeroSkippingGemm")
    return [op for op in ops(function) if type(op).__name__ in names]


def equal_to_plain(inputs, outputs, values):
    """The function compiled for C, checked against PyTensor's own C code."""
    fused = backend.function(inputs, outputs)
    plain = pytensor.function(inputs, outputs, mode="CVM")
    for found, expected in zip(fused(*values), plain(*values), strict=True):
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    return fused


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


@pytest.fixture(scope="module")
def exp_on_c(on_c):
    x = pt.fmatrix()
    return backend.function([x], pt.exp(x))


def test_maxout_and_its_gradient_become_two_ops(on_c):
    x, w, b = pt.fmatrix(), pytensor.shared(random(6, 8)), pytensor.shared(random(8, seed=1))
    z = pt.dot(x, w) + b
    h = z.reshape((z.shape[0], 4, 2)).max(axis=2)
    grads = pytensor.grad((h**2).sum(), [x, w, b])
    found = ops(equal_to_plain([x], [h, *grads], [random(5, 6, seed=2)]))
    assert sum(isinstance(op, LargestPiece) for op in found) == 1
    assert sum(isinstance(op, ToWinners) for op in found) == 1


def test_maxout_of_a_known_number_of_rows_becomes_one_op(on_c):
    x, b = pt.matrix(dtype="float32", shape=(5, 8)), pytensor.shared(random(8, seed=1))
    h = (x + b).reshape((5, 4, 2)).max(axis=2)
    found = ops(equal_to_plain([x], [h], [random(5, 8)]))
    assert sum(isinstance(op, LargestPiece) for op in found) == 1
    other = (x + b).reshape((10, 2, 2)).max(axis=2)  # rows of x are no rows of this
    assert not any(isinstance(op, LargestPiece) for op in ops(equal_to_plain([x], [other], [random(5, 8)])))


def test_a_maximum_over_other_groups_is_left_alone(on_c):
    x = pt.fmatrix()
    h = x.reshape((2, 4, 3)).max(axis=2)  # rows of x are no rows of this
    assert not any(isinstance(op, LargestPiece) for op in ops(equal_to_plain([x], [h], [random(4, 6)])))


def test_products_with_one_factor_are_joined_and_so_are_their_gradients(on_c):
    real, fake, w = pt.fmatrix(), pt.fmatrix(), pytensor.shared(random(6, 8))
    up = [pt.tanh(pt.dot(rows, w)) for rows in (real, fake)]
    loss = up[0].sum() - (up[1] ** 2).sum()
    function = equal_to_plain([real, fake], [*up, pytensor.grad(loss, w)], [random(5, 6), random(3, 6, seed=1)])
    assert len(products(function)) == 2


def test_what_is_done_to_all_rows_of_a_product_is_done_once_and_joins_nothing_again(on_c):
    xs = [pt.fmatrix() for _ in range(3)]
    w, v, b = pytensor.shared(random(6, 8)), pytensor.shared(random(8, 4, seed=1)), pytensor.shared(random(8, seed=2))
    hidden = [pt.switch(z > 0, z, 0) for z in (pt.dot(x, w) + b for x in xs)]
    outputs = [pt.exp(pt.dot(h, v)) for h in hidden]
    grads = pytensor.grad(pt.sqr(outputs[1]).sum(), [w, v, b])
    values = [random(rows, 6, seed=rows) for rows in (5, 1, 3)]
    found = ops(equal_to_plain(xs, [*outputs, hidden[2], hidden[0].max(axis=0), *grads], values))
    assert sum(isinstance(op, Join) for op in found) == 1
    assert sum(isinstance(getattr(op, "scalar_op", None), Exp) for op in found) == 1


def test_largest_pieces_of_all_rows_are_taken_at_once_and_their_gradients_with_them(on_c):
    xs = [pt.fmatrix() for _ in range(2)]
    w, b = pytensor.shared(random(6, 8)), pytensor.shared(random(8, seed=1))
    hs = [(pt.dot(x, w) + b).reshape((x.shape[0], 4, 2)).max(axis=2) for x in xs]
    grads = pytensor.grad((hs[0] ** 2).sum() + (hs[1] ** 3).sum(), [w, b])
    found = ops(equal_to_plain(xs, [*hs, *grads], [random(5, 6, seed=2), random(7, 6, seed=3)]))
    assert sum(isinstance(op, LargestPiece) for op in found) == 1
    assert sum(isinstance(op, ToWinners) for op in found) == 1


def test_rows_that_are_joined_twice_for_a_sum_are_multiplied_once(on_c):
    x, y, c, d = (pt.fmatrix() for _ in range(4))
    w = pytensor.shared(random(6, 8))
    outputs = [pt.dot(x.T, c) + pt.dot(x.T, d), pt.dot(x, w), pt.dot(y, w)]
    values = [random(5, 6), random(3, 6, seed=1), random(5, 4, seed=2), random(5, 4, seed=3)]
    function = equal_to_plain([x, y, c, d], outputs, values)
    assert len(products(function)) == 2
    joins = [node.inputs for node in function.maker.fgraph.apply_nodes if isinstance(node.op, Join)]
    assert max(sum(part.ndim == 2 for part in parts) for parts in joins) == 2


def test_what_is_done_to_some_rows_alone_stays_theirs(on_c):
    xs, row = [pt.fmatrix() for _ in range(2)], pt.fvector()
    w, other = pytensor.shared(random(6, 8)), pt.fmatrix()
    first, second = (pt.dot(x, w) for x in xs)
    outputs = [pt.exp(first), pt.tanh(second), first + row, second - row, first * other, second * 2, second * other]
    inputs = [*xs, row, other]
    values = [random(5, 6), random(5, 6, seed=1), random(8), random(5, 8, seed=2)]
    assert len(products(equal_to_plain(inputs, outputs, values))) == 1


def test_a_product_that_another_depends_on_is_not_joined_with_it(on_c):
    x, w = pt.fmatrix(), pytensor.shared(random(6, 6))
    hidden = pt.tanh(pt.dot(x, w))
    function = equal_to_plain([x], [pt.dot(hidden, w), hidden], [random(5, 6)])
    assert len(products(function)) == 2


def test_two_groups_that_would_wait_for_one_another_are_not_both_joined(on_c):
    x, y, v, w = pt.fmatrix(), pt.fmatrix(), pytensor.shared(random(6, 6)), pytensor.shared(random(6, 6, seed=1))
    outputs = [pt.dot(pt.tanh(pt.dot(x, v)), w), pt.dot(pt.tanh(pt.dot(y, w)), v)]
    function = equal_to_plain([x, y], outputs, [random(5, 6), random(4, 6, seed=2)])
    assert len(products(function)) == 3


@pytest.mark.parametrize("layout", ["C", "F", "every other column"])
def test_elementwise_arithmetic_is_the_same_however_arrays_lie(on_c, layout):
    x, y, row, column = pt.fmatrix(), pt.fmatrix(), pt.fvector(), pt.fvector()
    z = x * y + row
    outputs = [pt.switch(z > 0, z, 0.25 * x), pt.exp(-abs(z)) * column[:, None], z + 1, pt.sqr(row)[None, :] * x]
    outputs += [x < y, pt.sigmoid(x) * pt.cast(y < 0.8, "float32"), pt.cast(x, "bool") & (y > 0)]
    a, b = random(70, 180), random(70, 180, seed=1)
    if layout == "F":
        a = np.asfortranarray(a)
    elif layout == "every other column":
        a = random(70, 360)[:, ::2]
    function = equal_to_plain([x, y, row, column], outputs, [a, b, random(180, seed=2), random(70, seed=3)])
    assert any(isinstance(op, VectorElemwise) for op in ops(function))


@given(hnp.arrays(np.float32, (3, 67), elements=st.floats(-104, 89, width=32)))
@settings(max_examples=50, deadline=None)
def test_the_exponential_of_a_float_is_the_nearest_float_but_near_halfway(exp_on_c, x):
    exact = np.exp(x.astype("float64"))
    with np.errstate(over="ignore"):
        nearest = exact.astype("float32")
    found = exp_on_c(x)
    least = np.finfo("float32").tiny
    normal = np.isfinite(nearest) & (nearest >= least)
    assert (np.abs(found - exact)[normal] / np.spacing(nearest[normal])).max(initial=0) < 0.501
    np.testing.assert_array_equal(found[np.isinf(nearest)], np.inf)
    np.testing.assert_allclose(found[nearest < least], nearest[nearest < least], rtol=0, atol=1.5e-45)
    every_other = x.repeat(2, axis=1)[:, ::2]
    np.testing.assert_array_equal(exp_on_c(every_other), found)


def test_the_exponential_has_the_limits_of_the_function(exp_on_c):
    x = np.array([[np.nan, np.inf, -np.inf, 0.0, -0.0, 3e38, -3e38]], "float32").repeat(3, axis=0)
    np.testing.assert_array_equal(exp_on_c(x), np.array([[np.nan, np.inf, 0, 1, 1, np.inf, 0]] * 3, "float32"))


def test_what_does_not_lie_plainly_is_updated_in_its_place(on_c):
    x, y = pt.fmatrix(), pt.fmatrix()
    out = VectorElemwise(add, {0: 0})(x, y)
    function = pytensor.function([pytensor.In(x, mutable=True), y], out, mode=Mode("cvm", None), accept_inplace=True)
    whole, other = random(40, 60), random(40, 30, seed=1)
    every_other, expected = whole[:, ::2], whole[:, ::2] + other
    left = whole[:, 1::2].copy()
    np.testing.assert_array_equal(function(every_other, other), expected)
    np.testing.assert_array_equal(every_other, expected)
    np.testing.assert_array_equal(whole[:, 1::2], left)


def test_large_results_begin_with_a_line_of_the_cache(on_c):
    x, y = pt.fmatrix(), pt.fmatrix()
    product = pt.dot(x, y)
    function = backend.function([x, y], [product, pt.exp(x)])
    for rows in (64, 80, 64):
        values = random(rows, 70), random(70, 90, seed=1)
        found = function(*values)
        assert [result.ctypes.data % 64 for result in found] == [0, 0]
        np.testing.assert_allclose(found[0], values[0] @ values[1], rtol=1e-5, atol=1e-5)


def test_elementwise_arithmetic_refuses_shapes_that_do_not_fit(on_c):
    x, y = pt.fmatrix(), pt.fmatrix()
    function = backend.function([x, y], pt.exp(x) + y)
    with pytest.raises(ValueError):
        function(random(3, 4), random(3, 5))


def test_updates_are_made_in_place(on_c):
    w, g = pytensor.shared(random(100, 120), borrow=True), pt.fmatrix()
    function = backend.function([g], updates=[(w, w + g)])
    before = w.get_value(borrow=True).copy()
    function(random(100, 120, seed=1))
    np.testing.assert_array_equal(w.get_value(), before + random(100, 120, seed=1))
