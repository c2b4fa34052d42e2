"""Updates overwrite what they update where nobody needs it any more, and only there."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from adversarial import backend

pytestmark = pytest.mark.skipif(not pytensor.config.cxx, reason="there is no C compiler")


def run_update(outputs_of):
    """Update a matrix by one with rows of known number: whether it is overwritten, the outputs, and the matrix."""
    w = pytensor.shared(np.ones((3, 4), "float32"), shape=(None, None))
    v = pt.matrix(dtype="float32", shape=(3, None))
    function = backend.function([v], outputs_of(w), updates=[(w, w + 2 * v)])
    fgraph = function.maker.fgraph
    overwritten = {node.inputs[i] for node in fgraph.apply_nodes for (i,) in node.op.destroy_map.values()}
    return bool(overwritten & set(fgraph.inputs)), function(np.full((3, 4), 5, "float32")), w.get_value()


def test_the_new_value_goes_where_the_old_one_was(on_c):
    in_place, _, after = run_update(lambda w: [])
    assert in_place
    np.testing.assert_array_equal(after, np.full((3, 4), 11))


def test_what_reads_the_old_value_reads_it_before(on_c):
    in_place, (total, old), after = run_update(lambda w: [w.sum(), w])
    assert total == 12
    np.testing.assert_array_equal(old, np.ones((3, 4)))
    np.testing.assert_array_equal(after, np.full((3, 4), 11))


def test_a_loop_of_two_updates_overwrites_both(on_c):
    w, mean = (pytensor.shared(np.full((600, 700), value, "float32"), shape=(None, None)) for value in (1, 3))
    v = pt.matrix(dtype="float32", shape=(600, None))
    new = w + 2 * v
    function = backend.function([v], updates=[(w, new), (mean, mean + 0.5 * (new - mean))])
    (loop,) = [node for node in function.maker.fgraph.toposort() if len(node.outputs) == 2]
    assert sorted(loop.op.destroy_map) == [0, 1]
    function(np.full((600, 700), 5, "float32"))
    np.testing.assert_array_equal(w.get_value(), np.full((600, 700), 11))
    np.testing.assert_array_equal(mean.get_value(), np.full((600, 700), 7))
