"""What the monitor recorded and what estimates gave, as charts.js draws it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adversarial.checkpoint import ChannelRecord, MonitorRecord
from adversarial.evaluation.parzen_result import WidthPoint

#: Title, unit, explanation, and the channels to draw: the ends of their names, each with a label.
GROUPS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    (
        "What the players minimise",
        "objective, nats",
        "D's: half the cross-entropy of telling data from samples, .693 where it can only guess. "
        "G's: -log D(G(z)), small where its samples pass for data.",
        {"_objective_d": "D", "_objective_g": "G"},
    ),
    (
        "Running estimate, running_ll",
        "nats per example",
        "train.py's column of that name: a Parzen window of 100 samples and one width, far below the log-likelihood "
        "under Results.",
        {"_gen_ll": "validation data"},
    ),
    (
        "How often D errs",
        "share of examples",
        "False positives are samples that D takes for data; false negatives are data that it takes for samples.",
        {"_false_positives": "false positives", "_false_negatives": "false negatives"},
    ),
    ("Learning rate", "per update", "It falls with every update.", {"learning_rate": "learning rate"}),
    ("Momentum", "factor", "The share of an update that is added to the next.", {"momentum": "momentum"}),
    (
        "Time",
        "seconds an epoch",
        "Of training alone, monitoring and saving aside.",
        {"training_seconds_this_epoch": "training"},
    ),
)
#: Longer records are subsampled, so that thousands of epochs do not make a page slow.
MOST_VALUES = 1000


def curves_of(record: MonitorRecord) -> dict[str, Any] | None:
    """Convert a monitor's record to the curves of a page.

    Parameters
    ----------
    record : MonitorRecord
        What the monitor of a saved model recorded.

    Returns
    -------
    dict or None
        What charts.js reads: epochs, groups of curves, all channels, and the channel to show first. None if the record
        is shorter than two epochs.

    Examples
    --------
    >>> rate = ChannelRecord([0.1, 0.09], [0, 1], [0, 500], [0, 50000], [0.0, 7.0])
    >>> curves = curves_of(MonitorRecord({"learning_rate": rate}))
    >>> curves["epochs"], curves["channels"]["learning_rate"]["values"]
    ([0, 1], [0.1, 0.09])
    """
    if not record.channels:
        return None
    epochs = [int(epoch) for epoch in next(iter(record.channels.values())).epoch_record]
    if len(epochs) < 2:
        return None
    step = -(-len(epochs) // (MOST_VALUES - 1)) if len(epochs) > MOST_VALUES else 1
    shown = sorted({*range(0, len(epochs), step), len(epochs) - 1})
    whole = {name: channel for name, channel in record.channels.items() if len(channel.val_record) == len(epochs)}
    groups = []
    for title, unit, note, ends in GROUPS:
        series = [
            {"label": label, "values": _plain(whole[name].val_record, shown)}
            for end, label in ends.items()
            if (name := _first(whole, end)) is not None
        ]
        if series:
            groups.append({"title": title, "y_label": unit, "note": note, "series": series})
    channels = {name: _channel(channel, shown) for name, channel in sorted(whole.items())}
    first = _first(whole, "_objective_d") or next(iter(channels))
    return {"epochs": [epochs[number] for number in shown], "groups": groups, "channels": channels, "first": first}


def _channel(channel: ChannelRecord, shown: Sequence[int]) -> dict[str, Any]:
    doc = (channel.doc or "").strip().partition("\n\n")[0]
    return {"values": _plain(channel.val_record, shown), "doc": " ".join(doc.split())}


def _first(channels: Mapping[str, Any], end: str) -> str | None:
    # Those of a monitoring dataset without a name have no prefix.
    return next((name for name in channels if f"_{name}".endswith(end)), None)


def _plain(values: Sequence[float], shown: Iterable[int]) -> list[float | None]:
    """Round the values shown to six digits for JSON; those that are not finite become null, a gap in the curve."""
    return [float(f"{values[n]:.6g}") if math.isfinite(values[n]) else None for n in shown]


def widths_chart(curve: Sequence[WidthPoint]) -> dict[str, Any]:
    """Return the chart of the log-likelihood of validation data against the width of the window."""
    means = [each["mean"] for each in curve]
    errors = [each["standard_error"] for each in curve]
    return band("validation data", means, errors) | {
        "x": [float(f"{each['sigma']:.4g}") for each in curve],
        "x_label": "width of the Gaussians",
        "x_log": True,
    }


def band(label: str, means: Sequence[float], errors: Sequence[float]) -> dict[str, Any]:
    """Return a chart of means with bands of one standard error."""
    pairs = list(zip(means, errors, strict=True))
    line = {
        "label": label,
        "values": list(means),
        "low": [mean - error for mean, error in pairs],
        "high": [mean + error for mean, error in pairs],
    }
    return {"y_label": "log-likelihood, nats", "series": [line]}
