"""Fused loops without repeated outputs compute what they did."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.compile.mode import Mode
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.rewriting.basic import dfs_rewriter
from pytensor.scalar.basic import Composite, float64
from pytensor.tensor.elemwise import Elemwise

from adversarial.engine.rewrites.fused_outputs import return_each_value_once


def fused():
    """A loop of two values and four outputs: x + y, x y, x + y, x + y."""
    a, b = float64("a"), float64("b")
    total, product = a + b, a * b
    return Elemwise(Composite([a, b], [total, product, total, total]))


def rewritten(inputs, outputs):
    fgraph = FunctionGraph(inputs, outputs, clone=False)
    dfs_rewriter(return_each_value_once).rewrite(fgraph)
    return fgraph


def test_each_value_is_an_output_once_and_goes_where_its_copies_went():
    x, y = pt.dmatrices("x", "y")
    total, product, again, third = fused()(x, y)
    fgraph = rewritten([x, y], [again * 2, product, total, third])
    [loop] = [node for node in fgraph.toposort() if isinstance(getattr(node.op, "scalar_op", None), Composite)]
    assert len(loop.outputs) == 2
    values = np.random.default_rng(0).normal(size=(2, 3, 4))
    function = pytensor.function([x, y], fgraph.outputs, mode=Mode("py", None))
    u, v = values
    for found, expected in zip(function(u, v), ((u + v) * 2, u * v, u + v, u + v), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_loops_whose_values_differ_stay():
    x = pt.dmatrix("x")
    a = float64("a")
    before = Elemwise(Composite([a], [a + 1, a * 2]))(x)
    assert rewritten([x], before).outputs == before
