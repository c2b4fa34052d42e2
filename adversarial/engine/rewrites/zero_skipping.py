"""Matrix products that skip zeros, on the C backend: the Op, and the rewrite that inserts it into graphs.

In this game most factors of products are full of zeros: dropout takes half of the units of D, a rectifier about half
of those of G, the gradient of a maxout unit goes to one of its pieces, and most pixels of a digit are black. How the C
code skips them is said in `engine/c/products.h`.
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
from pytensor.graph.utils import MethodNotDefined
from pytensor.tensor.blas import Dot22, Dot22Scalar, Gemm, ldflags

from adversarial.engine import compat, registry
from adversarial.engine.c.sources import CodeInHeaders

_REAL = ("float32", "float64")


class ZeroSkippingGemm(CodeInHeaders, compat.BaseBLAS):
    """The product alpha x y, or alpha x y + beta z in place of z.

    Inputs: z (m, n) where `in_place`; alpha; x (m, k), y (k, n); beta where `in_place`; all float32 or all float64.
    Output: (m, n).
    """

    __props__ = ("in_place",)
    headers = ("products.h",)

    def __init__(self, in_place: bool):
        self.in_place = in_place
        if in_place:
            self.destroy_map = {0: [0]}

    def make_node(self, *values: pt.TensorLike) -> Apply:
        inputs = [pt.as_tensor(value) for value in values]
        expected = (2, 0, 2, 2, 0) if self.in_place else (0, 2, 2)
        dtypes = {value.dtype for value in inputs}
        if tuple(value.ndim for value in inputs) != expected or dtypes not in [{real} for real in _REAL]:
            raise TypeError(f"ZeroSkippingGemm takes {expected} dimensions of one float dtype, not {inputs}")
        if self.in_place:
            return Apply(self, inputs, [inputs[0].type()])
        _, x, y = inputs
        return Apply(self, inputs, [pt.tensor(dtype=x.dtype, shape=(x.type.shape[0], y.type.shape[1]))])

    def infer_shape(self, *arguments: Any) -> list:
        _, shapes = compat.node_and_shapes(arguments)
        return [shapes[0]] if self.in_place else [(shapes[1][0], shapes[2][1])]

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: list) -> None:
        if self.in_place:
            z, alpha, x, y, beta = inputs
            z *= beta
            z += alpha * (x @ y)
            output_storage[0][0] = z
        else:
            alpha, x, y = inputs
            output_storage[0][0] = np.asarray(alpha * (x @ y), dtype=x.dtype)

    def c_compile_args(self, **kwargs: Any) -> list[str]:
        return [*super().c_compile_args(**kwargs), "-O3", "-fopenmp-simd"]

    def c_code(self, node: Apply, name: str, inputs: list[str], outputs: list[str], sub: dict[str, str]) -> str:
        if not ldflags():
            raise MethodNotDefined("ZeroSkippingGemm.c_code: there is no BLAS to link, but NumPy has one")
        function = "add_product" if self.in_place else "product"
        return f"""
            if (!adversarial::{function}<npy_{node.outputs[0].type.dtype}>({", ".join([*inputs, *outputs])})) {{
                {sub["fail"]}
            }}
        """


def products_of(dtype: str) -> list[Apply]:
    """Return a node of each kind of product, as any network has them; none where there is no BLAS."""
    if not ldflags():
        return []
    x, y, z = (pt.matrix(dtype=dtype) for _ in range(3))
    alpha, beta = (pt.scalar(dtype=dtype) for _ in range(2))
    return [
        ZeroSkippingGemm(in_place=True).make_node(z, alpha, x, y, beta),
        ZeroSkippingGemm(in_place=False).make_node(alpha, x, y),
    ]


@node_rewriter([Dot22, Dot22Scalar, Gemm])
def skip_zeros(fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
    """Replace the products that PyTensor has found."""
    if not ldflags() or len({value.type.dtype for value in node.inputs}) > 1 or node.outputs[0].type.dtype not in _REAL:
        return None
    if isinstance(node.op, Gemm):
        _, _, x, y, _ = node.inputs
        # PyTensor's broadcasts a single row or column of z; such a product is too small to gain.
        if not node.op.inplace or x.type.shape[0] == 1 or y.type.shape[1] == 1:
            return None
        return ZeroSkippingGemm(in_place=True).make_node(*node.inputs).outputs
    x, y, *scale = node.inputs
    alpha = scale[0] if scale else pt.constant(1, dtype=x.type.dtype)
    return ZeroSkippingGemm(in_place=False).make_node(alpha, x, y).outputs


# After PyTensor has decided which products work in place, at 70.
optdb.register("skip_zeros", dfs_rewriter(skip_zeros), registry.C_ONLY, position=71)
