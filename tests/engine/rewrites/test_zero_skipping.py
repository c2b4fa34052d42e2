"""Products that skip zeros equal those of plain NumPy, to rounding, whatever the zeros and the layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adversarial import backend
from adversarial.engine.rewrites.zero_skipping import ZeroSkippingGemm

pytestmark = pytest.mark.skipif(not pytensor.config.cxx, reason="there is no C compiler")
#: Rows, inner length and columns: edges of blocks and tiles, what BLAS is left with, and several chunks of rows.
SIZES = [(100, 300, 200), (37, 1001, 77), (16, 3000, 33), (129, 128, 65), (5, 7, 3), (2300, 1000, 17)]
#: Where vectors are shorter, BLAS makes the products that have few zeros, and its bits depend on the threads.
CPU = Path("/proc/cpuinfo")
LONG_VECTORS = CPU.exists() and "avx512f" in CPU.read_text(encoding="utf-8").split()
LAYOUTS = {
    "rows": lambda a: np.ascontiguousarray(a),
    "columns": lambda a: np.asfortranarray(a),
    "every other column": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "backwards": lambda a: np.ascontiguousarray(a[::-1])[::-1],
    "rows of a wider matrix": lambda a: np.pad(a, ((0, 0), (3, 2)))[:, 3:-2],
}


def matrix(rows, columns, density, dtype, seed):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((rows, columns))
    return np.where(rng.random((rows, columns)) < density, values, 0).astype(dtype)


def assert_product(found, x, y, scale=1.0, plus=0.0):
    """Against float64, relative to what rounding can do to a sum of this size."""
    exact = scale * (x.astype("float64") @ y.astype("float64")) + plus
    size = abs(scale) * (abs(x).astype("float64") @ abs(y).astype("float64")).max(initial=0) + np.abs(plus).max(
        initial=0
    )
    assert np.abs(found - exact).max(initial=0) <= 8 * np.finfo(found.dtype).eps * max(size, 1e-30)


@pytest.fixture(scope="module")
def products(on_c):
    """x y and 2 x y, and a function that makes z into z / 2 - x y / 10, by dtype."""
    made = {}
    for dtype in ("float32", "float64"):
        x, y = pt.matrix("x", dtype=dtype), pt.matrix("y", dtype=dtype)
        z = pytensor.shared(np.zeros((1, 1), dtype), shape=(None, None))
        half, tenth = (np.asarray(value, dtype) for value in (0.5, 0.1))
        plain = backend.function([x, y], [pt.dot(x, y)])
        twice = backend.function([x, y], [np.asarray(2, dtype) * pt.dot(x, y)])
        added = backend.function([x, y], [], updates=[(z, half * z - tenth * pt.dot(x, y))])
        for function in (plain, twice, added):
            ops = [node.op for node in function.maker.fgraph.toposort()]
            assert [type(op) for op in ops] == [ZeroSkippingGemm]
        made[dtype] = plain, twice, added, z
    return made


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("stack", [(1, 0.1), (0.1, 1, 0.1), (1, 0.6, 0.1, 0), (0.05, 0.7, 1, 0.7, 0.05)])
@pytest.mark.parametrize("rows", [50, 101])
def test_stacks_of_sparse_and_dense_rows(products, rows, stack, dtype):
    """Data over samples: each kind of rows is multiplied in its own way, in either factor and layout."""
    plain, twice, added, z = products[dtype]
    x = np.concatenate([matrix(rows, 300, density, dtype, seed) for seed, density in enumerate(stack)])
    y = matrix(300, 130, 1, dtype, 9)
    for layout, other in (("rows", "columns"), ("columns", "rows")):
        left, right = LAYOUTS[layout](x), LAYOUTS[other](y)
        for first, second in ((left, right), (right.T, left.T)):
            assert_product(plain(first, second)[0], first, second)
            assert_product(twice(first, second)[0], first, second, 2)
            before = matrix(first.shape[0], second.shape[1], 1, dtype, 2)
            z.set_value(before)
            added(first, second)
            assert_product(z.get_value(), first, second, -0.1, 0.5 * before.astype("float64"))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("densities", [(0.1, 1), (1, 0.1), (0.5, 0.9), (0.9, 0.5), (1, 1), (0, 1)])
@pytest.mark.parametrize("size", SIZES)
def test_equal_to_numpy(products, size, densities, dtype):
    rows, inner, columns = size
    plain, twice, added, z = products[dtype]
    for layout, other in (("rows", "columns"), ("columns", "rows")):
        x = LAYOUTS[layout](matrix(rows, inner, densities[0], dtype, 0))
        y = LAYOUTS[other](matrix(inner, columns, densities[1], dtype, 1))
        assert_product(plain(x, y)[0], x, y)
        assert_product(twice(x, y)[0], x, y, 2)
        before = matrix(rows, columns, 1, dtype, 2)
        z.set_value(before)
        added(x, y)
        assert_product(z.get_value(), x, y, -0.1, 0.5 * before.astype("float64"))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("other", LAYOUTS)
def test_any_layout(products, layout, other):
    plain, *_ = products["float32"]
    x = LAYOUTS[layout](matrix(40, 200, 0.3, "float32", 0))
    y = LAYOUTS[other](matrix(200, 100, 1, "float32", 1))
    assert_product(plain(x, y)[0], x, y)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(0, 70),
    inner=st.integers(0, 300),
    columns=st.integers(0, 140),
    density=st.sampled_from([0, 0.05, 0.3, 0.6]),
    swapped=st.booleans(),
    seed=st.integers(0, 99),
)
def test_any_size(products, rows, inner, columns, density, swapped, seed):
    plain, _, added, z = products["float32"]
    x = matrix(rows, inner, 1 if swapped else density, "float32", seed)
    y = matrix(inner, columns, density if swapped else 1, "float32", seed + 1)
    assert_product(plain(x, y)[0], x, y)
    before = matrix(rows, columns, 1, "float32", seed + 2)
    z.set_value(before)
    added(x, y)
    assert_product(z.get_value(), x, y, -0.1, 0.5 * before.astype("float64"))


@pytest.mark.parametrize("density", [0.1, *([0.6, 1] if LONG_VECTORS else [])])
def test_any_number_of_threads_makes_the_same_bits(products, density):
    plain, _, added, z = products["float64"]
    x = np.vstack([matrix(250, 300, each, "float64", 0) for each in (0.1, density)])
    y, before = matrix(300, 330, 1, "float64", 1), matrix(500, 330, 1, "float64", 2)
    found, threads = [], backend.threads()
    try:
        for number in (1, 2, 5, 64):
            backend.configure(threads=number)
            z.set_value(before)
            added(x, y)
            found.append((plain(x, y)[0], z.get_value()))
    finally:
        backend.configure(threads=threads)
    assert_product(found[0][0], x, y)
    for made in found[1:]:
        np.testing.assert_array_equal(made, found[0])


def test_nan_is_no_zero(products):
    plain, *_ = products["float32"]
    x, y = matrix(60, 200, 0.2, "float32", 0), matrix(200, 90, 1, "float32", 1)
    x[7, 11] = np.nan
    (found,) = plain(x, y)
    assert np.isnan(found[7]).all()
    assert np.isfinite(np.delete(found, 7, axis=0)).all()


def test_what_is_not_in_the_sum_is_not_read(products):
    """A target that is overwritten may hold anything."""
    plain, *_ = products["float32"]
    x, y = matrix(60, 200, 0.2, "float32", 0), matrix(200, 90, 1, "float32", 1)
    (first,) = plain(x, y)
    expected = first.copy()
    first[:] = np.nan
    del first
    np.testing.assert_array_equal(plain(x, y)[0], expected)


def test_factors_that_do_not_fit_are_refused(products):
    plain, _, added, z = products["float32"]
    with pytest.raises(ValueError, match="inner length"):
        plain(np.zeros((2, 3), "float32"), np.zeros((4, 5), "float32"))
    z.set_value(np.zeros((9, 9), "float32"))
    with pytest.raises(ValueError, match="as large as"):
        added(np.zeros((2, 3), "float32"), np.zeros((3, 5), "float32"))


def test_python_says_the_same():
    """`perform`, where there is no compiler."""
    x, y, z = (matrix(*shape, 1, "float32", i) for i, shape in enumerate([(4, 3), (3, 5), (4, 5)]))
    scale, kept = np.float32(-2), np.float32(0.5)
    for op, inputs, plus in [
        (ZeroSkippingGemm(in_place=False), [scale, x, y], 0),
        (ZeroSkippingGemm(in_place=True), [z.copy(), scale, x, y, kept], 0.5 * z),
    ]:
        storage = [[None]]
        op.perform(op.make_node(*inputs), inputs, storage)
        assert_product(storage[0][0], x, y, -2, plus)


@pytest.mark.parametrize("values", [("f", "d"), ("i", "i")])
def test_other_dtypes_are_refused(values):
    x, y = (pt.matrix(dtype=np.dtype(code).name) for code in values)
    with pytest.raises(TypeError, match="one float dtype"):
        ZeroSkippingGemm(in_place=False)(np.float32(1), x, y)
