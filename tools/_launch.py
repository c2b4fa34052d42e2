"""Starts a program of this checkout, installed or not."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path


def launch(name: str) -> None:
    """Run `adversarial.programs.NAME`; without what it needs, exit with a sentence that says how to get it."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    try:
        from adversarial.command_line import program

        module = importlib.import_module(f"adversarial.programs.{name}")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "adversarial":
            raise
        sys.exit(
            f"{name}.py: error: {error.name} is not installed for {sys.executable}; run it by .venv/bin/python, or "
            "install this checkout: pip install -e ."
        )
    program.run(module.main)
