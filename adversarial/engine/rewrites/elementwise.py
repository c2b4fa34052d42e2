"""Elementwise arithmetic on the C backend as vector instructions on all cores.

PyTensor's own loops reach each value through a pointer, take each `switch` by a jump and call a function for each
exponential, which keeps the compiler from vector instructions. Here values are loaded first, results are stored last
and `exp` is written out, so that the same arithmetic, written by the same scalar Op, has none of these. Arrays that are
not laid out plainly are copied first: a loop for any layout would double the time that a module takes to compile.
"""

from __future__ import annotations

from typing import Any

from pytensor.compile.mode import optdb
from pytensor.graph.basic import Apply
from pytensor.graph.rewriting.basic import dfs_rewriter, node_rewriter
from pytensor.tensor.elemwise import Elemwise
from pytensor.tensor.type import TensorType
from pytensor.utils import uniq

from adversarial.engine import registry
from adversarial.engine.c.arrays import HAS_ROOM, ROUNDING

#: Below this many values a second thread costs more than it brings.
ENOUGH_FOR_THREADS = 8192
#: Marks where scalar code would leave the loop upon an error, which a loop on several threads cannot.
_LEAVES = "adversarial_leaves_the_loop"
#: exp as vector instructions, for float: 2^t = 2^n 2^f with n the nearest integer, and for 2^f a polynomial on
#: [-.5, .5] that is off by 6e-11 of it, all in double; so the float is the nearest one but for a few in ten thousand,
#: as the C library's is. For double it is the C library's.
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
#: How arrays come to be laid out plainly, in C order: `to_read` with their values, otherwise only with room for them.
_LAID_OUT = """
#ifndef ADVERSARIAL_LAID_OUT
#define ADVERSARIAL_LAID_OUT
namespace adversarial {
static inline PyArrayObject* laid_out(PyArrayObject* array, bool to_read)
{
    if (PyArray_IS_C_CONTIGUOUS(array)) {
        Py_INCREF(array);
        return array;
    }
    return (PyArrayObject*)(to_read ? PyArray_NewCopy(array, NPY_CORDER)
                                    : PyArray_NewLikeArray(array, NPY_CORDER, NULL, 0));
}
}
#endif
"""


class VectorElemwise(Elemwise):
    """An Elemwise whose C loop over contiguous arrays is vectorised and shared by all threads."""

    def c_compile_args(self, **kwargs: Any) -> list[str]:
        return [*super().c_compile_args(**kwargs), "-fopenmp", "-fno-trapping-math"]

    def c_code_cache_version_apply(self, node: Apply) -> tuple:
        version = super().c_code_cache_version_apply(node)
        return (*version, ("VectorElemwise", 5)) if version else version

    def c_support_code(self, **kwargs: Any) -> str:
        return super().c_support_code(**kwargs) + ROUNDING + HAS_ROOM + _EXP + _LAID_OUT

    def c_code(self, node: Apply, nodename: str, inames: list[str], onames: list[str], sub: dict[str, str]) -> str:
        parts = self._c_all(node, nodename, inames, onames, sub)
        loop = self._vector_loop(node, nodename, inames, onames, sub)
        if loop is None:
            return " ".join(parts)
        declare, check, *_ = parts
        return f"{declare} {check} {self._room(node, inames, onames, sub['fail'])} {loop}"

    def _room(self, node: Apply, inames: list[str], onames: list[str], fail: str) -> str:
        """C code that gives each output its array."""
        lengths = []
        for axis in range(node.outputs[0].ndim):
            longest = (i for i, variable in enumerate(node.inputs) if not variable.type.broadcastable[axis])
            lengths.append(f"PyArray_DIM({inames[next(longest)]}, {axis})")
        code = []
        for number, (name, variable) in enumerate(zip(onames, node.outputs, strict=True)):
            if number in self.inplace_pattern:
                taken = inames[self.inplace_pattern[number]]
                code.append(f"Py_INCREF({taken}); Py_XDECREF({name}); {name} = {taken};")
                continue
            typenum = variable.type.dtype_specs()[2]
            code.append(f"""
            {{
                npy_intp dims[] = {{{", ".join(lengths)}}};
                if (!adversarial::has_room({name}, {len(lengths)}, dims, {typenum})) {{ {fail} }}
            }}""")
        return "".join(code)

    def _vector_loop(
        self, node: Apply, nodename: str, inames: list[str], onames: list[str], sub: dict[str, str]
    ) -> str | None:
        """The loop over rows and columns; None where it cannot be written."""
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
        held = {name: f"{name}_held" for name in [*uniq(inames), *onames]}
        pointers = "".join(
            f"{_ctype(var)}* const {name}_p = ({_ctype(var)}*)PyArray_DATA({held[name]});\n"
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
        take = "".join(
            f"PyArrayObject* const {mine} = adversarial::laid_out({name}, {str(name in inames).lower()});\n"
            for name, mine in held.items()
        )
        give_back = "".join(
            f"made = made && ({held[name]} == {name} || PyArray_CopyInto({name}, {held[name]}) == 0);\n"
            for name in onames
        )
        drop = "".join(f"Py_XDECREF({mine});\n" for mine in held.values())
        return f"""
        {{
            using adversarial::exp;
            {take}
            bool made = {" && ".join(held.values())};
            if (made) {{
                const npy_intp rows = {" * ".join(lengths[:split] or ["1"])};
                const npy_intp columns = {" * ".join(lengths[split:])};
                const unsigned int rounding = ADVERSARIAL_ROUNDING;
                (void)rows; (void)rounding;
                {pointers}
                {loops}
            }}
            {give_back}
            {drop}
            if (!made) {{ {sub["fail"]} }}
        }}
        """


class SmallElemwise(Elemwise):
    """An Elemwise of few values: its loop is short, so its module is compiled with less effort in less time."""

    def c_compile_args(self, **kwargs: Any) -> list[str]:
        return [*super().c_compile_args(**kwargs), "-O1"]


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
def choose_loop(fgraph: Any, node: Apply) -> list | None:
    """Take the vectorised loop for matrices and larger arrays; for small things it is not worth it."""
    if type(node.op) is not Elemwise or not all(isinstance(variable.type, TensorType) for variable in node.inputs):
        return None
    if node.outputs[0].ndim < 2 or any(node.outputs[0].type.broadcastable):
        loop = SmallElemwise
    elif columns_from(node) is not None:
        loop = VectorElemwise
    else:
        return None
    return loop(node.op.scalar_op, node.op.inplace_pattern)(*node.inputs, return_list=True)


optdb.register("choose_loop", dfs_rewriter(choose_loop), registry.C_ONLY, position=52)
