"""Which examples make up minibatches: in 2014's order, each once, none forgotten."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adversarial.datasets.iteration import MODES, SubsetIterator, has_uniform_batch_size, is_stochastic
from adversarial.errors import ConfigurationError

FINITE = [name for name, mode in MODES.items() if not mode.endless]
SEED_OF_SGD = [2012, 10, 5]


def visited(*args, **kwargs) -> list[np.ndarray]:
    """The indices of each minibatch."""
    iterator = SubsetIterator(*args, **kwargs)
    size = args[1]
    return [np.arange(size)[subset] for subset in iterator]


@pytest.mark.parametrize("size, batch_size, epochs", [(230, 20, 3), (50000, 100, 2)])
def test_sgd_visits_examples_in_the_order_of_2014(golden, size, batch_size, epochs):
    rng = np.random.RandomState(SEED_OF_SGD)
    recorded = np.load(golden / "iteration_order.npz")
    for epoch in range(epochs):
        order = np.concatenate(visited("shuffled_sequential", size, batch_size, None, rng))
        if size == 230:
            np.testing.assert_array_equal(order, recorded["n230_batch20"][epoch])
        else:
            np.testing.assert_array_equal(order[:500], recorded["n50000_batch100_first500"][epoch])
            np.testing.assert_array_equal(order[-500:], recorded["n50000_batch100_last500"][epoch])


@given(st.sampled_from(FINITE), st.integers(1, 200), st.integers(1, 50), st.integers(0, 2**31))
def test_a_pass_visits_each_example_once(mode, size, batch_size, seed):
    if MODES[mode].even and size < batch_size:
        with pytest.raises(ConfigurationError, match="do not make one batch"):
            SubsetIterator(mode, size, batch_size)
        return
    batches = visited(mode, size, batch_size, None, seed)
    whole = size // batch_size * batch_size if MODES[mode].even else size
    together = np.concatenate(batches)
    assert len(together) == whole == len(set(together))
    assert len(batches) == SubsetIterator(mode, size, batch_size).num_batches
    lengths = [len(batch) for batch in batches]
    assert all(length == batch_size for length in lengths[:-1] if "batchwise" not in mode)
    assert sorted(lengths)[1:] == [batch_size] * (len(lengths) - 1)


@given(st.sampled_from(FINITE), st.integers(1, 200), st.integers(1, 50))
def test_a_number_of_batches_makes_the_batch_size(mode, size, num_batches):
    if num_batches > size:
        with pytest.raises(ConfigurationError):
            SubsetIterator(mode, size, None, num_batches)
        return
    iterator = SubsetIterator(mode, size, None, num_batches)
    batches = visited(mode, size, None, num_batches)
    assert len(batches) == iterator.num_batches <= num_batches
    if MODES[mode].even:
        assert len(batches) == num_batches
        assert {len(batch) for batch in batches} == {size // num_batches}
    else:
        assert sum(len(batch) for batch in batches) == size


@given(st.integers(1, 100), st.integers(1, 30), st.integers(1, 10), st.integers(0, 2**31))
def test_modes_that_draw_give_the_batches_asked_for(size, batch_size, num_batches, seed):
    for mode in ("random_uniform", "random_slice"):
        if mode == "random_slice" and batch_size > size:
            with pytest.raises(ConfigurationError, match="only"):
                SubsetIterator(mode, size, batch_size, num_batches, seed)
            continue
        batches = visited(mode, size, batch_size, num_batches, seed)
        assert [len(batch) for batch in batches] == [batch_size] * num_batches
        if mode == "random_slice":
            assert all((np.diff(batch) == 1).all() for batch in batches)


def test_draws_reach_both_ends():
    assert {int(index) for index in np.concatenate(visited("random_uniform", 5, 100, 1, 0))} == set(range(5))
    assert {int(batch[0]) for batch in visited("random_slice", 5, 3, 100, 0)} == {0, 1, 2}


@pytest.mark.parametrize("mode", MODES)
def test_a_seed_gives_one_order(mode):
    for one, other in zip(visited(mode, 60, 7, 8, 3), visited(mode, 60, 7, 8, 3), strict=True):
        np.testing.assert_array_equal(one, other)
    if is_stochastic(mode):
        first, second = (np.concatenate(visited(mode, 60, 7, 8, seed)) for seed in (3, 4))
        assert (first != second).any()


def test_a_random_state_moves_on_when_the_iterator_is_made():
    rng = np.random.RandomState(1)
    SubsetIterator("shuffled_sequential", 30, 10, None, rng)
    expected = np.random.RandomState(1)
    expected.shuffle(np.arange(30))
    assert rng.randint(2**30) == expected.randint(2**30)


def test_modes_say_whether_batches_are_alike():
    assert {mode for mode in MODES if has_uniform_batch_size(mode)} == {
        "random_slice", "random_uniform", "even_sequential", "even_shuffled_sequential",
        "even_batchwise_shuffled_sequential",
    }  # fmt: skip
    assert not is_stochastic("sequential") and not is_stochastic("even_sequential")


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("shufled_sequential", 10, 2), "did you mean 'shuffled_sequential'"),
        (("sequential", 10), "needs a batch size or a number of batches"),
        (("sequential", 10, 3, 5), "10 examples make 4 batches of 3, but 5 are asked for"),
        (("even_sequential", 10, 3, 4), "10 examples make 3 batches of 3, but 4 are asked for"),
        (("random_uniform", 10, 3), "needs both"),
        (("sequential", 10, 0), "at least 1, not 0"),
        (("sequential", 10, 2, -1), "at least 1, not -1"),
    ],
)
def test_what_cannot_be_iterated_over_is_said_in_a_sentence(arguments, words):
    with pytest.raises(ConfigurationError, match=words):
        SubsetIterator(*arguments)


@pytest.mark.parametrize("mode", sorted(MODES))
def test_what_follows_is_what_comes_next(mode):
    asked = {"batch_size": 4, "num_batches": 3 if MODES[mode].endless else None}
    looked, plain = [SubsetIterator(mode, 13, rng=np.random.RandomState(1), **asked) for _ in range(2)]
    for expected in plain:
        following = looked.following()
        if not MODES[mode].endless:
            assert str(following) == str(looked.following()) == str(expected)
        else:
            assert following is None
        assert str(next(looked)) == str(expected)
    assert looked.following() is None
    assert next(looked, None) is None
