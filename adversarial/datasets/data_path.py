"""Where data files are looked for: $PYLEARN2_DATA_PATH, as in 2014, else a folder of the user's own."""

from __future__ import annotations

import os
from pathlib import Path


def data_path() -> Path:
    """`$PYLEARN2_DATA_PATH`, or ~/.local/share/adversarial where it is not set."""
    asked = os.environ.get("PYLEARN2_DATA_PATH")
    return Path(asked).expanduser() if asked else Path.home() / ".local" / "share" / "adversarial"
