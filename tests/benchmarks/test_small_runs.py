"""The benchmarks of training run from end to end, on an experiment with few units."""

from __future__ import annotations

import argparse

import pytest

from adversarial.benchmarks import ageing, dense, hdf5, mnist, monitor, shared
from adversarial.benchmarks.specification import EXPERIMENTS
from adversarial.errors import ConfigurationError


@pytest.fixture
def few_units(tmp_path, monkeypatch):
    """mnist.yaml with few units, and 400 examples to monitor, in the place of the paper's."""
    text = (EXPERIMENTS / "mnist.yaml").read_text()
    text = text.replace("dim: 1200", "dim: 6").replace("num_units: 240", "num_units: 4")
    (tmp_path / "mnist.yaml").write_text(
        text.replace("stop: 60000", "stop: 50400").replace("stop: 50000", "stop: 1000")
    )
    for module in (ageing, dense, monitor):
        monkeypatch.setattr(module, "EXPERIMENTS", tmp_path)


def given(module, **options):
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return argparse.Namespace(**vars(parser.parse_args([])) | {"rounds": 1} | options)


def test_an_update_is_timed_beside_its_products_and_the_peers(few_units):
    report = mnist.run(given(mnist, updates=2))
    assert {"ours", "bare products"} <= set(report.times)
    assert all(len(times) == 1 and times[0] > 0 for times in report.times.values())
    # Three layers of G: forward, weights and two inputs; two of D, twice, with an input each; and G's gradient.
    assert "bare products: 20 of" in report.notes[0]
    assert "ours / bare products = " in report.as_text()


def test_a_monitoring_pass_is_timed_beside_its_products(few_units):
    report = monitor.run(given(monitor))
    assert set(report.times) == {"ours", "bare products"}
    assert "400 examples in minibatches of 100" in report.notes[0]


def test_updates_after_training_are_timed_beside_those_of_a_run_just_begun(few_units, capsys):
    report = ageing.run(given(ageing, minutes=0.02, updates=1))
    assert set(report.times) == {ageing.AGED, ageing.YOUNG, ageing.BEFORE}
    assert report.notes[0].startswith("trained for 0.02 minutes: ")
    assert " of 0.02 minutes, " in capsys.readouterr().err


def test_updates_on_examples_from_a_file_are_timed_beside_those_on_the_same_in_memory(few_units):
    report = hdf5.run(given(hdf5, updates=2, examples=250))
    assert set(report.times) == {hdf5.MEMORY, hdf5.CACHED, hdf5.DISK}
    assert report.notes[0].startswith("250 made-up images of 784 bytes")
    assert "HDF5 / in memory = " in report.as_text()


def test_epochs_on_one_thread_and_on_two_take_turns_beside_other_programs(capfd):
    report = shared.run(given(shared, kinds="mnist", updates=1, several=2, busy=1))
    assert report.notes[0].startswith("other programs that compute: 1;")
    assert list(report.times) == ["mnist, 1 thread", "mnist, 2 threads"]
    assert report.ratios == [("mnist, 2 threads", ("mnist, 1 thread",))]
    assert "network" not in capfd.readouterr().out


@pytest.mark.parametrize(
    ("module", "options", "said"),
    [
        (hdf5, {"examples": 0}, "--examples is 0"),
        (hdf5, {"updates": 9, "examples": 800}, "--updates 9 of 100 take more than --examples 800"),
        (mnist, {"updates": 0}, "--updates is 0"),
        (ageing, {"updates": 0}, "--updates is 0"),
        (shared, {"updates": 0}, "--updates is 0"),
        (shared, {"several": -1}, "--several is -1"),
        (shared, {"busy": -1}, "--busy is -1"),
        (shared, {"kinds": "mnist,svhn"}, "--kinds has 'svhn'"),
        (ageing, {"minutes": 0.0}, "--minutes is 0.0"),
    ],
)
def test_options_are_checked_before_anything_is_built(module, options, said):
    with pytest.raises(ConfigurationError, match=said):
        module.run(given(module, **options))
