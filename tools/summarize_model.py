#!/usr/bin/env python3
"""A saved model as a table: see `tools/summarize_model.py --help`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs from a checkout that is not installed

from adversarial.command_line import program  # noqa: E402
from adversarial.programs.summarize_model import main  # noqa: E402

if __name__ == "__main__":
    program.run(main)
