"""Denormal numbers are taken for 0 within `flushed`, and nowhere else."""

from __future__ import annotations

import sys

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from adversarial import backend
from adversarial.engine import denormals

pytestmark = pytest.mark.skipif(denormals._libm is None, reason="nothing is flushed on this system")
DENORMAL = np.float32(1e-40)


def test_this_thread_flushes_within_and_not_after():
    values = np.full(50, DENORMAL)
    with denormals.flushed():
        assert not np.any(values * np.float32(2))
    assert np.all(values * np.float32(2) > 0)


def test_it_ends_upon_an_error():
    with pytest.raises(KeyError), denormals.flushed():
        raise KeyError
    assert DENORMAL * np.float32(2) > 0


@pytest.mark.skipif(not pytensor.config.cxx or sys.platform != "linux", reason="there is no C compiler")
def test_threads_of_products_and_of_elementwise_arithmetic_do_as_this_one():
    before = backend.threads()
    backend.configure(threads=2)
    try:
        x, y, c = pt.fmatrix(), pt.fmatrix(), pt.fmatrix()
        sums = backend.function([x, y], x + y)
        accumulated = backend.function([x, y, c], pt.dot(x, y) + c)
        tiny = np.full((300, 300), DENORMAL)
        zeros = np.zeros((300, 300), dtype="float32")
        with denormals.flushed():
            assert not np.any(sums(tiny, tiny)) and not np.any(accumulated(zeros, zeros, tiny))
        assert np.all(sums(tiny, tiny) > 0)
    finally:
        backend.configure(threads=before)
