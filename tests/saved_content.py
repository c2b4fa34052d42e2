"""Contents to save, and files to damage, for the tests of saved models."""

from __future__ import annotations

import random
import struct
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

KINDS = [f"{order}{kind}" for order in "<>" for kind in ("i2", "i4", "i8", "u4", "f2", "f4", "f8", "c8", "c16")]
KINDS += ["|b1", "|i1", "|u1", "|S3", "<U2", ">U1"]

arrays = st.sampled_from(KINDS).flatmap(
    lambda kind: hnp.arrays(np.dtype(kind), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
)
texts = st.text(st.characters(), max_size=8)
leaves = (
    st.none() | st.booleans() | st.integers(-(2**200), 2**200) | st.floats() | texts | st.binary(max_size=8) | arrays
)
contents = st.dictionaries(
    texts,
    st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.lists(inner, max_size=3).map(tuple)
            | st.dictionaries(texts | st.sampled_from(["!array", "!tuple", "", ".", "a/b", "%2E"]), inner, max_size=4)
        ),
        max_leaves=12,
    ),
    max_size=5,
)


def same(left: Any, right: Any) -> bool:
    """Whether two contents agree in every type and bit."""
    if type(left) is not type(right):
        return False
    if isinstance(left, np.ndarray):
        return left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float):
        return struct.pack("<d", left) == struct.pack("<d", right)
    return left == right


def example() -> dict[str, Any]:
    """A small content with one of everything."""
    rng = np.random.RandomState(7)
    return {
        "format": "adversarial model",
        "yaml_src": "!obj:adversarial.train.Train {\n    # é\n}\n",
        "parameters": {f"gen/h{i}_W": rng.standard_normal((5, 3 + i)).astype("f4") for i in range(3)},
        "training": {"state": (1, 2.5, None, True), "streams": [np.arange(6, dtype="i4")[None]], "seed": -(2**70)},
        "monitor": {"channels": {"valid_objective": {"val_record": np.array([1.5, np.nan, -np.inf])}}},
        "empty": {"": [], ".": {}, "array": np.zeros((0, 3)), "bytes": b"\x00\xff"},
    }


def damaged(data: bytes, rng: random.Random) -> bytes:
    """`data` cut short, lengthened, with bytes flipped, or with a stretch lost, doubled or zeroed."""
    kind = rng.choice(["cut", "flip", "flip", "flip", "zero", "lose", "double", "append"])
    start = rng.randrange(len(data))
    length = rng.choice([1, 2, 16, 512, 4096])
    if kind == "cut":
        return data[:start]
    if kind == "flip":
        changed = bytearray(data)
        for _ in range(rng.choice([1, 1, 2, 8])):
            changed[rng.randrange(len(data))] ^= rng.choice([1, 2, 4, 8, 16, 32, 64, 128, 255])
        return bytes(changed)
    if kind == "zero":
        return data[:start] + b"\0" * len(data[start : start + length]) + data[start + length :]
    if kind == "lose":
        return data[:start] + data[start + length :]
    if kind == "double":
        return data[: start + length] + data[start:]
    return data + bytes(rng.randrange(256) for _ in range(length))
