"""Files that say more than they hold, hide code, or point elsewhere are refused before memory is taken."""

from __future__ import annotations

import gzip
import io
import os
import tracemalloc
import zipfile

import h5py
import numpy as np
import pytest

from adversarial.datasets.hdf5 import HDF5Dataset
from adversarial.datasets.mnist import IMAGES_MAGIC, read_idx
from adversarial.datasets.npy_npz import NpyDataset, NpzDataset
from adversarial.errors import DataError
from adversarial.files.arrays import hdf5_array, open_hdf5, read_npz
from adversarial.files.rows import open_rows

MIB = 1 << 20


class LeavesAFile:
    """A pickle of it makes a file where it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def npy(shape, dtype="<f4", values=b"\0" * 48):
    file = io.BytesIO()
    header = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_2_0(file, header)
    return file.getvalue() + values


def refused(words, *readers):
    """Each reader says so in a sentence, and took little memory, whatever the file says."""
    for read in readers:
        tracemalloc.start()
        with pytest.raises(DataError, match=words) as caught:
            read()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert "\n" not in str(caught.value) and peak < 4 * MIB


@pytest.mark.parametrize("shape", [(10**6, 10**6), (-3, -4), (3, -4), (2**62, 2**62), (3, 5), (3, 3)])
def test_an_npy_file_holds_what_its_header_says(tmp_path, shape):
    path = str(tmp_path / "x.npy")
    (tmp_path / "x.npy").write_bytes(npy(shape))
    refused("cut short", lambda: NpyDataset(path), lambda: NpyDataset(path, "r"), lambda: open_rows(path))
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X.npy", npy(shape))
    path = str(tmp_path / "x.npz")
    refused("cut short", lambda: NpzDataset(path, "X"), lambda: open_rows(f"{path}:X"))


def test_an_array_of_objects_is_not_unpickled(tmp_path):
    objects = np.array([[LeavesAFile(tmp_path / "left")]])
    np.save(tmp_path / "x.npy", objects)
    np.savez(tmp_path / "x.npz", X=objects)
    npy, npz = str(tmp_path / "x.npy"), str(tmp_path / "x.npz")
    refused("must hold numbers", lambda: NpyDataset(npy), lambda: NpzDataset(npz, "X"))
    refused("must hold numbers", lambda: open_rows(npy), lambda: open_rows(npz))
    assert not (tmp_path / "left").exists()


def test_a_packed_array_is_no_larger_than_its_bytes_can_make_it(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("X.npy", npy((3, 4)))
        archive.writestr("Y.npy", npy((3, 4)), zipfile.ZIP_LZMA)
    data = bytearray((tmp_path / "x.npz").read_bytes())
    directory = data.index(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = (2**31).to_bytes(4, "little")
    (tmp_path / "x.npz").write_bytes(data)
    refused("is not as NumPy saves", *(lambda name=name: read_npz(str(tmp_path / "x.npz"), name) for name in "XY"))


def test_a_gzipped_idx_file_is_unpacked_to_the_size_it_says(tmp_path):
    header = b"".join(number.to_bytes(4, "big") for number in (IMAGES_MAGIC, 2, 3, 3))
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(header + bytes(18)))
    assert read_idx(path, IMAGES_MAGIC).shape == (2, 3, 3)
    path.write_bytes(gzip.compress(header + bytes(64 * MIB)))
    refused("should hold 18 bytes of images, but holds more", lambda: read_idx(path, IMAGES_MAGIC))
    path.write_bytes(gzip.compress(header[:4] + b"\x7f" * 12))
    refused("more than it can hold", lambda: read_idx(path, IMAGES_MAGIC))


def test_an_hdf5_array_is_in_the_file_itself(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["X"] = np.zeros((3, 4))
    (tmp_path / "raw").write_bytes(bytes(96))
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["linked"] = h5py.ExternalLink("other.h5", "/X")
        file["group"] = h5py.ExternalLink("other.h5", "/")
        file.create_dataset("outside", (3, 4), "f8", external=[(str(tmp_path / "raw"), 0, 96)])
        layout = h5py.VirtualLayout((3, 4), "f8")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "X", (3, 4))
        file.create_virtual_dataset("virtual", layout)
        file.create_dataset("huge", (10**6, 10**6), "f8", chunks=(10, 10))
        file["inside"] = h5py.SoftLink("/group/../own/X")
        file["own/X"] = np.ones((3, 4))
    path = str(tmp_path / "x.h5")
    for key, words in [("linked", "no array"), ("group/X", "no array"), ("outside", "in other files"),
                       ("virtual", "in other files"), ("huge", "more than the file can hold")]:  # fmt: skip
        refused(words, lambda key=key: HDF5Dataset(path, key), lambda key=key: open_rows(f"{path}:{key}"))
    with open_hdf5(path) as file:
        assert hdf5_array(file, "/own/X", path).shape == (3, 4)


def test_no_link_leads_to_another_file(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["group/X"] = np.ones((2, 3), "f4")
    path = str(tmp_path / "x.h5")
    with h5py.File(path, "w") as file:
        file["outside"] = h5py.ExternalLink("other.h5", "/group")
        file["link"] = h5py.SoftLink("/outside/X")
        file["to_group"] = h5py.SoftLink("outside")
        file["round"] = h5py.SoftLink("round")
        file["deep/relative"] = h5py.SoftLink("../outside/X")
    with open_hdf5(path) as file:
        for key in ("outside", "outside/X", "link", "to_group/X", "round", "deep/relative"):
            refused("has no array", lambda key=key: hdf5_array(file, key, path))


def test_links_within_a_file_are_followed(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["group/X"] = np.ones((2, 3), "f4")
        file["link"] = h5py.SoftLink("/group/X")
        file["group/relative"] = h5py.SoftLink("./X")
        file["folder"] = h5py.SoftLink("group")
    with open_hdf5(str(tmp_path / "x.h5")) as file:
        for key in ("/group/X", "link", "group/relative", "folder/X", "folder/relative"):
            assert hdf5_array(file, key, "x").shape == (2, 3)


def test_an_empty_array_beside_a_good_one_is_no_damage(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["X"] = np.ones((2, 3), "f4")
        file["nothing"] = h5py.Empty("f4")
    assert open_rows(tmp_path / "x.h5").shape == (2, 3)
    refused("should hold 'nothing' as numbers", lambda: HDF5Dataset(str(tmp_path / "x.h5"), X="nothing"))


def test_a_group_is_not_proposed_as_an_array(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["g/X"] = np.ones((2, 3), "f4")
    with open_hdf5(str(tmp_path / "x.h5")) as file, pytest.raises(DataError) as refusal:
        hdf5_array(file, "g", "x.h5")
    assert str(refusal.value) == "x.h5 has no array 'g'; it has g/X"
