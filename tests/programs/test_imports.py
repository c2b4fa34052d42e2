"""What a program need not read before it begins: a start waits for every module that is imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

#: Slow to import, and needed by few, when they need it.
SLOW = ("setuptools", "scipy.stats", "scipy.io", "scipy.optimize", "matplotlib", "rich", "numba", "jax")
#: What trains, which no tool that samples or scores needs.
TRAINING = ("adversarial.training_algorithms.sgd", "adversarial.train", "adversarial.monitor.monitor")


def imported_by(statement: str) -> set[str]:
    """The modules that a new process has imported after a statement."""
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("program", ["parzen_ll", "show_samples", "show_weights", "show_gen_weights"])
def test_a_tool_that_samples_imports_neither_what_trains_nor_what_is_slow(program):
    assert not {*SLOW, *TRAINING} & imported_by(f"import adversarial.programs.{program}")


def test_training_imports_nothing_slow_before_it_needs_it():
    assert not {*SLOW} & imported_by("import adversarial.programs.train, adversarial.train, adversarial.game.costs")


def test_c_code_is_linked_without_setuptools():
    linking = """
import numpy as np
import pytensor.tensor as pt
from adversarial import backend
x = pt.matrix()
assert backend.function([x], pt.exp(x).sum(axis=0))(np.ones((2, 3), backend.floatX())).shape == (3,)
"""
    # The first process may compile, for which PyTensor asks setuptools where Python's headers are.
    imported_by(linking)
    assert "setuptools" not in imported_by(linking)
