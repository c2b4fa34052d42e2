"""Copies of a model as it was after some epochs, beside the saved model: mnist_epoch10.pkl beside mnist.pkl.

A copy is a saved model without the state of training: it can be drawn from and measured, not resumed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path


def epoch_path(save_path: str | os.PathLike, epoch: int) -> Path:
    """Where the copy after `epoch` epochs of a model saved at `save_path` is."""
    path = Path(save_path)
    return path.with_name(f"{path.stem}_epoch{epoch}{path.suffix}")


def kept_epochs(save_path: str | os.PathLike) -> dict[int, Path]:
    """The copies that there are beside a saved model: {epochs: path}, in order."""
    path = Path(save_path)
    name = re.compile(rf"{re.escape(path.stem)}_epoch(\d+){re.escape(path.suffix)}")
    beside = path.parent.iterdir() if path.parent.is_dir() else ()
    found = {int(match[1]): each for each in beside if (match := name.fullmatch(each.name))}
    return dict(sorted(found.items()))
