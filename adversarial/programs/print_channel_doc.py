"""The print_channel_doc.py program: what each channel of saved models measures; after Pylearn2's script."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

from adversarial.command_line import program
from adversarial.command_line.monitor_record import chosen, is_model, record_of
from adversarial.errors import printable

EXAMPLE = """
tools/print_channel_doc.py yaml/mnist.pkl
tools/print_channel_doc.py yaml/mnist.pkl training_seconds_this_epoch
"""

NO_DOC = "nothing is said of it"


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    description = "Print what each channel that was monitored measures, as far as the saved model says it."
    parser = program.parser("print_channel_doc.py", description, EXAMPLE)
    parser.add_argument("model", help="a saved model (.pkl or .h5), or a pickle of 2014")
    parser.add_argument(
        "channels", nargs="*", metavar="CHANNEL", help="further models (.pkl, .h5), and the channels to print only"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    models = [given.model, *(name for name in given.channels if is_model(name))]
    names = [name for name in given.channels if not is_model(name)]
    for model in models:
        if len(models) > 1:
            program.say(model)
        for name, channel in chosen(record_of(model), names, model).items():
            program.say(f"{printable(name, '')}: {' '.join(channel.doc.split()) or NO_DOC}")


command = partial(program.run, main)

if __name__ == "__main__":
    command()
