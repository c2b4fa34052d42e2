"""Saved models: what one is, written and read safely.

A saved model is a nested dict of plain values and NumPy arrays, in a `.pkl` or a `.h5` file by the ending of its
name, with the same content. It holds no pickled objects, so loading one runs nobody's code. It is written whole
or not at all, and bears a checksum.

``read(path)`` gives the dict. What `save_model` and `save_train` put in it:

==================  =================================================================================================
`format`            "adversarial model"
`version`           1, of this layout
`written_at`        the time, ISO 8601, UTC
`versions`          of adversarial, python, numpy, pytensor, h5py, and the kind of machine: {name: text}
`yaml_src`          the YAML text that the model came from, or ""
`dataset_yaml_src`  the part of it that is the training data, or ""
`image_shape`       [rows, columns, channels] of the images that the training data are, or None
`overrides`         what `--set key=value` changed in it: {key: value}
`model`             the model as nested {"class": name, "options": {...}}: `adversarial.serialization.description`
`parameters`        {name: array}, such as "gen/h0_W"; see `parameters_of`
`monitor`           {"epochs_seen", "batches_seen", "examples_seen": int, "channels": {name: {"val_record",
                    "time_record": float64 array, "epoch_record", "batch_record", "example_record": int64 array,
                    "doc": text}}}; None where there was no monitor
`training`          all else that resuming needs, as `Train.get_state` gives it; None where only a model was saved
==================  =================================================================================================

A pickle that Pylearn2 and goodfeli/adversarial wrote in 2014 opens by the same calls; it has `origin` beside
`yaml_src`, `dataset_yaml_src`, `model`, `parameters` and `monitor`.
"""

from __future__ import annotations

import datetime
import os
import platform
import stat
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np

from adversarial.backend import is_first_process
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.models.parameter_budget import parameter_budget
from adversarial.serialization import hdf5_format, model_2014, pickle_format
from adversarial.serialization.description import describe, rebuild
from adversarial.serialization.plain import normalise
from adversarial.serialization.whole_file import write_whole

if TYPE_CHECKING:
    from adversarial.models.model import Model

MODEL_FORMAT = "adversarial model"
MODEL_VERSION = 1

#: Endings and their formats.
ENDINGS = (".pkl", ".h5")

#: Values that layers may have beside the parameters that a file holds: the permutations of Maxout's randomize_pools.
_ROOM = 1 << 24

#: How a pickle of an object begins: with its protocol, or, in protocols 0 and 1, with a class, a mark, dict or list.
_PICKLES = (b"\x80", b"c", b"(", b"}", b"]")

_GZIP = b"\x1f\x8b"
#: No honest model shrinks to less than a hundredth by gzip, a few large arrays of zeros aside.
_MAX_GZIP_RATIO = 100


def write(path: str | os.PathLike, content: Mapping[str, Any]) -> None:
    """Save `content`, nested dicts (with text keys), lists and tuples of plain values and arrays, whole or not at all.

    Parameters
    ----------
    path : str or path
        Ending in `.pkl` or `.h5`. What is there is replaced once the new file is whole and on the disk. Of several
        processes that train together the first one writes.
    content : mapping

    Raises
    ------
    CheckpointError
        If the ending is another one, a value is not plain, or the file cannot be written (the disk is full, ...);
        what was at `path` is then as it was.
    """
    encode = _format_for(path).encode
    if not is_first_process():
        return
    try:
        pieces = encode(normalise(content))
    except CheckpointError as error:
        raise CheckpointError(f"cannot save {os.fspath(path)}: {error}") from error
    write_whole(path, pieces)


def _format_for(path: str | os.PathLike) -> Any:
    ending = os.path.splitext(os.fspath(path))[1].lower()
    if ending == ".pkl":
        return pickle_format
    if ending == ".h5":
        return hdf5_format
    raise CheckpointError(f"cannot save {os.fspath(path)}: a saved model's name ends in {' or '.join(ENDINGS)}")


def read(path: str | os.PathLike) -> dict[str, Any]:
    """The content of a saved model, of ours or of 2014; what the file is, its first bytes say, not its name.

    Returns
    -------
    dict
        Nested dicts, lists and tuples of plain values and NumPy arrays; bit for bit what was written.

    Raises
    ------
    CheckpointError
        If the file is absent, not a saved model, cut short, damaged, or asks to run something. Nothing that the
        file names is ever imported or called, and memory is taken only in proportion to the file's size.
    """
    try:
        return _read(path)
    except CheckpointError as error:
        raise CheckpointError(f"cannot open {os.fspath(path)}: {error}") from error
    except OSError as error:
        raise CheckpointError(f"cannot open {os.fspath(path)}: {error.strerror or error}") from error
    except (MemoryError, RecursionError) as error:
        raise CheckpointError(f"cannot open {os.fspath(path)}: it takes more memory than there is") from error


def _read(path: str | os.PathLike) -> dict[str, Any]:
    # Not to wait at a pipe for someone to write to it.
    with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise CheckpointError("it is not a file")
        first = file.read(64)
        if first.startswith(hdf5_format.MAGIC):
            content = hdf5_format.decode(file, status.st_size)
        else:
            content = _read_pickle(first + file.read())
    if not isinstance(content, dict):
        raise CheckpointError("it was not written by this program, though it says so")
    return content


def _read_pickle(data: bytes) -> Any:
    if data.startswith(_GZIP):
        data = _unzipped(data)
    if data.startswith(pickle_format.MAGIC):
        return pickle_format.decode(data)
    if data.startswith(b"\x89HDF"):
        raise CheckpointError("it is an HDF5 file, but not a saved model")
    if not data:
        raise CheckpointError("it is empty")
    if not data.startswith(_PICKLES):
        raise CheckpointError("it is no saved model: it begins neither as one of ours nor as a pickle of 2014")
    return model_2014.decode(data, _class_of_2014)


def _unzipped(data: bytes) -> bytes:
    limit = _MAX_GZIP_RATIO * len(data)
    try:
        unpacker = zlib.decompressobj(wbits=31)
        unpacked = unpacker.decompress(data, limit)
    except zlib.error as error:
        raise CheckpointError("it is a damaged gzip file") from error
    if len(unpacked) >= limit:
        raise CheckpointError(f"it unpacks to more than {_MAX_GZIP_RATIO} times its size; unpack it with gunzip first")
    if not unpacker.eof or unpacker.unused_data:
        raise CheckpointError("it is a gzip file that is cut short or goes on where it should end")
    return unpacked


# Models.


def parameters_of(model: Model) -> dict[str, Any]:
    """The shared variables that a saved model keeps, by name: "gen/h0_W" in a pair, "h0_W" in an MLP.

    Frozen parameters, which `get_params` leaves out, are among them. Where a name comes twice, the second is
    "h0_W#2".
    """
    found: dict[str, Any] = {}
    for prefix, player in model.players().items() if hasattr(model, "players") else (("", model),):
        for param in _params(player):
            if all(param is not other for other in found.values()):
                name = f"{prefix}/{param.name}" if prefix else str(param.name)
                found[model_2014.unique(name, found)] = param
    return found


def _params(model: Model) -> list:
    layers = getattr(model, "layers", None)
    if layers is not None:
        return [param for layer in layers for param in _params(layer)]
    # A layer's `mlp` is what it is part of; a generator's is a part of it.
    if hasattr(model, "mlp") and not hasattr(model, "layer_name"):
        return _params(model.mlp)
    return model.get_params()


def save_model(path: str | os.PathLike, model: Model, **extra: Any) -> None:
    """Save a model; `extra` adds to what the module's docstring lists, or replaces it (`yaml_src`, `training` ...).

    Raises
    ------
    CheckpointError
        As `write` does, and where an option of the model cannot be described.
    """
    write(path, model_content(model) | extra)


def save_train(train: Any, path: str | os.PathLike, resumable: bool = True) -> None:
    """Save the model of a `Train` and, if it is to be `resumable`, the state that resuming needs."""
    overrides = getattr(train, "overrides", None) or {}
    extra = {"overrides": dict(overrides), "training": train.get_state() if resumable else None}
    if getattr(train, "yaml_src", None):
        extra["yaml_src"] = train.yaml_src
    dataset_yaml_src = getattr(getattr(train, "dataset", None), "yaml_src", None)
    if dataset_yaml_src:
        extra["dataset_yaml_src"] = dataset_yaml_src
    save_model(path, train.model, **extra)


def model_content(model: Model) -> dict[str, Any]:
    """What a saved model says of `model`, without the state of its training."""
    monitor = getattr(model, "monitor", None)
    return {
        "format": MODEL_FORMAT,
        "version": MODEL_VERSION,
        "written_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "yaml_src": getattr(model, "yaml_src", None) or "",
        "dataset_yaml_src": getattr(model, "dataset_yaml_src", None) or "",
        "image_shape": None if (shape := getattr(model, "image_shape", None)) is None else list(shape),
        "overrides": {},
        "model": describe(model),
        "parameters": {name: np.array(param.get_value(borrow=True)) for name, param in parameters_of(model).items()},
        "monitor": None if monitor is None else monitor_content(monitor),
        "training": None,
    }


def versions() -> dict[str, str]:
    """Versions of what a result may depend on."""
    found = {"python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
    for package in ("adversarial", "pytensor", "numpy", "scipy", "h5py"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    if "adversarial" not in found:  # run from a checkout that is not installed
        from adversarial import __version__

        found["adversarial"] = __version__
    return found


def load_model(path: str | os.PathLike, allow: Iterable[str] = ()) -> Model:
    """The model of a saved file, of ours or of 2014, with its parameters.

    The model also gets `yaml_src`, `dataset_yaml_src`, `image_shape` and `monitor`, a `MonitorRecord`, from the file.

    Parameters
    ----------
    path : str or path
    allow : modules beside this package whose classes the file may name

    Raises
    ------
    CheckpointError
        As `read` does, and where the file does not describe a model whose parameters are those it holds.
    """
    content = read(path)
    try:
        return model_of(content, allow)
    except CheckpointError as error:
        raise CheckpointError(f"cannot open {os.fspath(path)}: {error}") from error


def model_of(content: Mapping[str, Any], allow: Iterable[str] = ()) -> Model:
    """The model that the content of a saved model describes; see `load_model`."""
    for key in ("model", "parameters", "yaml_src"):
        if key not in content:
            raise CheckpointError(f"it holds no model: '{key}' is missing")
    if content.get("version", MODEL_VERSION) != MODEL_VERSION:
        raise CheckpointError(f"its layout is {content['version']!r}, and this version of adversarial reads 1")
    if not isinstance(content["parameters"], dict):
        raise CheckpointError("what it describes is not a model")
    there = sum(value.size for value in content["parameters"].values() if isinstance(value, np.ndarray))
    try:
        with parameter_budget(there + _ROOM):
            model = rebuild(content["model"], _allowed(allow))
    except CheckpointError:
        raise
    except ConfigurationError as error:
        raise CheckpointError(f"its model cannot be built: {error}") from error
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError) as error:
        raise CheckpointError("its model cannot be built: its description is not of a model that was") from error
    if not hasattr(model, "get_params"):
        raise CheckpointError("what it describes is not a model")
    _set_parameters(model, content["parameters"], others_allowed="origin" in content)
    model.yaml_src = content["yaml_src"]
    model.dataset_yaml_src = content.get("dataset_yaml_src", "")
    model.image_shape = _image_shape(content.get("image_shape"))
    if content.get("monitor") is not None:
        model.monitor = MonitorRecord.from_content(content["monitor"])
    return model


def _image_shape(found: Any) -> tuple[int, int, int] | None:
    """Rows, columns and channels, where a file says them."""
    if found is None:
        return None
    if not isinstance(found, list) or len(found) != 3 or not all(type(part) is int and part > 0 for part in found):
        raise CheckpointError(f"the shape of images in it is {found!r:.60}, not rows, columns and channels")
    return tuple(found)


def convert_2014(old: str | os.PathLike, new: str | os.PathLike) -> dict[str, Any]:
    """Save the model in a pickle of 2014 as a saved model of ours, its numbers as they are; gives the new content.

    Raises
    ------
    CheckpointError
        As `load_model` and `write` do, and where `old` is a saved model of ours already, or the same file as `new`.
    """
    content = read(old)
    if os.path.exists(new) and os.path.samefile(old, new):
        raise CheckpointError(f"{os.fspath(new)} would replace the old pickle, which nothing can make again")
    if "origin" not in content:
        raise CheckpointError(f"{os.fspath(old)} is no pickle of 2014: it is a saved model of this library already")
    try:
        model = model_of(content)
    except CheckpointError as error:
        raise CheckpointError(f"cannot convert {os.fspath(old)}: {error}") from error
    kept = {key: content[key] for key in ("yaml_src", "dataset_yaml_src", "model", "monitor")}
    parameters = {name: content["parameters"][name] for name in parameters_of(model)}
    converted = model_content(model) | kept | {"parameters": parameters}
    write(new, converted)
    return converted


def _set_parameters(model: Model, values: dict[str, Any], others_allowed: bool) -> None:
    params = parameters_of(model)
    missing = [name for name in params if not isinstance(values.get(name), np.ndarray)]
    unknown = [name for name in values if name not in params and not others_allowed]
    if missing or unknown:
        lack = f"it lacks the parameter {missing[0]}" if missing else f"it has a parameter {unknown[0]}"
        raise CheckpointError(f"{lack}, unlike the model that it describes")
    for name, param in params.items():
        expected = param.get_value(borrow=True).shape
        if values[name].shape != expected or values[name].dtype.kind != "f":
            raise CheckpointError(
                f"its parameter {name} is an array of {values[name].dtype} of shape {values[name].shape}, "
                f"but its model needs numbers of shape {expected}"
            )
    for name, param in params.items():
        param.set_value(values[name].astype(param.dtype))


#: The rooms of this package whose classes a saved model is made of; no dataset is opened, no experiment built.
_ROOMS = tuple(f"{__package__}.{room}" for room in ("models.", "game.", "space."))


def _allowed(allow: Iterable[str]) -> Callable[[str], Callable]:
    """Gives the class of a dotted name that a saved model may name: what the YAML reader allows, of model rooms."""
    from adversarial.config import allow_list

    known = allow_list.AllowList(allow)

    def resolve(name: str) -> Callable:
        found = known.resolve(name)
        home = f"{found.__module__}."
        if not isinstance(found, type) or (home.startswith(f"{__package__}.") and not home.startswith(_ROOMS)):
            raise ConfigurationError(f"{name} is no part of a model")
        return found

    return resolve


def _class_of_2014(name: str) -> Callable:
    return _allowed(())(name)


# The monitor's record.


@dataclass
class ChannelRecord:
    """The values of one channel: `val_record[i]` was measured at epoch `epoch_record[i]`, and so on."""

    val_record: list[float]
    epoch_record: list[int]
    batch_record: list[int]
    example_record: list[int]
    time_record: list[float]
    doc: str = ""


@dataclass
class MonitorRecord:
    """What a monitor had recorded when the model was saved: `channels[name].val_record`, as in 2014."""

    channels: dict[str, ChannelRecord] = field(default_factory=dict)
    epochs_seen: int = 0
    batches_seen: int = 0
    examples_seen: int = 0

    def get_epochs_seen(self) -> int:
        """Number of epochs trained."""
        return self.epochs_seen

    def get_batches_seen(self) -> int:
        """Number of minibatches trained on."""
        return self.batches_seen

    def get_examples_seen(self) -> int:
        """Number of examples trained on, each as often as it came."""
        return self.examples_seen

    @classmethod
    def from_content(cls, content: Any) -> MonitorRecord:
        """From what `monitor_content` gave.

        Raises
        ------
        CheckpointError
            If it is something else.
        """
        try:
            channels = {
                name: ChannelRecord(
                    **{key: np.asarray(kept[key]).tolist() for key in _RECORDS}, doc=str(kept.get("doc") or "")
                )
                for name, kept in content["channels"].items()
            }
            return cls(channels, **{key: int(content[key]) for key in _SEEN})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CheckpointError("the monitor's record in it is not one") from error


_RECORDS = ("val_record", "epoch_record", "batch_record", "example_record", "time_record")
_SEEN = ("epochs_seen", "batches_seen", "examples_seen")


def monitor_content(monitor: Any) -> dict[str, Any]:
    """The record of a monitor (or of a `MonitorRecord`) in plain arrays."""
    channels = {}
    for name, channel in monitor.channels.items():
        kept: dict[str, Any] = {key: np.asarray(getattr(channel, key), np.int64) for key in _RECORDS[1:4]}
        kept |= {key: np.asarray(getattr(channel, key), np.float64) for key in ("val_record", "time_record")}
        channels[name] = kept | {"doc": getattr(channel, "doc", None) or ""}
    return {key: int(getattr(monitor, f"get_{key}")()) for key in _SEEN} | {"channels": channels}
