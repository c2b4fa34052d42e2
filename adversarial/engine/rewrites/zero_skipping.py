"""Matrix products that pass over zeros, on the C backend: the Op, and the rewrite that puts it into graphs.

In this game most factors of products are full of zeros: dropout takes half of the units of D, a rectifier about half of
those of G, the gradient of a maxout unit goes to one of its pieces, and most pixels of a digit are black. `c_products`
says how that is made use of.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.mode import optdb
from pytensor.graph.basic import Apply
from pytensor.graph.rewriting.basic import dfs_rewriter, node_rewriter
from pytensor.graph.utils import MethodNotDefined
from pytensor.tensor.blas import Dot22, Dot22Scalar, Gemm, ldflags

from adversarial.engine import registry
from adversarial.engine.c.arrays import HAS_ROOM
from adversarial.engine.c.products import MULTIPLY, PRODUCTS_VERSION, BaseBLAS, headers

_REAL = ("float32", "float64")


class ZeroSkippingGemm(BaseBLAS):
    """alpha x y, or alpha x y + beta z in the place of z.

    Inputs: z (m, n) where `in_place`; alpha; x (m, k), y (k, n); beta where `in_place`; all float32 or all float64.
    Output: (m, n).
    """

    __props__ = ("in_place",)

    def __init__(self, in_place: bool):
        self.in_place = in_place
        if in_place:
            self.destroy_map = {0: [0]}

    def make_node(self, *inputs: Any) -> Apply:
        inputs = [pt.as_tensor(value) for value in inputs]
        expected = (2, 0, 2, 2, 0) if self.in_place else (0, 2, 2)
        dtypes = {value.dtype for value in inputs}
        if tuple(value.ndim for value in inputs) != expected or dtypes not in [{real} for real in _REAL]:
            raise TypeError(f"ZeroSkippingGemm takes {expected} dimensions of one float dtype, not {inputs}")
        if self.in_place:
            return Apply(self, inputs, [inputs[0].type()])
        _, x, y = inputs
        return Apply(self, inputs, [pt.tensor(dtype=x.dtype, shape=(x.type.shape[0], y.type.shape[1]))])

    def infer_shape(self, *arguments: Any) -> list:
        shapes = arguments[-1]  # PyTensor before 3.3 gives the graph before the node, too.
        return [shapes[0]] if self.in_place else [(shapes[1][0], shapes[2][1])]

    def perform(self, node: Apply, inputs: list, output_storage: list) -> None:
        if self.in_place:
            z, alpha, x, y, beta = inputs
            z *= beta
            z += alpha * (x @ y)
            output_storage[0][0] = z
        else:
            alpha, x, y = inputs
            output_storage[0][0] = np.asarray(alpha * (x @ y), dtype=x.dtype)

    def c_compile_args(self, **kwargs: Any) -> list[str]:
        return [*super().c_compile_args(**kwargs), "-O3", "-fopenmp"]

    def c_code_cache_version(self) -> tuple:
        return (2, *PRODUCTS_VERSION)

    def c_headers(self, **kwargs: Any) -> list[str]:
        return headers()

    def c_support_code(self, **kwargs: Any) -> str:
        return super().c_support_code(**kwargs) + HAS_ROOM + MULTIPLY

    def c_code(self, node: Apply, name: str, inputs: list[str], outputs: list[str], sub: dict[str, str]) -> str:
        if not ldflags():
            raise MethodNotDefined("ZeroSkippingGemm.c_code: there is no BLAS to link, but NumPy has one")
        (out,), fail = outputs, sub["fail"]
        real, typenum = f"npy_{node.outputs[0].dtype}", f"NPY_{node.outputs[0].dtype.upper()}"
        if self.in_place:
            z, alpha, x, y, beta = inputs
            ready = f"""
            PyArrayObject* const target = adversarial::with_unit_stride({z});
            if (!target) {{ {fail} }}
            Py_XDECREF({out});
            {out} = target;
            if (PyArray_DIM({out}, 0) != PyArray_DIM({x}, 0) || PyArray_DIM({out}, 1) != PyArray_DIM({y}, 1)) {{
                PyErr_SetString(PyExc_ValueError, "a product must be as large as what it is added to");
                {fail}
            }}"""
            scale = f"(({real}*)PyArray_DATA({beta}))[0]"
        else:
            alpha, x, y = inputs
            ready = f"""
            npy_intp dims[2] = {{PyArray_DIM({x}, 0), PyArray_DIM({y}, 1)}};
            if (!adversarial::has_room({out}, 2, dims, {typenum})) {{ {fail} }}"""
            scale = f"({real})0"
        return f"""
        {{
            if (PyArray_DIM({x}, 1) != PyArray_DIM({y}, 0)) {{
                PyErr_SetString(PyExc_ValueError, "the factors of a product must have an inner length in common");
                {fail}
            }}
            {ready}
            PyArrayObject* const left = adversarial::with_unit_stride({x});
            PyArrayObject* const right = adversarial::with_unit_stride({y});
            const bool made = left && right;
            if (made)
                adversarial::multiply((({real}*)PyArray_DATA({alpha}))[0], adversarial::Matrix<{real}>(left),
                                      adversarial::Matrix<{real}>(right), {scale}, adversarial::Matrix<{real}>({out}));
            Py_XDECREF(left);
            Py_XDECREF(right);
            if (!made) {{ {fail} }}
        }}
        """


@node_rewriter([Dot22, Dot22Scalar, Gemm])
def skip_zeros(fgraph: Any, node: Apply) -> list | None:
    """Take over the products that PyTensor has found."""
    if not ldflags() or len({value.dtype for value in node.inputs}) > 1 or node.outputs[0].dtype not in _REAL:
        return None
    if isinstance(node.op, Gemm):
        _, _, x, y, _ = node.inputs
        # PyTensor's repeats a single row or column; that is no product worth the trouble.
        if not node.op.inplace or x.type.shape[0] == 1 or y.type.shape[1] == 1:
            return None
        return [ZeroSkippingGemm(in_place=True)(*node.inputs)]
    x, y, *scale = node.inputs
    alpha = scale[0] if scale else pt.constant(1, dtype=x.dtype)
    return [ZeroSkippingGemm(in_place=False)(alpha, x, y)]


# After PyTensor has settled which products work in place, at 70.
optdb.register("skip_zeros", dfs_rewriter(skip_zeros), registry.C_ONLY, position=71)
