"""Where data files are searched: $PYLEARN2_DATA_PATH, as in 2014, else a folder in the user's home."""

from __future__ import annotations

import os
from pathlib import Path


def data_path() -> Path:
    """Return `$PYLEARN2_DATA_PATH`, or ~/.local/share/adversarial if it is not set."""
    asked = os.environ.get("PYLEARN2_DATA_PATH")
    return Path(asked).expanduser() if asked else Path.home() / ".local" / "share" / "adversarial"
