"""Elementwise arithmetic on the C backend as vector instructions on all cores.

PyTensor's own loops reach each value through a pointer, take each `switch` by a jump and call a function for each
exponential, which keeps the compiler from vector instructions. Here values are loaded first, results are stored last
and `exp` is written out, so that the same arithmetic, written by the same scalar Op, has none of these. Arrays that are
not laid out plainly take PyTensor's loop as ever.
"""

from __future__ import annotations

from typing import Any

from pytensor.compile.mode import optdb
from pytensor.graph.basic import Apply
from pytensor.graph.rewriting.basic import dfs_rewriter, node_rewriter
from pytensor.tensor.elemwise import Elemwise
from pytensor.tensor.type import TensorType
from pytensor.utils import uniq

from adversarial import backend
from adversarial.ops.c_arrays import ROUNDING

#: Below this many values a second thread costs more than it brings.
ENOUGH_FOR_THREADS = 8192
#: Marks where scalar code would leave the loop upon an error, which a loop on several threads cannot.
_LEAVES = "adversarial_leaves_the_loop"
#: exp as vector instructions, for float: 2^t = 2^n 2^f with n the nearest integer, and for 2^f a polynomial on
#: [-.5, .5] that is off by 6e-11 of it, all in double; so the float is the nearest one but for a few in ten thousand,
#: as the C library's is. Both loops call it, so that values do not depend on how arrays are laid out. For double it is
#: the C library's.
_EXP = """
#ifndef ADVERSARIAL_EXP
#define ADVERSARIAL_EXP
namespace adversarial {
static inline float exp(float x)
{
    const double to_integer = 6755399441055744.;  // 1.5 * 2^52: the integer is then in the low bits
    double t = x * 1.4426950408889634;
    t = t < -1000 ? -1000 : t;
    t = t > 1000 ? 1000 : t;
    union { double real; npy_uint64 bits; } shifted, power;
    shifted.real = t + to_integer;
    const double f = t - (shifted.real - to_integer);
    double p = 0.000015310081143138150;
    p = p * f + 0.00015469731977475548;
    p = p * f + 0.0013333450560384466;
    p = p * f + 0.0096180256029558373;
    p = p * f + 0.055504109412154528;
    p = p * f + 0.24022651213595232;
    p = p * f + 0.69314718054593048;
    p = p * f + 0.99999999995954826;
    power.bits = (shifted.bits + 1023) << 52;
    return (float)(p * power.real);
}

static inline double exp(double x) { return ::exp(x); }
}
#endif
"""


class VectorElemwise(Elemwise):
    """An Elemwise whose C loop over contiguous arrays is vectorised and shared by all threads."""

    def c_compile_args(self, **kwargs: Any) -> list[str]:
        return [*super().c_compile_args(**kwargs), "-fopenmp", "-fno-trapping-math"]

    def c_code_cache_version_apply(self, node: Apply) -> tuple:
        version = super().c_code_cache_version_apply(node)
        return (*version, ("VectorElemwise", 3)) if version else version

    def c_support_code(self, **kwargs: Any) -> str:
        return super().c_support_code(**kwargs) + ROUNDING + _EXP

    def c_code(self, node: Apply, nodename: str, inames: list[str], onames: list[str], sub: dict[str, str]) -> str:
        declare, check, allocate, loop, end = self._c_all(node, nodename, inames, onames, sub)
        loop = f"using adversarial::exp; {loop}"
        fast = self._vector_loop(node, nodename, inames, onames, sub)
        if fast is not None:
            condition, code = fast
            loop = f"if ({condition}) {{ {code} }} else {{ {loop} }}"
        return f"{declare} {check} {allocate} {loop} {end}"

    def _vector_loop(
        self, node: Apply, nodename: str, inames: list[str], onames: list[str], sub: dict[str, str]
    ) -> tuple[str, str] | None:
        """What must hold of the arrays, and the loop over rows and columns of them; None where it cannot be written."""
        split = columns_from(node)
        if split is None:
            return None
        task = self.scalar_op.c_code(
            node.tag.fake_node,
            f"{nodename}_vector_",
            [f"{name}_v" for name in inames],
            [f"{name}_v" for name in onames],
            dict(sub, fail=_LEAVES),
        )
        if _LEAVES in task:
            return None
        pairs = list(zip(uniq(inames), uniq(node.inputs), strict=True))
        contiguous = [f"PyArray_IS_C_CONTIGUOUS({name})" for name in [*uniq(inames), *onames]]
        pointers = "".join(
            f"{_ctype(var)}* const {name}_p = ({_ctype(var)}*)PyArray_DATA({name});\n"
            for name, var in [*pairs, *zip(onames, node.outputs, strict=True)]
        )
        loads = "".join(f"const {_ctype(var)} {name}_v = {name}_p[{_index(var, split)}];\n" for name, var in pairs)
        results = "".join(f"{_ctype(var)} {name}_v;\n" for name, var in zip(onames, node.outputs, strict=True))
        stores = "".join(f"{name}_p[row * columns + column] = {name}_v;\n" for name in onames)
        lengths = [f"PyArray_DIM({onames[0]}, {axis})" for axis in range(node.outputs[0].ndim)]
        # The compiler has no vector instructions for truth values of one byte next to doubles.
        body = f"typedef int npy_bool; {loads} {results} {task} {stores}"
        if split == 0:
            loops = f"""
            const npy_intp row = 0;
            #pragma omp parallel if (columns >= {ENOUGH_FOR_THREADS})
            {{
                ADVERSARIAL_ROUND_AS(rounding)
                #pragma omp for simd schedule(static)
                for (npy_intp column = 0; column < columns; ++column) {{ {body} }}
            }}"""
        else:
            loops = f"""
            #pragma omp parallel if (rows * columns >= {ENOUGH_FOR_THREADS})
            {{
                ADVERSARIAL_ROUND_AS(rounding)
                #pragma omp for schedule(static)
                for (npy_intp row = 0; row < rows; ++row) {{
                    #pragma omp simd
                    for (npy_intp column = 0; column < columns; ++column) {{ {body} }}
                }}
            }}"""
        code = f"""
        using adversarial::exp;
        const npy_intp rows = {" * ".join(lengths[:split] or ["1"])};
        const npy_intp columns = {" * ".join(lengths[split:])};
        const unsigned int rounding = ADVERSARIAL_ROUNDING;
        (void)rows; (void)rounding;
        {pointers}
        {loops}
        """
        return " && ".join(contiguous), code


def _ctype(variable: Any) -> str:
    return variable.type.dtype_specs()[1]


def columns_from(node: Apply) -> int | None:
    """The axis from which on axes are columns, those before being rows, so that each input varies with all of the
    rows or none, and all of the columns or none; 0 where there need be no rows, None where there is no such axis."""
    patterns = {variable.type.broadcastable for variable in node.inputs}
    if any(any(variable.type.broadcastable) for variable in node.outputs):
        return None
    for split in range(node.outputs[0].ndim):
        if all(len(set(pattern[:split])) <= 1 and len(set(pattern[split:])) == 1 for pattern in patterns):
            return split
    return None


def _index(variable: Any, split: int) -> str:
    pattern = variable.type.broadcastable
    row, column = split > 0 and not pattern[0], not pattern[-1]
    if row and column:
        return "row * columns + column"
    return "row" if row else "column" if column else "0"


@node_rewriter([Elemwise])
def vectorise_elemwise(fgraph: Any, node: Apply) -> list | None:
    """Take the vectorised loop for matrices and larger arrays; small things are not worth it."""
    if type(node.op) is not Elemwise or node.outputs[0].ndim < 2 or columns_from(node) is None:
        return None
    if not all(isinstance(variable.type, TensorType) for variable in node.inputs):
        return None
    return VectorElemwise(node.op.scalar_op, node.op.inplace_pattern)(*node.inputs, return_list=True)


optdb.register("vectorise_elemwise", dfs_rewriter(vectorise_elemwise), backend.C_ONLY, position=52)
