"""Pipes, devices, sockets and folders are refused before they are opened, by every reader and writer."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from adversarial import checkpoint
from adversarial.checkpoint.paths import check_save_path
from adversarial.config import yaml_parse
from adversarial.datasets.cifar10 import read_batch
from adversarial.datasets.hdf5 import HDF5Dataset
from adversarial.datasets.mnist import IMAGES_MAGIC, read_idx
from adversarial.datasets.npy_npz import NpyDataset, NpzDataset
from adversarial.errors import FileError, UserError
from adversarial.evaluation import estimates
from adversarial.files.rows import open_rows
from adversarial.files.whole_file import PART, write_whole


@pytest.fixture(params=["pipe", "socket", "device", "directory"])
def special(request, tmp_path, monkeypatch):
    """A function that puts something other than a file in a folder, and says what."""
    monkeypatch.chdir(tmp_path)
    sockets = []

    def put(name):
        if request.param == "pipe":
            os.mkfifo(name)
        elif request.param == "device":
            os.symlink(os.devnull, name)
        elif request.param == "directory":
            os.mkdir(name)
        else:
            sockets.append(socket.socket(socket.AF_UNIX))
            sockets[-1].bind(name)
        return f"is a {request.param}"

    yield put
    for each in sockets:
        each.close()


READERS = {
    "x.npy": lambda path: NpyDataset(path),
    "x.npz": lambda path: NpzDataset(path, "X"),
    "x.h5": lambda path: HDF5Dataset(path, X="X"),
    "rows.npy": open_rows,
    "rows.npz": open_rows,
    "rows.h5": open_rows,
    "x-ubyte": lambda path: read_idx(Path(path), IMAGES_MAGIC),
    "data_batch_1": lambda path: read_batch(Path(path)),
    "x.json": estimates.read,
    "x.yaml": yaml_parse.read_text,
    "x.pkl": checkpoint.read,
}


@pytest.mark.parametrize("name", READERS)
def test_no_reader_opens_what_is_no_file(special, name):
    said = special(name)
    with pytest.raises(UserError) as refusal:
        READERS[name](name)
    sentence = str(refusal.value)
    assert said in sentence or ("directory" in said and "there is no file" in sentence) or "is a directory" in sentence


def test_no_writer_replaces_or_waits_for_what_is_no_file(special):
    for name, place in (("x.pkl", "x.pkl"), ("y.pkl", f"y.pkl{PART}")):
        said = special(place)
        before = os.lstat(place)
        with pytest.raises(FileError, match=said.split(" is ")[-1]):
            write_whole(name, [b"new"])
        with pytest.raises(UserError, match="save_path is"):
            check_save_path("Train", name)
        assert os.path.samestat(before, os.lstat(place))


def test_a_link_whose_folder_is_not_there_is_found_before_training(tmp_path):
    (tmp_path / "x.pkl").symlink_to(tmp_path / "gone" / "y.pkl")
    with pytest.raises(UserError, match="a link to .*gone.*, whose folder is not there"):
        check_save_path("Train", str(tmp_path / "x.pkl"))
