"""Whether a model can be saved at a path: asked before training, not after it."""

from __future__ import annotations

import os

from adversarial import checkpoint
from adversarial.options import OptionError


def check_save_path(owner: str, path: str, allow_overwrite: bool = True) -> None:
    """Check that a model can be saved at `path`, as far as can be told beforehand.

    Raises
    ------
    OptionError
        Of `owner`'s option save_path, if it cannot be.
    """
    folder = os.path.dirname(os.path.abspath(path))
    reason = None
    if os.path.splitext(path)[1].lower() not in checkpoint.ENDINGS:
        reason = f"its name must end in {' or '.join(checkpoint.ENDINGS)}"
    elif not os.path.isdir(folder):
        reason = f"there is no folder {folder}"
    elif os.path.isdir(path):
        reason = "it is a folder"
    elif not os.access(folder, os.W_OK | os.X_OK) or (os.path.exists(path) and not os.access(path, os.W_OK)):
        reason = "it may not be written"
    elif not allow_overwrite and os.path.exists(path):
        reason = "a file is there already, and allow_overwrite is false"
    if reason is not None:
        raise OptionError(owner, "save_path", f"save_path is {path}, but {reason}")
