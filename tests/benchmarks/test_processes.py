"""Processes of their own: what they answer, and how they end."""

from __future__ import annotations

import functools
import os
import time

import pytest

from adversarial.benchmarks.processes import Process, results_of
from adversarial.errors import ConfigurationError


def prepared(answer):
    return answer, {"number": os.getpid, "refuse": refuse}


def refuse():
    raise ConfigurationError("there is no such thing")


def refuse_to_prepare():
    refuse()


def results(last, seconds=0.0):
    yield 1
    time.sleep(seconds)
    last()
    yield 2


def nothing():
    """Do nothing."""


def fail():
    raise ZeroDivisionError("by nothing")


def leave():
    os._exit(7)


def test_work_is_done_in_another_process_and_its_errors_are_sentences():
    process = Process("it", functools.partial(prepared, "ready"))
    assert process.ready() == "ready"
    assert process.work("number") == process.work("number") != os.getpid()
    with pytest.raises(ConfigurationError, match="it: there is no such thing"):
        process.work("refuse")
    process.end()
    refused = Process("it", refuse_to_prepare)
    assert refused.ready() == "there is no such thing"
    refused.end()


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (nothing, [1, 2]),
        (refuse, [1, "there is no such thing"]),
        (fail, [1, "ZeroDivisionError: by nothing"]),
        (leave, [1, "its process ended by itself, with exit code 7"]),
    ],
)
def test_results_come_as_they_are_made_and_an_error_comes_last(last, expected):
    assert list(results_of(functools.partial(results, last), 60)) == expected


def test_what_was_measured_before_the_time_is_over_is_kept():
    found = results_of(functools.partial(results, nothing, 600.0), 10)
    assert list(found) == [1, "stopped after its 10 seconds"]
