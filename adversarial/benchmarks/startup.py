"""From the command `train.py yaml/mnist.yaml` to the first update: with an empty cache of compiled code, and again."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
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
        Seconds from the start of a process to its first update.
    """
    with tempfile.TemporaryDirectory() as folder:
        compiled = Path(folder) / "compiled"

        def cold() -> None:
            shutil.rmtree(compiled, ignore_errors=True)
            _until_first_update(compiled)

        contenders = [Contender("cold", cold), Contender("warm", lambda: _until_first_update(compiled))]
        times = take_times(contenders, given.rounds)
    notes = ["each is a new process, the first monitoring pass included; cold: the cache of compiled code is empty"]
    return Report("startup: command to first update, seconds", times, [("cold", ("warm",))], notes)


def _until_first_update(compiled: Path) -> None:
    flags = ",".join(part for part in (os.environ.get("PYTENSOR_FLAGS"), f"base_compiledir={compiled}") if part)
    package = str(Path(__file__).parents[2])
    path = os.pathsep.join(part for part in (package, os.environ.get("PYTHONPATH")) if part)
    done = subprocess.run(
        [sys.executable, "-c", FIRST_UPDATE, str(EXPERIMENTS / "mnist.yaml")],
        env=os.environ | {"PYTENSOR_FLAGS": flags, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ConfigurationError(f"yaml/mnist.yaml did not reach its first update: {done.stderr.strip()[-500:]}")
