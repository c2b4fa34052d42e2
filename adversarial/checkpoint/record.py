"""What a monitor had recorded when its model was saved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adversarial.errors import CheckpointError


@dataclass
class ChannelRecord:
    """The values of one channel: `val_record[i]` was measured at epoch `epoch_record[i]`, and so on."""

    val_record: list[float]
    epoch_record: list[int]
    batch_record: list[int]
    example_record: list[int]
    time_record: list[float]
    doc: str = ""


@dataclass
class MonitorRecord:
    """What a monitor had recorded when the model was saved: `channels[name].val_record`, as in 2014."""

    channels: dict[str, ChannelRecord] = field(default_factory=dict)
    epochs_seen: int = 0
    batches_seen: int = 0
    examples_seen: int = 0

    def get_epochs_seen(self) -> int:
        """Number of epochs trained."""
        return self.epochs_seen

    def get_batches_seen(self) -> int:
        """Number of minibatches trained on."""
        return self.batches_seen

    def get_examples_seen(self) -> int:
        """Number of examples trained on, each as often as it came."""
        return self.examples_seen

    @classmethod
    def from_content(cls, content: Any) -> MonitorRecord:
        """From what `monitor_content` gave.

        Raises
        ------
        CheckpointError
            If it is something else.
        """
        try:
            channels = {
                name: ChannelRecord(
                    **{key: np.asarray(kept[key]).tolist() for key in _RECORDS}, doc=str(kept.get("doc") or "")
                )
                for name, kept in content["channels"].items()
            }
            return cls(channels, **{key: int(content[key]) for key in _SEEN})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CheckpointError("the monitor's record in it is not one") from error


_RECORDS = ("val_record", "epoch_record", "batch_record", "example_record", "time_record")
_SEEN = ("epochs_seen", "batches_seen", "examples_seen")


def monitor_content(monitor: Any) -> dict[str, Any]:
    """The record of a monitor (or of a `MonitorRecord`) in plain arrays."""
    channels = {}
    for name, channel in monitor.channels.items():
        kept: dict[str, Any] = {key: np.asarray(getattr(channel, key), np.int64) for key in _RECORDS[1:4]}
        kept |= {key: np.asarray(getattr(channel, key), np.float64) for key in ("val_record", "time_record")}
        channels[name] = kept | {"doc": getattr(channel, "doc", None) or ""}
    return {key: int(getattr(monitor, f"get_{key}")()) for key in _SEEN} | {"channels": channels}
