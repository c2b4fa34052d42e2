"""MRG31k3p on numba and JAX: the same bits as the NumPy truth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from evaluation import INTERPRETED
from hypothesis import given, settings
from hypothesis import strategies as st

from adversarial import backend
from adversarial.errors import ConfigurationError
from adversarial.ops.mrg31k3p import M2, MRGUniform
from adversarial.random_streams import MRG_RandomStreams

RANGES = [(0.0, 1.0), (-1.5, 0.25), (-np.sqrt(3), np.sqrt(3))]
#: Fewer values than streams, as many, a multiple, and a multiple and a rest; and none.
SIZES = [(2, 4), (5, 3), (20, 10), (37, 11), (0, 3)]


def both(test: Callable) -> Callable:
    """Run a test on each backend, with floatX float64 so that JAX has both floats."""
    return pytest.mark.usefixtures("float64")(pytest.mark.parametrize("on", ["numba", "jax"], indirect=True)(test))


def truth(op: MRGUniform, states: np.ndarray, size: tuple[int, ...]) -> list[np.ndarray]:
    return pytensor.function([], op(pt.as_tensor(states), np.array(size)), mode=INTERPRETED)()


def assert_same_bits(found: list, expected: list) -> None:
    for one, other in zip(found, expected, strict=True):
        one = np.asarray(one)
        assert one.dtype == other.dtype and one.shape == other.shape
        np.testing.assert_array_equal(one, other)


@both
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_state_gives_one_sample(on, dtype):
    state = pt.imatrix()
    draws = [(MRGUniform(dtype, 2, low, high), size) for low, high in RANGES for size in SIZES]
    function = backend.function([state], [output for op, size in draws for output in op(state, np.array(size))])
    for streams in (1, 15, 200):
        states = MRG_RandomStreams(42).get_substream_rstates(streams)
        assert_same_bits(function(states), [value for op, size in draws for value in truth(op, states, size)])


@pytest.fixture(scope="module")
def numba_sample():
    """A function (state, size) -> (new state, sample) on numba."""
    pytest.importorskip("numba", reason="the backend numba is not installed")
    before = backend.backend_name()
    backend.configure(backend="numba")
    state, size = pt.imatrix(), pt.lvector()
    yield backend.function([state, size], MRGUniform("float32", 2, -1.5, 0.25)(state, size))
    backend.configure(backend=before)


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 300), st.integers(1, M2 - 1))
@settings(max_examples=60, deadline=None)
def test_any_size_on_numba(numba_sample, rows, columns, streams, seed):
    states = MRG_RandomStreams(seed).get_substream_rstates(streams)
    before = states.copy()
    found = numba_sample(states, np.array([rows, columns]))
    assert_same_bits(found, truth(MRGUniform("float32", 2, -1.5, 0.25), states, (rows, columns)))
    np.testing.assert_array_equal(states, before)


def test_sizes_that_cannot_be_on_numba(numba_sample):
    states = MRG_RandomStreams(7).get_substream_rstates(5)
    for size in ([3, -1], [3], [1, 2, 3]):
        with pytest.raises(ValueError, match="size of a sample"):
            numba_sample(states, np.array(size))


@both
def test_streams_move_on_from_call_to_call(on):
    sizes = ((20, 36), (7, 100))

    def drawn(mode):
        streams = MRG_RandomStreams(2014)
        outputs = [streams.uniform(sizes[0]), streams.binomial(sizes[1], p=0.8, dtype="float32")]
        function = pytensor.function([], outputs, mode=mode)
        return [values for _ in range(3) for values in function()]

    assert_same_bits(drawn(backend.mode()), drawn(INTERPRETED))


@both
def test_a_size_taken_from_an_input(on):
    x = pt.matrix()
    function = backend.function([x], MRG_RandomStreams(5).uniform((x.shape[0], 9), dtype="float32"))
    x = pt.matrix()
    reference = pytensor.function(
        [x], MRG_RandomStreams(5).uniform((x.shape[0], 9), dtype="float32"), mode=INTERPRETED, on_unused_input="ignore"
    )
    for rows in (12, 12, 5):
        data = np.zeros((rows, 2))
        assert_same_bits([function(data)], [reference(data)])


@pytest.mark.parametrize("on", ["jax"], indirect=True)
def test_a_size_that_jax_cannot_know_is_refused(on, float64):
    x = pt.vector()
    function = backend.function([x], MRG_RandomStreams(5).uniform((pt.cast(x.sum(), "int64"), 9)))
    with pytest.raises(ConfigurationError, match="must be constant or taken from the shape of an input"):
        function(np.ones(4))
