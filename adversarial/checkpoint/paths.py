"""Paths of saved models: whether one can be written, and the copies by epoch, mnist_epoch10.pkl beside mnist.pkl.

A copy is a saved model without the state of training: it can be drawn from and measured, not resumed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from adversarial.checkpoint.files import ENDINGS
from adversarial.errors import ConfigurationError
from adversarial.files.special import what_else
from adversarial.files.whole_file import PART
from adversarial.options import OptionError


def default_save_path(phase: str | None = None) -> str:
    """Return 2014's default: the YAML file's name without its ending, and the phase if there are several.

    Parameters
    ----------
    phase : str, optional
        The phase; default: what $PYLEARN2_TRAIN_PHASE says.

    Returns
    -------
    str
        The path.

    Raises
    ------
    ConfigurationError
        If no YAML file is being trained.
    """
    stem, phase = os.environ.get("PYLEARN2_TRAIN_FILE_FULL_STEM"), phase or os.environ.get("PYLEARN2_TRAIN_PHASE")
    if not stem:
        raise ConfigurationError("Train: save_freq asks to save, but save_path does not say where")
    return f"{stem}.{phase}.pkl" if phase else f"{stem}.pkl"


def check_save_path(owner: str, path: str, allow_overwrite: bool = True) -> None:
    """Check that a model can be saved at `path`, as far as is known before writing.

    Parameters
    ----------
    owner : str
        The class whose option `save_path` it is, for the error.
    path : str
        Where the model will be saved.
    allow_overwrite : bool, optional
        Whether a file may be there already, default true.

    Raises
    ------
    OptionError
        Of `owner`'s option save_path, if it cannot be.
    """
    folder, target = os.path.dirname(os.path.abspath(path)), os.path.realpath(path)
    reason = None
    if os.path.splitext(path)[1].lower() not in ENDINGS:
        reason = f"its name must end in {' or '.join(ENDINGS)}"
    elif not os.path.isdir(folder):
        reason = f"there is no folder {folder}"
    elif os.path.isdir(path):
        reason = "it is a folder"
    elif what_else(path) is not None:
        reason = f"it is {what_else(path)}"
    elif not os.path.isdir(os.path.dirname(target)):
        reason = f"it is a link to {target}, whose folder is not there"
    elif what_else(target + PART) is not None:
        reason = f"{target + PART}, where it is written first, is {what_else(target + PART)}"
    elif not os.access(folder, os.W_OK | os.X_OK) or (os.path.exists(path) and not os.access(path, os.W_OK)):
        reason = "it may not be written"
    elif not allow_overwrite and os.path.exists(path):
        reason = "a file is there already, and allow_overwrite is false"
    if reason is not None:
        raise OptionError(owner, "save_path", f"save_path is {path}, but {reason}")


def epoch_path(save_path: str | os.PathLike, epoch: int) -> Path:
    """Return the path of the copy after `epoch` epochs of a model saved at `save_path`."""
    path = Path(save_path)
    return path.with_name(f"{path.stem}_epoch{epoch}{path.suffix}")


def kept_epochs(save_path: str | os.PathLike) -> dict[int, Path]:
    """Find the copies beside a saved model: {epochs: path}, in order of epochs."""
    path = Path(save_path)
    name = re.compile(rf"{re.escape(path.stem)}_epoch(\d+){re.escape(path.suffix)}")
    beside = path.parent.iterdir() if path.parent.is_dir() else ()
    found = {int(match[1]): each for each in beside if (match := name.fullmatch(each.name))}
    return dict(sorted(found.items()))
