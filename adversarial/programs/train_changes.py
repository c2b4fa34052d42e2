"""What differs between the experiment that a saved run was and the one a file describes now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adversarial.config.build import Builder, Proxy
from adversarial.config.overrides import apply
from adversarial.config.reader import read
from adversarial.config.variables import AsWritten
from adversarial.names.allow_list import AllowList
from adversarial.names.names_2014 import home_of

#: What may change between a run and its resumption: when to stop, how rates move, when to monitor and to save.
MAY_CHANGE = (
    "algorithm.termination_criterion",
    "algorithm.update_callbacks",
    "algorithm.monitor_every",
    "extensions",
    "save_path",
    "save_freq",
    "allow_overwrite",
)


def changes_since(content: Mapping[str, Any], text: str, overrides: Mapping[str, str]) -> list[str]:
    """Return what differs between a saved run and its file now, apart from what may change.

    Parameters
    ----------
    content : dict
        The saved run, as `checkpoint.read` returns it.
    text : str
        The YAML text now.
    overrides : dict
        The values of --set now.

    Returns
    -------
    list of str
        Sentences such as `algorithm.batch_size: 100 then, 50 now`.
    """
    then = _values(content.get("yaml_src") or "", content.get("overrides") or {})
    now = _values(text, overrides)
    found = []
    for path in sorted(then.keys() | now.keys()):
        if path.startswith(MAY_CHANGE):
            continue
        before, after = then.get(path, "not given"), now.get(path, "not given")
        if before != after:
            found.append(f"{path}: {before} then, {after} now")
    return found


def _values(text: str, overrides: Mapping[str, str]) -> dict[str, Any]:
    if not text.strip():
        return {}
    root = read(text, "the YAML text")
    described = Builder(AsWritten(), AllowList(), instantiate=False).build_document(apply(root, overrides))
    flat: dict[str, Any] = {}
    _flatten(described, "", flat)
    return flat


def _flatten(value: Any, path: str, flat: dict[str, Any]) -> None:
    if isinstance(value, Proxy):
        flat[f"{path}!obj".lstrip(".")] = home_of(value.name)
        value = value.keywords
    if isinstance(value, dict):
        for key, part in value.items():
            _flatten(part, f"{path}.{key}".lstrip("."), flat)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            _flatten(part, f"{path}.{index}".lstrip("."), flat)
    else:
        flat[path] = value
