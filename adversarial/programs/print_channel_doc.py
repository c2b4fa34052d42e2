"""The print_channel_doc.py program: what each channel of saved models measures; after Pylearn2's script."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

from adversarial.command_line import program
from adversarial.command_line.monitor_record import add_models_and_channels, records_of
from adversarial.errors import printable
from adversarial.monitor.channel_docs import doc_of

EXAMPLE = """
tools/print_channel_doc.py yaml/mnist.pkl
tools/print_channel_doc.py yaml/mnist.pkl training_seconds_this_epoch
"""

NO_DOC = "nothing is said of it"


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    description = (
        "Print what each channel that was monitored measures, by what the saved model says of it, else by its name."
    )
    parser = program.parser("print_channel_doc.py", description, EXAMPLE)
    add_models_and_channels(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_intermixed_args(argv)
    found = records_of(given)
    for model, (_, channels) in found.items():
        if len(found) > 1:
            program.say(model)
        for name, channel in channels.items():
            program.say(f"{printable(name, '')}: {' '.join(channel.doc.split()) or doc_of(name) or NO_DOC}")


command = partial(program.run, main)

if __name__ == "__main__":
    command()
