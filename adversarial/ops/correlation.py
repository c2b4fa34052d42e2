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
kernels adds to a row of maps. Where that matrix is too flat for a fast product, those of several columns are stacked
first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.utils import MethodNotDefined
from pytensor.link.c.params_type import ParamsType
from pytensor.tensor.blas import ldflags
from pytensor.tensor.type import TensorType, lvector

from adversarial.engine import compat, registry
from adversarial.engine.c.sources import CodeInHeaders
from adversarial.ops.geometry import Geometry, Pair

Lengths = tuple[int, ...]
#: The first and the last axis of each of the three; those between are rows and columns.
_ENDS = {"images": ("channels", "batch"), "kernels": ("channels", "filters"), "maps": ("filters", "batch")}


class _Bilinear(CodeInHeaders, compat.BaseBLAS):
    """What the three Ops share: each computes one of images, kernels and maps from the other two, in this order."""

    __props__ = ("geometry",)
    #: What C code reads when it runs, so that one compiled module serves every geometry.
    params_type = ParamsType(lengths=lvector)
    headers = ("correlation.h",)
    given: ClassVar[tuple[str, str]]
    made: ClassVar[str]

    def __init__(self, geometry: Geometry):
        self.geometry = geometry

    @property
    def lengths(self) -> np.ndarray:
        """The lengths of the geometry, in the order of `Geometry` in `correlation.h`."""
        g = self.geometry
        return np.array([*g.image_shape, *g.kernel_shape, *g.map_shape, *g.stride, g.pad])

    def make_node(self, *values: pt.TensorLike) -> Apply:
        inputs = [pt.as_tensor(value) for value in values]
        dtypes = {value.dtype for value in inputs}
        if len(inputs) != 2 or dtypes not in ({"float32"}, {"float64"}):
            raise TypeError(f"{type(self).__name__} takes two tensors alike float32 or float64, not {inputs}")
        shape = self._made_shape([value.type.shape for value in inputs])
        return Apply(self, inputs, [TensorType(inputs[0].dtype, shape)()])

    def _lengths(self, what: str) -> Pair:
        """Return the numbers of rows and columns of images, kernels or maps."""
        geometry = self.geometry
        return {"images": geometry.image_shape, "kernels": geometry.kernel_shape, "maps": geometry.map_shape}[what]

    def _made_shape(self, shapes: Sequence[tuple]) -> tuple:
        """Return the shape of the output; raise ValueError if those of the inputs do not fit. None is for unknown."""
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
        _, input_shapes = compat.node_and_shapes(arguments)
        ends = {
            name: length
            for what, shape in zip(self.given, input_shapes, strict=True)
            for name, length in zip(_ENDS[what], (shape[0], shape[3]), strict=True)
        }
        first, last = _ENDS[self.made]
        return [(ends[first], *self._lengths(self.made), ends[last])]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: list) -> None:
        self._made_shape([value.shape for value in inputs])
        output_storage[0][0] = np.ascontiguousarray(self.compute(*inputs))

    def compute(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Compute the output in NumPy."""
        raise NotImplementedError(f"{type(self).__name__} must define compute")

    def c_compile_args(self, **kwargs: Any) -> list[str]:
        return [*super().c_compile_args(**kwargs), "-O3", "-fopenmp-simd"]

    def c_code(self, node: Apply, name: str, inputs: list[str], outputs: list[str], sub: dict[str, str]) -> str:
        if not ldflags():
            raise MethodNotDefined(f"{type(self).__name__}.c_code: there is no BLAS to link, but NumPy has one")
        arrays = dict(zip((*self.given, self.made), (*inputs, *outputs), strict=True))
        real = f"npy_{node.inputs[0].type.dtype}"
        return f"""
            const npy_int64* lengths = (npy_int64*)PyArray_DATA({sub["params"]}->lengths);
            if (!adversarial::correlate<{real}>(
                    adversarial::{self.made.upper()}, adversarial::make_{self.made}<{real}>, lengths,
                    {arrays["images"]}, {arrays["kernels"]}, {arrays["maps"]})) {{
                {sub["fail"]}
            }}
        """


class Correlation(_Bilinear):
    """Maps from images and kernels."""

    given, made = ("images", "kernels"), "maps"

    def compute(self, images: np.ndarray, kernels: np.ndarray) -> np.ndarray:
        windows = self.geometry.windows(self.geometry.padded(images))
        return np.tensordot(kernels, windows, axes=((0, 1, 2), (0, 4, 5)))

    def pullback(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], cotangents: Sequence[Variable]
    ) -> list[Variable]:
        (images, kernels), (maps,) = inputs, cotangents
        first, second = ImagesFromMaps(self.geometry), KernelsFromMaps(self.geometry)
        return [*first.make_node(kernels, maps).outputs, *second.make_node(images, maps).outputs]


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

    def pullback(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], cotangents: Sequence[Variable]
    ) -> list[Variable]:
        (kernels, maps), (images,) = inputs, cotangents
        first, second = KernelsFromMaps(self.geometry), Correlation(self.geometry)
        return [*first.make_node(images, maps).outputs, *second.make_node(images, kernels).outputs]


class KernelsFromMaps(_Bilinear):
    """Kernels from images and maps: the transpose of `Correlation` with respect to kernels."""

    given, made = ("images", "maps"), "kernels"

    def compute(self, images: np.ndarray, maps: np.ndarray) -> np.ndarray:
        windows = self.geometry.windows(self.geometry.padded(images))
        return np.tensordot(windows, maps, axes=((1, 2, 3), (1, 2, 3)))

    def pullback(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], cotangents: Sequence[Variable]
    ) -> list[Variable]:
        (images, maps), (kernels,) = inputs, cotangents
        first, second = ImagesFromMaps(self.geometry), Correlation(self.geometry)
        return [*first.make_node(kernels, maps).outputs, *second.make_node(images, kernels).outputs]


@registry.registers_for("numba")
def _register_numba() -> None:
    """All windows of one row of maps as the columns of a matrix, then a product.

    The functions take the geometry as an argument, so that numba compiles them once, whatever the geometry.
    """
    from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key

    @numba_njit
    def copy_windows(images: np.ndarray, y: int, matrix: np.ndarray, back: bool, lengths: Lengths) -> None:
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
    def copy_row(maps: np.ndarray, y: int, row: np.ndarray, back: bool) -> None:
        batch = maps.shape[3]
        for f in range(maps.shape[0]):
            for x in range(maps.shape[2]):
                for b in range(batch):
                    if back:
                        maps[f, y, x, b] = row[f, x * batch + b]
                    else:
                        row[f, x * batch + b] = maps[f, y, x, b]

    @numba_njit
    def make_maps(images: np.ndarray, kernels: np.ndarray, lengths: Lengths) -> np.ndarray:
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
    def make_kernels(images: np.ndarray, maps: np.ndarray, lengths: Lengths) -> np.ndarray:
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
    def make_images(kernels: np.ndarray, maps: np.ndarray, lengths: Lengths) -> np.ndarray:
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
        def from_two(first: np.ndarray, second: np.ndarray) -> np.ndarray:
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
