"""Sums on the C backend, as vector instructions on all cores.

PyTensor adds one value after the other, each addition waiting for the one before, on one core. Here pieces of a fixed
size are summed in parallel, and then their sums in order: the result depends neither on the number of threads nor on
their timing. Squares that are only summed, as for the norms of columns, are not written to memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.mode import optdb
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.rewriting.basic import dfs_rewriter, node_rewriter
from pytensor.link.c.op import COp
from pytensor.scalar.basic import Sqr
from pytensor.tensor.elemwise import Elemwise
from pytensor.tensor.math import Sum

from adversarial.engine import compat, registry
from adversarial.engine.c.sources import CodeInHeaders

#: Values that are summed at a time.
PIECE = 4096
#: Rows and columns of a matrix that are summed at a time: their sums stay in the first-level cache.
BLOCK = (256, 1024)


class SumOfLastAxes(CodeInHeaders, COp):
    """The sum over all axes from `kept` on, in float64.

    Input: float32 or float64. Output: of the same dtype, with the first `kept` axes.
    """

    __props__ = ("kept",)
    headers = ("sums.h",)

    def __init__(self, kept: int):
        self.kept = kept

    def make_node(self, x: pt.TensorLike) -> Apply:  # type: ignore[override]
        x = pt.as_tensor(x)
        if x.dtype not in ("float32", "float64") or not 0 <= self.kept < x.ndim:
            raise TypeError(f"SumOfLastAxes takes float32 or float64 of more than {self.kept} axes, not {x.type}")
        return Apply(self, [x], [pt.tensor(dtype=x.dtype, shape=x.type.shape[: self.kept])])

    def infer_shape(self, *arguments: Any) -> list:
        _, (shape,) = compat.node_and_shapes(arguments)
        return [shape[: self.kept]]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: list) -> None:
        (x,) = inputs
        total = x.sum(axis=tuple(range(self.kept, x.ndim)), dtype="float64")
        output_storage[0][0] = np.asarray(total, dtype=x.dtype)

    def c_compile_args(self, **kwargs: Any) -> list[str]:
        return ["-fopenmp-simd"]

    def c_code(self, node: Apply, name: str, inputs: list[str], outputs: list[str], sub: dict[str, str]) -> str:
        (x,), (total,), real = inputs, outputs, f"npy_{node.inputs[0].type.dtype}"
        return f"""
            if (!adversarial::sum_of_last_axes<{real}, {PIECE}>({x}, {self.kept}, {total})) {{
                {sub["fail"]}
            }}
        """


class SquaredColumnNorms(CodeInHeaders, COp):
    """The squared norms of a matrix's columns: squares in the matrix's own precision, summed in float64.

    Input: (n, m) float32 or float64. Output: (m,), of the same dtype.
    """

    __props__ = ()
    headers = ("sums.h",)

    def make_node(self, x: pt.TensorLike) -> Apply:  # type: ignore[override]
        x = pt.as_tensor(x)
        if x.dtype not in ("float32", "float64") or x.ndim != 2:
            raise TypeError(f"SquaredColumnNorms takes a matrix of float32 or float64, not {x.type}")
        return Apply(self, [x], [pt.tensor(dtype=x.dtype, shape=x.type.shape[1:])])

    def infer_shape(self, *arguments: Any) -> list:
        _, (shape,) = compat.node_and_shapes(arguments)
        return [shape[1:]]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: list) -> None:
        (x,) = inputs
        output_storage[0][0] = np.asarray(np.square(x).sum(axis=0, dtype="float64"), dtype=x.dtype)

    def c_compile_args(self, **kwargs: Any) -> list[str]:
        return ["-fopenmp-simd"]

    def c_code(self, node: Apply, name: str, inputs: list[str], outputs: list[str], sub: dict[str, str]) -> str:
        (x,), (norms,), real = inputs, outputs, f"npy_{node.inputs[0].type.dtype}"
        return f"""
            if (!adversarial::squared_norms<{real}, {BLOCK[0]}, {BLOCK[1]}>({x}, {norms})) {{
                {sub["fail"]}
            }}
        """


_DTYPES = [("float32", "float64", "float32"), ("float64", "float64", "float64")]


def _in_float64(node: Apply) -> bool:
    """Return whether a Sum has dtypes that the Ops here have: float32 or float64, summed in float64."""
    return (node.inputs[0].type.dtype, node.op.acc_dtype, node.outputs[0].type.dtype) in _DTYPES


@node_rewriter([Sum])
def sum_last_axes(fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
    """Replace sums of matrices and larger arrays over their last axes, or all."""
    (x,), op = node.inputs, node.op
    axes = tuple(range(x.type.ndim)) if op.axis is None else tuple(sorted(op.axis))
    if x.type.ndim < 2 or not axes or axes != tuple(range(axes[0], x.type.ndim)) or not _in_float64(node):
        return None
    (total,) = SumOfLastAxes(axes[0]).make_node(x).outputs
    return [total] if total.type == node.outputs[0].type else None


@node_rewriter([Sum])
def squared_column_norms(fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
    """Replace sums over the rows of a matrix of squares, if the squares have no other use."""
    made = node.inputs[0].owner
    if made is None or not isinstance(made.op, Elemwise) or not isinstance(made.op.scalar_op, Sqr):
        return None
    if node.op.axis != (0,) or len(fgraph.clients[made.outputs[0]]) > 1 or not _in_float64(node):
        return None
    (x,) = made.inputs
    if x.type.ndim != 2 or x.type.dtype != node.inputs[0].type.dtype:
        return None
    (norms,) = SquaredColumnNorms().make_node(x).outputs
    return [norms] if norms.type == node.outputs[0].type else None


# Before elementwise arithmetic is fused: then squares would be part of what makes the values.
optdb.register("squared_column_norms", dfs_rewriter(squared_column_norms), registry.C_ONLY, position=48.9)
# After it is, and as it is vectorised.
optdb.register("sum_last_axes", dfs_rewriter(sum_last_axes), registry.C_ONLY, position=52.1)
