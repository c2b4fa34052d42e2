"""C++ is in headers that stand on their own, and what an Op's compiler reads decides the version of its modules."""

from __future__ import annotations

import re
import subprocess
import sysconfig
from pathlib import Path

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from adversarial.engine.c import sources
from adversarial.engine.rewrites.elementwise import VectorElemwise
from adversarial.engine.rewrites.sums import SquaredColumnNorms
from adversarial.engine.rewrites.zero_skipping import ZeroSkippingGemm

FOLDER = Path(sources.__file__).parent
HEADERS = sorted(path.name for path in FOLDER.glob("*.h"))
#: BLAS, which PyTensor declares before the headers.
BLAS = """extern "C" void {0}(char*, char*, const int*, const int*, const int*, const {1}*, const {1}*, const int*,
                       const {1}*, const int*, const {1}*, {1}*, const int*);
"""


def test_no_python_file_holds_cpp():
    package = FOLDER.parents[1]
    holding = re.compile(r"template <typename|#include <")
    assert [path for path in package.rglob("*.py") if holding.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("name", HEADERS)
def test_a_text_holds_each_header_once_after_what_it_includes(name):
    text = sources.text(name)
    assert '#include "' not in text
    guards = re.findall(r"^#define (ADVERSARIAL_\w+)$", text, re.MULTILINE)
    assert len(set(guards)) == len(guards)
    assert guards[-1] == "ADVERSARIAL_" + name.removesuffix(".h").upper()


@pytest.mark.skipif(not pytensor.config.cxx, reason="there is no C compiler")
def test_headers_are_cpp_that_a_compiler_reads_without_a_warning(tmp_path):
    source = tmp_path / "all.cpp"
    blas = BLAS.format("sgemm_", "float") + BLAS.format("dgemm_", "double")
    source.write_text(blas + "".join(f'#include "{FOLDER / name}"\n' for name in HEADERS))
    helpers = Path(pytensor.__file__).parent / "link" / "c" / "c_code"
    folders = [f"-isystem{folder}" for folder in (np.get_include(), sysconfig.get_paths()["include"], helpers)]
    flags = ["-fsyntax-only", "-fopenmp-simd", "-Wall", "-Wextra", "-Wno-unused-function"]
    flags += ["-Wno-missing-field-initializers", "-DNPY_NO_DEPRECATED_API=NPY_1_7_API_VERSION"]
    done = subprocess.run([pytensor.config.cxx, *flags, *folders, source], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0


def gemm():
    return ZeroSkippingGemm(in_place=False)(np.float32(1), pt.fmatrix(), pt.fmatrix()).owner


def norms():
    return SquaredColumnNorms()(pt.fmatrix()).owner


def elementwise():
    return VectorElemwise(pytensor.scalar.exp)(pt.fmatrix()).owner


def version(node):
    return node.op.c_code_cache_version_apply(node)


@pytest.mark.parametrize(
    ("node", "header", "depends"),
    [
        (gemm, "products.h", True),
        (gemm, "vectors.h", True),  # which products.h includes via others
        (gemm, "sums.h", False),
        (norms, "sums.h", True),
        (norms, "share.h", True),
        (norms, "vectors.h", False),
        (elementwise, "exponential.h", True),
        (elementwise, "sums.h", False),
    ],
)
def test_a_change_of_a_header_changes_the_versions_of_the_ops_that_include_it(monkeypatch, node, header, depends):
    before, read = version(node()), sources.read
    try:
        monkeypatch.setattr(sources, "read", lambda name: read(name) + "// changed\n" * (name == header))
        sources.text.cache_clear()
        assert (version(node()) != before) == depends
    finally:
        sources.text.cache_clear()
    monkeypatch.undo()
    assert version(node()) == before


def test_a_change_of_what_an_op_writes_itself_changes_its_version(monkeypatch):
    before, c_code = version(norms()), SquaredColumnNorms.c_code
    monkeypatch.setattr(SquaredColumnNorms, "c_code", lambda *arguments: c_code(*arguments) + "// changed\n")
    assert version(norms()) != before


def test_the_version_of_a_loop_depends_on_the_module_that_writes_it(monkeypatch):
    before = version(elementwise())
    monkeypatch.setattr("adversarial.engine.rewrites.elementwise._own_text", lambda: "changed")
    assert version(elementwise()) != before
