"""Sums over the last axes on the C backend, as vector instructions on all cores.

PyTensor adds up one value after the other, each waiting for the one before. Here pieces of a fixed length are added up
side by side, and then their sums in order: the result depends neither on the number of threads nor on their timing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.mode import optdb
from pytensor.graph.basic import Apply
from pytensor.graph.rewriting.basic import dfs_rewriter, node_rewriter
from pytensor.link.c.op import COp
from pytensor.tensor.math import Sum

from adversarial import backend
from adversarial.ops.c_arrays import HAS_ROOM, ROUNDING

#: Values that one piece of work adds up.
PIECE = 4096


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


@node_rewriter([Sum])
def sum_last_axes(fgraph: Any, node: Apply) -> list | None:
    """Take over sums of matrices and larger arrays over their last axes, or all."""
    (x,), op = node.inputs, node.op
    axes = tuple(range(x.ndim)) if op.axis is None else tuple(sorted(op.axis))
    if x.ndim < 2 or not axes or axes != tuple(range(axes[0], x.ndim)):
        return None
    dtypes = (x.dtype, op.acc_dtype, node.outputs[0].dtype)
    if dtypes not in (("float32", "float64", "float32"), ("float64", "float64", "float64")):
        return None
    total = SumOfLastAxes(axes[0])(x)
    return [total] if total.type == node.outputs[0].type else None


# After elementwise arithmetic is fused, and as it is vectorised.
optdb.register("sum_last_axes", dfs_rewriter(sum_last_axes), backend.C_ONLY, position=52.1)
