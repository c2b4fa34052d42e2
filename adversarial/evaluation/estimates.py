"""The Parzen estimate of a saved model, kept beside it, so that programs that show it need not measure it again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from adversarial.errors import DataError
from adversarial.files.whole_file import write_whole

#: What an estimate must say for it to be shown.
_NEEDED = ("log_likelihood", "standard_error", "sigma", "counts")


def path_beside(model: str | os.PathLike) -> Path:
    """Where the estimate of a saved model is kept: `mnist_estimate.json` beside `mnist.pkl`."""
    path = Path(model)
    return path.with_name(f"{path.stem}_estimate.json")


def kept(model: str | os.PathLike, content: Mapping[str, Any]) -> dict[str, Any] | None:
    """The estimate beside a saved model, if there is one and it is of this very state of the model."""
    path = path_beside(model)
    if not path.exists():
        return None
    found = read(path)
    return found if found.get("model") == identity(content) else None


def measure(
    measured: Callable[[list[str]], dict[str, Any]], model: str | os.PathLike, content: Mapping[str, Any]
) -> dict[str, Any]:
    """Estimate the log-likelihood as tools/parzen_ll.py does, and keep it beside the model.

    Parameters
    ----------
    measured : what parzen_ll.py finds for its arguments
    model : of a saved model
    content : what it holds
    """
    found = measured([os.fspath(model)]) | {
        "model": identity(content),
        "command": f"tools/parzen_ll.py {os.fspath(model)}",
    }
    write_whole(path_beside(model), [json.dumps(found, indent=1).encode()])
    return found


def read(path: str | os.PathLike) -> dict[str, Any]:
    """An estimate as `tools/parzen_ll.py --json` printed it.

    Raises
    ------
    DataError
        Where the file is absent, or holds something else.
    """
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{os.fspath(path)} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise DataError(f"{os.fspath(path)} is not JSON, as tools/parzen_ll.py --json prints it") from error
    if not isinstance(found, dict) or any(key not in found for key in _NEEDED):
        raise DataError(f"{os.fspath(path)} is not an estimate of tools/parzen_ll.py --json: it has no {_NEEDED[0]}")
    return found


def identity(content: Mapping[str, Any]) -> dict[str, Any]:
    """What tells one state of a saved model from another: when it was written, and after how many epochs."""
    return {"written_at": content.get("written_at"), "epochs": (content.get("monitor") or {}).get("epochs_seen")}
