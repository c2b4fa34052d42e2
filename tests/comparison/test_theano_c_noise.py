"""Noise as Theano's C code rounded it: its formula in NumPy, and only within the context."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation import evaluate

from adversarial.comparison.theano_c_noise import NORM, rounding
from adversarial.random_streams import MRG_RandomStreams


def drawn(dtype="float32", **options):
    return evaluate(MRG_RandomStreams(5).uniform(size=(200, 30), dtype=dtype, **options))


@pytest.mark.parametrize(("low", "high"), [(-np.sqrt(3), np.sqrt(3)), (0.5, 7.0)])
def test_a_fused_multiply_add_of_the_generators_integers(low, high):
    integers = drawn() * np.float32(2.0**31)
    with rounding():
        found = drawn(low=low, high=high)
    start, end = np.float32(low), np.float32(high)
    unit = (integers * NORM).astype(np.float32).astype(np.float64)
    np.testing.assert_array_equal(found, (unit * np.float64(end - start) + np.float64(start)).astype(np.float32))
    np.testing.assert_allclose(found, drawn(low=low, high=high), atol=4 * np.finfo(np.float32).eps * high)
    assert (found != drawn(low=low, high=high)).any()


def test_the_unit_interval_and_float64_are_left_alone():
    with rounding():
        within = drawn(), drawn("float64", low=-1.0, high=1.0)
    np.testing.assert_array_equal(within[0], drawn())
    np.testing.assert_array_equal(within[1], drawn("float64", low=-1.0, high=1.0))


def test_the_method_is_restored_after_an_error():
    uniform = MRG_RandomStreams.uniform
    with pytest.raises(ZeroDivisionError), rounding():
        assert MRG_RandomStreams.uniform is not uniform
        raise ZeroDivisionError
    assert MRG_RandomStreams.uniform is uniform
