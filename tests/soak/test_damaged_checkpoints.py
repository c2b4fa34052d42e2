"""Thousands of damaged files: each opens whole or is refused in a sentence, soon, in little memory."""

from __future__ import annotations

import random
import time
import tracemalloc

import pytest
from old_pickles import binary_pickle, pair_2014, resolve, text_pickle
from saved_content import damaged, example, same

from adversarial import checkpoint
from adversarial.checkpoint import files
from adversarial.errors import CheckpointError
from adversarial.serialization import hdf5_format, pickle_format

pytestmark = pytest.mark.soak

SECONDS, MIB = 2.0, 2**20


def open_or_refuse(path, data):
    """The content, or None where it was refused; holds the limits of time and memory."""
    path.write_bytes(data)
    tracemalloc.reset_peak()
    held = tracemalloc.get_traced_memory()[0]
    began = time.process_time()
    try:
        content = checkpoint.read(path)
    except CheckpointError as error:
        assert "\n" not in str(error)
        content = None
    assert time.process_time() - began < SECONDS
    assert tracemalloc.get_traced_memory()[1] - held < 4 * MIB + 12 * len(data)
    return content


@pytest.fixture(autouse=True)
def traced():
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.parametrize("ending", [".pkl", ".h5"])
def test_5000_damaged_checkpoints_of_each_format(tmp_path, ending):
    path, rng = tmp_path / f"model{ending}", random.Random(ending)
    checkpoint.write(path, example())
    whole = path.read_bytes()
    for _ in range(5000):
        content = open_or_refuse(path, damaged(whole, rng))
        assert content is None or same(content, example())


@pytest.mark.parametrize("ending", [".pkl", ".h5"])
def test_2000_damaged_checkpoints_with_a_seal_that_holds(tmp_path, ending):
    """As a stranger would make them: what is refused here is refused for what it holds."""
    path, rng = tmp_path / f"model{ending}", random.Random(ending)
    checkpoint.write(path, example())
    whole = path.read_bytes()
    for _ in range(2000):
        open_or_refuse(path, _sealed_pickle(whole, rng) if ending == ".pkl" else _sealed_hdf5(whole, rng))


def _sealed_pickle(whole, rng):
    start = whole.index(b"content")
    body = damaged(whole[start:-2], rng) + whole[-2:]
    rest = bytearray(whole[whole.index(b"\x8c\x05bytes") : start] + body)
    rest[9:17] = (whole.index(b"\x8c\x05bytes") + len(rest)).to_bytes(8, "little")
    seal_at = whole.index(b"C\x20") + 2
    return whole[:seal_at] + pickle_format.digest([bytes(rest)]) + bytes(rest)


def _sealed_hdf5(whole, rng):
    image = damaged(whole[512:], rng)
    return hdf5_format._block([image]) + image


@pytest.mark.parametrize("dump", [text_pickle, binary_pickle])
def test_5000_damaged_pickles_of_2014(dump, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "part_of_model", lambda allow: resolve)
    whole, rng = dump(pair_2014()), random.Random(2014)
    opened = sum(open_or_refuse(tmp_path / "model.pkl", damaged(whole, rng)) is not None for _ in range(5000))
    assert 0 < opened < 5000
