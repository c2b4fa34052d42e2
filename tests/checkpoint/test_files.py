"""What is saved comes back bit for bit; what is damaged, cut short or from elsewhere is refused in one sentence."""

from __future__ import annotations

import gzip
import os
import pickle
import random
import resource
import subprocess
import sys
import tracemalloc

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from saved_content import contents, damaged, example, same

from adversarial import checkpoint
from adversarial.errors import CheckpointError

ENDINGS = [".pkl", ".h5"]


@pytest.fixture(params=ENDINGS)
def path(request, tmp_path):
    return tmp_path / f"model{request.param}"


def refusal(path) -> str:
    with pytest.raises(CheckpointError) as caught:
        checkpoint.read(path)
    message = str(caught.value)
    assert message.startswith(f"cannot open {path}: ") and "\n" not in message
    return message


@given(content=contents)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_content_comes_back_bit_for_bit(path, content):
    checkpoint.write(path, content)
    assert same(checkpoint.read(path), content)


def test_both_formats_hold_the_same_content(tmp_path):
    for ending in ENDINGS:
        checkpoint.write(tmp_path / f"model{ending}", example())
    assert same(checkpoint.read(tmp_path / "model.pkl"), checkpoint.read(tmp_path / "model.h5"))
    assert same(checkpoint.read(tmp_path / "model.pkl"), example())


def test_arrays_that_come_back_can_be_written_to(path):
    checkpoint.write(path, {"W": np.arange(3.0)})
    found = checkpoint.read(path)["W"]
    found += 1
    assert found.tolist() == [1, 2, 3]


def test_numpy_scalars_and_other_layouts_of_arrays_are_saved_as_their_values(path):
    F = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    layouts = {"F": F, "s": F[::-1, 1:]}
    scalars = {"n": np.int64(3), "x": np.float64(0.1), "f": np.float32(0.1), "yes": np.bool_(True)}
    checkpoint.write(path, scalars | layouts)
    assert same(checkpoint.read(path), {"n": 3, "x": 0.1, "f": np.asarray(np.float32(0.1)), "yes": True} | layouts)


def test_a_pkl_is_a_pickle_of_plain_values_that_needs_nothing_to_be_imported(tmp_path):
    checkpoint.write(tmp_path / "model.pkl", example())
    program = (
        "import pickle, sys; found = pickle.load(open(sys.argv[1], 'rb')); "
        "W = found['content']['parameters']['gen/h0_W']; "
        "print(found['format'], W['__array__'], W['shape'], len(W['data'])); "
        "sys.exit('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "model.pkl")], capture_output=True, text=True)
    assert (done.returncode, done.stdout.split("\n")[0]) == (0, "adversarial checkpoint <f4 (5, 3) 60")


def test_an_h5_is_an_hdf5_file_with_its_arrays_by_name(tmp_path):
    checkpoint.write(tmp_path / "model.h5", example())
    with h5py.File(tmp_path / "model.h5") as file:
        assert np.array_equal(file["content/parameters/gen%2Fh1_W"], example()["parameters"]["gen/h1_W"])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"a": [{"b": object()}]}, "content['a'][0]['b'] is a object; only plain values"),
        ({"a": {3: 1}}, "content['a'] has the key 3; only text can be a key"),
        ({"a": np.array([None])}, "content['a'] is an array of object"),
        ({"a": np.ma.masked_array([1])}, "content['a'] is a masked array"),
        ({"a": np.zeros(2, "f8,i4")}, "content['a'] is an array of"),
        ({"a": 1 << 5000}, "content['a'] is a whole number of 5001 bits"),
        ({"a": {1, 2}}, "content['a'] is a set"),
    ],
)
def test_what_is_not_plain_is_named_by_its_place(path, content, sentence):
    with pytest.raises(CheckpointError) as caught:
        checkpoint.write(path, content)
    assert sentence in str(caught.value) and not path.exists()


def test_content_that_holds_itself_is_refused(path):
    content = {}
    content["a"] = [content]
    with pytest.raises(CheckpointError, match="holds itself"):
        checkpoint.write(path, content)


def test_a_name_with_another_ending_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"a saved model's name ends in \.pkl or \.h5"):
        checkpoint.write(tmp_path / "model.npz", {})


# Damage.


def test_every_cut_is_refused(path, tmp_path):
    checkpoint.write(path, example())
    data = path.read_bytes()
    places = [*range(0, min(700, len(data)), 7), *range(700, len(data), 211), len(data) - 1]
    for place in places:
        path.write_bytes(data[:place])
        refusal(path)


def test_every_kind_of_damage_is_refused(path):
    checkpoint.write(path, example())
    data, rng = path.read_bytes(), random.Random(2014)
    for _ in range(150):
        changed = damaged(data, rng)
        if changed != data:
            path.write_bytes(changed)
            refusal(path)


def test_a_single_flipped_bit_is_found_and_named(path):
    checkpoint.write(path, example())
    data = bytearray(path.read_bytes())
    data[-40] ^= 4
    path.write_bytes(data)
    assert "the checksum differs" in refusal(path)


def test_a_file_cut_short_is_called_that(path):
    checkpoint.write(path, example())
    path.write_bytes(path.read_bytes()[:-100])
    assert "cut short" in refusal(path)


def test_a_file_of_a_later_format_is_called_that(tmp_path):
    for ending, old, new in ((".pkl", b"versionK\x01", b"versionK\x02"), (".h5", b"format 1\n", b"format 2\n")):
        path = tmp_path / f"model{ending}"
        checkpoint.write(path, example())
        path.write_bytes(path.read_bytes().replace(old, new, 1))
        assert "it is of file format 2, and this version of adversarial reads format 1" in refusal(path)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x89HDF\r\n\x1a\n" + b"\0" * 600, b"PK\x03\x04" + b"\0" * 99, b"hello\n" * 50, b"\x1f\x8b" * 9]
    + [pickle.dumps([1.5, "x"], protocol) for protocol in range(6)],
)
def test_what_is_no_saved_model_is_refused(path, data):
    path.write_bytes(data)
    refusal(path)


def test_what_is_no_pickle_at_all_is_said_so(path):
    path.write_text("root:x:0:0\n")
    assert "it begins neither as one of ours nor as a pickle of 2014" in refusal(path)


def test_what_is_absent_or_no_file_is_refused(tmp_path):
    assert "No such file" in refusal(tmp_path / "absent.pkl")
    assert "directory" in refusal(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_refused_rather_than_waited_for(tmp_path):
    os.mkfifo(tmp_path / "model.pkl")
    assert "not a file" in refusal(tmp_path / "model.pkl")


def test_a_gzipped_file_opens_and_a_gzip_bomb_does_not(tmp_path):
    checkpoint.write(tmp_path / "model.pkl", example())
    zipped = tmp_path / "model.pkl.gz"
    zipped.write_bytes(gzip.compress((tmp_path / "model.pkl").read_bytes()))
    assert same(checkpoint.read(zipped), example())
    zipped.write_bytes(gzip.compress(b"\x80\x04]" + b"N" * 10**7))
    assert "times its size" in refusal(zipped)
    zipped.write_bytes(gzip.compress((tmp_path / "model.pkl").read_bytes())[:-9])
    assert "cut short" in refusal(zipped)


def test_reading_takes_no_more_memory_than_twice_the_file(path):
    checkpoint.write(path, {"parameters": {str(i): np.ones(250_000, "f4") for i in range(8)}})
    tracemalloc.start()
    try:
        content = checkpoint.read(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(content["parameters"]) == 8
    assert peak < 2.2 * path.stat().st_size


# Whole or absent.


def test_writing_replaces_a_file_and_leaves_nothing_beside_it(path):
    checkpoint.write(path, {"a": 1})
    checkpoint.write(path, {"a": 2})
    assert checkpoint.read(path) == {"a": 2}
    assert os.listdir(path.parent) == [path.name]


def test_a_link_is_written_through(path, tmp_path):
    (tmp_path / "other").mkdir()
    target = tmp_path / "other" / path.name
    path.symlink_to(target)
    checkpoint.write(path, {"a": 1})
    assert path.is_symlink() and checkpoint.read(target) == {"a": 1}


@pytest.mark.parametrize("allowed", [0, 1, 100, 5_000, 20_000, 40_000])
def test_a_full_disk_leaves_the_previous_file_whole_and_says_so(path, allowed):
    checkpoint.write(path, {"a": 1})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (allowed, hard))
    try:
        with pytest.raises(CheckpointError) as caught:
            checkpoint.write(path, {"a": np.zeros(10_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert f"cannot save {path}: the file would be larger" in str(caught.value)
    assert "the file that was there before is untouched" in str(caught.value)
    assert checkpoint.read(path) == {"a": 1}
    assert os.listdir(path.parent) == [path.name]


def test_a_directory_that_is_absent_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="make its directory first"):
        checkpoint.write(tmp_path / "absent" / "model.pkl", {})


def test_a_part_left_by_a_killed_program_is_taken_over(path):
    part = path.with_name(path.name + ".part")
    part.write_bytes(b"x" * 10**5)
    checkpoint.write(path, {"a": 1})
    assert checkpoint.read(path) == {"a": 1} and not part.exists()
