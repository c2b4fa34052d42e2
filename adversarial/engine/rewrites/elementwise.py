"""Elementwise arithmetic on the C backend as vector instructions on all cores.

PyTensor's own loops reach each value through a pointer, take each `switch` by a jump and call a function for each
exponential, which keeps the compiler from vector instructions. Here values are loaded first, results are stored last
and `exp` is written out, so that the same arithmetic, written by the same scalar Op, has none of these. Arrays that are
not C-contiguous are copied first: a loop for any layout would double the time that a module takes to compile.
"""

from __future__ import annotations

import inspect
import sys
from functools import cache
from typing import Any

from pytensor.compile.mode import optdb
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.rewriting.basic import dfs_rewriter, node_rewriter
from pytensor.tensor.elemwise import Elemwise
from pytensor.tensor.type import TensorType
from pytensor.utils import uniq

from adversarial.engine import compat, registry
from adversarial.engine.c import sources

#: Marks where scalar code would leave the loop upon an error: a loop on several threads cannot be left.
_LEAVES = "adversarial_leaves_the_loop"
#: The headers that the loops need.
_HEADERS = ("arrays.h", "exponential.h", "share.h")


@cache
def _own_text() -> str:
    """Return the text of this module, which writes the loops."""
    return inspect.getsource(sys.modules[__name__])


class VectorElemwise(Elemwise):
    """An Elemwise whose C loop over contiguous arrays is vectorised and shared by all threads."""

    def c_compile_args(self, **kwargs: Any) -> list[str]:
        return [*super().c_compile_args(**kwargs), "-fopenmp-simd", "-fno-trapping-math"]

    def c_code_cache_version_apply(self, node: Apply) -> tuple:
        version = super().c_code_cache_version_apply(node)
        return (*version, *sources.version(sources.text(*_HEADERS), _own_text())) if version else version

    def c_support_code(self, **kwargs: Any) -> str:
        return super().c_support_code(**kwargs) + sources.text(*_HEADERS)

    def c_code(self, node: Apply, nodename: str, inames: list[str], onames: list[str], sub: dict[str, str]) -> str:
        parts = compat.c_code_in_parts(self, node, nodename, inames, onames, sub)
        loop = self._vector_loop(node, nodename, inames, onames, sub)
        if loop is None:
            return " ".join(parts)
        declare, check, *_ = parts
        return f"{declare} {check} {self._allocations(node, inames, onames, sub['fail'])} {loop}"

    def _allocations(self, node: Apply, inames: list[str], onames: list[str], fail: str) -> str:
        """Return C code that allocates the outputs."""
        lengths = []
        for axis in range(node.outputs[0].type.ndim):
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
                if (!adversarial::allocate({name}, {len(lengths)}, dims, {typenum})) {{ {fail} }}
            }}""")
        return "".join(code)

    def _vector_loop(
        self, node: Apply, nodename: str, inames: list[str], onames: list[str], sub: dict[str, str]
    ) -> str | None:
        """Return C code of the loop over rows and columns; None if there can be none."""
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
        contiguous = {name: f"{name}_contiguous" for name in [*uniq(inames), *onames]}
        pointers = "".join(
            f"{_ctype(var)}* const {name}_p = ({_ctype(var)}*)PyArray_DATA({contiguous[name]});\n"
            for name, var in [*pairs, *zip(onames, node.outputs, strict=True)]
        )
        loads = "".join(f"const {_ctype(var)} {name}_v = {name}_p[{_index(var, split)}];\n" for name, var in pairs)
        results = "".join(f"{_ctype(var)} {name}_v;\n" for name, var in zip(onames, node.outputs, strict=True))
        stores = "".join(f"{name}_p[row * columns + column] = {name}_v;\n" for name in onames)
        lengths = [f"PyArray_DIM({onames[0]}, {axis})" for axis in range(node.outputs[0].type.ndim)]
        # The compiler has no vector instructions for truth values of one byte next to doubles.
        body = f"typedef int npy_bool; {loads} {results} {task} {stores}"
        acquire = "".join(
            f"PyArrayObject* const {array} = adversarial::contiguous({name}, {str(name in inames).lower()});\n"
            for name, array in contiguous.items()
        )
        copy_back = "".join(
            f"made = made && ({contiguous[name]} == {name} || PyArray_CopyInto({name}, {contiguous[name]}) == 0);\n"
            for name in onames
        )
        release = "".join(f"Py_XDECREF({array});\n" for array in contiguous.values())
        return f"""
        {{
            using adversarial::exp;
            {acquire}
            bool made = {" && ".join(contiguous.values())};
            if (made) {{
                const npy_intp rows = {" * ".join(lengths[:split] or ["1"])};
                const npy_intp columns = {" * ".join(lengths[split:])};
                (void)rows;
                {pointers}
                {_loops(split, body)}
            }}
            {copy_back}
            {release}
            if (!made) {{ {sub["fail"]} }}
        }}
        """


def _loops(split: int, body: str) -> str:
    """Return C code that runs `body` for each row and column, or for each column if there are no rows."""
    if split == 0:
        return f"""
            const npy_intp row = 0;
            adversarial::share(columns, 1, adversarial::COLUMNS_TOGETHER, [=](npy_intp from, npy_intp to) {{
                #pragma omp simd
                for (npy_intp column = from; column < to; ++column) {{ {body} }}
            }});"""
    return f"""
            adversarial::share(rows, columns, 1, [=](npy_intp from, npy_intp to) {{
                for (npy_intp row = from; row < to; ++row) {{
                    #pragma omp simd
                    for (npy_intp column = 0; column < columns; ++column) {{ {body} }}
                }}
            }});"""


class SmallElemwise(Elemwise):
    """An Elemwise of few values, whose module is compiled with -O1, as that takes less time."""

    def c_compile_args(self, **kwargs: Any) -> list[str]:
        return [*super().c_compile_args(**kwargs), "-O1"]


def _ctype(variable: Variable) -> str:
    return variable.type.dtype_specs()[1]


def columns_from(node: Apply) -> int | None:
    """Return the axis that divides an Elemwise's axes into rows, before it, and columns.

    It is such that each input broadcasts over all of the rows or none, and over all of the columns or none; 0 if there
    need be no rows, None if there is no such axis.
    """
    patterns = {variable.type.broadcastable for variable in node.inputs}
    if any(any(variable.type.broadcastable) for variable in node.outputs):
        return None
    for split in range(node.outputs[0].type.ndim):
        if all(len(set(pattern[:split])) <= 1 and len(set(pattern[split:])) == 1 for pattern in patterns):
            return split
    return None


def _index(variable: Variable, split: int) -> str:
    pattern = variable.type.broadcastable
    row, column = split > 0 and not pattern[0], not pattern[-1]
    if row and column:
        return "row * columns + column"
    return "row" if row else "column" if column else "0"


@node_rewriter([Elemwise])
def choose_loop(fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
    """Choose the vectorised loop for matrices and larger arrays; for smaller ones it does not pay."""
    if type(node.op) is not Elemwise or not all(isinstance(variable.type, TensorType) for variable in node.inputs):
        return None
    if node.outputs[0].type.ndim < 2 or any(node.outputs[0].type.broadcastable):
        loop: type[Elemwise] = SmallElemwise
    elif columns_from(node) is not None:
        loop = VectorElemwise
    else:
        return None
    return loop(node.op.scalar_op, node.op.inplace_pattern).make_node(*node.inputs).outputs


optdb.register("choose_loop", dfs_rewriter(choose_loop), registry.C_ONLY, position=52)
