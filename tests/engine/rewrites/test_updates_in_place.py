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
