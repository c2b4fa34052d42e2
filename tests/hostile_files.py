"""Makes files as an attacker would, of every kind that a stranger can hand over; `open_hostile_files.py` opens them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import random
import socket
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from hostile_pickles import PIECES, pickle_program
from old_pickles import Call, Name, Obj, binary_pickle, pair_2014, text_pickle
from saved_content import damaged

from adversarial import checkpoint
from adversarial.errors import UserError
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.models.linear import Sigmoid
from adversarial.models.mlp import MLP
from adversarial.serialization import hdf5_format, pickle_format
from adversarial.serialization.plain import normalise

VARIABLE, VALUE = "SECRET_TOKEN", "the-value-that-nobody-else-may-see"
#: What the marked file holds, as numbers of every width that a reader might take them for.
CONTENT = b"what-only-the-owner-may-read----"

#: Puts a hostile file into a folder, and says where.
Maker = Callable[[random.Random, Path], Path]


# Models whose content an attacker chose, with a seal that holds.

_HOSTILE_TEXTS = [
    "\x1b]0;X\x07\x1b[2J", "\u202e", "\0", "a/b/../..", "%s%n", "${" + VARIABLE + "}", "!obj:os.system", "os.system",
    "adversarial.train.Train", "adversarial.game.pair.AdversaryPair", "x" * 100_000, "\ud800", "", ".", "nan", "1e999",
]  # fmt: skip
_HOSTILE_NUMBERS = [0, -1, 2**31, 2**63, 2**200, 10**6, 1e308, float("nan"), float("inf"), -0.0, True, None]


def _hostile(rng: random.Random, value: Any = None) -> Any:
    array = np.zeros(rng.choice([(), (0,), (3, 0, 2), (1,) * 20, (2000,)]), rng.choice(["f4", "i8", "?", "S3", "c16"]))
    nested: Any = value
    for _ in range(rng.choice([1, 3, 40, 90])):
        nested = rng.choice(
            [[nested], {"class": nested}, {"options": nested}, (nested,), [nested, nested] if _ < 3 else [nested]]
        )
    part = {"class": rng.choice(_HOSTILE_TEXTS[8:10]), "options": {}}
    choices = [
        rng.choice(_HOSTILE_TEXTS),
        rng.choice(_HOSTILE_NUMBERS),
        array,
        nested,
        part,
        [],
        {},
        (),
        b"",
        [value] * 50,
    ]
    return rng.choice(choices)


def _replace(rng: random.Random, value: Any) -> Any:
    """Replace one thing somewhere in nested plain values."""
    if isinstance(value, dict) and value and rng.random() < 0.93:
        key = rng.choice(list(value))
        kind = rng.random()
        if kind < 0.05:
            return {name: item for name, item in value.items() if name != key}
        if kind < 0.1:
            return {(rng.choice(_HOSTILE_TEXTS) if name == key else name): item for name, item in value.items()}
        return {name: _replace(rng, item) if name == key else item for name, item in value.items()}
    if isinstance(value, (list, tuple)) and value and rng.random() < 0.93:
        place = rng.randrange(len(value))
        return type(value)(_replace(rng, item) if n == place else item for n, item in enumerate(value))
    return _hostile(rng, value)


def _pair() -> dict[str, Any]:
    def network(inputs: int, outputs: int) -> MLP:
        return MLP(layers=[Sigmoid(dim=outputs, layer_name="h", irange=0.5)], nvis=inputs)

    content: Any = checkpoint.model_content(AdversaryPair(Generator(network(2, 3)), network(3, 1)))
    record = dict.fromkeys(("val_record", "time_record"), np.zeros(2))
    record |= dict.fromkeys(("epoch_record", "batch_record", "example_record"), np.zeros(2, "i8"))
    seen = {"epochs_seen": 1, "batches_seen": 1, "examples_seen": 1}
    content["monitor"] = seen | {"channels": {"valid_objective": record | {"doc": "objective"}}}
    return dict(content)


def _save(content: dict[str, Any], rng: random.Random, folder: Path) -> Path:
    encoder, ending = rng.choice([(pickle_format, "pkl"), (pickle_format, "pkl"), (hdf5_format, "h5")])
    path = folder / f"model.{ending}"
    try:
        path.write_bytes(b"".join(encoder.encode(normalise(content))))
    except (UserError, ValueError, UnicodeError, RuntimeError):  # what not even our own writer can say
        path.write_bytes(pickle.dumps(content, 2))
    return path


def forged_model(rng: random.Random, folder: Path) -> Path:
    """A saved model with up to three things in it replaced."""
    content = _CACHE.setdefault("pair", _pair())
    for _ in range(rng.choice([1, 1, 2, 3])):
        content = _replace(rng, content)
    return _save(content if isinstance(content, dict) else {"format": content}, rng, folder)


def _forged_2014(rng: random.Random, value: Any, depth: int = 0) -> Any:
    if rng.random() < 0.02 or depth > 30:
        return rng.choice(
            [None, -1, 2**70, 1e308, [], {}, (), "\x1b[2J", Name("os.system"), Obj("adversarial.train.Train"), value]
        )
    if isinstance(value, Obj):
        return Obj(
            value.name if rng.random() < 0.98 else "pylearn2.models.mlp.MLP", _forged_2014(rng, value.state, depth + 1)
        )
    if isinstance(value, Call):
        state = None if value.state is None else _forged_2014(rng, value.state, depth + 1)
        return Call(value.name, tuple(_forged_2014(rng, each, depth + 1) for each in value.arguments), state)
    if isinstance(value, dict):
        return {key: _forged_2014(rng, item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_forged_2014(rng, item, depth + 1) for item in value)
    return value


def forged_2014(rng: random.Random, folder: Path) -> Path:
    """A pickle of 2014 in which some things are others."""
    path = folder / "model.pkl"
    path.write_bytes(rng.choice([text_pickle, binary_pickle])(_forged_2014(rng, pair_2014())))
    return path


# YAML, in a file and in a model.


def _document(rng: random.Random, folder: Path) -> str:
    marked = str(folder.parent / "marked.npy")
    npy = "!obj:adversarial.datasets.npy_npz.NpyDataset { file: '%s' }"
    rounds = rng.choice([3, 12, 200, 3000])
    lines = [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 9) + "]" for n in range(1, min(rounds, 30))]
    return rng.choice(
        [
            npy % marked,
            npy % "../marked.npy",
            npy % "%24{" + VARIABLE + "}",
            npy % ("${" + VARIABLE + "}"),
            npy % ("/x/${" + VARIABLE + "}.npy"),
            npy % "/proc/self/environ",
            npy % "/dev/zero",
            f"!pkl: '{marked}'",
            f"!pkl: '${{{VARIABLE}}}'",
            f"!obj:os.mkdir {{ path: '{folder / 'ran'}' }}",
            f"!!python/object/apply:os.mkdir ['{folder / 'ran'}']",
            "!import: 'os.system'",
            "!import: '" + "adversarial." * rounds + "x'",
            "!obj:adversarial.models.mlp.MLP { nvis: 30000, layers: [!obj:adversarial.models.linear.Linear { "
            "layer_name: y, dim: 30000, irange: .1 } ] }",
            "!obj:adversarial.datasets.mnist.MNIST { which_set: train, center: '${" + VARIABLE + "}' }",
            "{a0: &a0 [x], " + ", ".join(lines) + "}" if lines else "",
            "[" * rounds + "]" * rounds,
            "- " * rounds + "x",
            "{ x: " * rounds + "1" + "}" * rounds,
            "? " * rounds + "x",
            "&a [*a, *a]",
            "{<<: " * min(rounds, 90) + "{}" + "}" * min(rounds, 90),
            "9" * rounds,
            "!float: '" + "9" * rounds + "'",
            "0x" + "f" * rounds,
            "1:" * rounds + "1",
            "!obj:" + "a." * rounds + "b {}",
            '"' + "\\u202e\\e" * rounds + '"',
            "'${" * rounds + "}' ",
            "{" + ", ".join(f"k{n % 7}: {n}" for n in range(rounds)) + "}",
        ]
    )


def hostile_yaml(rng: random.Random, folder: Path) -> Path:
    """A YAML file that costs more than its bytes, or asks for what is none of its business."""
    path = folder / "file.yaml"
    text = b"large dim: 30000"
    while b"dim: 30000" in text:  # one's own file may be as large as one likes
        text = _document(rng, folder).encode("utf-8", "replace")
    path.write_bytes(damaged(text + b"\n", rng) if rng.random() < 0.3 else text)
    return path


def yaml_in_model(rng: random.Random, folder: Path) -> Path:
    """A saved model whose YAML is hostile."""
    document = _document(rng, folder)
    content = _CACHE.setdefault("pair", _pair()) | {
        "yaml_src": f"!obj:adversarial.train.Train {{ dataset: {document} }}",
        "dataset_yaml_src": document,
    }
    return _save(content, rng, folder)


# Arrays: links of every kind in HDF5, archives, headers, and what is no file at all.


def _link(rng: random.Random, file: h5py.File, folder: Path, name: str) -> None:
    marked = str(folder.parent / rng.choice(["marked.h5", "marked.npy"]))
    kind = rng.randrange(9)
    if kind == 0:
        file[name] = h5py.ExternalLink(marked, "X")
    elif kind == 1:
        file[name] = h5py.SoftLink(rng.choice(["/X", "/l0", "/l1", "/l2", f"/{name}", "/g/X", ".", "/", ""]) or "/none")
    elif kind == 2:
        layout = h5py.VirtualLayout((4, 2), "f8")
        layout[:] = h5py.VirtualSource(marked, "X", (4, 2))
        file.create_virtual_dataset(name, layout)
    elif kind == 3:
        file.create_dataset(name, (4, 8), "u1", external=[(marked, 0, 32)])
    elif kind == 4:
        file.create_dataset(name, data=h5py.Empty("f4"))
    elif kind == 5:
        file.create_dataset(name, (2**28, 2**10), "f4", chunks=(2**10, 2**10), compression=rng.choice([None, "gzip"]))
    elif kind == 6:
        file.create_dataset(name, data=np.array([file.ref, file.ref], dtype=h5py.ref_dtype))
    elif kind == 7:
        file[name] = rng.choice(
            [np.dtype("f4"), "text", np.void(b"\0"), np.zeros((2, 2), "c8"), np.zeros((2, 2), [("a", "f4")])]
        )
    else:
        file.create_group(name)["X"] = rng.choice(
            [h5py.SoftLink("/l0"), h5py.ExternalLink(marked, "/X"), h5py.SoftLink("../X")]
        )


def hdf5_links(rng: random.Random, folder: Path) -> Path:
    """An HDF5 file in which names lead elsewhere."""
    path = folder / "array.h5"
    with h5py.File(path, "w") as file:
        for n in range(rng.choice([1, 2, 4])):
            _link(rng, file, folder, rng.choice([f"l{n}", f"g{n}"]) if n or rng.random() < 0.3 else "X")
    return path


def _header(rng: random.Random) -> bytes:
    shape = rng.choice(
        [
            "(4, 2)",
            "(99999999999, 9)",
            "(2,)*9",
            "(" * 300,
            "(-1, 3)",
            "(0, 9)",
            "(1, " * 9,
            "__import__('os')",
            "(4, 1e9)",
        ]
    )
    descr = rng.choice(["<f4", "|O", "<U99999999", "|V9", "S0", "<M8", ">f8", "x" * 999, "|b1"])
    text = f"{{'descr': '{descr}', 'fortran_order': {rng.choice(['False', 'True', '1'])}, 'shape': {shape}, }}".encode()
    text = rng.choice([text, text, b"[" * 60_000, b"-" * 60_000, b"{" + b"1:1," * 9000])
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text) & 0xFFFF) + text + bytes(rng.choice([0, 32, 5000]))


def _archive(rng: random.Random, path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as file:
        for name, data in members.items():
            file.writestr(name, data)


def archive(rng: random.Random, folder: Path) -> Path:
    """A .npy, .npz, .pt, .safetensors or .csv file that claims, nests or repeats more than it holds."""
    ending = rng.choice(["npy", "npz", "pt", "safetensors", "csv", "mat"])
    path = folder / f"array.{ending}"
    if ending == "npz":
        bomb = io.BytesIO()
        np.save(bomb, np.zeros((2_000_000, 1), "f4"))
        name = rng.choice(["X.npy", "../../ran.npy", "/ran.npy", "\x1b[2J.npy", "X.npy.npy", "x" * 9000])
        several = {f"{n}.npy": b"" for n in range(rng.choice([0, 3, 3000]))}
        _archive(rng, path, {name: rng.choice([_header(rng), bomb.getvalue(), b""])} | several)
    elif ending == "pt":
        body = b"\x80\2" + rng.choice(PIECES)(rng, rng.choice([3, 60])) + b"."
        _archive(rng, path, {rng.choice(["a/data.pkl", "../data.pkl"]): body, "a/data/0": bytes(64), "a/version": b"3"})
    elif ending == "safetensors":
        entry = {
            "dtype": rng.choice(["F32", "F8", 3]),
            "shape": rng.choice([[4, 2], [2**62, 4], [-1, 2], "ab", [[1], 2]]),
        }
        entry["data_offsets"] = rng.choice([[0, 32], [-9, 32], [0, 2**70], [32, 0], None])
        text = rng.choice(
            [
                json.dumps({"\x1b[2J": entry, "X": entry}).encode(),
                b"[" * 100_000,
                b'{"X":' * 50_000,
                b"9" * 5000,
                b'"\xff"',
            ]
        )
        path.write_bytes(rng.choice([len(text), 2**62, 0]).to_bytes(8, "little") + text + bytes(32))
    else:
        ragged = b"1,2\n" * rng.choice([3, 9999]) + rng.choice(
            [b"1," * 50_000, b'"' * 999, b"\0", b"1e999,nan\n", b"9" * 50_000]
        )
        path.write_bytes(
            ragged
            if ending == "csv"
            else _header(rng)
            if ending == "npy"
            else b"MATLAB 5.0".ljust(124) + b"\0\1IM" + _header(rng)
        )
    return path


def special(rng: random.Random, folder: Path) -> Path:
    """What is no file, under the name of one."""
    path = folder / ("x." + rng.choice(["pkl", "h5", "npy", "npz", "yaml", "csv", "mat", "pt", "safetensors"]))
    kind = rng.choice(["pipe", "socket", "zero", "tty", "itself", "folder", "gone", "empty", "proc", "no right"])
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as door, contextlib.chdir(folder):
            door.bind(path.name)
    elif kind == "folder":
        path.mkdir()
    elif kind in ("empty", "no right"):
        path.touch(0 if kind == "no right" else 0o644)
    else:
        target = {
            "zero": "/dev/zero",
            "tty": "/dev/tty",
            "itself": path.name,
            "gone": "gone/x",
            "proc": "/proc/self/mem",
        }[kind]
        path.symlink_to(target)
    return path


KINDS: dict[str, Maker] = {
    "pickle program": pickle_program,
    "forged model": forged_model,
    "forged 2014": forged_2014,
    "yaml": hostile_yaml,
    "yaml in model": yaml_in_model,
    "hdf5 links": hdf5_links,
    "archive": archive,
    "special": special,
}  # fmt: skip
_CACHE: dict[str, Any] = {}
