"""Values that share: their size as a tree, which is what printing, comparing and hashing them costs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from old_pickles import binary_pickle, pair_2014

from adversarial.errors import CheckpointError
from adversarial.serialization.pickle_2014 import records
from adversarial.serialization.pickle_machine import Record
from adversarial.serialization.unfolded import MAX_DEPTH, check_unfolded

LEAVES = st.none() | st.integers() | st.text(max_size=3)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.integers(), inner, max_size=3)
    ),
    max_leaves=30,
)


def size(value):
    if isinstance(value, dict):
        return 1 + sum(size(each) for pair in value.items() for each in pair)
    return 1 + sum(map(size, value)) if isinstance(value, (list, tuple)) else 1


@given(TREES)
def test_a_value_may_be_as_large_as_it_is(tree):
    value = [tree, (tree, [tree])]
    whole = size(value)
    check_unfolded(value, whole, Record)
    with pytest.raises(CheckpointError, match="the same values again and again"):
        check_unfolded(value, whole - 1, Record)


@pytest.mark.parametrize("container", [list, tuple, lambda pair: dict(enumerate(pair))])
def test_doubling_is_refused_at_once(container):
    value = "x"
    for _ in range(60):
        value = container([value, value])
    record = Record(None, ())
    record.state = {"inside": value}
    for held in (value, record, [record, 1]):
        with pytest.raises(CheckpointError, match="the same values again and again"):
            check_unfolded(held, 10**6, Record)


def test_objects_count_once_and_may_lead_back_to_themselves():
    one, two = Record(None, ()), Record(None, ())
    one.state, two.state = {"other": two}, {"other": one, "both": [one, two] * 100}
    check_unfolded(one, 250, Record)


def test_a_list_that_holds_itself_is_refused():
    value = [1]
    value.append((value,))
    with pytest.raises(CheckpointError, match="holds itself"):
        check_unfolded(value, 100, Record)


def test_depth_ends_before_python_does():
    value = 0
    for _ in range(MAX_DEPTH + 1):
        value = [value]
    with pytest.raises(CheckpointError):
        check_unfolded(value, 10**6, Record)
    check_unfolded(value[0], 10**6, Record)


@pytest.mark.parametrize(
    "place",
    [b"cnumpy\ndtype\n(", b"cnumpy.random\n__RandomState_ctor\n("],
)
def test_what_an_object_is_made_from_is_bounded_too(place):
    doubling = b"K\1q\0" + b"0h\0h\0\x86q\0" * 60
    with pytest.raises(CheckpointError, match="again and again"):
        records(b"\x80\2" + place + doubling + b"tR.")


def test_a_genuine_pickle_passes():
    assert isinstance(records(binary_pickle(pair_2014())), Record)
