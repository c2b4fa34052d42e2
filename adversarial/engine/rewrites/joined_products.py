"""Matrix products that share a factor, joined into one product of more rows on the C backend.

A discriminator is applied to a minibatch of data and to one of samples, so that each of its weight matrices multiplies
two matrices of few rows, and its gradient is the sum of two products. BLAS needs less time for one product of twice
the rows. Values change by rounding only. Ops that are applied to each part's rows alike, such as adding biases and
taking the largest piece, are then applied to all rows at once, so that the next product finds them joined.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, cast

import pytensor.tensor as pt
from pytensor.compile.mode import optdb
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.rewriting.basic import GraphRewriter
from pytensor.scalar.basic import Add
from pytensor.tensor.basic import Join
from pytensor.tensor.elemwise import DimShuffle, Elemwise
from pytensor.tensor.math import Dot
from pytensor.tensor.variable import TensorVariable

from adversarial.engine import compat, registry
from adversarial.engine.rewrites.maxout import LargestPiece, ToWinners

Ancestors = dict[Apply, set[Apply]]


class JoinProducts(GraphRewriter):
    """Products a W, b W, ... become slices of [a; b; ...] W, and a' c + b' d becomes [a; b]' [c; d]."""

    def add_requirements(self, fgraph: FunctionGraph) -> None:
        """Add nothing: replacing variables needs no feature."""

    def apply(self, fgraph: FunctionGraph) -> None:
        """Join sums first: groups then take their order of rows, so that rows are joined once."""
        joined = JoinedRows(fgraph)
        for steps in (
            (_join_one_sum,),
            (_apply_one_op_to_whole, _take_one_join_from_whole, _join_one_group),
            (_slice_one_join,),
            (_spread_joined_winners,),
        ):
            while any(step(fgraph, joined) for step in steps):
                pass


class JoinedRows:
    """The wholes of a graph: variables whose rows are those of several others, their parts, one after the other.

    Attributes
    ----------
    parts : dict
        The parts of each whole, in order.
    place : dict
        The whole of each part, and its position among the parts.
    lengths : dict
        The number of rows of each part, symbolic.
    """

    def __init__(self, fgraph: FunctionGraph):
        self.fgraph = fgraph
        self.parts: dict[Variable, list[Variable]] = {}
        self.place: dict[Variable, tuple[TensorVariable, int]] = {}
        self.lengths: dict[Variable, Any] = {}

    def rows(self, parts: Sequence[Variable]) -> TensorVariable:
        """Return the rows of all of `parts`: of a whole or of a join that the graph has already, or of a new join."""
        found = self.in_a_whole(parts)
        if found is not None:
            return found
        for client, _ in self.fgraph.clients.get(parts[0], ()):
            if _joined_by(client) == list(parts):
                return cast(TensorVariable, client.outputs[0])
        return pt.join(0, *parts)

    def in_a_whole(self, parts: Sequence[Variable]) -> TensorVariable | None:
        """Return the rows of `parts` from a whole in which they are neighbours; None if they are not."""
        if parts[0] not in self.place:
            return None
        whole, first = self.place[parts[0]]
        last = first + len(parts)
        if self.parts[whole][first:last] != list(parts):
            return None
        if len(parts) == len(self.parts[whole]):
            return whole
        start: Any = sum(self.lengths[part] for part in self.parts[whole][:first])
        return whole[start : start + sum(self.lengths[part] for part in parts)]

    def in_order(self, variables: list[Variable]) -> list[Variable]:
        """Return variables in the order of a whole or a join that some of them are parts of, the others after them."""
        for variable in variables:
            known = self.parts[self.place[variable][0]] if variable in self.place else []
            for client, _ in self.fgraph.clients[variable]:
                known = known or _joined_by(client)
            if known and len(set(known)) == len(known) and set(known) <= set(variables):
                return [*known, *(other for other in variables if other not in known)]
        return variables

    def divide(self, wholes: Sequence[tuple[TensorVariable, Sequence[Variable]]], like: Sequence[Variable]) -> None:
        """Replace the parts given with each whole by slices of it, of as many rows as the variables of `like` have."""
        lengths = [self.lengths.get(rows, pt.shape(rows)[0]) for rows in like]
        start: Any = 0
        pairs = []
        for number, length in enumerate(lengths):
            pairs += [(whole, parts[number], whole[start : start + length]) for whole, parts in wholes]
            start = start + length
        typed = _replace_all(self.fgraph, [(old, new) for _, old, new in pairs])
        for number, ((whole, _, _), new) in enumerate(zip(pairs, typed, strict=True)):
            self.place[new] = whole, len(self.parts.setdefault(whole, []))
            self.parts[whole].append(new)
            self.lengths[new] = lengths[number // len(wholes)]


def _join_one_sum(fgraph: FunctionGraph, joined: JoinedRows) -> bool:
    for node in fgraph.toposort():
        if not (isinstance(node.op, Elemwise) and isinstance(node.op.scalar_op, Add)):
            continue
        sums = [part for part in node.inputs if _is_gradient_of_weights(fgraph, part)]
        if len(sums) < 2 or len({(part.type.dtype, *part.type.shape) for part in sums}) > 1:
            continue
        lefts = [part.owner.inputs[0].owner.inputs[0] for part in sums]
        rights = [part.owner.inputs[1] for part in sums]
        product = pt.dot(joined.rows(lefts).T, joined.rows(rights))
        others = [part for part in node.inputs if part not in sums]
        new = pt.add(product, *others) if others else product
        _replace_all(fgraph, [(node.outputs[0], new)])
        return True
    return False


def _join_one_group(fgraph: FunctionGraph, joined: JoinedRows) -> bool:
    order = fgraph.toposort()
    by_factor: dict[Variable, list[Apply]] = defaultdict(list)
    for node in order:
        if _is_matrix_product(node) and not _is_transpose(node.inputs[0]):
            by_factor[node.inputs[1]].append(node)
    candidates = [nodes for nodes in by_factor.values() if len(nodes) > 1]
    if not candidates:
        return False
    ancestors = _ancestors(order)
    for nodes in candidates:
        chosen: list[Apply] = []
        for node in nodes:
            if not any(other in ancestors[node] for other in chosen) and _same_dtypes(node, nodes[0]):
                chosen.append(node)
        if len(chosen) > 1:
            by_left = {node.inputs[0]: node for node in chosen}
            lefts = joined.in_order(list(by_left))
            whole = pt.dot(joined.rows(lefts), chosen[0].inputs[1])
            joined.divide([(whole, [by_left[left].outputs[0] for left in lefts])], lefts)
            return True
    return False


def _apply_one_op_to_whole(fgraph: FunctionGraph, joined: JoinedRows) -> bool:
    """Apply an Op to a whole that is applied to each of its parts: no row of the result depends on another row."""
    for parts in list(joined.parts.values()):
        if not all(part in fgraph.clients for part in parts):
            continue
        for node in _clients(fgraph, parts[0]):
            if not isinstance(node.op, Elemwise | LargestPiece):
                continue
            alike = [_same_for_part(fgraph, joined, node, part, number) for number, part in enumerate(parts)]
            places = [joined.place.get(each, (each, None)) for each in node.inputs]
            wholes = [whole if first == 0 else each for each, (whole, first) in zip(node.inputs, places, strict=True)]
            if None in alike or any(len(joined.parts.get(whole, parts)) != len(parts) for whole in wholes):
                continue
            made = cast(list[TensorVariable], node.op.make_node(*wholes).outputs)
            old = list(zip(*(each.outputs for each in alike if each is not None), strict=True))
            joined.divide(list(zip(made, old, strict=True)), parts)
            return True
    return False


def _same_for_part(fgraph: FunctionGraph, joined: JoinedRows, node: Apply, part: Variable, number: int) -> Apply | None:
    """Return the node that applies to the part of a number the Op that `node` applies to the first part."""
    found = [
        client
        for client in dict.fromkeys(_clients(fgraph, part))
        if client.op == node.op
        and all(_same_of_part(joined, *pair, number) for pair in zip(client.inputs, node.inputs, strict=True))
    ]
    for other in found[1:]:  # duplicates, which nothing has merged yet
        _replace_all(fgraph, list(zip(other.outputs, found[0].outputs, strict=True)))
    return found[0] if found else None


def _same_of_part(joined: JoinedRows, mine: Variable, theirs: Variable, number: int) -> bool:
    """Return whether `mine` is to the part of a number what `theirs` is to the first part of the same whole.

    So it is if both are parts of one whole, in these positions, or one variable that is broadcast over rows.
    """
    whole, first = joined.place.get(theirs, (None, None))
    if first == 0:
        return joined.place.get(mine) == (whole, number)
    return mine is theirs and (mine.type.ndim < 2 or mine.type.broadcastable[0])


def _take_one_join_from_whole(fgraph: FunctionGraph, joined: JoinedRows) -> bool:
    """Replace a join of parts of a whole by rows of the whole."""
    for node in filter(_joined_by, fgraph.toposort()):
        found = joined.in_a_whole(_joined_by(node))
        if found is not None:
            _replace_all(fgraph, [(node.outputs[0], found)])
            return True
    return False


def _slice_one_join(fgraph: FunctionGraph, joined: JoinedRows) -> bool:
    """Replace a join by a slice of a longer one that has the same neighbours."""
    order = fgraph.toposort()
    joins = [(node, _joined_by(node)) for node in order if _joined_by(node)]
    for short, few in joins:
        for long, many in joins:
            at = _position(few, many)
            if len(few) >= len(many) or at is None or short in _ancestors(order)[long]:
                continue
            start: Any = sum([pt.shape(part)[0] for part in many[:at]], start=0)
            stop = start + sum([pt.shape(part)[0] for part in few], start=0)
            _replace_all(fgraph, [(short.outputs[0], pt.as_tensor(long.outputs[0])[start:stop])])
            return True
    return False


def _spread_joined_winners(fgraph: FunctionGraph, joined: JoinedRows) -> bool:
    """Join gradients of maxout before they are spread over the pieces: there are fewer values to copy."""
    order = fgraph.toposort()
    for node in filter(_joined_by, order):
        parts = [part.owner for part in _joined_by(node)]
        if any(part is None or not isinstance(part.op, ToWinners) for part in parts):
            continue
        ancestors = _ancestors(order)
        if len({part.op for part in parts}) > 1 or any(a in ancestors[b] for a in parts for b in parts):
            continue
        grads, winners = zip(*(part.inputs for part in parts), strict=True)
        whole = parts[0].op(joined.rows(grads), joined.rows(winners))
        _replace_all(fgraph, [(node.outputs[0], whole)])
        joined.divide([(whole, [part.outputs[0] for part in parts])], winners)
        return True
    return False


def _replace_all(fgraph: FunctionGraph, pairs: list[tuple[Variable, Variable]]) -> list[Variable]:
    """Replace variables by others, whose types may be less specific; return the replacements."""
    typed = [new if new.type == old.type else pt.specify_shape(new, old.type.shape) for old, new in pairs]
    fgraph.replace_all([(old, new) for (old, _), new in zip(pairs, typed, strict=True)], reason="JoinProducts")
    return typed


def _clients(fgraph: FunctionGraph, variable: Variable) -> list[Apply]:
    return [client for client, _ in fgraph.clients.get(variable, ()) if isinstance(client, Apply)]


def _joined_by(node: Any) -> list[Variable]:
    """Return the variables whose rows a node joins; none if it is no such Join."""
    if not isinstance(node, Apply) or not isinstance(node.op, Join):
        return []
    axis, parts = compat.axis_and_joined(node)
    return parts if axis == 0 else []


def _position(part: list[Variable], whole: list[Variable]) -> int | None:
    """Return the index at which `part` begins in `whole`; None if it does not occur there."""
    starts = range(len(whole) - len(part) + 1)
    return next((start for start in starts if whole[start : start + len(part)] == part), None)


def _is_matrix_product(node: Apply) -> bool:
    return isinstance(node.op, Dot) and all(factor.type.ndim == 2 for factor in node.inputs)


def _is_transpose(variable: Variable) -> bool:
    node = variable.owner
    return node is not None and isinstance(node.op, DimShuffle) and node.op.new_order == (1, 0)


def _is_gradient_of_weights(fgraph: FunctionGraph, variable: Variable) -> bool:
    """Return whether a variable is a product a' c and used once."""
    node = variable.owner
    if node is None or not _is_matrix_product(node) or not _is_transpose(node.inputs[0]):
        return False
    return len(fgraph.clients[variable]) == 1


def _same_dtypes(node: Apply, other: Apply) -> bool:
    return [each.type.dtype for each in node.inputs] == [each.type.dtype for each in other.inputs]


def _ancestors(order: list[Apply]) -> Ancestors:
    found: Ancestors = {}
    for node in order:
        found[node] = set()
        for variable in node.inputs:
            if variable.owner is not None:
                found[node] |= found[variable.owner] | {variable.owner}
    return found


optdb.register("join_products", JoinProducts(), registry.C_ONLY, position=1.65)
