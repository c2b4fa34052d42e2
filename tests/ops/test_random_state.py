"""Draws by NumPy's RandomState are NumPy's own, call after call, on every backend."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from numpy.random import RandomState

from adversarial import backend
from adversarial.ops.random_state import RandomStateDraw, random_of, state_of
from adversarial.random_streams import RandomStreams


@pytest.mark.parametrize("drawn", [0, 1, 700])
def test_a_state_is_the_generator(drawn):
    random = RandomState(3)
    random.standard_normal(drawn)  # an odd number keeps a normal number for the next draw
    again = random_of(state_of(random))
    assert state_of(random).dtype == np.uint32
    np.testing.assert_array_equal(again.standard_normal(5), random.standard_normal(5))


@pytest.mark.parametrize("on", ["c", "numba", "jax"], indirect=True)
def test_streams_go_on_as_numpys(on, float64):
    streams = RandomStreams(17)
    batch = pt.dmatrix()
    draw = backend.function([batch], [streams.integers((batch.shape[0],), 10), streams.normal((batch.shape[0], 3))])
    labels, normals = (RandomState(seed) for seed in (191834735, 780729585))  # recorded from Theano
    for _ in range(3):
        found = draw(np.zeros((5, 2)))
        np.testing.assert_array_equal(found[0], labels.randint(0, 10, 5))
        np.testing.assert_array_equal(found[1], normals.standard_normal((5, 3)))


def test_what_is_no_state_or_size_is_refused():
    draw = RandomStateDraw("normal", 1, "float64")
    with pytest.raises(TypeError, match="uint32"):
        draw(np.zeros(628), np.array([3]))
    with pytest.raises(TypeError, match="integers"):
        draw(state_of(RandomState(0)), np.array([3.0]))
