"""Modules in one text keep their names and macros to themselves, and are compiled as they would be alone."""

from __future__ import annotations

import ctypes
import subprocess

import pytest
from pytensor import config

from adversarial.engine.joint_modules import ARGUMENTS, MOST, joint_text, shared_out


def module(number):
    """A module with the same names as any other, of which the value differs, under a guard that is the same."""
    return f"""#include <math.h>
#ifndef SHARED_HEADER
#define SHARED_HEADER
#include <vector>
namespace library {{
static int value() {{ return {number}; }}
}}
#endif
#define VALUE library::value()
namespace {{
struct Only {{ int run() {{ return (int)std::vector<int>(1, VALUE)[0]; }} }};
}}
extern "C" __attribute__((visibility("default"))) int value_{number}() {{ return Only().run(); }}
"""


@pytest.mark.skipif(not config.cxx, reason="needs a C++ compiler")
def test_each_module_is_what_it_is_alone(tmp_path):
    source, library = tmp_path / "joint.cpp", tmp_path / "joint.so"
    source.write_text(joint_text(map(module, range(5))))
    subprocess.run([config.cxx, "-shared", "-fPIC", *ARGUMENTS, source, "-o", library], check=True)
    loaded = ctypes.CDLL(str(library))
    assert [getattr(loaded, f"value_{number}")() for number in range(5)] == [0, 1, 2, 3, 4]


def test_headers_of_one_condition_are_included_under_it():
    joint = joint_text(["#ifdef NEVER\n#include <nothing.h>\n#endif\nint f();"])
    assert joint.startswith("#ifdef NEVER\n#include <nothing.h>\n#endif\nnamespace")


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 30, 101])
@pytest.mark.parametrize("workers", [2, 3, 16])
def test_every_module_has_one_compilation_and_every_worker_one_if_there_are_enough(count, workers):
    parts = shared_out([1 + place * 37 % 11 for place in range(count)], workers)
    assert sorted(place for part in parts for place in part) == list(range(count))
    assert len(parts) >= min(count, workers) and all(parts)
    assert max(map(len, parts)) <= 3 * MOST
