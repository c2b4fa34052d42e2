"""An update of yaml/cifar10_fully_connected.yaml, made-up images: ours, its matrix products alone, PyTorch and JAX."""

from __future__ import annotations

import argparse

from adversarial.benchmarks import dense
from adversarial.benchmarks.interleaved import Report

add_arguments = dense.add_arguments


def run(given: argparse.Namespace) -> Report:
    """Time updates."""
    return dense.run(given, "cifar10_fully_connected", values=3072)
