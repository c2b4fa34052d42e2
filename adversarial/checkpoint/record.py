"""What a monitor had recorded when its model was saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, cast

import numpy as np

from adversarial.checkpoint.content import MonitorContent
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


class ShownChannels:
    """What a monitor and the record of one show of themselves: the last value of each channel."""

    channels: Mapping[str, Any]

    def __repr__(self) -> str:
        count = len(self.channels)
        return f"<{type(self).__name__}: {self._counted()}; {count} channel{'s' * (count != 1)}>"

    def _counted(self) -> str:
        counts = ((getattr(self, f"get_{what}_seen")(), what) for what in ("epochs", "batches", "examples"))
        return ", ".join(f"{number:,} {what if number != 1 else what.removesuffix('s')}" for number, what in counts)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: each channel's first and last value."""
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{channel.val_record[0]:.4g}</td><td>{channel.val_record[-1]:.4g}</td></tr>"
            for name, channel in sorted(self.channels.items())
            if channel.val_record
        )
        head = "<tr><th>channel</th><th>first</th><th>last</th></tr>"
        return f"<div>{escape(self._counted())}<table><thead>{head}</thead><tbody>{rows}</tbody></table></div>"


@dataclass(repr=False)
class MonitorRecord(ShownChannels):
    """What a monitor had recorded when the model was saved: `channels[name].val_record`, as in 2014."""

    channels: dict[str, ChannelRecord] = field(default_factory=dict)
    epochs_seen: int = 0
    batches_seen: int = 0
    examples_seen: int = 0

    def training_seconds(self) -> float | None:
        """Return the time of training, monitoring and saving aside; None where it was not recorded.

        Epochs that were not monitored count as long as the next one that was.
        """
        channel = self.channels.get("training_seconds_this_epoch")
        if channel is None:
            return None
        epochs = np.diff(channel.epoch_record, prepend=channel.epoch_record[:1])
        return float(np.sum(np.asarray(channel.val_record) * epochs))

    def get_epochs_seen(self) -> int:
        """Return the number of epochs trained."""
        return self.epochs_seen

    def get_batches_seen(self) -> int:
        """Return the number of minibatches trained on."""
        return self.batches_seen

    def get_examples_seen(self) -> int:
        """Return the number of examples trained on, each counted as often as it was used."""
        return self.examples_seen

    @classmethod
    def from_content(cls, content: Any) -> MonitorRecord:
        """Make one from what `monitor_content` returned.

        Raises
        ------
        CheckpointError
            If it is something else.
        """
        try:
            channels = {name: _channel(record) for name, record in content["channels"].items()}
            return cls(channels, **{key: int(content[key]) for key in _SEEN})
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise CheckpointError("the monitor's record in it is not one") from error


def _channel(record: Any) -> ChannelRecord:
    """The record of a channel; TypeError unless its values are numbers, or None as in 2014, and one for each moment."""
    values = {key: np.asarray(record[key]).tolist() for key in _RECORDS}
    for found in values.values():
        if not isinstance(found, list) or not all(value is None or isinstance(value, int | float) for value in found):
            raise TypeError("the values of a record must be numbers")
    if len({len(found) for found in values.values()}) > 1:
        raise TypeError("the records of a channel are of different lengths")
    return ChannelRecord(**values, doc=str(record.get("doc") or ""))


_RECORDS = ("val_record", "epoch_record", "batch_record", "example_record", "time_record")
_SEEN = ("epochs_seen", "batches_seen", "examples_seen")


def monitor_content(monitor: Any) -> MonitorContent:
    """Return the record of a monitor (or of a `MonitorRecord`) as plain arrays."""
    channels: dict[str, Any] = {}
    for name, channel in monitor.channels.items():
        record: dict[str, Any] = {key: np.asarray(getattr(channel, key), np.int64) for key in _RECORDS[1:4]}
        record |= {key: np.asarray(getattr(channel, key), np.float64) for key in ("val_record", "time_record")}
        channels[name] = record | {"doc": getattr(channel, "doc", None) or ""}
    counts = {key: int(getattr(monitor, f"get_{key}")()) for key in _SEEN}
    return cast(MonitorContent, counts | {"channels": channels})
