"""The plot_monitor.py program: channels against epochs or time, several models in one plot; after Pylearn2's script."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from functools import partial

from adversarial.checkpoint import ChannelRecord
from adversarial.command_line import pictures, program
from adversarial.command_line.monitor_record import chosen_of_each, record_of
from adversarial.errors import ConfigurationError, printable
from adversarial.figures.curves import MOST_CURVES, Curve, write_curves

EXAMPLE = """
tools/plot_monitor.py yaml/mnist.pkl
tools/plot_monitor.py yaml/mnist.pkl --list
tools/plot_monitor.py yaml/mnist.pkl -c valid_objective_d valid_objective_g
tools/plot_monitor.py one.pkl another.pkl -c valid_gen_ll -o both.png
tools/plot_monitor.py yaml/mnist.pkl --against seconds
"""

#: What channels are drawn against: the field of a channel's record, and the label of the axis.
AXES = {
    "epochs": ("epoch_record", "training (epochs)"),
    "batches": ("batch_record", "training (minibatches)"),
    "examples": ("example_record", "training (examples)"),
    "seconds": ("time_record", "time since the first measurement (seconds)"),
}

#: Units of channels by what their names end in, the first that fits; 2014's monitor kept none.
UNITS = {
    "seconds_this_epoch": "seconds",
    "seconds_last_epoch": "seconds",
    "_nll": "nats per example",
    "_ll": "nats per example",
    "objective_d": "nats per example",
    "objective_g": "nats per example",
    "objective": "nats per example",
    "false_positives": "fraction of samples",
    "false_negatives": "fraction of examples",
}


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    parser = program.parser("plot_monitor.py", "Draw monitored channels against epochs or time, as a PNG.", EXAMPLE)
    add = parser.add_argument
    add("models", nargs="+", metavar="model", help="saved models (.pkl or .h5), or pickles of 2014")
    add(
        "-c",
        "--channels",
        nargs="+",
        action="extend",
        metavar="CHANNEL",
        help="draw these (default: both players' objectives)",
    )
    add("--against", choices=tuple(AXES), default="epochs", help="the axis to the right (default %(default)s)")
    add("-o", "--output", metavar="FILE.png", help="the picture (default: beside the first model)")
    add("--list", action="store_true", help="list the channels that there are, and draw nothing")
    add("--show", action="store_true", help="open it in a window as well")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_intermixed_args(argv)
    if given.list:
        known = {name for path in given.models for name in record_of(path).channels}
        program.say("\n".join(printable(name, "") for name in sorted(known)))
        return
    given.channels = given.channels or _objectives(given.models[0])
    given.model = given.models[0]
    path = pictures.output_path(given, "monitor")
    names = list(dict.fromkeys(given.channels))
    if len(names) * len(given.models) > MOST_CURVES:
        raise ConfigurationError(f"one plot takes up to {MOST_CURVES} curves; name fewer channels or models")
    field, x_label = AXES[given.against]
    curves, found = [], chosen_of_each({file: record_of(file) for file in given.models}, names)
    for file, label in zip(given.models, _labels(given.models), strict=True):
        for name, channel in found[file].items():
            said = name if len(given.models) == 1 else f"{label}: {name}"
            curves.append(Curve(said, _places(channel, field), channel.val_record))
    title = os.path.basename(given.models[0]) if len(given.models) == 1 else ""
    write_curves(path, curves, x_label, _y_label(names), title)
    print(path)
    if given.show:
        pictures.show(path)


def _places(channel: ChannelRecord, field: str) -> Sequence[float]:
    """Return where a channel was measured on an axis; seconds count from the first time, when all is compiled."""
    places = getattr(channel, field)
    return [each - places[0] for each in places] if field == "time_record" else places


def _objectives(path: str) -> list[str]:
    """Return the channels of both players' objectives on the first data set that has them."""
    known = list(record_of(path).channels)
    found = [next((name for name in known if name.endswith(end)), None) for end in ("objective_d", "objective_g")]
    names = [name for name in found if name is not None]
    if not names:
        raise ConfigurationError(
            f"{path} has no objectives of two players; name the channels to draw, by -c; --list lists those there are"
        )
    return names


def _labels(paths: Sequence[str]) -> list[str]:
    """Return what tells the files apart: their names, or if two have the same name, their paths."""
    names = [os.path.basename(path) for path in paths]
    return names if len(set(names)) == len(names) else list(paths)


def _y_label(names: Sequence[str]) -> str:
    """Return the channel's name if there is one channel, and the unit if all have the same."""
    units = {next((unit for end, unit in UNITS.items() if name.endswith(end)), None) for name in names}
    what = names[0] if len(names) == 1 else "value"
    unit = units.pop() if len(units) == 1 else None
    if unit:
        return f"{what} ({unit})"
    return f"{what} (unit of the channel)" if len(names) == 1 else "value (each in its channel's unit)"


command = partial(program.run, main)

if __name__ == "__main__":
    command()
