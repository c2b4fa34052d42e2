"""Fused loops give each of their values once, on the C backend.

Fusion puts what is computed in two places of a graph into one loop, which then has two outputs of one value: code for
both compiles for long, and both are written to memory.
"""

from __future__ import annotations

from typing import Any

from pytensor.compile.mode import optdb
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.rewriting.basic import dfs_rewriter, node_rewriter
from pytensor.scalar.basic import Composite
from pytensor.tensor.elemwise import Elemwise

from adversarial.engine import registry


@node_rewriter([Elemwise])
def give_each_value_once(fgraph: Any, node: Apply) -> dict[Variable, Variable] | None:
    """Take a fused loop's outputs that are one value from the first of them."""
    if not isinstance(node.op.scalar_op, Composite):
        return None
    inner = node.op.scalar_op.fgraph.unfreeze()
    first = {}
    for number, value in enumerate(inner.outputs):
        first.setdefault(value, number)
    if len(first) == len(inner.outputs) or node.op.inplace_pattern:
        return None
    outputs = Elemwise(Composite(inner.inputs, list(first)))(*node.inputs, return_list=True)
    made = dict(zip(first, outputs, strict=True))
    return {old: made[value] for old, value in zip(node.outputs, inner.outputs, strict=True)}


# After fusion, and before outputs overwrite inputs.
optdb.register("give_each_value_once", dfs_rewriter(give_each_value_once), registry.C_ONLY, position=49.2)
