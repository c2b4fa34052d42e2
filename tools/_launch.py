"""Starts a program of this checkout, installed or not."""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec
from pathlib import Path


def launch(name: str) -> None:
    """Run `adversarial.programs.NAME`; without what it needs, exit with a sentence that says how to get it."""
    missing = [package for package in ("numpy", "scipy", "pytensor", "h5py") if find_spec(package) is None]
    if missing:
        sys.exit(
            f"{name}.py: error: {missing[0]} is not installed for {sys.executable}; run it by .venv/bin/python, or "
            "install this checkout: pip install -e ."
        )
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from adversarial.command_line import program

    program.run(importlib.import_module(f"adversarial.programs.{name}").main)
