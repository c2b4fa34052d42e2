"""Flags are tried on the processor again where anything is not as it was."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pytensor import config
from pytensor.link.c import cmodule

from adversarial.engine import precompiled_headers

pytestmark = pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="needs Linux")


@pytest.fixture
def tried(tmp_path, monkeypatch) -> list:
    """The flags that were tried, of which '-bad' does not serve."""
    seen = []

    def attempt(flags):
        seen.append(flags)
        return True, "-bad" not in flags

    monkeypatch.setattr(cmodule, "try_march_flag", attempt)
    monkeypatch.setattr(precompiled_headers, "_folder", lambda: tmp_path)
    monkeypatch.setattr(precompiled_headers, "_compiler", lambda: ("/usr/bin/g++", 7, 1000))
    return seen


def serves(flags):
    with precompiled_headers._trials_remembered():
        return cmodule.try_march_flag(flags)


def test_flags_that_served_are_not_tried_again(tried):
    before = cmodule.try_march_flag
    assert [serves(["-march=znver3"]) for _ in range(2)] == [(True, True)] * 2
    assert (tried, cmodule.try_march_flag) == ([["-march=znver3"]], before)


def test_flags_that_did_not_serve_are(tried):
    assert [serves(["-bad"]) for _ in range(2)] == [(True, False)] * 2
    assert len(tried) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda patch: patch.setattr(precompiled_headers, "_compiler", lambda: ("/usr/bin/g++", 7, 1001)),
        lambda patch: patch.setattr(precompiled_headers, "_processor", lambda: ["another"]),
        lambda patch: patch.setattr(config, "gcc__cxxflags", "-DOTHER"),
    ],
    ids=["compiler", "processor", "further flags"],
)
def test_they_are_tried_where_anything_changed(tried, monkeypatch, change):
    serves(["-mavx2"])
    change(monkeypatch)
    serves(["-mavx2"])
    assert len(tried) == 2


def test_a_system_that_says_nothing_of_its_processor_tries_each_time(tried, monkeypatch):
    def nothing():
        raise FileNotFoundError

    monkeypatch.setattr(precompiled_headers, "_processor", nothing)
    serves(["-mavx2"]), serves(["-mavx2"])
    assert len(tried) == 2


def test_what_changes_from_moment_to_moment_is_not_the_processor():
    assert precompiled_headers._processor() == precompiled_headers._processor() != []


@pytest.mark.skipif(shutil.which("ld.gold") is None, reason="there is no such linker")
@pytest.mark.parametrize("ldflags, serves", [("", True), ("-lof_no_library", False)])
def test_the_faster_linker_is_used_where_it_links_what_modules_need(tmp_path, monkeypatch, ldflags, serves):
    monkeypatch.setattr(precompiled_headers, "_folder", lambda: tmp_path)
    monkeypatch.setattr(config, "blas__ldflags", ldflags)
    assert precompiled_headers._links_faster() == serves
    monkeypatch.setattr("subprocess.run", None)
    assert precompiled_headers._links_faster() == serves
