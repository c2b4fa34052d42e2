"""What the monitor recorded, as charts.js draws it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from adversarial.checkpoint import ChannelRecord, MonitorRecord

#: Title, unit, what it says, and the ends of the names of the channels it draws, each with a label for people.
GROUPS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    (
        "What the players minimise",
        "objective, nats",
        "D's: half the cross-entropy of telling data from samples, .693 where it can only guess. "
        "G's: -log D(G(z)), small where its samples pass for data.",
        {"_objective_d": "D", "_objective_g": "G"},
    ),
    (
        "Log-likelihood while training",
        "nats per example",
        "A Parzen window of a few samples and one width: a thermometer, far below the estimate of 10,000 samples.",
        {"_gen_ll": "validation data"},
    ),
    (
        "How often D errs",
        "share of examples",
        "False positives are samples that D takes for data; false negatives are data that it takes for samples.",
        {"_false_positives": "false positives", "_false_negatives": "false negatives"},
    ),
    ("Learning rate", "per update", "It falls with every update.", {"learning_rate": "learning rate"}),
    ("Momentum", "share kept", "How much of an update goes on into the next.", {"momentum": "momentum"}),
    (
        "Time",
        "seconds an epoch",
        "Of training alone, monitoring and saving aside.",
        {"training_seconds_this_epoch": "training"},
    ),
)
#: Records longer than this are thinned: a page is no place for every one of thousands of epochs.
MOST_VALUES = 1000


def curves_of(record: MonitorRecord) -> dict[str, Any] | None:
    """The curves of a monitor's record; None where it is shorter than two epochs."""
    if not record.channels:
        return None
    epochs = [int(epoch) for epoch in next(iter(record.channels.values())).epoch_record]
    if len(epochs) < 2:
        return None
    step = -(-len(epochs) // MOST_VALUES)
    whole = {name: channel for name, channel in record.channels.items() if len(channel.val_record) == len(epochs)}
    groups = []
    for title, unit, note, ends in GROUPS:
        series = [
            {"label": label, "values": _plain(whole[name].val_record[::step])}
            for end, label in ends.items()
            if (name := _first(whole, end)) is not None
        ]
        if series:
            groups.append({"title": title, "y_label": unit, "note": note, "series": series})
    channels = {name: _channel(channel, step) for name, channel in sorted(whole.items())}
    first = _first(whole, "_objective_d") or next(iter(channels))
    return {"epochs": epochs[::step], "groups": groups, "channels": channels, "first": first}


def _channel(channel: ChannelRecord, step: int) -> dict[str, Any]:
    doc = (channel.doc or "").strip().partition("\n\n")[0]
    return {"values": _plain(channel.val_record[::step]), "doc": " ".join(doc.split())}


def _first(channels: Mapping[str, Any], end: str) -> str | None:
    return next((name for name in channels if name.endswith(end)), None)


def _plain(values: Iterable[float]) -> list[float | None]:
    """Values as JSON has them, to six digits; what is not finite leaves a gap."""
    return [float(f"{value:.6g}") if math.isfinite(value) else None for value in values]
