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


@pytest.fixture
def on(request) -> Iterator[str]:
    """The backend that the test's parameter names is in use within the test, if it is installed."""
    name = request.param
    if name != "c":
        pytest.importorskip(name, reason=f"{name} is not installed")
    before = backend.backend_name()
    backend.configure(backend=name)
    yield name
    backend.configure(backend=before)
