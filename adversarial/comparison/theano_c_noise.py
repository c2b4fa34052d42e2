"""The float32 noise of Theano's C code, for records that were made with it.

Theano's two modes rounded float32 noise differently: its C code multiplied the generator's integers by 2^-31 less one
unit in the last place, and the compiler fused the product and the sum of u (high - low) + low (FMA). This library
rounds as Theano's Python code did, on every backend.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from adversarial.random_streams import MRG_RandomStreams, Size

NORM = np.float32(4.6566126e-10)


@contextmanager
def rounding() -> Iterator[None]:
    """Let `MRG_RandomStreams.uniform` round float32 as Theano's C code did, in graphs built within the context."""
    uniform = MRG_RandomStreams.uniform

    def rounded_as_in_c(
        self: MRG_RandomStreams,
        size: Size,
        low: float = 0.0,
        high: float = 1.0,
        ndim: int | None = None,
        dtype: str | None = None,
        nstreams: int | None = None,
    ) -> TensorVariable:
        if dtype != "float32" or (low == 0 and high == 1):
            return uniform(self, size, low, high, ndim, dtype, nstreams)
        integers = uniform(self, size, ndim=ndim, dtype=dtype, nstreams=nstreams) * np.float32(2.0**31)
        # In float64, whose single rounding at the end is that of a fused multiply-add in float32.
        sample = pt.cast(pt.cast(integers * NORM, "float32"), "float64")
        start, end = np.float32(low), np.float32(high)
        return pt.cast(sample * np.float64(end - start) + np.float64(start), "float32")

    MRG_RandomStreams.uniform = rounded_as_in_c  # type: ignore[method-assign]
    try:
        yield
    finally:
        MRG_RandomStreams.uniform = uniform  # type: ignore[method-assign]
