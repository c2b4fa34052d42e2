"""The estimate of a saved model, cached in a file beside it: programs that show it need not compute it again."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from adversarial import checkpoint
from adversarial.errors import DataError
from adversarial.evaluation.parzen import parzen_log_likelihood
from adversarial.evaluation.parzen_result import ParzenJson, WidthPoint
from adversarial.files.special import open_file
from adversarial.files.whole_file import write_whole

#: What an estimate must say for it to be shown.
_NEEDED = ("log_likelihood", "standard_error", "sigma", "counts")


def path_beside(model: str | os.PathLike) -> Path:
    """Return where the estimate of a saved model is cached: `mnist_estimate.json` beside `mnist.pkl`."""
    return Path(f"{checkpoint.stem_of(model)}_estimate.json")


def cached(model: str | os.PathLike, content: Mapping[str, Any]) -> ParzenJson | None:
    """Return the cached estimate of a saved model.

    Parameters
    ----------
    model : str or path
        The saved model.
    content : dict
        What it holds.

    Returns
    -------
    ParzenJson or None
        The estimate; None if there is none, or it is of another state of the model.
    """
    path = path_beside(model)
    if not path.exists():
        return None
    found = read(path)
    return found if found.get("model") == identity(content) else None


def measure(model: str | os.PathLike, content: Mapping[str, Any], allow: tuple[str, ...] = ()) -> ParzenJson:
    """Estimate the log-likelihood of a saved model as parzen_ll.py does, on all folds where data have some; cache it.

    Parameters
    ----------
    model : str or path
        The saved model.
    content : dict
        What it holds.
    allow : tuple of str, optional
        Modules of the user's own that it may name.

    Returns
    -------
    ParzenJson
        The estimate.
    """
    found = parzen_log_likelihood(model, allow=allow, fold="all").to_dict()
    found["model"] = identity(content)
    found["command"] = f"tools/parzen_ll.py {os.fspath(model)}" + (" --folds all" if "scores" in found else "")
    write_whole(path_beside(model), [json.dumps(found, indent=1).encode()])
    return found


def read(path: str | os.PathLike) -> ParzenJson:
    """Return an estimate that `parzen_ll.py --json` printed.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    ParzenJson
        The estimate.

    Raises
    ------
    DataError
        If the file is absent, or holds something else.
    """
    try:
        with open_file(path) as file:
            found = json.loads(file.read().decode("utf-8"))
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{os.fspath(path)} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise DataError(f"{os.fspath(path)} is not JSON, as tools/parzen_ll.py --json prints it") from error
    wrong = _wrong(found)
    if wrong:
        raise DataError(f"{os.fspath(path)} is not an estimate of tools/parzen_ll.py --json: {wrong}")
    return cast(ParzenJson, found)


def _wrong(found: Any) -> str:
    """Return what keeps a value from being shown as an estimate, or ''."""
    for key in _NEEDED:
        if not isinstance(found, dict) or key not in found:
            return f"it has no {key}"
    counts, sigma, curve = found["counts"], found["sigma"], found.get("curve", [])
    if not (isinstance(counts, dict) and isinstance(curve, list) and all(isinstance(each, dict) for each in curve)):
        return "its counts or its curve are of another kind"
    figures = {
        "log_likelihood": [found["log_likelihood"]],
        "standard_error": [found["standard_error"]],
        "sigma": sigma if isinstance(sigma, list) else [sigma],
        "counts": list(counts.values()),
        "curve": [point.get(key) for point in curve for key in WidthPoint.__annotations__],
    }
    for key, values in figures.items():
        for value in values:
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
                return f"its {key} has {json.dumps(value)[:30]}, not a finite number"
    return ""


def identity(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what tells one state of a saved model from another: when it was written, and after how many epochs."""
    return {"written_at": content.get("written_at"), "epochs": (content.get("monitor") or {}).get("epochs_seen")}
