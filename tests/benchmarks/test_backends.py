"""The table of backends, from made-up times."""

from __future__ import annotations

import argparse

import pytest

from adversarial.benchmarks.backends import BackendsReport, Row, Setting, settings
from adversarial.errors import ConfigurationError


def test_a_row_has_its_time_and_its_deviations_and_what_is_not_there_says_so():
    deviations = {"float64": 2e-13, "float32": 1.5e-5}
    rows = {"jax": Row("PyTensor, jax", "CPU", deviations, ["jax", "jax, by hand"]), "jax on cuda": "there is no GPU"}
    times = {"jax": [0.03, 0.01, 0.02], "jax, by hand": [0.02, 0.01, 0.02]}
    report = BackendsReport("t", times, [("jax", ("jax, by hand",))], [], rows)
    lines = report.as_text().splitlines()
    assert "| jax | CPU | 20.0 | 2.0e-13 | 1.5e-05 |" in lines
    assert "| jax, by hand | CPU | 20.0 | | |" in lines
    assert "| jax on cuda | there is no GPU | | | |" in lines
    assert lines[-1] == "jax / jax, by hand = 1.00"
    found = report.as_json()
    assert found["rows"]["jax"]["deviations"] == deviations and found["rows"]["jax on cuda"] == "there is no GPU"


def asked(backends="c,numba,jax,cuda", devices="2,4"):
    return settings(argparse.Namespace(backends=backends, devices=devices))


def test_jax_has_a_row_for_each_number_of_devices():
    assert asked("jax,c", "1, 4,2") == [
        Setting("jax", "jax"),
        Setting("jax, 4 devices", "jax", devices=4),
        Setting("jax, 2 devices", "jax", devices=2),
        Setting("c", "c"),
    ]
    assert [setting.device for setting in asked()] == ["cpu"] * 5 + ["cuda"]
    with pytest.raises(ConfigurationError, match="--devices is '0'"):
        asked("jax", "0")
