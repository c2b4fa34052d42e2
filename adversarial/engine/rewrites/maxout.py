"""Maxout on the C backend: bias and maximum over pieces in one pass, which records the winners for the gradient.

PyTensor's maximum over an axis, the comparison in its gradient, and what is between them read all pieces five times.
Here the forward pass reads them once and records, a bit for each piece, which pieces equal the maximum (all that tie
get the whole gradient, as in Theano); the backward pass reads those bits alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.mode import optdb
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply, Constant, Variable
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.rewriting.basic import dfs_rewriter, node_rewriter
from pytensor.link.c.op import COp
from pytensor.scalar.basic import EQ, Add, Mul
from pytensor.tensor.basic import MakeVector
from pytensor.tensor.elemwise import DimShuffle, Elemwise
from pytensor.tensor.math import Max
from pytensor.tensor.shape import Reshape

from adversarial.engine import compat, registry
from adversarial.engine.c.sources import CodeInHeaders

#: A bit of an uint32 for each piece.
MOST_PIECES = 32


class _PiecesOp(CodeInHeaders, COp):
    """What both Ops share: the pieces of a unit are neighbours in a row."""

    __props__ = ("pieces",)
    headers = ("largest_pieces.h",)
    #: The headers' function that computes the outputs.
    function: ClassVar[str]

    def __init__(self, pieces: int):
        if not 1 <= pieces <= MOST_PIECES:
            raise ValueError(f"{type(self).__name__} takes from 1 to {MOST_PIECES} pieces, not {pieces}")
        self.pieces = pieces

    def c_compile_args(self, **kwargs: Any) -> list[str]:
        return ["-fopenmp-simd", "-fno-trapping-math"]

    def c_code(self, node: Apply, name: str, inputs: list[str], outputs: list[str], sub: dict[str, str]) -> str:
        real = f"npy_{node.outputs[0].type.dtype}"
        return f"""
            if (!adversarial::{self.function}<{real}, {self.pieces}>({", ".join([*inputs, *outputs])})) {{
                {sub["fail"]}
            }}
        """


class LargestPiece(_PiecesOp):
    """The largest of each unit's linear responses, and which of them are that large.

    Inputs: linear responses without bias (n, units x pieces); bias (units x pieces,).
    Outputs: maxima (n, units); uint32 (n, units), whose bit k is set where piece k equals the maximum.
    """

    function = "largest_pieces"

    def make_node(self, x: pt.TensorLike, b: pt.TensorLike) -> Apply:  # type: ignore[override]
        x, b = pt.as_tensor(x), pt.as_tensor(b)
        if x.ndim != 2 or b.ndim != 1 or x.dtype != b.dtype or x.dtype not in ("float32", "float64"):
            raise TypeError(f"LargestPiece takes a matrix and a vector of the same float dtype, not {x.type}, {b.type}")
        width = x.type.shape[1]
        shape = (x.type.shape[0], None if width is None else width // self.pieces)
        return Apply(self, [x, b], [pt.tensor(dtype=x.dtype, shape=shape), pt.tensor(dtype="uint32", shape=shape)])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: list) -> None:
        x, b = inputs
        responses = (x + b).reshape(len(x), x.shape[1] // self.pieces, self.pieces)
        largest = responses.max(axis=2)
        bits = np.left_shift(np.uint32(1), np.arange(self.pieces, dtype=np.uint32))
        winners = ((responses == largest[:, :, None]) * bits).sum(axis=2, dtype=np.uint32)
        output_storage[0][0], output_storage[1][0] = largest, winners

    def infer_shape(self, *arguments: Any) -> list:
        _, ((rows, width), _) = compat.node_and_shapes(arguments)
        return [(rows, width // self.pieces)] * 2

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True, False], [True, False]]

    def pullback(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], cotangents: Sequence[Variable]
    ) -> list[Variable]:
        if isinstance(cotangents[0].type, DisconnectedType):
            return [DisconnectedType()(), DisconnectedType()()]
        (grad,) = ToWinners(self.pieces).make_node(cotangents[0], outputs[1]).outputs
        return [grad, pt.sum(grad, axis=0)]


class ToWinners(_PiecesOp):
    """The gradient of LargestPiece: what each unit gets goes to the pieces that won, and 0 to the others.

    Inputs: gradient (n, units); bits (n, units) of LargestPiece. Output: (n, units x pieces).
    """

    function = "to_winners"

    def make_node(self, grad: pt.TensorLike, winners: pt.TensorLike) -> Apply:  # type: ignore[override]
        grad, winners = pt.as_tensor(grad), pt.as_tensor(winners)
        if grad.ndim != 2 or winners.ndim != 2 or winners.dtype != "uint32":
            raise TypeError(f"ToWinners takes two matrices, the second of uint32, not {grad.type}, {winners.type}")
        units = winners.type.shape[1]
        shape = (winners.type.shape[0], None if units is None else units * self.pieces)
        return Apply(self, [grad, winners], [pt.tensor(dtype=grad.dtype, shape=shape)])

    def perform(self, node: Apply, inputs: Sequence[Any], output_storage: list) -> None:
        grad, winners = inputs
        won = (winners[:, :, None] >> np.arange(self.pieces, dtype=np.uint32)) & 1
        spread = np.where(won, grad[:, :, None], 0).astype(grad.dtype)
        output_storage[0][0] = spread.reshape(len(grad), grad.shape[1] * self.pieces)

    def infer_shape(self, *arguments: Any) -> list:
        _, (_, (rows, units)) = compat.node_and_shapes(arguments)
        return [(rows, units * self.pieces)]


def _pieces_of(fgraph: FunctionGraph, largest: Variable) -> tuple[Variable, int] | None:
    """Return the linear responses (n, units x pieces) and the number of pieces of which `largest` is the maximum.

    None if it is no such maximum.
    """
    node = largest.owner
    if node is None or not isinstance(node.op, Max) or tuple(node.op.axis or ()) != (2,):
        return None
    made = node.inputs[0].owner
    if made is None or not isinstance(made.op, Reshape) or made.inputs[0].type.ndim != 2:
        return None
    pieces = node.inputs[0].type.shape[2]
    if pieces is None or not 1 <= pieces <= MOST_PIECES or largest.type.dtype not in ("float32", "float64"):
        return None
    # As many rows as before: then the pieces of a unit are neighbours in a row.
    return (made.inputs[0], pieces) if _keeps_rows(fgraph, made, made.inputs[0]) else None


def _keeps_rows(fgraph: FunctionGraph, reshape: Apply, rows_of: Variable) -> bool:
    """Return whether the result of a Reshape has as many rows as a matrix of this graph."""
    asked, feature = reshape.inputs[1], getattr(fgraph, "shape_feature", None)
    if feature is None:
        return False
    rows = feature.get_shape(rows_of, 0)
    if isinstance(asked, Constant):
        return isinstance(rows, Constant) and rows.data == asked.data[0]
    return asked.owner is not None and isinstance(asked.owner.op, MakeVector) and asked.owner.inputs[0] is rows


def _with_winners(fgraph: FunctionGraph, largest: Variable) -> list[Variable] | None:
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
        b = pt.zeros((pt.shape(z)[1],), dtype=z.type.dtype)
    if x.type.dtype != b.type.dtype or x.type.dtype != largest.type.dtype:
        return None
    return LargestPiece(pieces).make_node(x, b).outputs


def _is_row_of_vector(part: Variable) -> bool:
    node = part.owner
    return node is not None and isinstance(node.op, DimShuffle) and node.op.new_order == ("x", 0)


@node_rewriter([Max])
def maxout_with_winners(fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
    """Replace the maximum over pieces, together with the addition of the bias."""
    made = _with_winners(fgraph, node.outputs[0])
    return None if made is None else made[:1]


@node_rewriter([Reshape])
def gradient_to_winners(fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
    """Replace eq(maximum, responses) times what does not depend on the piece, reshaped to a matrix."""
    product = node.inputs[0].owner
    if node.outputs[0].type.ndim != 2 or product is None or not isinstance(product.op, Elemwise):
        return None
    if not isinstance(product.op.scalar_op, Mul):
        return None
    for part in product.inputs:
        largest = _compared(part)
        if largest is None:
            continue
        found = _pieces_of(fgraph, largest)
        others = [other for other in product.inputs if other is not part]
        if found is None or not _keeps_rows(fgraph, node, found[0]):
            continue
        if not others or not all(other.type.broadcastable[2] for other in others):
            continue
        made = _with_winners(fgraph, largest)
        if made is None:
            return None
        factors = [_without_last_axis(other) for other in others]
        grad = factors[0] if len(factors) == 1 else pt.mul(*factors)
        if grad.type.dtype != node.outputs[0].type.dtype or any(grad.type.broadcastable):
            return None
        return ToWinners(found[1]).make_node(grad, made[1]).outputs
    return None


def _compared(part: Variable) -> Variable | None:
    """Return the maximum m over the last axis if `part` is eq(m, what m is the maximum of)."""
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
    return pt.constant(part.data[:, :, 0]) if isinstance(part, Constant) else pt.as_tensor(part).dimshuffle(0, 1)


# The gradient first: it is recognised by the maximum that the other rewrite replaces.
optdb.register("gradient_to_winners", dfs_rewriter(gradient_to_winners), registry.C_ONLY, position=1.61)
optdb.register("maxout_with_winners", dfs_rewriter(maxout_with_winners), registry.C_ONLY, position=1.62)
