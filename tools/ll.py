#!/usr/bin/env python3
"""The log-likelihood of test data while samples are drawn: see `tools/ll.py --help`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs from a checkout that is not installed

from adversarial.command_line import program  # noqa: E402
from adversarial.programs.ll import main  # noqa: E402

if __name__ == "__main__":
    program.run(main)
