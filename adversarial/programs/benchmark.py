"""The benchmark.py program: how long things take, in turns with what they cannot do without."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import partial

from adversarial.command_line import program
from adversarial.errors import ConfigurationError

EXAMPLE = """
tools/benchmark.py mnist
tools/benchmark.py backends --rounds 7
tools/benchmark.py parzen
tools/benchmark.py parzen --model yaml/mnist.pkl --rounds 9 --json parzen.json
tools/benchmark.py ageing --minutes 60
tools/benchmark.py scaling --axis batch_size,width --picture growth.png
tools/benchmark.py cuda --minutes 8 --markdown gpu.md
tools/benchmark.py all --markdown benchmarks.md
tools/benchmark.py shared --kinds mnist,monitored --rounds 9
"""

#: Modules of adversarial.benchmarks.
COMMANDS = (
    "mnist", "cifar10_fully_connected", "cifar10_convolutional", "tfd", "backends", "parzen", "monitor", "startup",
    "ageing", "hdf5", "quality", "scaling", "cuda", "all", "shared",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> None:
    """Run a sub-command, and print its table."""
    parser = program.parser("benchmark.py", "Times of contenders that take turns, and their ratios.", EXAMPLE)
    commands = parser.add_subparsers(dest="command", required=True)
    modules = {}
    for name in COMMANDS:
        modules[name] = importlib.import_module(f"adversarial.benchmarks.{name}")
        line = (modules[name].__doc__ or "").strip().splitlines()[0]
        command = commands.add_parser(name, help=line, description=line)
        command.add_argument("--rounds", type=int, default=5, metavar="N", help="rounds (default %(default)s)")
        command.add_argument("--json", metavar="FILE", help="write every time to this file as well")
        modules[name].add_arguments(command)
    given = parser.parse_args(argv)
    if given.rounds < 1:
        raise ConfigurationError(f"--rounds is {given.rounds}, but must be at least 1")
    report = modules[given.command].run(given)
    print(report.as_text())
    if given.json:
        report.write_json(given.json)


command = partial(program.run, main)

if __name__ == "__main__":
    command()
