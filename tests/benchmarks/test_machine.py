"""What is said of a machine has the same headings on every one."""

from __future__ import annotations

import numpy as np

from adversarial.benchmarks.machine import description, machine, most_resident


def test_a_description_has_the_same_headings_everywhere():
    found = description()
    assert list(found)[:7] == ["processor", "model", "instruction sets", "memory", "system", "compiler", "Python"]
    assert found["processor"] == machine() and found["numpy"] == np.__version__
    assert all(found.values())


def test_memory_is_in_megabytes():
    before = most_resident()
    held = np.ones(25_000_000)  # 200 MB
    assert before + 100 < most_resident() < before + 400
    del held
