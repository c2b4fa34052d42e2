"""An update of yaml/mnist.yaml: ours, its matrix products alone, PyTorch and JAX."""

from __future__ import annotations

import argparse

from adversarial.benchmarks import dense
from adversarial.benchmarks.interleaved import Report

add_arguments = dense.add_arguments


def run(given: argparse.Namespace) -> Report:
    """Time updates."""
    return dense.run(given, "mnist")
