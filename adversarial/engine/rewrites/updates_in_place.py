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
    """Let a loop overwrite each input of which it computes the new value."""
    updated = getattr(fgraph, "update_mapping", None) or {}
    places = {fgraph.outputs[number]: fgraph.inputs[place] for number, place in updated.items()}
    pattern = dict(node.op.inplace_pattern)
    for number, out in enumerate(node.outputs):
        old = places.get(out)
        if old is None or number in pattern or old not in node.inputs:
            continue
        if (index := node.inputs.index(old)) not in pattern.values():
            pattern[number] = index
    if pattern == node.op.inplace_pattern:
        return None
    return Elemwise(node.op.scalar_op, pattern).make_node(*node.inputs).outputs


# After PyTensor has found what may overwrite an input, and before loops are chosen. A loop is not changed if the
# old value is needed later.
optdb.register("update_in_place", dfs_rewriter(update_in_place), registry.C_ONLY, position=51)
