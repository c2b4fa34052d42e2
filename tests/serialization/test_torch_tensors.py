"""Tensors of PyTorch's files, whose format is written out here, as PyTorch is not needed to read it."""

from __future__ import annotations

import io
import pickle
import sys
import types
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

from adversarial.errors import DataError
from adversarial.serialization.torch_tensors import open_tensor

TABLE = np.random.default_rng(0).random((50, 3, 2)).astype(np.float32)


class Storage:
    def __init__(self, values):
        self.values = values


class Tensor:
    """A tensor as PyTorch pickles it: a call of _rebuild_tensor_v2 on a storage that the file keeps elsewhere."""

    def __init__(self, values, start=0, shape=None, stride=None):
        steps = [step // values.itemsize for step in values.strides]
        self.arguments = (Storage(values), start, shape or values.shape, stride or tuple(steps), False, OrderedDict())

    def __reduce__(self):
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self.arguments


@pytest.fixture
def torch(monkeypatch):
    """Modules of PyTorch's names, as far as its pickles name them."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")

    def _rebuild_tensor_v2(*arguments):
        raise AssertionError("nothing in the file is to run")

    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    for name in ("FloatStorage", "ByteStorage"):
        setattr(torch, name, type(name, (), {"__module__": "torch", "__qualname__": name}))
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)
    return torch


def save(path, content, torch, **files):
    text, values = io.BytesIO(), []

    class Pickler(pickle.Pickler):
        def persistent_id(self, each):
            if not isinstance(each, Storage):
                return None
            values.append(each.values.tobytes())
            kind = {"float32": torch.FloatStorage, "uint8": torch.ByteStorage}[each.values.dtype.name]
            return "storage", kind, str(len(values) - 1), "cpu", each.values.size

    Pickler(text, protocol=2).dump(content)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", text.getvalue())
        for number, each in enumerate(values):
            archive.writestr(f"archive/data/{number}", each)


@pytest.mark.parametrize("values", [TABLE, (TABLE * 255).astype(np.uint8)])
def test_a_tensor_comes_back_without_running_anything(tmp_path, torch, values):
    save(tmp_path / "x.pt", Tensor(values), torch)
    rows = open_tensor(str(tmp_path / "x.pt"))
    assert rows.example == (3, 2) and rows.dtype == values.dtype
    np.testing.assert_array_equal(rows[10:20], values.reshape(50, 6)[10:20])


def test_one_of_several_is_picked_and_views_are_followed(tmp_path, torch):
    turned = Tensor(TABLE, shape=(50, 2, 3), stride=(6, 1, 2))
    part = Tensor(TABLE, start=60, shape=(40, 3, 2))
    save(tmp_path / "x.pth", OrderedDict(turned=turned, part=part, bias=Tensor(TABLE[0, 0])), torch)
    path = str(tmp_path / "x.pth")
    np.testing.assert_array_equal(open_tensor(f"{path}:part")[0:40], TABLE[10:].reshape(40, 6))
    np.testing.assert_array_equal(open_tensor(f"{path}:turned")[0:50], TABLE.transpose(0, 2, 1).reshape(50, 6))
    with pytest.raises(DataError, match="several arrays, turned, part"):
        open_tensor(path)


@pytest.mark.parametrize(
    "view",
    [
        {"start": 10},
        {"shape": (51, 3, 2)},
        {"shape": (10**9, 10**9), "stride": (0, 0)},
        {"shape": (50, 3), "stride": (-1, 1)},
        {"shape": (50, 3), "stride": (1,)},
    ],
)
def test_a_view_of_more_than_there_is_is_refused(tmp_path, torch, view):
    save(tmp_path / "x.pt", Tensor(TABLE, **view), torch)
    with pytest.raises(DataError, match=r"x\.pt"):
        open_tensor(str(tmp_path / "x.pt"))


class Runs:
    def __reduce__(self):
        return print, ("run",)


def test_what_would_run_is_refused_by_its_name(tmp_path, torch, capsys):
    save(tmp_path / "x.pt", {"a": Tensor(TABLE), "b": Runs()}, torch)
    with pytest.raises(DataError, match=r"asks to run (__builtin__|builtins)\.print; nothing was run"):
        open_tensor(str(tmp_path / "x.pt"))
    assert capsys.readouterr().out == ""


def test_what_is_no_such_file_is_refused(tmp_path, torch):
    for content in (b"", b"no such thing", b"PK\x05\x06" + bytes(18)):
        (tmp_path / "x.pt").write_bytes(content)
        with pytest.raises(DataError, match="cannot be read as PyTorch saves tensors"):
            open_tensor(str(tmp_path / "x.pt"))
    save(tmp_path / "x.pt", [1, 2], torch)
    with pytest.raises(DataError, match="no table of numbers"):
        open_tensor(str(tmp_path / "x.pt"))
