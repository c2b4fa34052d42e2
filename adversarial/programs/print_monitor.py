"""The print_monitor.py program: the last value of each channel of saved models; after Pylearn2's script."""

from __future__ import annotations

import argparse
import json
import math
import os
from collections.abc import Sequence
from functools import partial
from typing import Any

from adversarial.checkpoint import ChannelRecord, MonitorRecord
from adversarial.command_line import program
from adversarial.command_line.monitor_record import add_models_and_channels, records_of
from adversarial.errors import printable
from adversarial.progress.summary import number

EXAMPLE = """
tools/print_monitor.py yaml/mnist.pkl
tools/print_monitor.py yaml/mnist.pkl valid_objective_d valid_objective_g
tools/print_monitor.py one.pkl another.pkl valid_gen_ll
tools/print_monitor.py yaml/mnist.pkl --json
"""


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    parser = program.parser(
        "print_monitor.py",
        "Print the last value of each channel that was monitored, and how long was trained.",
        EXAMPLE,
    )
    add_models_and_channels(parser)
    parser.add_argument("--json", action="store_true", help="as JSON, with every digit; of several models, by path")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_intermixed_args(argv)
    found = records_of(given)
    if given.json:
        plain = {model: _plain(*each) for model, each in found.items()}
        print(json.dumps(plain if len(found) > 1 else plain[given.model], indent=2, allow_nan=False))
        return
    for place, (model, (record, channels)) in enumerate(found.items()):
        if place:
            program.say("")
        _print(os.path.basename(model) if len(found) == 1 else model, record, channels)


def _print(model: str, record: MonitorRecord, channels: dict[str, ChannelRecord]) -> None:
    program.say(
        f"{model}: {record.epochs_seen:,} epoch{'s' * (record.epochs_seen != 1)}, {record.batches_seen:,} minibatches, "
        f"{record.examples_seen:,} examples"
    )
    measured = max((channel.epoch_record[-1] for channel in channels.values() if channel.val_record), default=None)
    if measured is not None and measured != record.epochs_seen:
        program.say(f"measured last after epoch {measured}")
    shown_names = {name: printable(name, "") for name in channels}
    width = max(map(len, shown_names.values()), default=0)
    for name, channel in channels.items():
        shown = number(channel.val_record[-1]) if channel.val_record else "never measured"
        program.say(f"{shown_names[name]:{width}}  {shown}")


def _plain(record: MonitorRecord, channels: dict[str, ChannelRecord]) -> dict[str, Any]:
    """Return what JSON can hold: NaN, infinity and a channel that was never measured are null."""
    last = {name: channel.val_record[-1] if channel.val_record else math.nan for name, channel in channels.items()}
    return {
        "epochs_seen": record.epochs_seen,
        "batches_seen": record.batches_seen,
        "examples_seen": record.examples_seen,
        "channels": {name: value if math.isfinite(value) else None for name, value in last.items()},
    }


command = partial(program.run, main)

if __name__ == "__main__":
    command()
