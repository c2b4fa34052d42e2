"""Updates in the place of what they update, on the C backend.

PyTensor lets an elementwise loop overwrite only an input of the very type of its output. Where a parameter's gradient
has an axis of known length, the new value has one too, unlike the parameter, and would go to memory of its own.
"""

from __future__ import annotations

from typing import Any

from pytensor.compile.mode import optdb
from pytensor.graph.basic import Apply
from pytensor.graph.rewriting.basic import dfs_rewriter, node_rewriter
from pytensor.tensor.elemwise import Elemwise

from adversarial.engine import registry


@node_rewriter([Elemwise])
def update_in_place(fgraph: Any, node: Apply) -> list | None:
    """Let a loop that makes the new value of one of its inputs, and nothing else, overwrite that."""
    if node.op.inplace_pattern or len(node.outputs) > 1:
        return None
    (out,) = node.outputs
    updated = getattr(fgraph, "update_mapping", None) or {}
    for number, place in updated.items():
        old = fgraph.inputs[place]
        if fgraph.outputs[number] is out and old in node.inputs:
            return Elemwise(node.op.scalar_op, {0: node.inputs.index(old)})(*node.inputs, return_list=True)
    return None


# After PyTensor has found what may overwrite an input, and before loops are chosen. Nothing is changed where the old
# value is needed later.
optdb.register("update_in_place", dfs_rewriter(update_in_place), registry.C_ONLY, position=51)
