#!/usr/bin/env python3
"""Run the experiment that a YAML file describes, from a checkout: `train.py yaml/mnist.yaml`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "tools"))

from _launch import launch  # noqa: E402

if __name__ == "__main__":
    launch("train")
