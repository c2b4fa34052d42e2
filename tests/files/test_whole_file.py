"""A file is written whole or not at all, whatever fails, and by one program at a time."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest

from adversarial.errors import FileError
from adversarial.files import whole_file

fcntl = pytest.importorskip("fcntl")


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_failure_at_any_step_leaves_the_old_file(tmp_path, monkeypatch, call, number):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(*args):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(FileError) as caught:
        whole_file.write_whole(path, [b"new"])
    monkeypatch.undo()
    assert str(caught.value).startswith(f"cannot save {path}: ")
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_failure_at_any_write_leaves_the_old_file(tmp_path, monkeypatch, number):
    path, pieces = tmp_path / "file", [b"n" * (2 << 20), b"e", b"w" * (1 << 20)]
    path.write_bytes(b"old")
    write, done = whole_file._write_all, []

    def fail_at(place):
        def failing(file, piece):
            if len(done) == place:
                write(file, piece[: len(piece) // 2])
                raise OSError(number, os.strerror(number))
            write(file, piece)
            done.append(piece)

        return failing

    for place in range(sum(1 for _ in whole_file._gathered(pieces))):
        done.clear()
        monkeypatch.setattr(whole_file, "_write_all", fail_at(place))
        with pytest.raises(FileError, match="the file that was there before is untouched"):
            whole_file.write_whole(path, pieces)
        assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["file"]


def test_an_interrupt_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def pieces():
        yield b"n" * (2 << 20)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        whole_file.write_whole(path, pieces())
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["file"]


def test_another_program_at_the_same_file_is_not_disturbed(tmp_path):
    path = tmp_path / "file"
    with open(f"{path}{whole_file.PART}", "wb") as other:
        other.write(b"theirs")
        other.flush()
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(FileError, match="another program is saving"):
            whole_file.write_whole(path, [b"ours"])
        assert os.path.getsize(other.name) == 6
    whole_file.write_whole(path, [b"ours"])
    assert path.read_bytes() == b"ours"


def test_a_link_in_the_place_of_the_part_is_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / f"file{whole_file.PART}").symlink_to(victim)
    with pytest.raises(FileError):
        whole_file.write_whole(tmp_path / "file", [b"new"])
    assert victim.read_bytes() == b"precious"


def test_pieces_of_any_size_arrive_in_order(tmp_path):
    pieces = [b"a", b"b" * (3 << 20), b"", b"c" * 10, b"d" * (1 << 20), b"e"]
    whole_file.write_whole(tmp_path / "file", pieces)
    assert (tmp_path / "file").read_bytes() == b"".join(pieces)


def test_a_file_that_is_held_is_written_again_and_again_by_its_holder_alone(tmp_path):
    path = tmp_path / "file"
    writer = "import sys; from adversarial.files.whole_file import write_whole; write_whole(sys.argv[1], [b'theirs'])"
    with whole_file.held(path):
        for text in (b"first, and long", b"second"):
            other = subprocess.run([sys.executable, "-c", writer, path], capture_output=True, text=True, check=False)
            assert "another program is saving to" in other.stderr
            whole_file.write_whole(path, [text])
            assert path.read_bytes() == text
        with pytest.raises(ZeroDivisionError):
            whole_file.write_whole(path, (b"x"[i // 0 :] for i in range(3)))
        assert path.read_bytes() == b"second"
        os.unlink(f"{path}{whole_file.PART}")
        whole_file.write_whole(path, [b"third"])
    assert path.read_bytes() == b"third" and os.listdir(tmp_path) == ["file"]
    subprocess.run([sys.executable, "-c", writer, path], check=True)
    assert path.read_bytes() == b"theirs"
