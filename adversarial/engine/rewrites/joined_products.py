"""Matrix products that share a factor, joined into one product of more rows on the C backend.

A discriminator sees a minibatch of data and one of samples, so that each of its weight matrices multiplies two
matrices of few rows, and gathers its gradient from two products. BLAS needs less time for one product of twice the
rows. Values change by rounding only. What is then done to each part's rows alike, such as to add biases and to take
the largest piece, is done to all rows at once, so that the next product finds them joined.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pytensor.tensor as pt
from pytensor.compile.mode import optdb
from pytensor.graph.basic import Apply, Constant, Variable
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.rewriting.basic import GraphRewriter
from pytensor.scalar.basic import Add
from pytensor.tensor.basic import Join
from pytensor.tensor.elemwise import DimShuffle, Elemwise
from pytensor.tensor.math import Dot

from adversarial.engine import registry
from adversarial.engine.rewrites.maxout import LargestPiece, ToWinners

Ancestors = dict[Apply, set[Apply]]


class JoinProducts(GraphRewriter):
    """a W, b W, ... become slices of [a; b; ...] W, and a' c + b' d becomes [a; b]' [c; d]."""

    def add_requirements(self, fgraph: FunctionGraph) -> None:
        """Nothing beyond what replacing variables needs."""

    def apply(self, fgraph: FunctionGraph) -> None:
        """Join sums first: the order of their rows is that of the groups too, so that rows are gathered once."""
        joined = JoinedRows(fgraph)
        for steps in (
            (_join_one_sum,),
            (_do_one_to_all_rows, _take_one_join_from_whole, _join_one_group),
            (_slice_one_join,),
            (_spread_joined_winners,),
        ):
            while any(step(fgraph, joined) for step in steps):
                pass


class JoinedRows:
    """Variables of a graph whose rows are those of several others, one after the other."""

    def __init__(self, fgraph: FunctionGraph):
        self.fgraph = fgraph
        self.parts: dict[Variable, list[Variable]] = {}
        self.place: dict[Variable, tuple[Variable, int]] = {}
        self.lengths: dict[Variable, Variable] = {}

    def rows(self, parts: Sequence[Variable]) -> Variable:
        """The rows of all of `parts`: of a whole or a join that is there already, or else of a new join."""
        found = self.in_a_whole(parts)
        if found is not None:
            return found
        for client, _ in self.fgraph.clients.get(parts[0], ()):
            if _joined_by(client) == list(parts):
                return client.outputs[0]
        return pt.join(0, *parts)

    def in_a_whole(self, parts: Sequence[Variable]) -> Variable | None:
        """The same from a whole of which they are neighbours; None where they are not."""
        whole, first = self.place.get(parts[0], (None, 0))
        last = first + len(parts)
        if whole is None or self.parts[whole][first:last] != list(parts):
            return None
        if len(parts) == len(self.parts[whole]):
            return whole
        start = sum(self.lengths[part] for part in self.parts[whole][:first])
        return whole[start : start + sum(self.lengths[part] for part in parts)]

    def in_order(self, variables: list[Variable]) -> list[Variable]:
        """Those that are parts of one whole, or that a join has already, in its order, and the others after them."""
        for variable in variables:
            known = self.parts[self.place[variable][0]] if variable in self.place else []
            for client, _ in self.fgraph.clients[variable]:
                known = known or _joined_by(client)
            if known and len(set(known)) == len(known) and set(known) <= set(variables):
                return [*known, *(other for other in variables if other not in known)]
        return variables

    def divide(self, wholes: Sequence[tuple[Variable, Sequence[Variable]]], like: Sequence[Variable]) -> None:
        """Replace parts, given with each whole, by rows of it, as many as the variable of `like` has for each."""
        lengths = [self.lengths.get(rows, rows.shape[0]) for rows in like]
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
        if len(sums) < 2 or len({(part.dtype, *part.type.shape) for part in sums}) > 1:
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


def _do_one_to_all_rows(fgraph: FunctionGraph, joined: JoinedRows) -> bool:
    """What is done to every part of a whole is done to the whole: no row of it depends on another."""
    for parts in list(joined.parts.values()):
        if not all(part in fgraph.clients for part in parts):
            continue
        for node in _clients(fgraph, parts[0]):
            if not isinstance(node.op, Elemwise | LargestPiece):
                continue
            alike = [_like(fgraph, joined, node, part, number) for number, part in enumerate(parts)]
            places = [joined.place.get(each, (each, None)) for each in node.inputs]
            wholes = [whole if first == 0 else each for each, (whole, first) in zip(node.inputs, places, strict=True)]
            if None in alike or any(len(joined.parts.get(whole, parts)) != len(parts) for whole in wholes):
                continue
            made = node.op(*wholes, return_list=True)
            old = list(zip(*(each.outputs for each in alike), strict=True))
            joined.divide(list(zip(made, old, strict=True)), parts)
            return True
    return False


def _like(fgraph: FunctionGraph, joined: JoinedRows, node: Apply, part: Variable, number: int) -> Apply | None:
    """What does to a part, of the given number, what `node` does to the first of the same wholes."""
    found = [
        client
        for client in dict.fromkeys(_clients(fgraph, part))
        if client.op == node.op
        and all(_same_of_part(joined, *pair, number) for pair in zip(client.inputs, node.inputs, strict=True))
    ]
    for other in found[1:]:  # the same again, which nothing has merged yet
        _replace_all(fgraph, list(zip(other.outputs, found[0].outputs, strict=True)))
    return found[0] if found else None


def _same_of_part(joined: JoinedRows, mine: Variable, theirs: Variable, number: int) -> bool:
    """Whether two are one variable without rows of its own, or the first part of a whole and the one of a number."""
    whole, first = joined.place.get(theirs, (None, None))
    if first == 0:
        return joined.place.get(mine) == (whole, number)
    return mine is theirs and (mine.ndim < 2 or mine.type.broadcastable[0])


def _take_one_join_from_whole(fgraph: FunctionGraph, joined: JoinedRows) -> bool:
    """Parts of a whole that are joined again are taken from there."""
    for node in filter(_joined_by, fgraph.toposort()):
        found = joined.in_a_whole(_joined_by(node))
        if found is not None:
            _replace_all(fgraph, [(node.outputs[0], found)])
            return True
    return False


def _slice_one_join(fgraph: FunctionGraph, joined: JoinedRows) -> bool:
    """Rows that lie side by side in a longer join are taken from there."""
    order = fgraph.toposort()
    joins = [(node, _joined_by(node)) for node in order if _joined_by(node)]
    for short, few in joins:
        for long, many in joins:
            at = _position(few, many)
            if len(few) >= len(many) or at is None or short in _ancestors(order)[long]:
                continue
            start = sum(part.shape[0] for part in many[:at])
            stop = start + sum(part.shape[0] for part in few)
            _replace_all(fgraph, [(short.outputs[0], long.outputs[0][start:stop])])
            return True
    return False


def _spread_joined_winners(fgraph: FunctionGraph, joined: JoinedRows) -> bool:
    """Gradients of maxout are joined before they are spread over the pieces: fewer values to gather."""
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
    """Replace variables by others, whose types may say less; give what took their places."""
    typed = [new if new.type == old.type else pt.specify_shape(new, old.type.shape) for old, new in pairs]
    fgraph.replace_all([(old, new) for (old, _), new in zip(pairs, typed, strict=True)], reason="JoinProducts")
    return typed


def _clients(fgraph: FunctionGraph, variable: Variable) -> list[Apply]:
    return [client for client, _ in fgraph.clients.get(variable, ()) if isinstance(client, Apply)]


def _joined_by(node: Any) -> list[Variable]:
    """The variables whose rows a node puts one after the other; none where it does something else."""
    if not isinstance(node, Apply) or not isinstance(node.op, Join):
        return []
    if hasattr(node.op, "axis"):
        return list(node.inputs) if node.op.axis == 0 else []
    axis, *parts = node.inputs  # PyTensor before 3.3
    return parts if isinstance(axis, Constant) and int(axis.data) == 0 else []


def _position(part: list[Variable], whole: list[Variable]) -> int | None:
    """Where `part` begins within `whole`; None where it is not in it."""
    starts = range(len(whole) - len(part) + 1)
    return next((start for start in starts if whole[start : start + len(part)] == part), None)


def _is_matrix_product(node: Apply) -> bool:
    return isinstance(node.op, Dot) and all(factor.ndim == 2 for factor in node.inputs)


def _is_transpose(variable: Variable) -> bool:
    node = variable.owner
    return node is not None and isinstance(node.op, DimShuffle) and node.op.new_order == (1, 0)


def _is_gradient_of_weights(fgraph: FunctionGraph, variable: Variable) -> bool:
    """Whether it is a' c and used once."""
    node = variable.owner
    if node is None or not _is_matrix_product(node) or not _is_transpose(node.inputs[0]):
        return False
    return len(fgraph.clients[variable]) == 1


def _same_dtypes(node: Apply, other: Apply) -> bool:
    return [each.dtype for each in node.inputs] == [each.dtype for each in other.inputs]


def _ancestors(order: list[Apply]) -> Ancestors:
    found: Ancestors = {}
    for node in order:
        found[node] = set()
        for variable in node.inputs:
            if variable.owner is not None:
                found[node] |= found[variable.owner] | {variable.owner}
    return found


optdb.register("join_products", JoinProducts(), registry.C_ONLY, position=1.65)
