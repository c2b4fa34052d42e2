"""Max pooling of c01b images: the largest value of each window, and of each channel's pieces.

Images are (channel x piece, row, column, batch), the pieces of a channel side by side. Windows may overlap, and there
are as many as it takes to cover every pixel, so the last ones may reach beyond the image, where they see nothing. These
are the rules of cuda-convnet and of Pylearn2's `max_pool_c01b`. The maximum over pieces (maxout) and the one over a
window are one maximum, taken in one pass.

Where values tie for the largest, each of them gets the whole gradient: so it was in cuda-convnet, and with Theano's
`maximum`, of which Pylearn2's pooling on the CPU was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Apply, Variable
from pytensor.link.c.op import COp
from pytensor.link.c.params_type import ParamsType
from pytensor.tensor.type import TensorType, lvector

from adversarial.engine import compat, registry
from adversarial.engine.c.sources import CodeInHeaders
from adversarial.ops.geometry import Windows


class _Pooling(CodeInHeaders, COp):
    """What the two Ops share: the windows, and the check of shapes."""

    __props__ = ("windows",)
    #: What C code reads when it runs, so that one compiled module serves all shapes.
    params_type = ParamsType(lengths=lvector)
    headers = ("pooling.h",)
    #: The headers' function that computes the output.
    function: ClassVar[str]

    def __init__(self, windows: Windows):
        self.windows = windows

    @property
    def lengths(self) -> np.ndarray:
        """The lengths of the windows, in the order of `Windows` in `pooling.h`."""
        w = self.windows
        return np.array([w.pieces, *w.image_shape, *w.pooled_shape, *w.pool_shape, *w.stride])

    def _pooled_shape(self, shape: tuple) -> tuple:
        """Return the shape of pooled images; raise ValueError if `shape`, of the images, does not fit."""
        windows = self.windows
        channels = shape[0]
        rows, columns = (pair[0] in (None, pair[1]) for pair in zip(shape[1:3], windows.image_shape, strict=True))
        if not (rows and columns) or (channels is not None and channels % windows.pieces):
            raise ValueError(
                f"{type(self).__name__} takes images of {windows.image_shape} in channels of {windows.pieces} "
                f"pieces, not {tuple(shape)}"
            )
        return None if channels is None else channels // windows.pieces, *windows.pooled_shape, shape[3]

    def c_compile_args(self, **kwargs: Any) -> list[str]:
        return ["-O3"]

    def c_code(self, node: Apply, name: str, inputs: list[str], outputs: list[str], sub: dict[str, str]) -> str:
        return f"""
            const npy_int64* lengths = (npy_int64*)PyArray_DATA({sub["params"]}->lengths);
            if (!adversarial::{self.function}<npy_{node.outputs[0].type.dtype}>(
                    lengths, {", ".join([*inputs, *outputs])})) {{
                {sub["fail"]}
            }}
        """


class MaxPool(_Pooling):
    """Pooled images from images."""

    function = "max_pool"

    def make_node(self, images: pt.TensorLike) -> Apply:  # type: ignore[override]
        images = pt.as_tensor(images)
        if images.dtype not in ("float32", "float64") or images.ndim != 4:
            raise TypeError(f"MaxPool takes float32 or float64 images with 4 axes, not {images.type}")
        return Apply(self, [images], [TensorType(images.dtype, self._pooled_shape(images.type.shape))()])

    def infer_shape(self, *arguments: Any) -> list:
        _, ((channels, _, _, batch),) = compat.node_and_shapes(arguments)
        return [(channels // self.windows.pieces, *self.windows.pooled_shape, batch)]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: list) -> None:
        (images,) = inputs
        windows = self.windows
        channels, _, _, batch = self._pooled_shape(images.shape)
        covered = np.full((channels, *windows.covered_shape, batch), -np.inf, images.dtype)
        covered[:, : windows.image_shape[0], : windows.image_shape[1]] = _by_piece(images, windows.pieces).max(axis=1)
        output_storage[0][0] = np.stack([covered[:, rows, columns] for rows, columns in windows.slices()]).max(axis=0)

    def pullback(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], cotangents: Sequence[Variable]
    ) -> list[Variable]:
        return MaxPoolGradient(self.windows).make_node(inputs[0], outputs[0], cotangents[0]).outputs


class MaxPoolGradient(_Pooling):
    """The gradient of images, from images, pooled images, and the gradient of these."""

    function = "max_pool_gradient"

    def make_node(  # type: ignore[override]
        self, images: pt.TensorLike, pooled: pt.TensorLike, gradient: pt.TensorLike
    ) -> Apply:
        inputs = [pt.as_tensor(value) for value in (images, pooled, gradient)]
        if {value.dtype for value in inputs} not in ({"float32"}, {"float64"}) or {v.ndim for v in inputs} != {4}:
            raise TypeError(f"MaxPoolGradient takes three tensors alike float32 or float64 with 4 axes, not {inputs}")
        self._pooled_shape(inputs[0].type.shape)
        return Apply(self, inputs, [inputs[0].type()])

    def infer_shape(self, *arguments: Any) -> list:
        _, (images, _, _) = compat.node_and_shapes(arguments)
        return [images]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: list) -> None:
        images, pooled, gradient = inputs
        windows = self.windows
        shape = self._pooled_shape(images.shape)
        if pooled.shape != shape or gradient.shape != shape:
            raise ValueError(f"pooled images and their gradient must be {shape}, not {pooled.shape}, {gradient.shape}")
        (rows, columns), (all_rows, all_columns) = windows.image_shape, windows.covered_shape
        beyond = ((0, 0), (0, 0), (0, all_rows - rows), (0, all_columns - columns), (0, 0))
        covered = np.pad(_by_piece(images, windows.pieces), beyond, constant_values=-np.inf)
        result = np.zeros_like(covered)
        for y, x in windows.slices():
            largest = covered[:, :, y, x] == pooled[:, None]
            result[:, :, y, x] += np.where(largest, gradient[:, None], 0)
        output_storage[0][0] = np.ascontiguousarray(result[:, :, :rows, :columns]).reshape(images.shape)

    def pullback(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], cotangents: Sequence[Variable]
    ) -> list[Variable]:
        """Return 0 for images and maxima, except where the largest changes; the Op is linear in the gradient."""
        images, pooled, _, v = (pt.as_tensor(value) for value in (*inputs, *cotangents))
        windows = self.windows
        channels, _, _, batch = images.shape
        (rows, columns), (all_rows, all_columns) = windows.image_shape, windows.covered_shape
        by_piece = (channels // windows.pieces, windows.pieces, rows, columns, batch)
        covered = pt.zeros((*by_piece[:2], all_rows, all_columns, batch), images.dtype)
        values = pt.set_subtensor((covered - np.inf)[:, :, :rows, :columns], images.reshape(by_piece))
        along = pt.set_subtensor(covered[:, :, :rows, :columns], v.reshape(by_piece))
        total = pt.zeros_like(pooled)
        for y, x in windows.slices():
            largest = pt.eq(values[:, :, y, x], pooled[:, None])
            total = total + pt.switch(largest, along[:, :, y, x], 0).sum(axis=1)
        return [images.zeros_like(), pooled.zeros_like(), total]


def _by_piece(images: np.ndarray, pieces: int) -> np.ndarray:
    """Return images as (channel, piece, row, column, batch)."""
    return images.reshape(images.shape[0] // pieces, pieces, *images.shape[1:])


@registry.registers_for("numba")
def _register_numba() -> None:
    """Register functions that take the windows as an argument, so that numba compiles them once for all windows."""
    from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key

    # Not with fast-math, PyTensor's default, which assumes that there is no NaN and no infinity.
    @numba_njit(fastmath=False)
    def max_pool(images: np.ndarray, lengths: tuple[int, ...]) -> np.ndarray:
        pieces, rows, columns, out_rows, out_columns, pool_rows, pool_columns, row_stride, column_stride = lengths
        if images.shape[0] % pieces or images.shape[1] != rows or images.shape[2] != columns:
            raise ValueError("the images given to MaxPool do not fit")
        pooled = np.full((images.shape[0] // pieces, out_rows, out_columns, images.shape[3]), -np.inf, images.dtype)
        for c in range(images.shape[0]):
            for y in range(out_rows):
                for x in range(out_columns):
                    for i in range(y * row_stride, min(y * row_stride + pool_rows, rows)):
                        for j in range(x * column_stride, min(x * column_stride + pool_columns, columns)):
                            for b in range(images.shape[3]):
                                value = images[c, i, j, b]
                                if value > pooled[c // pieces, y, x, b] or value != value:
                                    pooled[c // pieces, y, x, b] = value
        return pooled

    @numba_njit(fastmath=False)
    def max_pool_gradient(
        images: np.ndarray, pooled: np.ndarray, gradient: np.ndarray, lengths: tuple[int, ...]
    ) -> np.ndarray:
        pieces, rows, columns, out_rows, out_columns, pool_rows, pool_columns, row_stride, column_stride = lengths
        if images.shape[0] != pooled.shape[0] * pieces or pooled.shape != gradient.shape:
            raise ValueError("the arrays given to MaxPoolGradient do not fit")
        result = np.zeros(images.shape, images.dtype)
        for c in range(images.shape[0]):
            for y in range(out_rows):
                for x in range(out_columns):
                    for i in range(y * row_stride, min(y * row_stride + pool_rows, rows)):
                        for j in range(x * column_stride, min(x * column_stride + pool_columns, columns)):
                            for b in range(images.shape[3]):
                                if images[c, i, j, b] == pooled[c // pieces, y, x, b]:
                                    result[c, i, j, b] += gradient[c // pieces, y, x, b]
        return result

    @register_funcify_default_op_cache_key(MaxPool)
    def numba_funcify_max_pool(op: MaxPool, node: Apply, **kwargs: Any) -> tuple[Any, int]:
        lengths = tuple(int(length) for length in op.lengths)

        @numba_njit(fastmath=False)
        def pool(images: np.ndarray) -> np.ndarray:
            return max_pool(images, lengths)

        return pool, 1

    @register_funcify_default_op_cache_key(MaxPoolGradient)
    def numba_funcify_max_pool_gradient(op: MaxPoolGradient, node: Apply, **kwargs: Any) -> tuple[Any, int]:
        lengths = tuple(int(length) for length in op.lengths)

        @numba_njit(fastmath=False)
        def pool_gradient(images: np.ndarray, pooled: np.ndarray, gradient: np.ndarray) -> np.ndarray:
            return max_pool_gradient(images, pooled, gradient, lengths)

        return pool_gradient, 1


@registry.registers_for("jax")
def _register_jax() -> None:
    import jax
    import jax.numpy as jnp
    from pytensor.link.jax.dispatch.basic import jax_funcify

    def covered(images: jax.Array, windows: Windows) -> jax.Array:
        """Images as (channel, piece, row, column, batch), with minus infinity where windows look beyond them."""
        by_piece = images.reshape(images.shape[0] // windows.pieces, windows.pieces, *images.shape[1:])
        lengths = zip(windows.covered_shape, windows.image_shape, strict=True)
        beyond = [(0, all_of_it - length) for all_of_it, length in lengths]
        return jnp.pad(by_piece, [(0, 0), (0, 0), *beyond, (0, 0)], constant_values=-jnp.inf)

    @jax_funcify.register(MaxPool)
    def jax_funcify_max_pool(op: MaxPool, node: Apply, **kwargs: Any) -> Any:
        windows = op.windows

        def max_pool(images: jax.Array) -> jax.Array:
            largest = covered(images, windows).max(axis=1)
            sizes, strides = (1, *windows.pool_shape, 1), (1, *windows.stride, 1)
            return jax.lax.reduce_window(largest, -jnp.inf, jax.lax.max, sizes, strides, "VALID")

        return max_pool

    @jax_funcify.register(MaxPoolGradient)
    def jax_funcify_max_pool_gradient(op: MaxPoolGradient, node: Apply, **kwargs: Any) -> Any:
        windows = op.windows
        rows, columns = windows.image_shape

        def max_pool_gradient(images: jax.Array, pooled: jax.Array, gradient: jax.Array) -> jax.Array:
            values = covered(images, windows)
            result = jnp.zeros_like(values)
            for y, x in windows.slices():
                largest = values[:, :, y, x] == pooled[:, None]
                result = result.at[:, :, y, x].add(jnp.where(largest, gradient[:, None], 0))
            return result[:, :, :rows, :columns].reshape(images.shape)

        return max_pool_gradient
