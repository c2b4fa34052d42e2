"""Which of many a page shows: the first, the last, and as many between as have room."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from adversarial.report.thinning import as_fit, evenly


@given(st.integers(1, 3000), st.integers(2, 100))
def test_they_are_evenly_spaced_and_hold_the_ends(count, most):
    chosen = evenly(count, most)
    assert (chosen[0], chosen[-1]) == (0, count - 1)
    assert len(chosen) == min(count, most)
    steps = [after - before for before, after in itertools.pairwise(chosen)]
    assert not steps or max(steps) - min(steps) <= 1


@given(st.lists(st.integers(1, 100_000), min_size=1, max_size=60), st.integers(0, 1_000_000))
def test_as_many_as_have_room(sizes, room):
    chosen = as_fit(sizes, room)
    assert (chosen[0], chosen[-1]) == (0, len(sizes) - 1)
    assert len(chosen) <= 2 or sum(sizes[number] for number in chosen) <= room
    if len(chosen) < len(sizes):
        assert sum(sizes[number] for number in evenly(len(sizes), len(chosen) + 1)) > room
