#!/usr/bin/env python3
"""Samples of a generator as a picture: see `tools/show_samples.py --help`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # so that it runs from a checkout that is not installed

from adversarial.command_line import program  # noqa: E402
from adversarial.programs.show_samples import main  # noqa: E402

if __name__ == "__main__":
    program.run(main)
