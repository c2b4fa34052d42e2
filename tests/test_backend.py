"""The backend: what is chosen, what is said, and what is refused."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.tensor.blas import Dot22

from adversarial import backend
from adversarial.engine import registry
from adversarial.engine.rewrites.zero_skipping import ZeroSkippingGemm
from adversarial.errors import ConfigurationError

ROOT = Path(__file__).parent.parent


IMPORT_EVERYTHING = """
import gc, os, pkgutil, sys
import pytensor, pytensor.tensor
options = sorted(set(pytensor.config._config_var_dict))
def state():
    values = {name: getattr(pytensor.config, name) for name in options if name not in UNASKED}
    return values, dict(os.environ), gc.isenabled(), gc.get_threshold()
# What PyTensor looks for at the first question, which takes a second or more.
UNASKED = {"blas__ldflags", "gcc__cxxflags"}
before = state()
import adversarial
for module in pkgutil.walk_packages(adversarial.__path__, "adversarial."):
    if not module.name.startswith(LEFT_OUT):
        __import__(module.name)
assert state() == before
from adversarial import backend
assert backend._settings is None
pytensor.config.floatX = "float64"
flags = pytensor.config.blas__ldflags, pytensor.config.gcc__cxxflags
assert not any("scipy_" in each or "-include" in each for each in flags)
assert (backend.floatX(), pytensor.config.floatX) == ("float32", "float32")
"""


def said(code: str, **environment: str) -> subprocess.CompletedProcess:
    """What a fresh interpreter with `environment` prints when it runs `code` after importing the backend."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ADVERSARIAL_")}
    return subprocess.run(
        [sys.executable, "-c", f"from adversarial import backend\n{code}"],
        env=kept | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def restored() -> Iterator[None]:
    """Settings are as before after the test."""
    before = {"backend": backend.backend_name(), "floatX": backend.floatX(), "threads": backend.threads()}
    before |= {"engine": backend.engine()}
    yield
    backend.configure(**before)


def test_importing_it_is_quiet_and_brings_in_neither_numba_nor_jax():
    ran = said("import sys; print([name for name in ('numba', 'jax') if name in sys.modules], backend.floatX())")
    assert (ran.stdout.strip(), ran.stderr) == ("[] float32", "")


def test_importing_any_module_changes_no_global_setting():
    # Benchmarks' peers, the program that runs when imported, and JAX and matplotlib, which set variables themselves.
    left_out = ("adversarial.benchmarks", "adversarial.__main__", "adversarial.engine.jax", "adversarial.figures")
    code = IMPORT_EVERYTHING.replace("LEFT_OUT", repr(left_out))
    flags = ",".join(part for part in os.environ.get("PYTENSOR_FLAGS", "").split(",") if "compiledir" in part)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ADVERSARIAL_")}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | {"PYTENSOR_FLAGS": flags},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("floatX", ["float32", "float64"])
def test_sharedX_is_in_floatX_and_owns_its_value(restored, floatX):
    backend.configure(floatX=floatX)
    value = np.arange(3)
    shared = backend.sharedX(value, name="w")
    value[0] = 7
    assert (shared.name, shared.type.dtype) == ("w", floatX)
    np.testing.assert_array_equal(shared.get_value(), [0, 1, 2])


@pytest.mark.skipif(not pytensor.config.cxx, reason="there is no C compiler")
def test_products_are_compiled_to_the_blas_that_is_named(restored, recwarn):
    x, w = pt.matrix(), pt.matrix()
    function = backend.function([x, w], x @ w)
    left, right = (np.random.default_rng(1).normal(size=(7, 7)).astype("float32") for _ in range(2))
    np.testing.assert_allclose(function(left, right), left.astype(float) @ right, rtol=0, atol=1e-5)
    product = ZeroSkippingGemm if pytensor.config.blas__ldflags else Dot22
    assert [type(node.op) for node in function.maker.fgraph.toposort()] == [product]
    assert not [warning for warning in recwarn if "BLAS" in str(warning.message)]
    assert bool(pytensor.config.blas__ldflags) == ("no BLAS" not in backend.summary())


def test_updates_are_made_and_streams_of_default_updates_move_on():
    count = backend.sharedX(0)
    function = backend.function([], count, updates=[(count, count + 2)])
    assert [float(function()) for _ in range(3)] == [0, 2, 4]


def test_summary_names_what_is_in_use(restored):
    backend.configure(threads=1)
    assert f"PyTensor {pytensor.__version__}" in backend.summary()
    assert backend.summary().endswith(f"1 thread, {backend.floatX()}")
    backend.configure(backend="numba", threads=2)
    assert backend.summary() == f"PyTensor {pytensor.__version__}, numba, 2 threads, {backend.floatX()}"
    backend.configure(engine="plain")
    assert backend.summary() == f"PyTensor {pytensor.__version__}, numba, plain engine, 2 threads, {backend.floatX()}"


@pytest.mark.parametrize(
    "environment, threads",
    [
        ({"ADVERSARIAL_THREADS": "3", "OMP_NUM_THREADS": "1"}, "3"),
        ({"OMP_NUM_THREADS": "5"}, "5"),
    ],
)
def test_threads_of_the_environment(environment, threads):
    assert said("print(backend.threads())", **environment).stdout.strip() == threads


def test_pytensor_flags_win():
    flags = os.environ.get("PYTENSOR_FLAGS", "") + ",floatX=float64"
    assert said("print(backend.floatX())", PYTENSOR_FLAGS=flags.lstrip(",")).stdout.strip() == "float64"


@pytest.mark.parametrize(
    ("chosen", "used"),
    [("", "numba"), ("backend.configure(backend='c'); ", "c"), ("backend.configure(threads=1); ", "numba")],
)
def test_the_backend_that_a_file_names_gives_way_to_the_users(chosen, used):
    assert said(f"{chosen}backend.prefer('numba'); print(backend.backend_name())").stdout.strip() == used


def test_without_a_compiler_it_says_so_and_runs_on_numba():
    flags = (os.environ.get("PYTENSOR_FLAGS", "") + ",cxx=").lstrip(",")
    code = "backend.configure(backend='c'); print(backend.backend_name()); print(backend.summary())"
    name, summary = said(code, PYTENSOR_FLAGS=flags).stdout.strip().splitlines()
    assert name == "numba"
    assert "numba (no C compiler found)" in summary


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("ADVERSARIAL_BACKEND", "cuda", "must be one of c, numba, jax"),
        ("ADVERSARIAL_BLAS", "atlas", "must be one of mkl, wheel, system, none"),
        ("ADVERSARIAL_THREADS", "0", "must be a whole number of at least 1"),
        ("ADVERSARIAL_ENGINE", "slow", "must be fast or plain"),
    ],
)
def test_values_of_the_environment_that_cannot_be(name, value, message):
    ran = said("backend.configure()", **{name: value})
    assert ran.returncode != 0
    last = ran.stderr.strip().splitlines()[-1]
    assert last.startswith("adversarial.errors.ConfigurationError") and value in last and message in last


@pytest.mark.parametrize(
    "wrong", [{"backend": "cuda"}, {"floatX": "float16"}, {"threads": 0}, {"threads": -3}, {"engine": ""}]
)
def test_a_refused_setting_changes_nothing(wrong):
    before = backend.summary()
    with pytest.raises(ConfigurationError):
        backend.configure(**wrong)
    assert backend.summary() == before


def test_a_backend_that_is_not_installed_names_what_brings_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"pip install adversarial\[jax\]"):
        backend.configure(backend="jax")


def test_ops_are_registered_once_and_only_when_their_backend_compiles(restored, monkeypatch):
    seen = []
    monkeypatch.setitem(registry._pending, "numba", [])
    registry.registers_for("numba")(lambda: seen.append("numba"))
    backend.configure(backend="c")
    backend.mode()
    assert seen == []
    backend.configure(backend="numba")
    backend.mode()
    backend.mode()
    assert seen == ["numba"]


def test_while_graphs_are_built_nothing_looks_for_garbage_and_all_is_as_before_afterwards(monkeypatch):
    monkeypatch.delenv("PYTENSOR_FLAGS", raising=False)
    assert gc.isenabled()
    before = pytensor.config.traceback__limit
    with pytest.raises(ZeroDivisionError), backend.graph_construction():
        assert not gc.isenabled()
        assert pytensor.config.traceback__limit == 1
        raise ZeroDivisionError
    assert gc.isenabled()
    assert pytensor.config.traceback__limit == before
    monkeypatch.setenv("PYTENSOR_FLAGS", "floatX=float32,traceback__limit=5")
    with backend.graph_construction():
        assert pytensor.config.traceback__limit == before
