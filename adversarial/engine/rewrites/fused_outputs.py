"""Fused loops return each of their values once, on the C backend.

Fusion merges what is computed in two places of a graph into one loop, which then has two outputs of one value: both
take time to compile, and both are written to memory.
"""

from __future__ import annotations

from typing import cast

from pytensor.compile.mode import optdb
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.fg import FrozenFunctionGraph, FunctionGraph
from pytensor.graph.rewriting.basic import dfs_rewriter, node_rewriter
from pytensor.scalar.basic import Composite
from pytensor.tensor.elemwise import Elemwise

from adversarial.engine import registry


@node_rewriter([Elemwise])
def return_each_value_once(fgraph: FunctionGraph, node: Apply) -> dict[Variable, Variable] | None:
    """Replace a fused loop's outputs of equal value by the first of them."""
    if not isinstance(node.op.scalar_op, Composite):
        return None
    inner = cast(FrozenFunctionGraph, node.op.scalar_op.fgraph).unfreeze()
    first: dict[Variable, int] = {}
    for number, value in enumerate(inner.outputs):
        first.setdefault(value, number)
    if len(first) == len(inner.outputs) or node.op.inplace_pattern:
        return None
    outputs = Elemwise(Composite(inner.inputs, list(first))).make_node(*node.inputs).outputs
    made = dict(zip(first, outputs, strict=True))
    return {old: made[value] for old, value in zip(node.outputs, inner.outputs, strict=True)}


# After fusion, and before outputs overwrite inputs.
optdb.register("return_each_value_once", dfs_rewriter(return_each_value_once), registry.C_ONLY, position=49.2)
