"""The package by itself: what a bare import offers, and the one place of its version."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import adversarial
from adversarial import checkpoint

ROOT = Path(__file__).parents[1]


def in_a_new_process(*lines: str) -> str:
    """What a Python that has imported nothing prints."""
    command = [sys.executable, "-c", "\n".join(lines)]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=300).stdout.strip()


def test_a_bare_import_reaches_the_rooms_and_imports_nothing_before():
    printed = in_a_new_process(
        "import sys, adversarial",
        "print('numpy' in sys.modules, 'pytensor' in sys.modules)",
        "print(adversarial.checkpoint.load_model.__module__)",
    )
    assert printed.split() == ["False", "False", "adversarial.checkpoint.models"]


@pytest.mark.parametrize("room", adversarial._ROOMS)
def test_every_room_of_a_bare_import_is_there(room):
    assert getattr(adversarial, room).__name__ == f"adversarial.{room}"


def test_a_name_that_the_package_lacks():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        adversarial.nothing  # noqa: B018


def test_the_version_is_read_without_importing_what_the_package_needs():
    pytest.importorskip("setuptools")
    printed = in_a_new_process(
        "import sys",
        "from setuptools.config.setupcfg import read_configuration",
        "print(read_configuration('setup.cfg')['metadata']['version'], 'adversarial' in sys.modules)",
    )
    assert printed.splitlines()[-1] == f"{adversarial.__version__} False"
    assert checkpoint.versions()["adversarial"] == adversarial.__version__
