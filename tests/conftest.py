"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adversarial import backend

GOLDEN = Path(__file__).parent / "golden2014"


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of figures recorded from the 2014 code."""
    return GOLDEN


@pytest.fixture
def float64() -> Iterator[None]:
    """floatX is float64 within the test."""
    before = backend.floatX()
    backend.configure(floatX="float64")
    yield
    backend.configure(floatX=before)
