"""The pickle interpreter agrees with Python's own on plain values, and runs, imports and wastes nothing."""

from __future__ import annotations

import pickle
import struct
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adversarial.errors import CheckpointError
from adversarial.serialization import pickle_machine
from adversarial.serialization.pickle_machine import PLAIN_OPCODES, Record, run

MIB = 2**20

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**100), 2**100) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner, max_size=5).map(tuple)
        | st.dictionaries(st.text(), inner)
        | st.frozensets(st.integers(-9, 9) | st.text())
    ),
    max_leaves=20,
)


@given(value=plain)
@settings(max_examples=100, deadline=None)
def test_plain_values_are_what_python_reads(value):
    assert _plain(run(pickle.dumps(value, 4), 64 * MIB)) == _plain(value)


def _plain(value):
    return bytes(value) if isinstance(value, memoryview) else value


@given(value=st.recursive(st.none() | st.integers(-999, 999) | st.booleans() | st.floats(allow_nan=False), st.lists))
@settings(max_examples=60, deadline=None)
def test_the_text_protocol_is_read_too(value):
    assert run(pickle.dumps(value, 0), MIB) == value


def test_a_call_becomes_a_record_of_it_and_is_not_made():
    found = run(b"cmodule.of\nsomething\n(I1\nS'two'\ntR(dS'a'\nI3\nsb.", MIB, permit=lambda module, name: None)
    assert isinstance(found, Record) and repr(found.maker) == "module.of.something"
    assert (found.arguments, found.state) == ((1, "two"), {"a": 3})


class LeavesAFile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        import os

        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_would_run_a_command_is_refused_by_name(tmp_path, protocol):
    data = pickle.dumps([LeavesAFile(tmp_path / "left")], protocol)
    with pytest.raises(CheckpointError, match=r"asks to run (posix|nt)\.system"):
        run(data, MIB)
    assert not (tmp_path / "left").exists()


def bombs() -> dict[str, bytes]:
    def doubled(rounds: int) -> bytes:
        return b"(lp0\n" + b"".join(b"(lp%d\ng%d\nag%d\na" % (i + 1, i, i) for i in range(rounds)) + b"."

    def equal_frozensets(rounds: int) -> bytes:
        """Two equal frozensets of frozensets, made apart, in one: comparing them takes 2**rounds steps."""
        grow = b"(h\0K\1\x91q\x010(h\0K\2\x91q\x020(h\1h\2\x91q\x000"
        one = b"(K\7\x91q\x000" + grow * rounds
        return b"\x80\4(" + one + b"h\0" + one + b"h\0\x91."

    return {
        "many lists": b"\x80\x04" + b"]" * (4 * MIB) + b".",
        "many marks": b"(" * (4 * MIB) + b".",
        "a number of endless digits": b"L" + b"9" * MIB + b"L\n.",
        "an integer of endless digits": b"I" + b"9" * MIB + b"\n.",
        "a huge binary number": b"\x80\x02\x8b" + struct.pack("<I", 2**31) + b"x.",
        "a huge string": b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"x.",
        "a string of negative length": b"T" + struct.pack("<i", -5) + b"xxxxx.",
        "a huge frame": b"\x80\x04\x95" + struct.pack("<Q", 2**63) + b".",
        "duplicates": b"]" + b"2" * (4 * MIB) + b".",
        "remembered": b"]" + b"".join(b"r" + struct.pack("<I", i) for i in range(MIB)) + b".",
        "a large nested key": b"}" + b")" + b"\x85" * 10_000 + b"Ns.",
        "a doubling key": b"}" + b")" + b"2\x86" * 60 + b"Ns.",
        "equal nested frozensets": equal_frozensets(40),
        "large numbers as keys": b"}"
        + b"".join(b"\x8a\x05" + struct.pack("<q", i << 24)[:5] + b"Ns" for i in range(20_000))
        + b".",
        "one long key, compared often": b"}"
        + 2 * (b"X" + struct.pack("<I", MIB) + b"a" * MIB + b"q\0Ns")
        + b"h\0Ns" * 10_000
        + b".",
        "one long list, copied often": b"ca\nb\nq\0](" + b"K\1" * 10_000 + b"eq\1" + b"h\0h\1R0" * 20_000 + b".",
        "doubling lists": doubled(40) + b"N",
        "a line without end": b"c" + b"x" * (4 * MIB),
        "extension": b"\x80\x02\x82\x01.",
        "persistent": b"Pfile\n.",
        "buffer": b"\x80\x05\x97.",
    }


@pytest.mark.parametrize("name", bombs())
def test_a_pickle_made_to_waste_time_or_memory_is_refused(name):
    data = bombs()[name]
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError):
            run(data, 8 * MIB + len(data), permit=lambda module, name: None)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 32 * MIB + 3 * len(data)


def test_deep_nesting_is_read_without_recursion():
    value = run(b"\x80\x04" + b"]" * 50_000 + b"a" * 49_999 + b".", 64 * MIB)
    depth = 0
    while value:
        value, depth = value[0], depth + 1
    assert depth == 49_999


@pytest.mark.parametrize("data", b"|.|N|NN.|(.|0.|N.N|g5\n.|]u.|Na.|(Ntb.|NR.|S'\\q'\n.|S'\n.".split(b"|"))
def test_programs_that_make_no_sense_are_refused(data):
    with pytest.raises(CheckpointError):
        run(data, MIB)


def test_the_plain_operations_share_and_name_nothing():
    assert not PLAIN_OPCODES & set(b"cihjgpqr2RbioP\x93\x81\x92\x94Q\x82\x83\x84")
    assert set(pickle_machine._OPERATIONS) > PLAIN_OPCODES
