"""Where PyTensor 3.0 to 3.3 differ, and PyTensor's private names that this package needs: each in one function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from pytensor.graph.basic import Apply, Constant, Variable
from pytensor.tensor.elemwise import Elemwise

try:
    # Private to PyTensor: links BLAS, and declares its functions. From 3.3 on in a package of its own.
    from pytensor.tensor.blas.blas_c import BaseBLAS  # type: ignore[import-not-found]
except ModuleNotFoundError:
    from pytensor.tensor.blas_c import BaseBLAS

__all__ = ["BaseBLAS", "axis_and_joined", "c_code_in_parts", "node_and_shapes"]


def node_and_shapes(arguments: Sequence[Any]) -> tuple[Apply, list[tuple]]:
    """Return the node and its inputs' shapes from the arguments of `infer_shape`: before 3.3 the graph is the first."""
    return cast(tuple[Apply, list[tuple]], tuple(arguments[-2:]))


def axis_and_joined(node: Apply) -> tuple[int | None, list[Variable]]:
    """Return the axis, None if it varies, and the joined variables of a Join: before 3.3 the axis is an input."""
    if hasattr(node.op, "axis"):
        return node.op.axis, list(node.inputs)
    axis, *joined = node.inputs
    return (int(axis.data) if isinstance(axis, Constant) else None), joined


def c_code_in_parts(op: Elemwise, *arguments: Any) -> tuple[str, ...]:
    """Return the C code of an Elemwise, as of `c_code`, in parts, which only a private method gives (3.0 to 3.3)."""
    return op._c_all(*arguments)  # declarations, checks, allocations and the loop
