"""What the content of a saved model is, key by key; `adversarial.checkpoint` says what each means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Required, TypedDict

import numpy as np

from adversarial.errors import CheckpointError


class ChannelContent(TypedDict):
    """The record of one monitoring channel."""

    val_record: np.ndarray
    time_record: np.ndarray
    epoch_record: np.ndarray
    batch_record: np.ndarray
    example_record: np.ndarray
    doc: str


class MonitorContent(TypedDict):
    """The record of a monitor."""

    epochs_seen: int
    batches_seen: int
    examples_seen: int
    channels: dict[str, ChannelContent]


class SavedModel(TypedDict, total=False):
    """A saved model. A pickle of 2014 has `origin` and the required keys alone."""

    format: str
    version: int
    written_at: str
    versions: dict[str, str]
    origin: str
    yaml_src: Required[str]
    dataset_yaml_src: Required[str]
    image_shape: list[int] | None
    overrides: dict[str, str]
    slips: str
    model: Required[dict[str, Any]]
    parameters: Required[dict[str, np.ndarray]]
    random_state: dict[str, Any]
    monitor: Required[MonitorContent | None]
    earlier_monitors: dict[str, MonitorContent]
    training: dict[str, Any] | None


#: Of what type the value of a key is, and what to call it, in any saved model that has the key; it may be None.
_KINDS: tuple[tuple[tuple[str, ...], type, str], ...] = (
    (("format", "written_at", "origin", "yaml_src", "dataset_yaml_src", "slips"), str, "text"),
    (
        ("model", "parameters", "monitor", "training", "versions", "overrides", "random_state", "earlier_monitors"),
        dict,
        "a dict",
    ),
    (("version",), int, "a whole number"),
)


def check_kinds(content: Mapping[str, Any]) -> None:
    """Raise CheckpointError if a value that every reader of saved models relies on is of another kind."""
    for keys, kind, name in _KINDS:
        for key in keys:
            value = content.get(key)
            if value is not None and not isinstance(value, kind):
                raise CheckpointError(
                    f"it was not written by this program: its {key} is of type {type(value).__name__}, not {name}"
                )
