"""Correlation and its transposes: every backend against a plain loop, adjointness, and the gradients they give."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from evaluation import INTERPRETED
from hypothesis import given, settings
from hypothesis import strategies as st

from adversarial import backend
from adversarial.ops.correlation import Correlation, ImagesFromMaps, KernelsFromMaps
from adversarial.ops.geometry import Geometry


def loop(images, kernels, geometry):
    """The sum that the module's docstring has, value by value."""
    maps = np.zeros((kernels.shape[3], *geometry.map_shape, images.shape[3]))
    for f, y, x, b in np.ndindex(*maps.shape):
        for c, i, j in np.ndindex(*kernels.shape[:3]):
            row = y * geometry.stride[0] + i - geometry.pad
            column = x * geometry.stride[1] + j - geometry.pad
            if 0 <= row < images.shape[1] and 0 <= column < images.shape[2]:
                maps[f, y, x, b] += images[c, row, column, b] * kernels[c, i, j, f]
    return maps


@st.composite
def problems(draw):
    """A geometry, and images, kernels and maps to go with it."""
    image_shape = draw(st.tuples(st.integers(1, 7), st.integers(1, 7)))
    pad = draw(st.integers(0, 2))
    kernel_shape = tuple(draw(st.integers(1, min(n + 2 * pad, 4))) for n in image_shape)
    geometry = Geometry(image_shape, kernel_shape, pad, draw(st.tuples(st.integers(1, 3), st.integers(1, 3))))
    channels, filters, batch = (draw(st.integers(1, 3)) for _ in range(3))
    random = np.random.RandomState(draw(st.integers(0, 2**31)))
    shapes = ((channels, *image_shape, batch), (channels, *kernel_shape, filters),
              (filters, *geometry.map_shape, batch))  # fmt: skip
    return geometry, *(random.randn(*shape) for shape in shapes)


def outputs(geometry):
    """Inputs images, kernels and maps, and the three Ops of them."""
    images, kernels, maps = (pt.dtensor4(name) for name in ("images", "kernels", "maps"))
    made = [
        Correlation(geometry)(images, kernels),
        ImagesFromMaps(geometry)(kernels, maps),
        KernelsFromMaps(geometry)(images, maps),
    ]
    return [images, kernels, maps], made


def check(mode, geometry, images, kernels, maps):
    """The Ops against the loop, and as transposes of each other: all three make one trilinear form."""
    found = pytensor.function(*outputs(geometry), mode=mode)(images, kernels, maps)
    correlated, of_images, of_kernels = (np.asarray(value) for value in found)
    np.testing.assert_allclose(correlated, loop(images, kernels, geometry), atol=1e-10)
    form = np.vdot(correlated, maps)
    assert np.vdot(of_images, images) == pytest.approx(form, abs=1e-10)
    assert np.vdot(of_kernels, kernels) == pytest.approx(form, abs=1e-10)
    for value, like in ((of_images, images), (of_kernels, kernels)):
        assert value.shape == like.shape
    return of_images, of_kernels


@given(problems())
@settings(max_examples=40, deadline=None)
def test_any_geometry_in_c_and_in_numpy(problem):
    compiled, interpreted = check("CVM", *problem), check(INTERPRETED, *problem)
    for one, other in zip(compiled, interpreted, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-10)


#: (image, kernel, pad, stride): plain; of uneven strides, the last window beyond the image; the kernel of its size.
GEOMETRIES = [
    Geometry((5, 6), (3, 2), 1, (1, 1)),
    Geometry((7, 6), (3, 4), 0, (2, 3)),
    Geometry((3, 3), (5, 5), 1, (1, 1)),
]


@pytest.mark.parametrize("on", [pytest.param("numba", marks=pytest.mark.soak), "jax"], indirect=True)
@pytest.mark.usefixtures("float64")
def test_each_backend_does_the_same(on):
    random = np.random.RandomState(0)
    for g in GEOMETRIES:
        shapes = ((2, *g.image_shape, 3), (2, *g.kernel_shape, 4), (4, *g.map_shape, 3))
        check(backend.mode(), g, *(random.randn(*shape) for shape in shapes))


def test_flat_products_and_deep_ones_agree():
    # 40 channels of 4 rows are deep enough for one kernel column at a time, 3 are not.
    random = np.random.RandomState(1)
    for channels in (3, 40):
        g = Geometry((6, 5), (4, 3), 1, (1, 2))
        shapes = ((channels, 6, 5, 2), (channels, 4, 3, 5), (5, *g.map_shape, 2))
        check("CVM", g, *(random.randn(*shape) for shape in shapes))


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_gradients_are_those_of_finite_differences(geometry):
    random = np.random.RandomState(2)
    shapes = ((2, *geometry.image_shape, 2), (2, *geometry.kernel_shape, 3), (3, *geometry.map_shape, 2))
    images, kernels, maps = (random.randn(*shape) for shape in shapes)
    for op, point in (
        (Correlation(geometry), [images, kernels]),
        (ImagesFromMaps(geometry), [kernels, maps]),
        (KernelsFromMaps(geometry), [images, maps]),
    ):
        pytensor.gradient.verify_grad(op, point, rng=np.random.default_rng(3), mode=INTERPRETED)


def test_gradients_have_gradients():
    geometry = Geometry((4, 4), (2, 2), 0, (1, 1))
    random = np.random.RandomState(4)

    def slope(images, kernels):
        maps = Correlation(geometry)(images, kernels)
        return pytensor.grad((maps**2).sum(), images)

    point = [random.randn(1, 4, 4, 1), random.randn(1, 2, 2, 2)]
    pytensor.gradient.verify_grad(slope, point, rng=np.random.default_rng(5), mode=INTERPRETED)


def test_images_of_any_memory_order():
    geometry = Geometry((5, 6), (2, 2), 1, (1, 1))
    random = np.random.RandomState(6)
    images, kernels = random.randn(3, 6, 5, 2).transpose(3, 2, 1, 0), random.randn(2, 2, 2, 4)
    x, w = pt.dtensor4(), pt.dtensor4()
    found = backend.function([x, w], Correlation(geometry)(x, w))(images, kernels)
    np.testing.assert_allclose(found, loop(images, kernels, geometry), atol=1e-10)


@pytest.mark.parametrize("mode", ["CVM", INTERPRETED], ids=["c", "numpy"])
def test_no_examples_make_no_maps_and_kernels_of_zeros(mode):
    geometry = Geometry((4, 4), (2, 2))
    inputs, made = outputs(geometry)
    arrays = np.zeros((2, 4, 4, 0)), np.ones((2, 2, 2, 3)), np.zeros((3, 3, 3, 0))
    maps, images, kernels = pytensor.function(inputs, made, mode=mode)(*arrays)
    assert maps.shape == (3, 3, 3, 0) and images.shape == (2, 4, 4, 0)
    np.testing.assert_array_equal(kernels, np.zeros((2, 2, 2, 3)))


@pytest.mark.parametrize("mode", ["CVM", INTERPRETED], ids=["c", "numpy"])
def test_arrays_that_do_not_fit_are_refused(mode):
    function = pytensor.function(*outputs(Geometry((4, 4), (2, 2))), mode=mode)
    good = [np.zeros((2, 4, 4, 5)), np.zeros((2, 2, 2, 3)), np.zeros((3, 3, 3, 5))]
    for place, shape in ((0, (2, 4, 5, 5)), (0, (1, 4, 4, 5)), (1, (2, 2, 3, 3)), (2, (3, 3, 3, 4)), (2, (4, 3, 3, 5))):
        arrays = [*good]
        arrays[place] = np.zeros(shape)
        with pytest.raises(ValueError):
            function(*arrays)


def test_what_cannot_be_is_refused_when_the_graph_is_built():
    with pytest.raises(ValueError, match="the kernel is 5x2, larger than its padded input, 4x6"):
        Geometry((2, 4), (5, 2), 1)
    with pytest.raises(ValueError, match="at least 1"):
        Geometry((2, 4), (1, 2), 0, (0, 1))
    op = Correlation(Geometry((4, 4), (2, 2)))
    with pytest.raises(ValueError, match="takes images of shape"):
        op(pt.zeros((2, 5, 4, 3)), pt.zeros((2, 2, 2, 3)))
    with pytest.raises(TypeError, match="alike float32 or float64"):
        op(pt.ftensor4(), pt.dtensor4())
    maps = op(pt.zeros((2, 4, 4, 5)), pt.zeros((2, 2, 2, 3)))
    assert maps.type.shape == (3, 3, 3, 5)
