"""Maxout on the C backend: bias and maximum over pieces in one pass, which keeps the winners for the gradient.

PyTensor's maximum over an axis, the comparison of its gradient, and what lies between them pass over all pieces five
times. Here the way up passes once and notes, a bit a piece, which pieces equal the maximum (all that tie get the
whole gradient, as in Theano); the way down reads those bits alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.mode import optdb
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply, Constant, Variable
from pytensor.graph.rewriting.basic import dfs_rewriter, node_rewriter
from pytensor.link.c.op import COp
from pytensor.scalar.basic import EQ, Add, Mul
from pytensor.tensor.basic import MakeVector
from pytensor.tensor.elemwise import DimShuffle, Elemwise
from pytensor.tensor.math import Max
from pytensor.tensor.shape import Reshape

from adversarial.engine import registry
from adversarial.engine.c.arrays import HAS_ROOM
from adversarial.engine.c.vectors import VECTORS

#: One bit a piece.
MOST_PIECES = 32


class _PiecesOp(COp):
    """What both Ops share: the pieces of a unit lie side by side in a row."""

    __props__ = ("pieces",)

    def __init__(self, pieces: int):
        if not 1 <= pieces <= MOST_PIECES:
            raise ValueError(f"{type(self).__name__} takes from 1 to {MOST_PIECES} pieces, not {pieces}")
        self.pieces = pieces

    def c_compile_args(self, **kwargs: Any) -> list[str]:
        return ["-fopenmp", "-fno-trapping-math"]

    def c_code_cache_version(self) -> tuple[int, ...]:
        return (6,)

    def c_headers(self, **kwargs: Any) -> list[str]:
        return ["<cstring>", "<algorithm>"]

    def c_support_code(self, **kwargs: Any) -> str:
        return HAS_ROOM

    def _ready(self, output: str, rows: str, columns: str, typenum: str, fail: str) -> str:
        """C code that gives `output` its size."""
        return f"""
        {{
            npy_intp dims[2] = {{{rows}, {columns}}};
            if (!adversarial::has_room({output}, 2, dims, {typenum})) {{ {fail} }}
        }}"""


def _declared(names: list[str]) -> str:
    """C code that declares NAME_c, which `_contiguous` sets: before any jump to the end."""
    return "".join(f"PyArrayObject* {name}_c = NULL;\n" for name in names)


def _contiguous(names: list[str], fail: str) -> str:
    """C code that holds contiguous versions of arrays as NAME_c."""
    return "".join(
        f"""
        {name}_c = (PyArrayObject*)PyArray_GETCONTIGUOUS({name});
        if (!{name}_c) {{ {fail} }}"""
        for name in names
    )


#: `adversarial::largest_pieces(x, b, largest, winners, rows, units)`: as many units at a time as a vector has lanes.
_LARGEST_PIECES = r"""
#ifndef ADVERSARIAL_LARGEST_PIECES
#define ADVERSARIAL_LARGEST_PIECES
namespace adversarial {
template <typename real, int pieces> struct Units {
    enum { LANES = Vector<real>::LANES };
    typedef typename Vector<real>::Aligned Aligned;
    typedef typename Vector<real>::Loose Loose;
    typedef typename Vector<real>::Index Index;
    typedef npy_uint32 Bits __attribute__((vector_size(LANES * 4), aligned(4)));

    static void largest(const real* x, const real* b, real* largest, npy_uint32* winners)
    {
        Aligned groups[pieces], values[pieces];
        for (int k = 0; k < pieces; ++k) groups[k] = *(const Loose*)(x + k * LANES) + *(const Loose*)(b + k * LANES);
        apart<real, pieces>(groups, values);
        // Without a look at what is not a number this is one instruction; that is seen to after.
        Aligned most = values[0];
        Index not_a_number = values[0] != values[0];
        for (int k = 1; k < pieces; ++k) {
            most = values[k] > most ? values[k] : most;
            not_a_number |= values[k] != values[k];
        }
        most = not_a_number ? (real)NPY_NAN - Aligned{} : most;
        Index set = {};
        for (int k = 0; k < pieces; ++k) set |= (values[k] == most) & ((Index{} + 1) << k);
        *(Loose*)largest = most;
        *(Bits*)winners = __builtin_convertvector(set, Bits);
    }

    // The same for the last ones of a row, fewer than LANES.
    static void last(const real* x, const real* b, real* largest, npy_uint32* winners, npy_intp count)
    {
        alignas(VECTOR_BYTES) real padded_x[LANES * pieces] = {}, padded_b[LANES * pieces] = {}, most[LANES];
        alignas(VECTOR_BYTES) npy_uint32 set[LANES];
        std::copy(x, x + count * pieces, padded_x);
        std::copy(b, b + count * pieces, padded_b);
        Units::largest(padded_x, padded_b, most, set);
        std::copy(most, most + count, largest);
        std::copy(set, set + count, winners);
    }
};

template <typename real, int pieces>
static void largest_pieces(const real* x, const real* b, real* largest, npy_uint32* winners, npy_intp rows,
                           npy_intp units)
{
    typedef Units<real, pieces> Some;
    #pragma omp parallel for schedule(static) if (rows * units >= 2048)
    for (npy_intp row = 0; row < rows; ++row) {
        for (npy_intp unit = 0; unit < units; unit += Some::LANES) {
            const npy_intp at = row * units + unit;
            if (unit + Some::LANES <= units)
                Some::largest(x + at * pieces, b + unit * pieces, largest + at, winners + at);
            else
                Some::last(x + at * pieces, b + unit * pieces, largest + at, winners + at, units - unit);
        }
    }
}
}
#endif
"""


class LargestPiece(_PiecesOp):
    """The largest of each unit's linear responses, and which of them are that large.

    Inputs: linear responses without bias (n, units x pieces); bias (units x pieces,).
    Outputs: maxima (n, units); uint32 (n, units), whose bit k is set where piece k equals the maximum.
    """

    def make_node(self, x: Any, b: Any) -> Apply:
        x, b = pt.as_tensor(x), pt.as_tensor(b)
        if x.ndim != 2 or b.ndim != 1 or x.dtype != b.dtype or x.dtype not in ("float32", "float64"):
            raise TypeError(f"LargestPiece takes a matrix and a vector of the same float dtype, not {x.type}, {b.type}")
        width = x.type.shape[1]
        shape = (x.type.shape[0], None if width is None else width // self.pieces)
        return Apply(self, [x, b], [pt.tensor(dtype=x.dtype, shape=shape), pt.tensor(dtype="uint32", shape=shape)])

    def perform(self, node: Apply, inputs: list, output_storage: list) -> None:
        x, b = inputs
        responses = (x + b).reshape(len(x), x.shape[1] // self.pieces, self.pieces)
        largest = responses.max(axis=2)
        bits = np.left_shift(np.uint32(1), np.arange(self.pieces, dtype=np.uint32))
        winners = ((responses == largest[:, :, None]) * bits).sum(axis=2, dtype=np.uint32)
        output_storage[0][0], output_storage[1][0] = largest, winners

    def infer_shape(self, *arguments: Any) -> list:
        rows, width = arguments[-1][0]  # PyTensor before 3.3 gives the graph before the node, too.
        return [(rows, width // self.pieces)] * 2

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True, False], [True, False]]

    def pullback(self, inputs: list, outputs: list, cotangents: list) -> list:
        if isinstance(cotangents[0].type, DisconnectedType):
            return [DisconnectedType()(), DisconnectedType()()]
        grad = ToWinners(self.pieces)(cotangents[0], outputs[1])
        return [grad, grad.sum(axis=0)]

    def c_support_code(self, **kwargs: Any) -> str:
        return super().c_support_code(**kwargs) + VECTORS + _LARGEST_PIECES

    def c_code(self, node: Apply, name: str, inputs: list[str], outputs: list[str], sub: dict[str, str]) -> str:
        (x, b), (largest, winners), fail = inputs, outputs, sub["fail"]
        real = f"npy_{node.inputs[0].dtype}"
        rows, units = f"PyArray_DIM({x}, 0)", f"(PyArray_DIM({x}, 1) / {self.pieces})"
        return f"""
        {_declared([x, b])}
        if (PyArray_DIM({x}, 1) != PyArray_DIM({b}, 0) || PyArray_DIM({x}, 1) % {self.pieces}) {{
            PyErr_SetString(PyExc_ValueError, "maxout needs a bias for each linear response, and whole units");
            {fail}
        }}
        {self._ready(largest, rows, units, f"NPY_{node.inputs[0].dtype.upper()}", fail)}
        {self._ready(winners, rows, units, "NPY_UINT32", fail)}
        {_contiguous([x, b], fail)}
        adversarial::largest_pieces<{real}, {self.pieces}>(
            ({real}*)PyArray_DATA({x}_c), ({real}*)PyArray_DATA({b}_c), ({real}*)PyArray_DATA({largest}),
            (npy_uint32*)PyArray_DATA({winners}), {rows}, {units});
        Py_DECREF({x}_c); Py_DECREF({b}_c);
        """


class ToWinners(_PiecesOp):
    """The gradient of LargestPiece: what each unit gets goes to the pieces that won, and 0 to the others.

    Inputs: gradient (n, units); bits (n, units) of LargestPiece. Output: (n, units x pieces).
    """

    def make_node(self, grad: Any, winners: Any) -> Apply:
        grad, winners = pt.as_tensor(grad), pt.as_tensor(winners)
        if grad.ndim != 2 or winners.ndim != 2 or winners.dtype != "uint32":
            raise TypeError(f"ToWinners takes two matrices, the second of uint32, not {grad.type}, {winners.type}")
        units = winners.type.shape[1]
        shape = (winners.type.shape[0], None if units is None else units * self.pieces)
        return Apply(self, [grad, winners], [pt.tensor(dtype=grad.dtype, shape=shape)])

    def perform(self, node: Apply, inputs: list, output_storage: list) -> None:
        grad, winners = inputs
        won = (winners[:, :, None] >> np.arange(self.pieces, dtype=np.uint32)) & 1
        spread = np.where(won, grad[:, :, None], 0).astype(grad.dtype)
        output_storage[0][0] = spread.reshape(len(grad), grad.shape[1] * self.pieces)

    def infer_shape(self, *arguments: Any) -> list:
        rows, units = arguments[-1][1]  # PyTensor before 3.3 gives the graph before the node, too.
        return [(rows, units * self.pieces)]

    def c_code(self, node: Apply, name: str, inputs: list[str], outputs: list[str], sub: dict[str, str]) -> str:
        (grad, winners), (spread,), fail = inputs, outputs, sub["fail"]
        real = f"npy_{node.outputs[0].dtype}"
        rows, units = f"PyArray_DIM({winners}, 0)", f"PyArray_DIM({winners}, 1)"
        return f"""
        {_declared([grad, winners])}
        if (PyArray_DIM({grad}, 0) != {rows} || PyArray_DIM({grad}, 1) != {units}) {{
            PyErr_SetString(PyExc_ValueError, "the gradient of maxout must have a value for each unit");
            {fail}
        }}
        {self._ready(spread, rows, f"{units} * {self.pieces}", f"NPY_{node.outputs[0].dtype.upper()}", fail)}
        {_contiguous([grad, winners], fail)}
        {{
            const npy_intp rows = {rows}, units = {units};
            const {real}* const in = ({real}*)PyArray_DATA({grad}_c);
            const npy_uint32* const bits = (npy_uint32*)PyArray_DATA({winners}_c);
            {real}* const out = ({real}*)PyArray_DATA({spread});
            #pragma omp parallel for schedule(static) if (rows * units >= 2048)
            for (npy_intp row = 0; row < rows; ++row) {{
                std::memset(out + row * units * {self.pieces}, 0, units * {self.pieces} * sizeof({real}));
                for (npy_intp unit = row * units; unit < (row + 1) * units; ++unit) {{
                    npy_uint32 set = bits[unit];
                    // Nearly always there is one winner, and no jump to foresee.
                    if (set && !(set & (set - 1))) out[unit * {self.pieces} + __builtin_ctz(set)] = in[unit];
                    else for (; set; set &= set - 1) out[unit * {self.pieces} + __builtin_ctz(set)] = in[unit];
                }}
            }}
        }}
        Py_DECREF({grad}_c); Py_DECREF({winners}_c);
        """


def _pieces_of(fgraph: Any, largest: Variable) -> tuple[Variable, int] | None:
    """The linear responses (n, units x pieces) and the number of pieces whose maximum `largest` is; None if it is not
    such a maximum."""
    node = largest.owner
    if node is None or not isinstance(node.op, Max) or tuple(node.op.axis or ()) != (2,):
        return None
    made = node.inputs[0].owner
    if made is None or not isinstance(made.op, Reshape) or made.inputs[0].ndim != 2:
        return None
    pieces = node.inputs[0].type.shape[2]
    if pieces is None or not 1 <= pieces <= MOST_PIECES or largest.dtype not in ("float32", "float64"):
        return None
    # As many rows as before: then the pieces of a unit are neighbours in a row.
    return (made.inputs[0], pieces) if _keeps_rows(fgraph, made, made.inputs[0]) else None


def _keeps_rows(fgraph: Any, reshape: Apply, rows_of: Variable) -> bool:
    """Whether a Reshape asks for as many rows as a matrix of this graph has."""
    asked, feature = reshape.inputs[1], getattr(fgraph, "shape_feature", None)
    if feature is None:
        return False
    rows = feature.get_shape(rows_of, 0)
    if isinstance(asked, Constant):
        return isinstance(rows, Constant) and rows.data == asked.data[0]
    return asked.owner is not None and isinstance(asked.owner.op, MakeVector) and asked.owner.inputs[0] is rows


def _with_winners(fgraph: Any, largest: Variable) -> list[Variable] | None:
    found = _pieces_of(fgraph, largest)
    if found is None:
        return None
    z, pieces = found
    x, b = z, None
    if z.owner is not None and isinstance(z.owner.op, Elemwise) and isinstance(z.owner.op.scalar_op, Add):
        rows = [part for part in z.owner.inputs if _is_row_of_vector(part)]
        if len(rows) == 1:
            b = rows[0].owner.inputs[0]
            others = [part for part in z.owner.inputs if part is not rows[0]]
            x = others[0] if len(others) == 1 else pt.add(*others)
    if b is None:
        b = pt.zeros((z.shape[1],), dtype=z.dtype)
    if x.dtype != b.dtype or x.dtype != largest.dtype:
        return None
    return LargestPiece(pieces)(x, b, return_list=True)


def _is_row_of_vector(part: Variable) -> bool:
    node = part.owner
    return node is not None and isinstance(node.op, DimShuffle) and node.op.new_order == ("x", 0)


@node_rewriter([Max])
def maxout_with_winners(fgraph: Any, node: Apply) -> list | None:
    """The maximum over pieces, with its bias."""
    made = _with_winners(fgraph, node.outputs[0])
    return None if made is None else made[:1]


@node_rewriter([Reshape])
def gradient_to_winners(fgraph: Any, node: Apply) -> list | None:
    """eq(maximum, responses) times what does not depend on the piece, made a matrix again."""
    product = node.inputs[0].owner
    if node.outputs[0].ndim != 2 or product is None or not isinstance(product.op, Elemwise):
        return None
    if not isinstance(product.op.scalar_op, Mul):
        return None
    for part in product.inputs:
        largest = _compared(part)
        found = None if largest is None else _pieces_of(fgraph, largest)
        others = [other for other in product.inputs if other is not part]
        if found is None or not _keeps_rows(fgraph, node, found[0]):
            continue
        if not others or not all(other.type.broadcastable[2] for other in others):
            continue
        _, winners = _with_winners(fgraph, largest) or (None, None)
        if winners is None:
            return None
        factors = [_without_last_axis(other) for other in others]
        grad = factors[0] if len(factors) == 1 else pt.mul(*factors)
        if grad.dtype != node.outputs[0].dtype or any(grad.type.broadcastable):
            return None
        return [ToWinners(found[1])(grad, winners)]
    return None


def _compared(part: Variable) -> Variable | None:
    """The maximum m over the last axis where `part` is eq(m, what m is the maximum of)."""
    node = part.owner
    if node is None or not isinstance(node.op, Elemwise) or not isinstance(node.op.scalar_op, EQ):
        return None
    for padded, responses in (node.inputs, node.inputs[::-1]):
        shuffle = padded.owner
        if shuffle is None or not isinstance(shuffle.op, DimShuffle) or shuffle.op.new_order != (0, 1, "x"):
            continue
        largest = shuffle.inputs[0]
        if largest.owner is not None and isinstance(largest.owner.op, Max) and largest.owner.inputs[0] is responses:
            return largest
    return None


def _without_last_axis(part: Variable) -> Variable:
    node = part.owner
    if node is not None and isinstance(node.op, DimShuffle) and node.op.new_order == (0, 1, "x"):
        return node.inputs[0]
    return pt.constant(part.data[:, :, 0]) if isinstance(part, Constant) else part.dimshuffle(0, 1)


# The gradient first: it is known by the maximum that the other rewrite takes away.
optdb.register("gradient_to_winners", dfs_rewriter(gradient_to_winners), registry.C_ONLY, position=1.61)
optdb.register("maxout_with_winners", dfs_rewriter(maxout_with_winners), registry.C_ONLY, position=1.62)
