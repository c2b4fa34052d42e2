"""Turn a model.pkl that Pylearn2 saved in 2014 into a saved model of this library, running nothing in it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs from a checkout that is not installed

from adversarial import checkpoint  # noqa: E402
from adversarial.command_line import program  # noqa: E402

EXAMPLE = """example:
  tools/convert_2014.py old/mnist.pkl mnist.pkl
  tools/print_monitor.py mnist.pkl

Every tool opens old pickles as they are, too; a converted file is smaller, bears a checksum, and may be a .h5."""


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", help="a .pkl (or .pkl.gz) of 2014, with arrays of the CPU or the GPU")
    parser.add_argument("new", help="where to save the model, as .pkl or .h5 by the ending")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    given = parser.parse_args(arguments)
    content = checkpoint.convert_2014(given.old, given.new)
    values = sum(value.size for value in content["parameters"].values())
    print(f"{given.new}: {len(content['parameters'])} parameters, {values:,} numbers in all")


if __name__ == "__main__":
    program.run(main)
