"""Max pooling and its gradient: every backend against a plain loop, with ties, and against finite differences."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from evaluation import INTERPRETED
from hypothesis import given, settings
from hypothesis import strategies as st

from adversarial import backend
from adversarial.ops.geometry import Windows
from adversarial.ops.pooling import MaxPool, MaxPoolGradient


def loop(images, gradient, windows):
    """Pooled images, and the gradient of the images, window by window."""
    (rows, columns), pieces = windows.image_shape, windows.pieces
    pooled, result = np.zeros(gradient.shape), np.zeros(images.shape)
    for c, y, x, b in np.ndindex(*gradient.shape):
        top, left = y * windows.stride[0], x * windows.stride[1]
        bottom, right = min(top + windows.pool_shape[0], rows), min(left + windows.pool_shape[1], columns)
        place = np.s_[c * pieces : (c + 1) * pieces, top:bottom, left:right, b]
        pooled[c, y, x, b] = images[place].max()
        result[place] += np.where(images[place] == pooled[c, y, x, b], gradient[c, y, x, b], 0)
    return pooled, result


@st.composite
def problems(draw):
    """Windows, and images full of ties with a gradient to go with them."""
    image_shape = draw(st.tuples(st.integers(1, 8), st.integers(1, 8)))
    pool_shape = tuple(draw(st.integers(1, min(n, 4))) for n in image_shape)
    stride = tuple(draw(st.integers(1, p)) for p in pool_shape)
    windows = Windows(image_shape, pool_shape, stride, draw(st.integers(1, 3)))
    channels, batch = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    random = np.random.RandomState(draw(st.integers(0, 2**31)))
    images = random.randint(-3, 3, (channels * windows.pieces, *image_shape, batch)).astype(float)
    return windows, images, random.randn(channels, *windows.pooled_shape, batch)


def check(mode, windows, images, gradient):
    x, g = pt.dtensor4("x"), pt.dtensor4("g")
    pooled = MaxPool(windows)(x)
    of_images = MaxPoolGradient(windows)(x, pooled, g)
    found = pytensor.function([x, g], [pooled, of_images], mode=mode)(images, gradient)
    for value, expected in zip(found, loop(images, gradient, windows), strict=True):
        np.testing.assert_allclose(value, expected, atol=1e-10)


@given(problems())
@settings(max_examples=40, deadline=None)
def test_any_windows_in_c_and_in_numpy(problem):
    check("CVM", *problem)
    check(INTERPRETED, *problem)


@pytest.mark.parametrize("on", [pytest.param("numba", marks=pytest.mark.soak), "jax"], indirect=True)
@pytest.mark.usefixtures("float64")
def test_each_backend_does_the_same(on):
    random = np.random.RandomState(0)
    # Overlapping ones of which the last are partial, with pieces; ones side by side; single pixels.
    for windows in (
        Windows((7, 6), (4, 3), (2, 2), 2),
        Windows((4, 4), (2, 2), (2, 2)),
        Windows((3, 2), (1, 1), (1, 1)),
    ):
        images = random.randint(-3, 3, (2 * windows.pieces, *windows.image_shape, 3)).astype(float)
        check(backend.mode(), windows, images, random.randn(2, *windows.pooled_shape, 3))


def test_gradients_are_those_of_finite_differences():
    windows = Windows((5, 6), (3, 2), (2, 1), 2)
    random = np.random.RandomState(1)
    images = random.permutation(4 * 5 * 6 * 2).reshape(4, 5, 6, 2) / 10.0  # no two alike
    pooled = pytensor.function([], MaxPool(windows)(images), mode=INTERPRETED)()
    rng = np.random.default_rng(2)
    pytensor.gradient.verify_grad(MaxPool(windows), [images], rng=rng, mode=INTERPRETED)
    of_images = MaxPoolGradient(windows)
    pytensor.gradient.verify_grad(
        lambda g: of_images(images, pooled, g), [random.randn(*pooled.shape)], rng=rng, mode=INTERPRETED
    )


@pytest.mark.parametrize("mode", ["CVM", INTERPRETED], ids=["c", "numpy"])
def test_nan_is_the_largest_of_its_window(mode):
    images = np.arange(4.0).reshape(1, 2, 2, 1)
    x = pt.dtensor4()
    pool = pytensor.function([x], MaxPool(Windows((2, 2), (2, 2), (1, 1)))(x), mode=mode)
    for place in range(4):
        broken = images.copy()
        broken.flat[place] = np.nan
        assert np.isnan(pool(broken)).all()
    assert pool(np.full((1, 2, 2, 1), -np.inf)) == -np.inf


@pytest.mark.parametrize("mode", ["CVM", INTERPRETED], ids=["c", "numpy"])
def test_arrays_that_do_not_fit_are_refused(mode):
    x, p, g = (pt.dtensor4() for _ in range(3))
    windows = Windows((4, 4), (2, 2), (2, 2), 2)
    pool = pytensor.function([x], MaxPool(windows)(x), mode=mode)
    for shape in ((3, 4, 4, 1), (2, 4, 5, 1)):
        with pytest.raises(ValueError):
            pool(np.zeros(shape))
    gradient = pytensor.function([x, p, g], MaxPoolGradient(windows)(x, p, g), mode=mode)
    with pytest.raises(ValueError):
        gradient(np.zeros((2, 4, 4, 1)), np.zeros((1, 2, 2, 1)), np.zeros((1, 2, 2, 2)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (((3, 4), (4, 2), (1, 1)), "the pool is 4x2, larger than what it pools, 3x4"),
        (((5, 5), (2, 2), (2, 3)), "the stride of pools is 2x3, above their shape, 2x2"),
        (((5, 5), (2, 2), (2, 2), 0), "at least 1"),
    ],
)
def test_windows_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        Windows(*options)


def test_what_cannot_be_is_refused_when_the_graph_is_built():
    with pytest.raises(ValueError, match="channels of 2 pieces"):
        MaxPool(Windows((4, 4), (2, 2), (2, 2), 2))(pt.zeros((3, 4, 4, 1)))
    with pytest.raises(TypeError, match="4 axes"):
        MaxPool(Windows((4, 4), (2, 2), (2, 2)))(pt.dmatrix())
