"""The order of Python 2.7's dict, against orders and hashes that Python 2.7.18 gave on 64 bits."""

from __future__ import annotations

import pytest

from adversarial.monitor.order_2014 import python2_hash, python2_order


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0), ("a", 12416037344), ("train", 2354031563218704723), ("valid", 10481527381886087091)],
)
def test_hashes(text, expected):
    assert python2_hash(text) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ([], []),
        (["valid", "train"], ["train", "valid"]),
        (["train", "valid", "test"], ["test", "train", "valid"]),
        # Two names want one slot, so that the copy's order is not the original's: three, two, one.
        (["one", "two", "three"], ["one", "three", "two"]),
        # More names than the smallest table takes.
        (
            ["train", "valid", "test", "extra", "dev", "holdout", "svhn", "unlabelled"],
            ["svhn", "extra", "dev", "train", "test", "holdout", "valid", "unlabelled"],
        ),
    ],
)
def test_orders(written, expected):
    assert python2_order(written) == expected
