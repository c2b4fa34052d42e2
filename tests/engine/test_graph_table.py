"""A graph made of a table is the graph that the table was made of."""

from __future__ import annotations

import pickle

import numpy as np
import pytensor.tensor as pt
import pytest
from foreign_op import ForeignOp
from hypothesis import given
from hypothesis import strategies as st
from pytensor.compile.mode import Mode
from pytensor.graph.basic import equal_computations
from pytensor.graph.fg import FunctionGraph
from pytensor.tensor.variable import TensorConstant

from adversarial import backend
from adversarial.engine.graph_table import NotPlainError, table_of, to_bytes


def graph(scale=0.5, name="x", dtype="float32", join=pt.add, tags=None):
    """A graph with constants, several outputs, one of them a constant, and an Op with an inner graph."""
    x, y = pt.matrix(name, dtype=dtype), pt.vector("y", dtype=dtype)
    x.tag.__dict__.update(tags or {})
    fused = join(pt.exp(x * scale), y) * pt.constant(np.arange(6, dtype=dtype).reshape(2, 3), name="weights")
    return FunctionGraph([x, y], [fused.sum(axis=0), fused[1:, ::-1], pt.constant(3), x])


def pieces(fgraph):
    return list(table_of(fgraph).pieces())


def test_the_graph_made_of_a_table_is_the_graph():
    fgraph = graph()
    built = pickle.loads(to_bytes(table_of(fgraph))).build(fgraph.inputs)
    assert equal_computations(built, fgraph.outputs)
    again = FunctionGraph(fgraph.inputs, built, clone=False)
    assert [(node.op, [each.type for each in node.outputs]) for node in again.toposort()] == [
        (node.op, [each.type for each in node.outputs]) for node in fgraph.toposort()
    ]
    assert [each.name for each in again.inputs] == ["x", "y"]
    assert table_of(again).same_as(table_of(fgraph))


def test_what_nodes_are_tagged_with_counts_and_comes_back():
    fgraph = graph()
    before = pieces(fgraph)
    fgraph.outputs[0].owner.tag.hint = 3
    assert pieces(fgraph) != before
    assert table_of(fgraph).build(fgraph.inputs)[0].owner.tag.hint == 3


def test_rewritten_graphs_with_fused_loops_come_back_too():
    x = pt.matrix("x")
    fgraph = backend.function([x], pt.exp(x * 2) + pt.tanh(x), mode=Mode("py", "fast_run")).maker.fgraph
    assert any("Composite" in str(node.op) for node in fgraph.toposort())
    table = table_of(fgraph)
    back = pickle.loads(to_bytes(table))
    assert back.same_as(table)
    assert equal_computations(back.build(fgraph.inputs), fgraph.outputs)


def test_tables_of_one_graph_are_equal():
    assert pieces(graph()) == pieces(graph())
    assert table_of(graph()).same_as(table_of(graph()))


@pytest.mark.parametrize(
    "other",
    [
        {"scale": 0.25},
        {"scale": -0.5},
        {"name": "other"},
        {"dtype": "float64"},
        {"join": pt.sub},
        {"tags": {"batch_axis": 0}},
    ],
    ids=str,
)
def test_tables_of_other_graphs_differ(other):
    assert pieces(graph()) != pieces(graph(**other))
    assert not table_of(graph()).same_as(table_of(graph(**other)))


@given(st.lists(st.integers(0, 2), min_size=1, max_size=12))
def test_deep_graphs_and_which_variable_goes_where(sources):
    """Each node takes the newest variable and another one, so that the graph is as deep as the list is long."""

    def chain(sources):
        variables = [pt.scalar(name) for name in "abc"]
        for source in sources:
            variables.append(variables[-1] - variables[source])
        return FunctionGraph(variables[:3], variables[-1:])

    fgraph = chain(sources)
    assert equal_computations(table_of(fgraph).build(fgraph.inputs), fgraph.outputs)
    changed = [*sources[:-1], (sources[-1] + 1) % 3]
    assert pieces(chain(sources)) == pieces(chain(sources)) != pieces(chain(changed))


def test_a_graph_deeper_than_python_may_recurse():
    x = total = pt.scalar("x")
    for _ in range(3000):
        total = pt.sin(total)
    fgraph = FunctionGraph([x], [total], clone=False)
    assert len(pickle.loads(to_bytes(table_of(fgraph))).steps) == 3000


def test_constants_keep_the_bits_that_comparisons_do_not_see():
    def constant(value):
        return FunctionGraph([], [pt.constant(np.array([value], "float32"))])

    assert pieces(constant(0.0)) != pieces(constant(-0.0))
    assert pieces(constant(np.nan)) == pieces(constant(np.nan))
    assert not table_of(constant(0.0)).same_as(table_of(constant(-0.0)))


@pytest.mark.parametrize(
    "output, reason",
    [
        (ForeignOp()(pt.scalar()), "no known package"),
        (pt.sin(TensorConstant(pt.dmatrix().type, np.zeros((4, 3))[:, ::2])), "not contiguous"),
    ],
    ids=["foreign Op", "strided constant"],
)
def test_what_has_no_place_in_a_table_is_refused(output, reason):
    inputs = [each for each in output.owner.inputs if not hasattr(each, "data")]
    with pytest.raises(NotPlainError, match=reason):
        table_of(FunctionGraph(inputs, [output], clone=False))


def test_what_cannot_be_pickled_is_refused():
    with pytest.raises(NotPlainError, match="generator cannot be pickled"):
        to_bytes(each for each in ())
