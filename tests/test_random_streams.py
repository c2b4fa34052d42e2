"""Level F3: variates equal to those of Theano f9902a4."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from evaluation import evaluate

from adversarial import backend
from adversarial.random_streams import MAX_STREAMS, MRG_RandomStreams, guess_n_streams

SQRT3 = np.sqrt(3)


def variates(streams, dtype):
    """The seven variates of the record, drawn from one stream object in its order."""
    return {
        "u_100x784": streams.uniform((100, 784)),
        "b_20x36_p8": streams.binomial((20, 36), p=0.8, dtype=dtype),
        "u_7x100_sqrt3": streams.uniform((7, 100), -SQRT3, SQRT3),
        "n_20x7": streams.normal((20, 7)),
        "n_3x3_odd": streams.normal((3, 3)),
        "b_100x240_p5": streams.binomial((100, 240), p=0.5, dtype=dtype),
        "n_std2_avg1_5x10": streams.normal((5, 10), avg=1.0, std=2.0),
    }


def stored(values):
    """Values as the record keeps them."""
    flat, size = values.ravel(), values.size
    return flat if size <= 3000 else flat[np.r_[0:200, size // 2 : size // 2 + 200, size - 200 : size]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equal_to_theano(golden, dtype):
    record = np.load(golden / "mrg31k3p.npz")
    before = backend.floatX()
    backend.configure(floatX=dtype)
    try:
        for seed in sorted({int(key.split("/")[1].removeprefix("seed")) for key in record.files}):
            named = variates(MRG_RandomStreams(seed), dtype)
            function = backend.function([], list(named.values()))
            for call in range(3):
                for name, values in zip(named, function(), strict=True):
                    expected = record[f"{dtype}/seed{seed}/{name}/call{call}"].ravel()
                    assert values.dtype == dtype
                    if name.startswith("n_"):
                        # An angle below 2 pi is rounded to 4 eps and multiplied by a radius below 7, then by std.
                        tolerance = 4 * 7 * 2 * np.finfo(dtype).eps
                        np.testing.assert_allclose(stored(values), expected, rtol=0, atol=tolerance)
                    else:
                        np.testing.assert_array_equal(stored(values), expected)
    finally:
        backend.configure(floatX=before)


def test_symbolic_and_constant_sizes_have_theanos_numbers_of_streams():
    n = pt.lscalar()
    assert guess_n_streams((n, 3)) == MAX_STREAMS == 60 * 256
    assert [guess_n_streams(size) for size in ((2, 3), (7,), (100, 784), (10**6,))] == [6, 1, 13066, MAX_STREAMS]


def test_substreams_start_where_jumping_one_by_one_arrives():
    streams = MRG_RandomStreams(99)
    many = streams.get_substream_rstates(64, inc_rstate=False)
    np.testing.assert_array_equal(streams.get_substream_rstates(3, inc_rstate=False), many[:3])
    other = MRG_RandomStreams([int(value) for value in many[5]])
    np.testing.assert_array_equal(other.get_substream_rstates(10, inc_rstate=False), many[5:15])


def test_every_variate_starts_elsewhere_and_moves_on():
    streams = MRG_RandomStreams(3)
    first, second = streams.uniform((4,)), streams.uniform((4,))
    function = backend.function([], [first, second])
    a, b = function(), function()
    assert len({tuple(values) for values in (*a, *b)}) == 4


def test_a_normal_variate_of_symbolic_size(float64):
    n = pt.lscalar()
    values = evaluate(MRG_RandomStreams(5).normal((n, 3)), {n: 5001})
    assert values.shape == (5001, 3)
    assert values.mean() == pytest.approx(0, abs=0.03) and values.std() == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("seed", [0, -1, 2**31, [0, 0, 0, 1, 1, 1], [1, 2, 3]])
def test_seeds_that_cannot_be(seed):
    with pytest.raises((ValueError, TypeError)):
        MRG_RandomStreams(seed)


def test_sizes_that_cannot_be():
    with pytest.raises(ValueError, match="must be above 0"):
        MRG_RandomStreams(1).uniform((0, 3))
    with pytest.raises(ValueError, match="n must be 1"):
        MRG_RandomStreams(1).binomial((2,), n=2)
