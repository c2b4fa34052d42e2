"""MRG31k3p: the C code against the NumPy truth, and both against plain integer arithmetic."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from evaluation import INTERPRETED
from hypothesis import given, settings
from hypothesis import strategies as st

from adversarial import backend
from adversarial.ops.mrg31k3p import M1, M2, MRGUniform, next_values
from adversarial.random_streams import MRG_RandomStreams


def one_step(state):
    """The recurrence of the paper in Python's own integers: new state and the value it gives."""
    x11, x12, x13, x21, x22, x23 = (int(value) for value in state)
    y1 = ((2**22 * x12) + (2**7 + 1) * x13) % M1
    y2 = (2**15 * x21 + (2**15 + 1) * x23) % M2
    return [y1, x11, x12, y2, x21, x22], (y1 - y2) % M1 or M1


def test_the_recurrence_is_that_of_lecuyer_and_touzin():
    states = MRG_RandomStreams(42).get_substream_rstates(20)
    for _ in range(5):
        expected = [one_step(state) for state in states]
        states, values = next_values(states)
        np.testing.assert_array_equal(states, [state for state, _ in expected])
        np.testing.assert_array_equal(values, [value for _, value in expected])


@pytest.fixture(scope="module", params=["float32", "float64"])
def both(request):
    """Functions (state, size) -> (new state, sample), compiled and interpreted."""
    state, size = pt.imatrix(), pt.lvector()
    outputs = MRGUniform(request.param, 2, low=-1.5, high=0.25)(state, size)
    return backend.function([state, size], outputs), pytensor.function([state, size], outputs, mode=INTERPRETED)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 300), st.integers(1, 2**31 - 100))
@settings(max_examples=60, deadline=None)
def test_compiled_code_gives_the_same_bits(both, rows, columns, streams, seed):
    states = MRG_RandomStreams(min(seed, M2 - 1)).get_substream_rstates(streams)
    compiled, interpreted = (function(states, np.array([rows, columns])) for function in both)
    for found, expected in zip(compiled, interpreted, strict=True):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)


def test_the_state_given_is_not_changed(both):
    states = MRG_RandomStreams(7).get_substream_rstates(5)
    before = states.copy()
    both[0](states, np.array([3, 4]))
    np.testing.assert_array_equal(states, before)


def test_sizes_that_cannot_be(both):
    states = MRG_RandomStreams(7).get_substream_rstates(5)
    for function in both:
        with pytest.raises(ValueError):
            function(states, np.array([3, -1]))
        with pytest.raises(ValueError):
            function(states, np.array([3]))


def test_wrong_types_are_refused_when_the_graph_is_built():
    with pytest.raises(TypeError, match="int32 matrix"):
        MRGUniform("float32", 1)(pt.fmatrix(), [3])
    with pytest.raises(TypeError, match="not int32"):
        MRGUniform("int32", 1)
