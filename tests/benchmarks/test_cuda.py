"""What is measured on a GPU: the tables, the shares of the time, and, small and on the processor, every row."""

from __future__ import annotations

import argparse
import json

import pytest

from adversarial.benchmarks import cuda, gpu_parts
from adversarial.benchmarks.gpu_parts import PARTS, Part, Quantity, Timing
from adversarial.errors import ConfigurationError, UserError


def given(**options):
    parser = argparse.ArgumentParser()
    cuda.add_arguments(parser)
    return argparse.Namespace(**vars(parser.parse_args([])) | {"rounds": 5, "json": None, "device": "cpu"} | options)


@pytest.fixture
def measured(monkeypatch):
    """Made-up results in place of processes; the parts that were asked for, with their seconds."""
    asked = []

    def results_of(measure, seconds):
        part, device, small = measure.args
        asked.append((part, seconds))
        if part.experiment:
            yield Timing(part.experiment, part.name, "many", "off", [0.001, 0.002, 0.004], 90.0)
        else:
            yield Quantity(part.name, 2.0, "s")
        yield "stopped after its 3 seconds"

    monkeypatch.setattr(cuda, "results_of", results_of)
    monkeypatch.setattr(cuda, "_device", lambda device: cuda.Device("PyTensor, jax", "a GPU"))
    return asked


def test_every_part_has_its_share_of_the_time(measured):
    cuda.run(given(minutes=8))
    assert [part for part, _ in measured] == PARTS
    # None of them took any time, so that each has its share of the whole among those that are left.
    for number, (part, seconds) in enumerate(measured):
        left = sum(each.share for each in PARTS[number:])
        assert seconds == pytest.approx((8 * 60 - cuda.KEPT) * part.share / left, abs=1)


def test_what_was_measured_is_saved_after_each_result(measured, tmp_path):
    path, times = tmp_path / "it.md", tmp_path / "it.json"
    cuda.run(given(parts="ours,monitor", experiments="mnist", markdown=str(path), json=str(times)))
    lines = path.read_text().splitlines()
    assert "| mnist | ours | many | off | 500.0 | 2.000 | 1.000 | 90 |" in lines
    assert "| monitor | 2 s |" in lines and "- ours of mnist: stopped after its 3 seconds" in lines
    found = json.loads(times.read_text())
    assert found["device"] == "a GPU" and found["timings"][0]["seconds"] == [0.001, 0.002, 0.004]
    assert [part.name for part, _ in measured] == ["ours", "monitor"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"parts": "ours,theirs"}, "--parts names 'theirs'"),
        ({"experiments": "lsun"}, "--experiments names 'lsun', but there are mnist"),
        ({"minutes": 0.0}, "--minutes is 0.0"),
    ],
)
def test_options_are_checked(measured, options, said):
    with pytest.raises(ConfigurationError, match=said):
        cuda.run(given(**options))


def test_where_there_is_no_gpu_a_sentence_says_so(monkeypatch):
    class Absent:
        def __init__(self, name, prepare):
            pass

        def ready(self):
            return "the device cuda is not there"

        def end(self):
            pass

    monkeypatch.setattr(cuda, "Process", Absent)
    with pytest.raises(UserError, match="the device cuda is not there; --device cpu tries") as caught:
        cuda.run(given(device="cuda"))
    assert caught.value.exit_code == 1


def test_turns_take_a_while_and_are_of_multiples(monkeypatch):
    now, asked = [0.0], []

    def turn(updates):
        asked.append(updates)
        now[0] += 1e-3 * updates

    monkeypatch.setattr(gpu_parts.time, "perf_counter", lambda: now[0])
    assert gpu_parts._timed(turn, 10) == [pytest.approx(1e-3)] * gpu_parts.ROUNDS
    assert all(updates % 10 == 0 for updates in asked)
    assert gpu_parts.TURN / 2 <= 1e-3 * asked[-1] <= gpu_parts.TURN


@pytest.mark.soak
@pytest.mark.parametrize("experiment", list(gpu_parts.VALUES))
def test_every_row_of_updates_is_measured_on_the_processor(experiment):
    pytest.importorskip("jax", reason="jax is not installed")
    report = cuda.run(given(parts="ours,JAX,PyTorch", experiments=experiment, small=True, minutes=60.0))
    rows = [(each.contender, each.dispatch, each.tf32) for each in report.timings]
    for contender in ("ours", "JAX by hand"):
        for tf32 in ("on", "off"):
            assert {(contender, "1", tf32), (contender, "many", tf32)} <= set(rows)
    assert not [sentence for sentence in report.said if "PyTorch" not in sentence]


@pytest.mark.soak
def test_the_other_figures_are_measured_on_the_processor():
    pytest.importorskip("jax", reason="jax is not installed")
    report = cuda.run(given(parts="distance,monitor,parzen", small=True, minutes=60.0))
    assert report.said == []
    names = [each.what for each in report.quantities]
    assert names[:2] == ["from 2014 after 50 updates, float32", "from 2014 after 50 updates, float64"]
    assert report.quantities[1].value < 1e-8


def test_a_part_that_is_left_out_says_so(monkeypatch):
    monkeypatch.setattr(gpu_parts.backend, "configure", lambda *settings, **options: None)
    monkeypatch.setattr(gpu_parts.importlib.util, "find_spec", lambda name: None)
    (said,) = gpu_parts.measure(Part("PyTorch", "mnist", 1), "cpu", True)
    assert said == "PyTorch is not installed: pip install torch brings it"
