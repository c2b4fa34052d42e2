"""Updates of parameters in place, on the C backend.

PyTensor lets an elementwise loop overwrite only an input of the very type of its output. Where a parameter's gradient
has an axis of known length, the new value has one too, unlike the parameter, and would need memory of its own.
"""

from __future__ import annotations

from pytensor.compile.mode import optdb
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.rewriting.basic import dfs_rewriter, node_rewriter
from pytensor.tensor.elemwise import Elemwise

from adversarial.engine import registry


@node_rewriter([Elemwise])
def update_in_place(fgraph: FunctionGraph, node: Apply) -> list[Variable] | None:
    """Let a loop overwrite the input of which it computes the new value, if that is all it computes."""
    if node.op.inplace_pattern or len(node.outputs) > 1:
        return None
    (out,) = node.outputs
    updated = getattr(fgraph, "update_mapping", None) or {}
    for number, place in updated.items():
        old = fgraph.inputs[place]
        if fgraph.outputs[number] is out and old in node.inputs:
            return Elemwise(node.op.scalar_op, {0: node.inputs.index(old)}).make_node(*node.inputs).outputs
    return None


# After PyTensor has found what may overwrite an input, and before loops are chosen. A loop is not changed if the
# old value is needed later.
optdb.register("update_in_place", dfs_rewriter(update_in_place), registry.C_ONLY, position=51)
