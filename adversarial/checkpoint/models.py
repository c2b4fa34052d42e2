"""Models to the content of saved files and back."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytensor
import scipy

import adversarial
from adversarial.checkpoint.content import SavedModel
from adversarial.checkpoint.files import read, write
from adversarial.checkpoint.random_state import get_random_state, set_random_state_of
from adversarial.checkpoint.record import MonitorRecord, monitor_content
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.models.parameter_budget import parameter_budget
from adversarial.names.allow_list import part_of_model
from adversarial.options import Slips, building_with, slips_in_force
from adversarial.serialization.description import describe, rebuild
from adversarial.serialization.model_2014 import ORIGIN

if TYPE_CHECKING:
    from adversarial.models.model import Model

MODEL_FORMAT = "adversarial model"
MODEL_VERSION = 1

#: Values that layers may allocate beyond the parameters in a file: the permutations of Maxout's randomize_pools.
_EXTRA_VALUES = 1 << 24


def parameters_of(model: Model) -> dict[str, Any]:
    """The shared variables that a saved model keeps, by name: "gen/h0_W" in a pair, "h0_W" in an MLP.

    Frozen parameters, which `get_params` leaves out, are among them. Where a name comes twice, the second is
    "h0_W#2".
    """
    return dict(model.named_parameters())


def save_model(path: str | os.PathLike, model: Model, **extra: Any) -> None:
    """Save a model.

    Parameters
    ----------
    path : str or path
        Ending in `.pkl` or `.h5`.
    model : Model
        Any model, of ours or of the user's own class.
    **extra : dict
        Entries that replace or join those of `model_content` (`yaml_src`, `training` ...).

    Raises
    ------
    CheckpointError
        As `write` does, and where an option of the model cannot be described.

    See Also
    --------
    load_model : Read it back.
    """
    write(path, {**model_content(model), **extra})


def save_train(train: Any, path: str | os.PathLike, resumable: bool = True) -> None:
    """Save the model of a `Train`.

    Parameters
    ----------
    train : Train
        The experiment.
    path : str or path
        Ending in `.pkl` or `.h5`.
    resumable : bool, optional
        Whether to save the state that resuming needs too, default true.
    """
    overrides = getattr(train, "overrides", None) or {}
    extra: dict[str, Any] = {"overrides": dict(overrides), "training": train.get_state() if resumable else None}
    if getattr(train, "yaml_src", None):
        extra["yaml_src"] = train.yaml_src
    dataset_yaml_src = getattr(getattr(train, "dataset", None), "yaml_src", None)
    if dataset_yaml_src:
        extra["dataset_yaml_src"] = dataset_yaml_src
    save_model(path, train.model, **extra)


def model_content(model: Model) -> SavedModel:
    """Return what a saved model holds of `model`, without the state of its training."""
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
        "slips": model.slips,
        "model": describe(model),
        "parameters": {name: np.array(param.get_value(borrow=True)) for name, param in parameters_of(model).items()},
        "random_state": get_random_state(model),
        "monitor": None if monitor is None else monitor_content(monitor),
        "earlier_monitors": {name: monitor_content(each) for name, each in _earlier_monitors(model).items()},
        "training": None,
    }


def _earlier_monitors(model: Model) -> dict[str, Any]:
    """The monitors that `push_monitor` stored, by the attributes that they are at."""
    others = {name: value for name, value in vars(model).items() if name.lstrip("_") != "monitor"}
    return {name: value for name, value in others.items() if hasattr(value, "get_epochs_seen")}


def versions() -> dict[str, str]:
    """Return the versions of what a result may depend on."""
    packages = (adversarial, pytensor, np, scipy, h5py)
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        **{package.__name__: package.__version__ for package in packages},
    }


def load_model(path: str | os.PathLike, allow: Iterable[str] = ()) -> Model:
    """Load the model of a saved file, of ours or of 2014, with its parameters.

    Parameters
    ----------
    path : str or path
        The file.
    allow : iterable of str, optional
        Modules other than this package's whose classes the file may name.

    Returns
    -------
    Model
        With `yaml_src`, `dataset_yaml_src`, `image_shape` and `monitor`, a `MonitorRecord`, from the file.

    Raises
    ------
    CheckpointError
        As `read` does, and where the file does not describe a model whose parameters are those it holds.

    See Also
    --------
    adversarial.game.sampling.samples_of : Draw samples of the model.
    """
    content = read(path)
    try:
        return model_of(content, allow)
    except CheckpointError as error:
        raise CheckpointError(f"cannot open {os.fspath(path)}: {error}") from error


def model_of(content: Mapping[str, Any], allow: Iterable[str] = ()) -> Model:
    """Build the model that the content of a saved model describes; see `load_model`."""
    model = untrained_model_of(content, allow)
    _set_parameters(model, content["parameters"], others_allowed="origin" in content)
    if not isinstance(states := content.get("random_state", {}), dict):
        raise CheckpointError("its random state is not one")
    set_random_state_of(model, states)
    model.yaml_src = content["yaml_src"]
    model.dataset_yaml_src = content.get("dataset_yaml_src", "")
    model.image_shape = _image_shape(content.get("image_shape"))
    if content.get("monitor") is not None:
        model.monitor = MonitorRecord.from_content(content["monitor"])
    _set_earlier_monitors(model, content.get("earlier_monitors") or {})
    return model


def untrained_model_of(content: Mapping[str, Any], allow: Iterable[str] = ()) -> Model:
    """Build the model of a saved file as it was before training: its parameters are drawn, not read."""
    for key in ("model", "parameters", "yaml_src"):
        if key not in content:
            raise CheckpointError(f"it holds no model: '{key}' is missing")
    if content.get("version", MODEL_VERSION) != MODEL_VERSION:
        raise CheckpointError(f"its layout is {content['version']!r}, and this version of adversarial reads 1")
    if not isinstance(content["parameters"], dict):
        raise CheckpointError("what it describes is not a model")
    count = sum(value.size for value in content["parameters"].values() if isinstance(value, np.ndarray))
    try:
        with parameter_budget(count + _EXTRA_VALUES), building_with(slips_in_force() or slips_of(content)):
            model = rebuild(content["model"], part_of_model(allow))
    except CheckpointError:
        raise
    except ConfigurationError as error:
        raise CheckpointError(f"its model cannot be built: {error}") from error
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError) as error:
        raise CheckpointError("its model cannot be built: its description is not of a model that was") from error
    if not hasattr(model, "get_params"):
        raise CheckpointError("what it describes is not a model")
    return model


def slips_of(content: Mapping[str, Any]) -> Slips:
    """Return whether a model was trained with the slips of 2014.

    Parameters
    ----------
    content : mapping
        The content of its file. Before files said so none of ours was, and every pickle of 2014 was.

    Returns
    -------
    {'2014', 'corrected'}
        As `adversarial.options.Slips`.
    """
    return "2014" if content.get("slips", content.get("origin")) in ("2014", ORIGIN) else "corrected"


def _set_earlier_monitors(model: Model, monitors: Any) -> None:
    if not isinstance(monitors, dict):
        raise CheckpointError("the earlier records of the monitor in it are none")
    for name, record in monitors.items():
        if not name.isidentifier() or name.startswith("_") or hasattr(model, name):
            raise CheckpointError(
                f"it has an earlier record of the monitor at {name!r:.60}, which is another attribute"
            )
        setattr(model, name, MonitorRecord.from_content(record))


def _image_shape(found: Any) -> tuple[int, int, int] | None:
    """Check and return rows, columns and channels; None where the file does not say them."""
    if found is None:
        return None
    if not isinstance(found, list) or len(found) != 3 or not all(type(part) is int and part > 0 for part in found):
        raise CheckpointError(f"the shape of images in it is {found!r:.60}, not rows, columns and channels")
    rows, columns, channels = found
    return rows, columns, channels


def convert_2014(old: str | os.PathLike, new: str | os.PathLike) -> SavedModel:
    """Save the model in a pickle of 2014 as a saved model of ours, its numbers unchanged.

    Parameters
    ----------
    old : str or path
        The pickle of 2014.
    new : str or path
        Where to save, ending in `.pkl` or `.h5`.

    Returns
    -------
    dict
        The new content.

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
    converted = model_content(model)
    converted["yaml_src"], converted["dataset_yaml_src"] = content["yaml_src"], content["dataset_yaml_src"]
    converted["model"], converted["monitor"] = content["model"], content["monitor"]
    converted["parameters"] = {name: content["parameters"][name] for name in parameters_of(model)}
    write(new, converted)
    return converted


def _set_parameters(model: Model, values: dict[str, Any], others_allowed: bool) -> None:
    try:
        params = parameters_of(model)
    except AttributeError as error:  # a layer that was never told its input has none
        raise CheckpointError("its model cannot be built: a layer of it has no input space") from error
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
