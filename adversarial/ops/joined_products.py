"""Matrix products that share a factor, joined into one product of more rows on the C backend.

A discriminator sees a minibatch of data and one of samples, so that each of its weight matrices multiplies two
matrices of few rows, and gathers its gradient from two products. BLAS needs less time for one product of twice the
rows. Values change by rounding only.
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

from adversarial import backend
from adversarial.ops.maxout import ToWinners

Ancestors = dict[Apply, set[Apply]]


class JoinProducts(GraphRewriter):
    """a W, b W, ... become slices of [a; b; ...] W, and a' c + b' d becomes [a; b]' [c; d]."""

    def add_requirements(self, fgraph: FunctionGraph) -> None:
        """Nothing beyond what replacing variables needs."""

    def apply(self, fgraph: FunctionGraph) -> None:
        """Join sums first: the order of their rows is that of the groups too, so that rows are gathered once."""
        for step in (self._join_one_sum, self._join_one_group, self._slice_one_join, self._spread_joined_winners):
            while step(fgraph):
                pass

    @staticmethod
    def _join_one_sum(fgraph: FunctionGraph) -> bool:
        for node in fgraph.toposort():
            if not (isinstance(node.op, Elemwise) and isinstance(node.op.scalar_op, Add)):
                continue
            sums = [part for part in node.inputs if _is_gradient_of_weights(fgraph, part)]
            if len(sums) < 2 or len({(part.dtype, *part.type.shape) for part in sums}) > 1:
                continue
            lefts = [part.owner.inputs[0].owner.inputs[0] for part in sums]
            rights = [part.owner.inputs[1] for part in sums]
            joined = pt.dot(_rows(fgraph, lefts).T, _rows(fgraph, rights))
            others = [part for part in node.inputs if part not in sums]
            new = pt.add(joined, *others) if others else joined
            _replace_all(fgraph, [(node.outputs[0], new)])
            return True
        return False

    @staticmethod
    def _join_one_group(fgraph: FunctionGraph) -> bool:
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
                _join(fgraph, chosen)
                return True
        return False

    @staticmethod
    def _spread_joined_winners(fgraph: FunctionGraph) -> bool:
        """Gradients of maxout are joined before they are spread over the pieces: fewer values to gather."""
        order = fgraph.toposort()
        for node in filter(_joins_rows, order):
            parts = [part.owner for part in node.inputs[1:]]
            if any(part is None or not isinstance(part.op, ToWinners) for part in parts):
                continue
            ancestors = _ancestors(order)
            if len({part.op for part in parts}) > 1 or any(a in ancestors[b] for a in parts for b in parts):
                continue
            grads, winners = zip(*(part.inputs for part in parts), strict=True)
            whole = parts[0].op(_rows(fgraph, grads), _rows(fgraph, winners))
            slices = _slices(whole, [part.outputs[0] for part in parts], list(winners))
            _replace_all(fgraph, [(node.outputs[0], whole), *slices])
            return True
        return False

    @staticmethod
    def _slice_one_join(fgraph: FunctionGraph) -> bool:
        """Rows that lie side by side in a longer join are taken from there."""
        order = fgraph.toposort()
        joins = [node for node in order if _joins_rows(node)]
        for short in joins:
            for long in joins:
                at = _position(short.inputs[1:], long.inputs[1:])
                if len(short.inputs) >= len(long.inputs) or at is None or short in _ancestors(order)[long]:
                    continue
                start = sum(part.shape[0] for part in long.inputs[1 : 1 + at])
                stop = start + sum(part.shape[0] for part in short.inputs[1:])
                _replace_all(fgraph, [(short.outputs[0], long.outputs[0][start:stop])])
                return True
        return False


def _join(fgraph: FunctionGraph, nodes: list[Apply]) -> None:
    by_left = {node.inputs[0]: node for node in nodes}
    lefts = _in_order_of_a_join(fgraph, list(by_left))
    whole = pt.dot(_rows(fgraph, lefts), nodes[0].inputs[1])
    _replace_all(fgraph, _slices(whole, [by_left[left].outputs[0] for left in lefts], lefts))


def _rows(fgraph: FunctionGraph, parts: Sequence[Variable]) -> Variable:
    """The rows of all parts, from a join that is there already if there is one."""
    for client, _ in fgraph.clients.get(parts[0], ()):
        if isinstance(client, Apply) and _joins_rows(client) and client.inputs[1:] == list(parts):
            return client.outputs[0]
    return pt.join(0, *parts)


def _slices(whole: Variable, parts: list[Variable], like: list[Variable]) -> list[tuple[Variable, Variable]]:
    """Each of `parts` with the rows of `whole` that are the same, as many as the variable of `like` has."""
    start: Any = 0
    pairs = []
    for part, rows in zip(parts, like, strict=True):
        stop = start + rows.shape[0]
        pairs.append((part, whole[start:stop]))
        start = stop
    return pairs


def _replace_all(fgraph: FunctionGraph, pairs: list[tuple[Variable, Variable]]) -> None:
    """Replace variables by others, whose types may say less."""
    typed = [(old, new if new.type == old.type else pt.specify_shape(new, old.type.shape)) for old, new in pairs]
    fgraph.replace_all(typed, reason="JoinProducts")


def _in_order_of_a_join(fgraph: FunctionGraph, variables: list[Variable]) -> list[Variable]:
    """Those that a join has already first, in its order."""
    for variable in variables:
        for client, _ in fgraph.clients[variable]:
            if isinstance(client, Apply) and _joins_rows(client) and set(client.inputs[1:]) <= set(variables):
                known = client.inputs[1:]
                return [*known, *(other for other in variables if other not in known)]
    return variables


def _joins_rows(node: Apply) -> bool:
    return isinstance(node.op, Join) and isinstance(node.inputs[0], Constant) and int(node.inputs[0].data) == 0


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


optdb.register("join_products", JoinProducts(), backend.C_ONLY, position=1.65)
