"""What every test may ask for."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

# Workers side by side share the processors: with all of them for each, threads that wait for work take it from others.
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // WORKERS)))

from adversarial import backend  # noqa: E402
from adversarial.config import variables  # noqa: E402

# Tests that make graphs before they call the backend find its settings, floatX among them, in use.
backend.configure()

# Nothing is timed in tests: the machine may be busy.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

GOLDEN = Path(__file__).parent / "golden2014"


@pytest.fixture(autouse=True)
def same_logging() -> Iterator[None]:
    """What a program sets of logging is undone after the test."""
    logger = logging.getLogger("adversarial")
    before = logger.level
    yield
    logger.setLevel(before)


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


@pytest.fixture
def plain() -> Iterator[None]:
    """The plain engine is in use within the test."""
    before = backend.engine()
    backend.configure(engine="plain")
    yield
    backend.configure(engine=before)


@pytest.fixture(scope="module")
def on_c() -> Iterator[None]:
    """The C backend is in use within the module, whatever the environment asks for."""
    before = backend.backend_name()
    backend.configure(backend="c")
    yield
    backend.configure(backend=before)


@pytest.fixture(autouse=True)
def no_variables_used() -> Iterator[None]:
    """A program hides values of the environment that its process used; here many tests share one process."""
    before = dict(variables._used_anywhere)
    yield
    variables._used_anywhere.clear()
    variables._used_anywhere.update(before)
