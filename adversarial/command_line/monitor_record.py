"""What the programs that show a monitor's record share: the record of a saved model, and its channels by name."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Mapping, Sequence

from adversarial import checkpoint
from adversarial.checkpoint import ChannelRecord, MonitorRecord
from adversarial.errors import CheckpointError, ConfigurationError, printable
from adversarial.monitor.channel import nearest_channel


def add_models_and_channels(parser: argparse.ArgumentParser) -> None:
    """Add what programs take that print records: models, and the channels to print."""
    parser.add_argument("model", help="a saved model (.pkl or .h5), or a pickle of 2014")
    parser.add_argument(
        "channels", nargs="*", metavar="CHANNEL", help="further models (.pkl, .h5), and the channels to print only"
    )


def records_of(given: argparse.Namespace) -> dict[str, tuple[MonitorRecord, dict[str, ChannelRecord]]]:
    """Return the record of each model of `add_models_and_channels`, by its path, and the channels that are chosen."""
    models = [given.model, *(name for name in given.channels if _is_model(name))]
    names = [name for name in given.channels if not _is_model(name)]
    records = {model: record_of(model) for model in models}
    found = chosen_of_each(records, names)
    return {model: (record, found[model]) for model, record in records.items()}


def _is_model(argument: str) -> bool:
    """Return whether an argument names a saved model and not a channel, by its ending or since there is such a file."""
    return argument.endswith((".pkl", ".pkl.gz", ".h5")) or os.path.isfile(argument)


def record_of(path: str | os.PathLike) -> MonitorRecord:
    """Return the monitor's record in a saved model, of ours or of 2014; the model itself is not built.

    Parameters
    ----------
    path : str or path
        The saved model.

    Returns
    -------
    MonitorRecord
        Its channels, epoch by epoch.

    Raises
    ------
    CheckpointError
        As `checkpoint.read` does, and if the file has no record, or an empty one.
    """
    content = checkpoint.read(path)
    if content.get("monitor") is None:
        raise CheckpointError(f"{os.fspath(path)} has no monitor's record: it was saved without one")
    try:
        record = MonitorRecord.from_content(content["monitor"])
    except CheckpointError as error:
        raise CheckpointError(f"cannot open {os.fspath(path)}: {error}") from error
    if not record.channels:
        raise CheckpointError(f"the monitor of {os.fspath(path)} had no channels: the experiment monitored nothing")
    return record


def chosen(record: MonitorRecord, names: Sequence[str], path: str | os.PathLike) -> dict[str, ChannelRecord]:
    """Return channels by name.

    Parameters
    ----------
    record : MonitorRecord
        What `record_of` returned.
    names : sequence of str
        The channels, in this order; all, in alphabetical order, if there is no name.
    path : str or path
        The saved model, for sentences.

    Returns
    -------
    dict
        The channels.

    Raises
    ------
    ConfigurationError
        If there is no channel of a name. The sentence says which is near, if one is.
    """
    if not names:
        return dict(sorted(record.channels.items()))
    for name in names:
        if name not in record.channels and os.path.isdir(name):
            raise ConfigurationError(f"{name} is a folder, neither a saved model nor a channel of {os.fspath(path)}")
        if name not in record.channels:
            raise ConfigurationError(_lacking(name, record, path))
    return {name: record.channels[name] for name in names}


def chosen_of_each(records: Mapping[str, MonitorRecord], names: Sequence[str]) -> dict[str, dict[str, ChannelRecord]]:
    """Return channels by name of several models, with a warning for each that one lacks and another has.

    Parameters
    ----------
    records : dict
        What `record_of` returned, by the saved model.
    names : sequence of str
        The channels, in this order; all, in alphabetical order, if there is no name.

    Returns
    -------
    dict
        The channels that each model has.

    Raises
    ------
    ConfigurationError
        If no model has a channel of a name.
    """
    found = {}
    for path, record in records.items():
        here = [name for name in names if name in record.channels or not _anywhere(name, records)]
        for name in names:
            if name not in here:
                print(f"warning: {printable(_lacking(name, record, path))}", file=sys.stderr)
        found[path] = chosen(record, here, path) if here or not names else {}
    return found


def _anywhere(name: str, records: Mapping[str, MonitorRecord]) -> bool:
    return any(name in record.channels for record in records.values())


def _lacking(name: str, record: MonitorRecord, path: str | os.PathLike) -> str:
    return f"{os.fspath(path)} has no channel '{name}'; {_advice(name, record.channels)}"


def _advice(name: str, known: Iterable[str]) -> str:
    listed = list(known)
    near = nearest_channel(name, listed)
    if near is not None:
        return f"the nearest of its {len(listed)} is '{near}'"
    return f"none of its {len(listed)} is near; plot_monitor.py --list names them"
