"""The float32 noise of Theano's C code, for records made in that mode.

Theano's two modes rounded float32 noise differently: its C code multiplied the generator's integers by 2^-31 less one
unit in the last place, and the compiler fused the product and the sum of u (high - low) + low. This library rounds
as Theano's Python code did, on every backend.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytensor.tensor as pt

from adversarial.random_streams import MRG_RandomStreams

NORM = np.float32(4.6566126e-10)


@contextmanager
def rounding() -> Iterator[None]:
    """While graphs are built within, `MRG_RandomStreams.uniform` rounds float32 as Theano's C code did."""
    uniform = MRG_RandomStreams.uniform

    def rounded_as_in_c(self, size, low=0.0, high=1.0, ndim=None, dtype=None, nstreams=None):
        if dtype != "float32" or (low == 0 and high == 1):
            return uniform(self, size, low, high, ndim, dtype, nstreams)
        integers = uniform(self, size, ndim=ndim, dtype=dtype, nstreams=nstreams) * np.float32(2.0**31)
        # In float64, whose single rounding at the end is that of a fused multiply-add in float32.
        sample = pt.cast(pt.cast(integers * NORM, "float32"), "float64")
        low, high = np.float32(low), np.float32(high)
        return pt.cast(sample * np.float64(high - low) + np.float64(low), "float32")

    MRG_RandomStreams.uniform = rounded_as_in_c
    try:
        yield
    finally:
        MRG_RandomStreams.uniform = uniform
