"""How things grow: exponents and tables of made-up times, and small sizes measured from end to end."""

from __future__ import annotations

import argparse
import json
import math

import numpy as np
import pytest
from PIL import Image

from adversarial.benchmarks import parzen_growth, scaling, update_growth
from adversarial.benchmarks.growth_report import Axis, GrowthReport, Row
from adversarial.benchmarks.hdf5 import MadeUpImages
from adversarial.errors import ConfigurationError
from adversarial.files.rows import open_rows
from adversarial.files.streamed import write_rows


def axis(seconds, work, **options):
    rows = [Row(str(10**i), 10**i, [each], of) for i, (each, of) in enumerate(zip(seconds, work, strict=True))]
    return Axis("width", "an update", rows, [], **options)


def test_an_exponent_is_that_of_the_time_over_the_work():
    assert axis([1.0, 8.0, 64.0], [1e9, 2e9, 4e9]).exponents() == [None, pytest.approx(3), pytest.approx(3)]
    assert axis([1.0, 1.0], [1e9, 2e9]).exponents()[1] == pytest.approx(0)


def test_a_row_that_grows_faster_than_its_work_is_named_and_no_other():
    assert axis([1.0, 2.0, 3.9], [1e9, 2e9, 4e9]).faster_than_work() == []
    (said,) = axis([1.0, 2.0, 5.0], [1e9, 2e9, 4e9]).faster_than_work()
    assert said == "at 100 the time of an update grows faster than the work: exponent 1.32"


def test_an_epochs_time_is_that_of_its_updates():
    rows = [Row("10", 10, [1.0], 10.0, times=10), Row("100", 100, [1.0], 100.0, times=100)]
    assert Axis("examples", "an update", rows, []).exponents()[1] == pytest.approx(1)


def test_a_smaller_size_begins_a_new_line():
    rows = [Row("10, in memory", 10, [1.0], 1.0), Row("20, in memory", 20, [2.0], 2.0), Row("10, HDF5", 10, [1.0], 1.0)]
    found = Axis("examples", "an update", rows, [])
    assert found.exponents() == [None, pytest.approx(1), None]
    assert [line.label for line in found.panel().lines] == [
        "ours, in memory", "as the work, in memory", "ours, HDF5", "as the work, HDF5",
    ]  # fmt: skip


def test_tables_and_json_have_every_row_and_the_processor(tmp_path):
    report = GrowthReport("scaling", {})
    report.add(axis([1.0, 2.0], [1e9, 2e9]))
    estimates = [Row("10", 10, [1.0], 10.0, memory=90, processor=[0.5]),
                 Row("20", 20, [2.0], 20.0, memory=95, processor=[1.02], linear=1.0)]  # fmt: skip
    report.add(Axis("samples", "an estimate", estimates, [], "pairs", 1))
    lines = report.as_text().splitlines()
    assert " x " in lines[0]
    assert "| 10 | 2 | 2000.00 | 2000.00 | 1.00 | nan |" in lines
    assert "| 20 | 20 | 2.00 | 2.00 | 1.02 | 1.020 | 1.03 | 95 |" in lines
    assert lines.count("No exponent is above 1.1.") == 2
    report.write_json(tmp_path / "it.json")
    found = json.loads((tmp_path / "it.json").read_text())
    assert [each["name"] for each in found["axes"]] == ["width", "samples"] and " x " in found["machine"]
    report.draw(tmp_path / "it.png")
    assert Image.open(tmp_path / "it.png").size == (800, 360)


def given(**options):
    parser = argparse.ArgumentParser()
    scaling.add_arguments(parser)
    return argparse.Namespace(**vars(parser.parse_args([])) | {"rounds": 1, "quick": True} | options)


def test_an_axis_that_is_not_there_is_refused():
    with pytest.raises(ConfigurationError, match="--axis names 'depth', but there are batch_size, width"):
        scaling.run(given(axis="width,depth"))


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(update_growth, "WIDTH", 10)
    sizes = scaling.Sizes((4, 8), (10, 20), (1, 2), (200, 300), (1,), (100, 200), (2, 4), 50, 4)
    monkeypatch.setattr(scaling, "QUICK", sizes)


def test_updates_are_timed_at_each_size_in_processes_that_take_turns(small, tmp_path):
    report = scaling.run(given(axis="batch_size", picture=str(tmp_path / "it.png")))
    (found,) = report.axes
    assert [row.label for row in found.rows] == ["4", "8"]
    assert found.rows[1].work == 2 * found.rows[0].work
    assert all(row.seconds[0] > 0 and row.bare[0] > 0 and row.memory > 50 for row in found.rows)
    assert (tmp_path / "it.png").exists()


@pytest.mark.soak
def test_every_axis_is_measured(small):
    report = scaling.run(given())
    assert [each.name for each in report.axes] == list(scaling.AXES)
    by_name = {each.name: each for each in report.axes}
    assert [row.label for row in by_name["examples"].rows] == [
        "200, in memory", "300, in memory", "200, HDF5", "300, HDF5",
    ]  # fmt: skip
    assert [row.linear is None for row in by_name["samples"].rows] == [True, False]


@pytest.mark.parametrize(("cases", "size", "layers"), [("widths", 10, 3), ("depths", 3, 4)])
def test_a_case_is_the_game_of_its_size(cases, size, layers, small):
    (case,) = getattr(update_growth, cases)([size])
    ready, work = update_growth.prepare(case)
    assert ready.epoch == 1 and 2 <= ready.updates <= update_growth.MOST
    d = [(784, 10)] + [(2, 10)] * (layers - 2)
    g = [(100, 10)] + [(10, 10)] * (layers - 2) + [(10, 784)]
    all_g, all_d = (sum(map(math.prod, shapes)) for shapes in (g, d))
    assert ready.operations == 2 * 100 * (3 * all_g - math.prod(g[0]) + 7 * all_d - 2 * math.prod(d[0]))
    assert set(work) == {update_growth.OURS, update_growth.BARE, update_growth.MEMORY_IN_MB}


def test_examples_are_those_of_a_file_in_memory_or_not(small, tmp_path):
    path = tmp_path / "it.h5"
    write_rows(path, {"images": MadeUpImages(250)})
    for kind in (update_growth.MEMORY, update_growth.STORED):
        (case,) = update_growth.examples([(250, str(path))], kind)
        ready, work = update_growth.prepare(case)
        assert (ready.epoch, ready.updates) == (2, 2)
        work[update_growth.ONE]()


def test_the_time_of_an_epochs_beginning_is_that_of_all_its_updates():
    # An update takes 2 s, the beginning of an epoch 3; of 10 updates.
    ready = update_growth.Ready(updates=5, operations=1.0, epoch=10, summary="")
    assert update_growth._of_an_epoch([(3 + 5 * 2) / 5], [3 + 2], ready) == [pytest.approx(2.3)]


def test_an_estimate_is_of_so_many_samples_of_a_file(tmp_path):
    path = tmp_path / "samples.npy"
    parzen_growth.write_samples(path, 90)
    assert open_rows(path).shape == (90, 784) and np.load(path).dtype == np.uint8
    summary, work = parzen_growth.prepare(parzen_growth.Case(80, 5, str(path)))
    took = work[parzen_growth.ESTIMATE]()
    assert took.seconds > 0 and took.processor > 0 and "PyTensor" in summary
    assert work[parzen_growth.MEMORY_IN_MB]() > 50
