"""Modules compiled side by side are those that PyTensor would have compiled, and it finds them."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from pytensor import config
from pytensor.compile.mode import Mode
from pytensor.link.c.basic import CLinker

from adversarial import backend, parallel_compilation
from adversarial.parallel_compilation import ParallelVMLinker

pytestmark = pytest.mark.skipif(not config.cxx, reason="needs a C++ compiler")


def new_function(workers):
    """A function whose two modules are in no cache, since its constants are new, and what NumPy makes of it."""
    scale, shift = np.random.default_rng().uniform(1, 2, 2)
    x = pt.dvector("x")
    linker = ParallelVMLinker(use_cloop=True)
    linker.workers = workers
    outputs = [pt.exp(x * scale) + shift, (pt.sqrt(x) * shift).sum() - scale]
    compiled = backend.function([x], outputs, mode=Mode(linker=linker, optimizer="fast_run"))
    return compiled, lambda x: (np.exp(x * scale) + shift, (np.sqrt(x) * shift).sum() - scale)


def check(compiled, expected):
    x = np.linspace(0.1, 2, 7)
    for found, wanted in zip(compiled(x), expected(x), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-14)


def test_pytensor_finds_what_was_compiled_beforehand(monkeypatch):
    def refuse(*args):
        raise AssertionError("PyTensor compiled a module by itself")

    monkeypatch.setattr(CLinker, "compile_cmodule", refuse)
    check(*new_function(workers=2))
    with pytest.raises(AssertionError, match="by itself"):
        new_function(workers=1)


def test_pytensor_compiles_what_could_not_be_compiled_beforehand(monkeypatch):
    monkeypatch.setattr(parallel_compilation._Module, "compile", lambda self, parent: None)
    check(*new_function(workers=2))


def test_the_backend_compiles_as_many_modules_at_a_time_as_it_has_threads():
    linker = backend.mode().linker
    assert isinstance(linker, ParallelVMLinker)
    assert linker.workers == backend.threads()
