"""Sums on the C backend, as vector instructions on all cores.

PyTensor adds up one value after the other, each waiting for the one before, on one core. Here pieces of a fixed size
are added up side by side, and then their sums in order: the result depends neither on the number of threads nor on
their timing. Squares that are only added up, as for the norms of columns, are not kept on the way.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.mode import optdb
from pytensor.graph.basic import Apply
from pytensor.graph.rewriting.basic import dfs_rewriter, node_rewriter
from pytensor.link.c.op import COp
from pytensor.scalar.basic import Sqr
from pytensor.tensor.elemwise import Elemwise
from pytensor.tensor.math import Sum

from adversarial.engine import registry
from adversarial.engine.c.arrays import HAS_ROOM, ROUNDING

#: Values that one piece of work adds up.
PIECE = 4096
#: Rows and columns of a matrix that one piece of work adds up: their sums stay in the first-level cache.
BLOCK = (256, 1024)


class SumOfLastAxes(COp):
    """The sum over all axes from `kept` on, added up in float64.

    Input: float32 or float64. Output: of the same dtype, with the first `kept` axes.
    """

    __props__ = ("kept",)

    def __init__(self, kept: int):
        self.kept = kept

    def make_node(self, x: Any) -> Apply:
        x = pt.as_tensor(x)
        if x.dtype not in ("float32", "float64") or not 0 <= self.kept < x.ndim:
            raise TypeError(f"SumOfLastAxes takes float32 or float64 of more than {self.kept} axes, not {x.type}")
        return Apply(self, [x], [pt.tensor(dtype=x.dtype, shape=x.type.shape[: self.kept])])

    def infer_shape(self, *arguments: Any) -> list:
        (shape,) = arguments[-1]  # PyTensor before 3.3 gives the graph before the node, too.
        return [shape[: self.kept]]

    def perform(self, node: Apply, inputs: list, output_storage: list) -> None:
        (x,) = inputs
        total = x.sum(axis=tuple(range(self.kept, x.ndim)), dtype="float64")
        output_storage[0][0] = np.asarray(total, dtype=x.dtype)

    def c_compile_args(self, **kwargs: Any) -> list[str]:
        return ["-fopenmp"]

    def c_headers(self, **kwargs: Any) -> list[str]:
        return ["<vector>", "<algorithm>"]

    def c_code_cache_version(self) -> tuple[int, ...]:
        return (2, PIECE)

    def c_support_code(self, **kwargs: Any) -> str:
        return HAS_ROOM + ROUNDING

    def c_code(self, node: Apply, name: str, inputs: list[str], outputs: list[str], sub: dict[str, str]) -> str:
        (x,), (out,), fail = inputs, outputs, sub["fail"]
        real = f"npy_{node.inputs[0].dtype}"
        return f"""
        {{
            if (!adversarial::has_room({out}, {self.kept}, PyArray_DIMS({x}), NPY_{node.inputs[0].dtype.upper()})) {{
                {fail}
            }}
            PyArrayObject* const plain = (PyArrayObject*)PyArray_GETCONTIGUOUS({x});
            if (!plain) {{ {fail} }}
            const npy_intp sums = PyArray_SIZE({out}), length = sums ? PyArray_SIZE(plain) / sums : 0;
            const npy_intp pieces = (length + {PIECE} - 1) / {PIECE};
            const {real}* const values = ({real}*)PyArray_DATA(plain);
            {real}* const result = ({real}*)PyArray_DATA({out});
            std::vector<double> partial(sums * pieces);
            double* const parts = partial.data();
            const unsigned int rounding = ADVERSARIAL_ROUNDING;
            (void)rounding;
            #pragma omp parallel if (sums * length >= 4 * {PIECE})
            {{
                ADVERSARIAL_ROUND_AS(rounding)
                #pragma omp for schedule(static)
                for (npy_intp i = 0; i < sums * pieces; ++i) {{
                    const npy_intp from = i % pieces * {PIECE}, to = std::min<npy_intp>(from + {PIECE}, length);
                    const {real}* const line = values + i / pieces * length;
                    double sum = 0;
                    #pragma omp simd reduction(+ : sum)
                    for (npy_intp j = from; j < to; ++j) sum += (double)line[j];
                    parts[i] = sum;
                }}
            }}
            for (npy_intp s = 0; s < sums; ++s) {{
                double sum = 0;
                for (npy_intp i = 0; i < pieces; ++i) sum += parts[s * pieces + i];
                result[s] = ({real})sum;
            }}
            Py_DECREF(plain);
        }}
        """


class SquaredColumnNorms(COp):
    """The squared norms of a matrix's columns: squares rounded as the matrix's values are, added up in float64.

    Input: (n, m) float32 or float64. Output: (m,), of the same dtype.
    """

    __props__ = ()

    def make_node(self, x: Any) -> Apply:
        x = pt.as_tensor(x)
        if x.dtype not in ("float32", "float64") or x.ndim != 2:
            raise TypeError(f"SquaredColumnNorms takes a matrix of float32 or float64, not {x.type}")
        return Apply(self, [x], [pt.tensor(dtype=x.dtype, shape=x.type.shape[1:])])

    def infer_shape(self, *arguments: Any) -> list:
        (shape,) = arguments[-1]  # PyTensor before 3.3 gives the graph before the node, too.
        return [shape[1:]]

    def perform(self, node: Apply, inputs: list, output_storage: list) -> None:
        (x,) = inputs
        output_storage[0][0] = np.asarray(np.square(x).sum(axis=0, dtype="float64"), dtype=x.dtype)

    def c_compile_args(self, **kwargs: Any) -> list[str]:
        return ["-fopenmp"]

    def c_headers(self, **kwargs: Any) -> list[str]:
        return ["<vector>", "<algorithm>"]

    def c_code_cache_version(self) -> tuple[int, ...]:
        return (1, *BLOCK)

    def c_support_code(self, **kwargs: Any) -> str:
        return HAS_ROOM + ROUNDING + _SQUARED_NORMS.replace("@ROWS@", str(BLOCK[0])).replace("@COLUMNS@", str(BLOCK[1]))

    def c_code(self, node: Apply, name: str, inputs: list[str], outputs: list[str], sub: dict[str, str]) -> str:
        (x,), (out,), fail = inputs, outputs, sub["fail"]
        real = f"npy_{node.inputs[0].dtype}"
        return f"""
        {{
            if (!adversarial::has_room({out}, 1, PyArray_DIMS({x}) + 1, NPY_{node.inputs[0].dtype.upper()})) {{
                {fail}
            }}
            PyArrayObject* const plain = (PyArrayObject*)PyArray_GETCONTIGUOUS({x});
            if (!plain) {{ {fail} }}
            adversarial::squared_norms(({real}*)PyArray_DATA(plain), ({real}*)PyArray_DATA({out}),
                                       PyArray_DIM(plain, 0), PyArray_DIM(plain, 1));
            Py_DECREF(plain);
        }}
        """


_SQUARED_NORMS = r"""
#ifndef ADVERSARIAL_SQUARED_NORMS
#define ADVERSARIAL_SQUARED_NORMS
namespace adversarial {
template <typename real> static inline double squared(real value)
{
    const real rounded = value * value;
    return (double)rounded;
}

template <typename real>
static void squared_norms(const real* values, real* result, npy_intp rows, npy_intp columns)
{
    const npy_intp across = (columns + @COLUMNS@ - 1) / @COLUMNS@, down = (rows + @ROWS@ - 1) / @ROWS@;
    std::vector<double> partial(down * columns);
    double* const parts = partial.data();
    const unsigned int rounding = ADVERSARIAL_ROUNDING;
    (void)rounding;
    // Of fewer values a second thread brings nothing.
    #pragma omp parallel if (rows * columns >= 262144)
    {
        ADVERSARIAL_ROUND_AS(rounding)
        #pragma omp for schedule(static)
        for (npy_intp i = 0; i < down * across; ++i) {
            const npy_intp first = i % across * @COLUMNS@, width = std::min<npy_intp>(@COLUMNS@, columns - first);
            const npy_intp from = i / across * @ROWS@, to = std::min<npy_intp>(from + @ROWS@, rows);
            double* const sums = parts + i / across * columns + first;
            npy_intp row = from;
            for (; row + 4 <= to; row += 4) {
                const real* const a = values + row * columns + first;
                const real *const b = a + columns, *const c = b + columns, *const d = c + columns;
                #pragma omp simd
                for (npy_intp j = 0; j < width; ++j)
                    sums[j] += (squared(a[j]) + squared(b[j])) + (squared(c[j]) + squared(d[j]));
            }
            for (; row < to; ++row) {
                const real* const a = values + row * columns + first;
                #pragma omp simd
                for (npy_intp j = 0; j < width; ++j) sums[j] += squared(a[j]);
            }
        }
        #pragma omp for schedule(static)
        for (npy_intp j = 0; j < columns; ++j) {
            double sum = 0;
            for (npy_intp block = 0; block < down; ++block) sum += parts[block * columns + j];
            result[j] = (real)sum;
        }
    }
}
}
#endif
"""


_DTYPES = [("float32", "float64", "float32"), ("float64", "float64", "float64")]


def _in_float64(node: Apply) -> bool:
    """Whether a Sum adds up what the Ops here take, and as they do."""
    return (node.inputs[0].dtype, node.op.acc_dtype, node.outputs[0].dtype) in _DTYPES


@node_rewriter([Sum])
def sum_last_axes(fgraph: Any, node: Apply) -> list | None:
    """Take over sums of matrices and larger arrays over their last axes, or all."""
    (x,), op = node.inputs, node.op
    axes = tuple(range(x.ndim)) if op.axis is None else tuple(sorted(op.axis))
    if x.ndim < 2 or not axes or axes != tuple(range(axes[0], x.ndim)) or not _in_float64(node):
        return None
    total = SumOfLastAxes(axes[0])(x)
    return [total] if total.type == node.outputs[0].type else None


@node_rewriter([Sum])
def squared_column_norms(fgraph: Any, node: Apply) -> list | None:
    """Take over sums of the rows of a matrix of squares, where nobody else needs the squares."""
    made = node.inputs[0].owner
    if made is None or not isinstance(made.op, Elemwise) or not isinstance(made.op.scalar_op, Sqr):
        return None
    if node.op.axis != (0,) or len(fgraph.clients[made.outputs[0]]) > 1 or not _in_float64(node):
        return None
    (x,) = made.inputs
    if x.ndim != 2 or x.dtype != node.inputs[0].dtype:
        return None
    norms = SquaredColumnNorms()(x)
    return [norms] if norms.type == node.outputs[0].type else None


# Before elementwise arithmetic is fused: then squares would be part of what makes the values.
optdb.register("squared_column_norms", dfs_rewriter(squared_column_norms), registry.C_ONLY, position=48.9)
# After it is, and as it is vectorised.
optdb.register("sum_last_axes", dfs_rewriter(sum_last_axes), registry.C_ONLY, position=52.1)
