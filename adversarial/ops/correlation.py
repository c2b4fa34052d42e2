"""Correlation of c01b images with kernels, and its exact transposes: what convolutional layers are made of.

Images are (channel, row, column, batch), kernels (channel, row, column, filter), maps (filter, row, column, batch).
With zeros around the images, `pad` of them above and to the left and as many as needed below and to the right,

    maps[f, y, x, b] = sum over c, i, j of  images[c, y stride + i - pad, x stride + j - pad, b] kernels[c, i, j, f]

Kernels are not flipped. There are as many maps rows as it takes to see every row of the padded images, so the last ones
may look beyond them: these are cuda-convnet's rules, on which Pylearn2's `conv2d_c01b` stood.

The sum is linear in images and in kernels. `Correlation` gives the maps, `ImagesFromMaps` is its transpose with respect
to images (a deconvolution), `KernelsFromMaps` with respect to kernels; each one's gradients are the other two.

The C code makes no matrix of all windows. With the batch innermost and rows of the padded images laid out one after
another (row, channel, column, batch), the values that meet one column of the kernels, for one row of maps, are already
a matrix (kernel rows x channels, map columns x batch) within the images, and its product with that column of the
kernels adds to a row of maps. Where that matrix is too flat for a fast product, those of several columns are put on
top of each other first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Apply
from pytensor.graph.utils import MethodNotDefined
from pytensor.link.c.params_type import ParamsType
from pytensor.tensor.blas import ldflags
from pytensor.tensor.type import TensorType, lvector

from adversarial.engine import registry
from adversarial.engine.c.arrays import HAS_ROOM
from adversarial.engine.c.products import MULTIPLY, PRODUCTS_VERSION, BaseBLAS, headers
from adversarial.ops.geometry import Geometry, Pair

#: The C code puts columns of kernels together until a product's inner length reaches this.
INNER_LENGTH = 128


#: The first and the last axis of each of the three; those between are rows and columns.
_ENDS = {"images": ("channels", "batch"), "kernels": ("channels", "filters"), "maps": ("filters", "batch")}


class _Bilinear(BaseBLAS):
    """What the three Ops share: each makes one of images, kernels and maps from the other two, in this order."""

    __props__ = ("geometry",)
    #: What C code reads when it runs, so that one compiled module serves every geometry.
    params_type = ParamsType(lengths=lvector)
    given: ClassVar[tuple[str, str]]
    made: ClassVar[str]

    def __init__(self, geometry: Geometry):
        self.geometry = geometry

    @property
    def lengths(self) -> np.ndarray:
        """The numbers of the geometry, in the order of the C code's."""
        g = self.geometry
        return np.array([*g.image_shape, *g.kernel_shape, *g.map_shape, *g.stride, g.pad])

    def make_node(self, *inputs: Any) -> Apply:
        inputs = [pt.as_tensor(value) for value in inputs]
        dtypes = {value.dtype for value in inputs}
        if len(inputs) != 2 or dtypes not in ({"float32"}, {"float64"}):
            raise TypeError(f"{type(self).__name__} takes two tensors alike float32 or float64, not {inputs}")
        shape = self._made_shape([value.type.shape for value in inputs])
        return Apply(self, inputs, [TensorType(inputs[0].dtype, shape)()])

    def _lengths(self, what: str) -> Pair:
        """Rows and columns of images, kernels or maps."""
        geometry = self.geometry
        return {"images": geometry.image_shape, "kernels": geometry.kernel_shape, "maps": geometry.map_shape}[what]

    def _made_shape(self, shapes: Sequence[tuple]) -> tuple:
        """The shape of what is made; raises ValueError where what is given does not fit. None is for unknown."""
        ends: dict[str, Any] = dict.fromkeys(("channels", "filters", "batch"))
        for what, shape in zip(self.given, shapes, strict=True):
            expected = (ends[_ENDS[what][0]], *self._lengths(what), ends[_ENDS[what][1]])
            fits = len(shape) == 4 and all(n in (None, m) or m is None for n, m in zip(shape, expected, strict=True))
            if not fits:
                raise ValueError(f"{type(self).__name__} takes {what} of shape {expected}, not {tuple(shape)}")
            for name, length in zip(_ENDS[what], (shape[0], shape[3]), strict=True):
                ends[name] = length if ends[name] is None else ends[name]
        first, last = _ENDS[self.made]
        return ends[first], *self._lengths(self.made), ends[last]

    def infer_shape(self, *arguments: Any) -> list:
        input_shapes = arguments[-1]  # PyTensor before 3.3 gives the graph before the node, too.
        ends = {
            name: length
            for what, shape in zip(self.given, input_shapes, strict=True)
            for name, length in zip(_ENDS[what], (shape[0], shape[3]), strict=True)
        }
        first, last = _ENDS[self.made]
        return [(ends[first], *self._lengths(self.made), ends[last])]

    def perform(self, node: Apply, inputs: list, output_storage: list) -> None:
        self._made_shape([value.shape for value in inputs])
        output_storage[0][0] = np.ascontiguousarray(self.compute(*inputs))

    def compute(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """What the Op makes, in NumPy."""
        raise NotImplementedError(f"{type(self).__name__} must define compute")

    def c_compile_args(self, **kwargs: Any) -> list[str]:
        return [*super().c_compile_args(**kwargs), "-O3", "-fopenmp"]

    def c_code_cache_version(self) -> tuple:
        return (5, INNER_LENGTH, *PRODUCTS_VERSION)

    def c_headers(self, **kwargs: Any) -> list[str]:
        return headers()

    def c_support_code(self, **kwargs: Any) -> str:
        support = _C_SUPPORT.replace("@INNER_LENGTH@", str(INNER_LENGTH))
        return super().c_support_code(**kwargs) + HAS_ROOM + MULTIPLY + support

    def c_code(self, node: Apply, name: str, inputs: list[str], outputs: list[str], sub: dict[str, str]) -> str:
        if not ldflags():
            raise MethodNotDefined(f"{type(self).__name__}.c_code: there is no BLAS to link, but NumPy has one")
        (made,), dtype = outputs, node.inputs[0].dtype
        rows = {"images": "lengths[0]", "kernels": "lengths[2]", "maps": "lengths[4]"}
        columns = {"images": "lengths[1]", "kernels": "lengths[3]", "maps": "lengths[5]"}
        sizes, checks = {}, []
        for what in self.given:
            for end, axis in zip(_ENDS[what], (0, 3), strict=True):
                sizes.setdefault(end, f"PyArray_DIM({what}, {axis})")
                checks.append(f"PyArray_DIM({what}, {axis}) == {end}")
            checks += [f"PyArray_DIM({what}, 1) == {rows[what]}", f"PyArray_DIM({what}, 2) == {columns[what]}"]
        first, last = _ENDS[self.made]
        return f"""
        {{
            PyArrayObject* {self.given[0]} = (PyArrayObject*)PyArray_GETCONTIGUOUS({inputs[0]});
            PyArrayObject* {self.given[1]} = (PyArrayObject*)PyArray_GETCONTIGUOUS({inputs[1]});
            PyArrayObject*& {self.made} = {made};
            const npy_int64* lengths = (npy_int64*)PyArray_DATA({sub["params"]}->lengths);
            bool done = false;
            if ({self.given[0]} && {self.given[1]}) {{
                {" ".join(f"const npy_intp {end} = {size};" for end, size in sizes.items())}
                npy_intp dims[4] = {{ {first}, {rows[self.made]}, {columns[self.made]}, {last} }};
                if (!({" && ".join(checks)}))
                    PyErr_SetString(PyExc_ValueError, "the arrays given to {type(self).__name__} do not fit");
                else if (adversarial::has_room({made}, 4, dims, NPY_{dtype.upper()})) {{
                    const adversarial::Geometry geometry = {{ channels, filters, batch, lengths[0], lengths[1],
                        lengths[2], lengths[3], lengths[4], lengths[5], lengths[6], lengths[7], lengths[8] }};
                    adversarial::make_{self.made}<npy_{dtype}>(
                        geometry, (npy_{dtype}*)PyArray_DATA(images), (npy_{dtype}*)PyArray_DATA(kernels),
                        (npy_{dtype}*)PyArray_DATA(maps));
                    done = true;
                }}
            }}
            Py_XDECREF({self.given[0]});
            Py_XDECREF({self.given[1]});
            if (!done) {{
                {sub["fail"]}
            }}
        }}
        """


class Correlation(_Bilinear):
    """Maps from images and kernels."""

    given, made = ("images", "kernels"), "maps"

    def compute(self, images: np.ndarray, kernels: np.ndarray) -> np.ndarray:
        windows = self.geometry.windows(self.geometry.padded(images))
        return np.tensordot(kernels, windows, axes=((0, 1, 2), (0, 4, 5)))

    def pullback(self, inputs: list, outputs: list, cotangents: list) -> list:
        (images, kernels), (maps,) = inputs, cotangents
        return [ImagesFromMaps(self.geometry)(kernels, maps), KernelsFromMaps(self.geometry)(images, maps)]


class ImagesFromMaps(_Bilinear):
    """Images from kernels and maps: the transpose of `Correlation` with respect to images."""

    given, made = ("kernels", "maps"), "images"

    def compute(self, kernels: np.ndarray, maps: np.ndarray) -> np.ndarray:
        geometry = self.geometry
        padded = np.zeros((kernels.shape[0], *geometry.padded_shape, maps.shape[3]), maps.dtype)
        windows = geometry.windows(padded)
        for i, j in np.ndindex(geometry.kernel_shape):
            windows[..., i, j] += np.tensordot(kernels[:, i, j], maps, axes=1)
        return geometry.inner(padded)

    def pullback(self, inputs: list, outputs: list, cotangents: list) -> list:
        (kernels, maps), (images,) = inputs, cotangents
        return [KernelsFromMaps(self.geometry)(images, maps), Correlation(self.geometry)(images, kernels)]


class KernelsFromMaps(_Bilinear):
    """Kernels from images and maps: the transpose of `Correlation` with respect to kernels."""

    given, made = ("images", "maps"), "kernels"

    def compute(self, images: np.ndarray, maps: np.ndarray) -> np.ndarray:
        windows = self.geometry.windows(self.geometry.padded(images))
        return np.tensordot(windows, maps, axes=((1, 2, 3), (1, 2, 3)))

    def pullback(self, inputs: list, outputs: list, cotangents: list) -> list:
        (images, maps), (kernels,) = inputs, cotangents
        return [ImagesFromMaps(self.geometry)(kernels, maps), Correlation(self.geometry)(images, kernels)]


@registry.registers_for("numba")
def _register_numba() -> None:
    """All windows of one row of maps as the columns of a matrix, then a product.

    The functions take the geometry as an argument, so that numba compiles them once, whatever the geometry.
    """
    from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key

    @numba_njit
    def copy_windows(images, y, matrix, back, lengths):
        rows, columns, kernel_rows, kernel_columns, _, map_columns, row_stride, column_stride, pad = lengths
        batch, line = images.shape[3], 0
        for c in range(images.shape[0]):
            for i in range(kernel_rows):
                row = y * row_stride + i - pad
                for j in range(kernel_columns):
                    for x in range(map_columns):
                        column = x * column_stride + j - pad
                        inside = 0 <= row < rows and 0 <= column < columns
                        for b in range(batch):
                            if not back:
                                matrix[line, x * batch + b] = images[c, row, column, b] if inside else 0
                            elif inside:
                                images[c, row, column, b] += matrix[line, x * batch + b]
                    line += 1

    @numba_njit
    def copy_row(maps, y, row, back):
        batch = maps.shape[3]
        for f in range(maps.shape[0]):
            for x in range(maps.shape[2]):
                for b in range(batch):
                    if back:
                        maps[f, y, x, b] = row[f, x * batch + b]
                    else:
                        row[f, x * batch + b] = maps[f, y, x, b]

    @numba_njit
    def make_maps(images, kernels, lengths):
        _, _, kernel_rows, kernel_columns, map_rows, map_columns, _, _, _ = lengths
        if images.shape[0] != kernels.shape[0]:
            raise ValueError("images and kernels must have as many channels")
        height, filters, batch = images.shape[0] * kernel_rows * kernel_columns, kernels.shape[3], images.shape[3]
        flat = np.ascontiguousarray(kernels).reshape((height, filters))
        matrix = np.empty((height, map_columns * batch), images.dtype)
        maps = np.empty((filters, map_rows, map_columns, batch), images.dtype)
        for y in range(map_rows):
            copy_windows(images, y, matrix, False, lengths)
            copy_row(maps, y, np.dot(flat.T, matrix), True)
        return maps

    @numba_njit
    def make_kernels(images, maps, lengths):
        _, _, kernel_rows, kernel_columns, map_rows, map_columns, _, _, _ = lengths
        if images.shape[3] != maps.shape[3]:
            raise ValueError("images and maps must be of as many examples")
        height, filters, batch = images.shape[0] * kernel_rows * kernel_columns, maps.shape[0], images.shape[3]
        matrix = np.empty((height, map_columns * batch), images.dtype)
        row = np.empty((filters, map_columns * batch), images.dtype)
        flat = np.zeros((height, filters), images.dtype)
        for y in range(map_rows):
            copy_windows(images, y, matrix, False, lengths)
            copy_row(maps, y, row, False)
            flat += np.dot(matrix, row.T)
        return flat.reshape((images.shape[0], kernel_rows, kernel_columns, filters))

    @numba_njit
    def make_images(kernels, maps, lengths):
        rows, columns, kernel_rows, kernel_columns, map_rows, map_columns, _, _, _ = lengths
        if kernels.shape[3] != maps.shape[0]:
            raise ValueError("kernels and maps must have as many filters")
        height, filters, batch = kernels.shape[0] * kernel_rows * kernel_columns, maps.shape[0], maps.shape[3]
        flat = np.ascontiguousarray(kernels).reshape((height, filters))
        row = np.empty((filters, map_columns * batch), maps.dtype)
        images = np.zeros((kernels.shape[0], rows, columns, batch), maps.dtype)
        for y in range(map_rows):
            copy_row(maps, y, row, False)
            copy_windows(images, y, np.dot(flat, row), True, lengths)
        return images

    made_by = {"maps": make_maps, "kernels": make_kernels, "images": make_images}

    def numba_funcify(op: _Bilinear, node: Apply, **kwargs: Any) -> tuple[Any, int]:
        make, lengths = made_by[op.made], tuple(int(length) for length in op.lengths)

        @numba_njit
        def from_two(first, second):
            return make(first, second, lengths)

        return from_two, 1

    for cls in (Correlation, ImagesFromMaps, KernelsFromMaps):
        register_funcify_default_op_cache_key(cls)(numba_funcify)


@registry.registers_for("jax")
def _register_jax() -> None:
    import jax
    from pytensor.link.jax.dispatch.basic import jax_funcify

    def jax_correlate(images: jax.Array, kernels: jax.Array, geometry: Geometry) -> jax.Array:
        lengths = zip(geometry.padded_shape, geometry.image_shape, strict=True)
        padding = [(geometry.pad, padded - geometry.pad - length) for padded, length in lengths]
        return jax.lax.conv_general_dilated(
            images, kernels, geometry.stride, padding, dimension_numbers=("CHWN", "IHWO", "CHWN")
        )

    @jax_funcify.register(Correlation)
    def jax_funcify_correlation(op: Correlation, node: Apply, **kwargs: Any) -> Any:
        return lambda images, kernels: jax_correlate(images, kernels, op.geometry)

    @jax_funcify.register(ImagesFromMaps)
    def jax_funcify_images_from_maps(op: ImagesFromMaps, node: Apply, **kwargs: Any) -> Any:
        def images_from_maps(kernels: jax.Array, maps: jax.Array) -> jax.Array:
            shape = (kernels.shape[0], *op.geometry.image_shape, maps.shape[3])
            images = jax.ShapeDtypeStruct(shape, maps.dtype)
            transpose = jax.linear_transpose(lambda images: jax_correlate(images, kernels, op.geometry), images)
            return transpose(maps)[0]

        return images_from_maps

    @jax_funcify.register(KernelsFromMaps)
    def jax_funcify_kernels_from_maps(op: KernelsFromMaps, node: Apply, **kwargs: Any) -> Any:
        def kernels_from_maps(images: jax.Array, maps: jax.Array) -> jax.Array:
            shape = (images.shape[0], *op.geometry.kernel_shape, maps.shape[0])
            kernels = jax.ShapeDtypeStruct(shape, maps.dtype)
            transpose = jax.linear_transpose(lambda kernels: jax_correlate(images, kernels, op.geometry), kernels)
            return transpose(maps)[0]

        return kernels_from_maps


# `layout` puts the padded images into rows (row, channel, column modulo stride, column over stride, batch): so the
# values that meet a column of kernels lie side by side whatever the stride.
_C_SUPPORT = r"""
#ifndef ADVERSARIAL_CORRELATION
#define ADVERSARIAL_CORRELATION
namespace adversarial {

struct Geometry {
    npy_intp channels, filters, batch;
    npy_intp rows, columns, kernel_rows, kernel_columns, map_rows, map_columns, row_stride, column_stride, pad;

    npy_intp padded_rows() const { return (map_rows - 1) * row_stride + kernel_rows; }
    npy_intp padded_columns() const { return (map_columns - 1) * column_stride + kernel_columns; }
    // Values from a padded column to the one `column_stride` further, counted over all: the length of one remainder.
    npy_intp remainder() const { return (padded_columns() + column_stride - 1) / column_stride * batch; }
    npy_intp line() const { return remainder() * column_stride; }
    // Where the values that meet kernel column j begin within a line.
    npy_intp start(npy_intp j) const { return j % column_stride * remainder() + j / column_stride * batch; }
    npy_intp height() const { return kernel_rows * channels; }
    npy_intp width() const { return map_columns * batch; }
    bool empty() const { return channels == 0 || filters == 0 || batch == 0; }
    // How many kernel columns are put on top of each other: the fewest that make each pile @INNER_LENGTH@ high.
    npy_intp together() const
    {
        const npy_intp piles = std::max<npy_intp>(height() * kernel_columns / @INNER_LENGTH@, 1);
        return (kernel_columns - 1) / std::min(piles, kernel_columns) + 1;
    }
};

// Calls visit(a batch of the images, the same of the laid-out ones) for every pixel within the image.
template <typename real, typename Visit>
static void each_pixel(const Geometry& g, real* images, real* laid_out, Visit visit)
{
    for (npy_intp y = 0; y < g.rows; ++y)
        for (npy_intp c = 0; c < g.channels; ++c) {
            real* image_row = images + (c * g.rows + y) * g.columns * g.batch;
            real* line = laid_out + ((y + g.pad) * g.channels + c) * g.line();
            for (npy_intp x = 0; x < g.columns; ++x) visit(image_row + x * g.batch, line + g.start(x + g.pad));
        }
}

// The kernels as (column, row, channel, filter), or back.
template <typename real>
static void turn_kernels(const Geometry& g, real* kernels, real* turned, bool back)
{
    for (npy_intp c = 0; c < g.channels; ++c)
        for (npy_intp i = 0; i < g.kernel_rows; ++i)
            for (npy_intp j = 0; j < g.kernel_columns; ++j) {
                real* one = kernels + ((c * g.kernel_rows + i) * g.kernel_columns + j) * g.filters;
                real* other = turned + ((j * g.kernel_rows + i) * g.channels + c) * g.filters;
                std::copy_n(back ? other : one, g.filters, back ? one : other);
            }
}

// Copies the matrices that meet `count` kernel columns from j on on top of each other.
template <typename real>
static void stack(const Geometry& g, const real* lines, npy_intp j, npy_intp count, real* stacked)
{
    for (npy_intp k = j; k < j + count; ++k)
        for (npy_intp h = 0; h < g.height(); ++h, stacked += g.width())
            std::copy_n(lines + h * g.line() + g.start(k), g.width(), stacked);
}

template <typename real>
static std::vector<real> laid_out(const Geometry& g, real* images)
{
    std::vector<real> result(g.padded_rows() * g.channels * g.line(), 0);
    each_pixel(g, images, result.data(), [&](real* image, real* pixel) { std::copy_n(image, g.batch, pixel); });
    return result;
}

// The values of the images that meet kernel column j for map row y: (kernel rows x channels, map columns x batch).
template <typename real>
static Matrix<real> window(const Geometry& g, real* lines, npy_intp y, npy_intp j)
{
    real* const first = lines + y * g.row_stride * g.channels * g.line() + g.start(j);
    return Matrix<real>(first, g.height(), g.width(), g.line(), 1);
}

// A row of the maps: (filters, map columns x batch).
template <typename real>
static Matrix<real> row_of(const Geometry& g, real* maps, npy_intp y)
{
    return Matrix<real>(maps + y * g.width(), g.filters, g.width(), g.map_rows * g.width(), 1);
}

// Columns of the turned kernels from j on: (columns x kernel rows x channels, filters).
template <typename real>
static Matrix<real> columns_of(const Geometry& g, std::vector<real>& turned, npy_intp j, npy_intp count)
{
    return Matrix<real>(&turned[j * g.height() * g.filters], count * g.height(), g.filters, g.filters, 1);
}

// Calls visit(matrix, kernel columns from the first that it meets, map row) for every product of the images with the
// kernels or the maps.
template <typename real, typename Visit>
static void each_matrix(const Geometry& g, real* lines, std::vector<real>& turned, Visit visit)
{
    const npy_intp together = g.together();
    std::vector<real> stacked(together > 1 ? together * g.height() * g.width() : 0);
    for (npy_intp y = 0; y < g.map_rows; ++y)
        for (npy_intp j = 0; j < g.kernel_columns; j += together) {
            const npy_intp count = std::min(together, g.kernel_columns - j);
            Matrix<real> matrix = window(g, lines, y, j);
            if (together > 1) {
                stack(g, matrix.data - g.start(j), j, count, stacked.data());
                matrix = Matrix<real>(stacked.data(), count * g.height(), g.width(), g.width(), 1);
            }
            visit(matrix, columns_of(g, turned, j, count), j == 0, y);
        }
}

template <typename real>
static void make_maps(const Geometry& g, real* images, real* kernels, real* maps)
{
    if (g.empty()) return (void)std::fill_n(maps, g.filters * g.map_rows * g.width(), 0);
    std::vector<real> lines = laid_out(g, images), turned(g.kernel_columns * g.height() * g.filters);
    turn_kernels(g, kernels, turned.data(), false);
    each_matrix(g, lines.data(), turned, [&](Matrix<real> matrix, Matrix<real> columns, bool first, npy_intp y) {
        multiply<real>(1, columns.transposed(), matrix, first ? 0 : 1, row_of(g, maps, y));
    });
}

template <typename real>
static void make_kernels(const Geometry& g, real* images, real* kernels, real* maps)
{
    if (g.empty()) return (void)std::fill_n(kernels, g.height() * g.kernel_columns * g.filters, 0);
    std::vector<real> lines = laid_out(g, images), turned(g.kernel_columns * g.height() * g.filters);
    each_matrix(g, lines.data(), turned, [&](Matrix<real> matrix, Matrix<real> columns, bool, npy_intp y) {
        multiply<real>(1, matrix, row_of(g, maps, y).transposed(), y ? 1 : 0, columns);
    });
    turn_kernels(g, kernels, turned.data(), true);
}

template <typename real>
static void make_images(const Geometry& g, real* images, real* kernels, real* maps)
{
    if (g.empty()) return (void)std::fill_n(images, g.channels * g.rows * g.columns * g.batch, 0);
    std::vector<real> lines(g.padded_rows() * g.channels * g.line(), 0);
    std::vector<real> turned(g.kernel_columns * g.height() * g.filters);
    turn_kernels(g, kernels, turned.data(), false);
    for (npy_intp y = 0; y < g.map_rows; ++y)
        for (npy_intp j = 0; j < g.kernel_columns; ++j)
            multiply<real>(1, columns_of(g, turned, j, 1), row_of(g, maps, y), 1, window(g, lines.data(), y, j));
    each_pixel(g, images, lines.data(), [&](real* image, real* pixel) { std::copy_n(pixel, g.batch, image); });
}

}
#endif
"""
