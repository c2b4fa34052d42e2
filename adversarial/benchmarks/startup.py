"""From a command to what a person waits for: to train.py's first update, to parzen_ll.py's number, to samples drawn.

Training is timed with an empty cache of compiled code, and again; the others as in a second use of them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from adversarial.benchmarks.interleaved import Contender, Report, take_times
from adversarial.benchmarks.specification import EXPERIMENTS
from adversarial.errors import ConfigurationError

#: The process exits at its first update, without cleaning up.
FIRST_UPDATE = """
import os
import sys

def stop(algorithm):
    os._exit(0)

from adversarial.config import yaml_parse
experiment = yaml_parse.load_path(sys.argv[1], overrides={"save_freq": "0"})
experiment.algorithm.update_callbacks.append(stop)
experiment.main_loop()
sys.exit("there was no update")
"""

_EXPERIMENT = EXPERIMENTS / "mnist.yaml"
#: A model of the experiment's size, trained on few examples.
_SHORT = ("--quiet", "--max-epochs", "1", "--set", "dataset.stop=1000")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare no options."""


def run(given: argparse.Namespace) -> Report:
    """Time whole processes, one after the other.

    Parameters
    ----------
    given : argparse.Namespace
        The options: `rounds`.

    Returns
    -------
    Report
        Seconds from the start of a process to its first update, or to its end.
    """
    with tempfile.TemporaryDirectory() as folder:
        empty, filled, model = (Path(folder) / name for name in ("empty", "filled", "mnist.pkl"))

        def first_update(compiled: Path) -> None:
            _run(compiled, "yaml/mnist.yaml did not reach its first update", ["-c", FIRST_UPDATE, str(_EXPERIMENT)])

        def cold() -> None:
            shutil.rmtree(empty, ignore_errors=True)
            first_update(empty)

        def tool(name: str, *options: str) -> Contender:
            arguments = ["-m", f"adversarial.programs.{name}", str(model), *options]
            return Contender(f"{name}.py, warm", lambda: _run(filled, f"{name}.py failed", arguments))

        training = ["-m", "adversarial.programs.train", str(_EXPERIMENT), *_SHORT, "--set", f"save_path={model}"]
        _run(filled, "yaml/mnist.yaml was not trained", training)
        contenders = [
            Contender("train.py, cold", cold),
            Contender("train.py, warm", lambda: first_update(filled)),
            tool("parzen_ll"),
            tool("show_samples", "-o", str(Path(folder) / "samples.png")),
        ]
        times = take_times(contenders, given.rounds)
    notes = [
        "each is a new process; cold: the cache of compiled code is empty",
        "train.py to its first update, the first monitoring pass included; the tools to their end",
    ]
    return Report("startup: seconds from the command", times, [("train.py, cold", ("train.py, warm",))], notes)


def _run(compiled: Path, failure: str, arguments: Sequence[str]) -> None:
    """Run Python with these arguments, its compiled code in a folder.

    Raises
    ------
    ConfigurationError
        If it fails; the sentence begins with `failure`.
    """
    flags = ",".join(part for part in (os.environ.get("PYTENSOR_FLAGS"), f"base_compiledir={compiled}") if part)
    package = str(Path(__file__).parents[2])
    path = os.pathsep.join(part for part in (package, os.environ.get("PYTHONPATH")) if part)
    done = subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | {"PYTENSOR_FLAGS": flags, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ConfigurationError(f"{failure}: {done.stderr.strip()[-500:]}")
