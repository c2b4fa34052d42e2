"""tools/benchmark.py quality: all are trained to the same times in turns; the peers' nets compute and learn."""

from __future__ import annotations

import argparse
import json

import numpy as np
import pytest

from adversarial.benchmarks import quality
from adversarial.errors import ConfigurationError
from adversarial.programs import benchmark


class Imagined:
    """Takes a stated time for each round of training."""

    def __init__(self, seconds):
        self.seconds, self.updates = seconds, 0

    def train(self):
        self.updates += 1

    def samples(self, count):
        return np.full((count, 1), self.updates)


def imagined_race():
    racers = {name: quality.Racer(Imagined(seconds)) for name, seconds in (("fast", 1.0), ("slow", 7.0))}
    return quality.race(racers, [5.0, 10.0], lambda rows: (float(rows.sum()), float(rows.mean()), 0.5, 0.2), 3)


def test_each_is_scored_when_it_has_trained_so_long():
    found = imagined_race()
    assert [(point.seconds, point.updates) for point in found["fast"]] == [(5.0, 5), (10.0, 10)]
    assert [(point.seconds, point.updates) for point in found["slow"]] == [(7.0, 1), (14.0, 2)]
    assert [point.test for point in found["fast"]] == [5.0, 10.0]


def test_the_report_is_a_table_json_and_a_picture(tmp_path):
    report = quality.QualityReport(imagined_race(), 3)
    assert report.as_text().splitlines()[-1].split() == ["slow", "14", "2", "6.0", "2.0", "0.5", "0.200"]
    report.write_json(tmp_path / "q.json")
    assert json.loads((tmp_path / "q.json").read_text())["points"]["fast"][1]["updates"] == 10
    report.draw(str(tmp_path / "q.png"))
    assert (tmp_path / "q.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"minutes": 0}, "--minutes is 0, but must be a number above 0"),
        ({"points": 0}, "--points is 0"),
        ({"contenders": "mnist.yaml,wgan"}, "--contenders names 'wgan', but there are mnist.yaml"),
        ({"plot": "q.pdf"}, "q.pdf"),
    ],
)
def test_what_cannot_be_is_refused(options, reason):
    with pytest.raises(ConfigurationError, match=reason):
        parser = argparse.ArgumentParser()
        quality.add_arguments(parser)
        quality.run(argparse.Namespace(**vars(parser.parse_args([])) | options))


def test_it_is_a_command():
    assert "quality" in benchmark.COMMANDS


@pytest.mark.parametrize("kind", ["dense", "convolutional"])
def test_a_peer_learns_and_makes_images(kind, monkeypatch):
    pytest.importorskip("jax", reason="jax is not installed")
    from adversarial.benchmarks import quality_jax

    monkeypatch.setattr(quality_jax, "BATCH", 4)
    monkeypatch.setattr(quality_jax, "AT_ONCE", 8)
    monkeypatch.setattr(quality_jax, "UPDATES", 3)
    peer = quality_jax.Peer(kind, np.random.default_rng(0).random((10, 784), np.float32))
    before = peer.samples(10)
    peer.train()
    after = peer.samples(10)
    assert before.shape == (10, 784) and before.min() >= 0 and before.max() <= 1 and peer.updates == 3
    assert np.isfinite(after).all() and np.abs(after - before).max() > 1e-5


def test_adam_is_its_recursion():
    pytest.importorskip("jax", reason="jax is not installed")
    from adversarial.benchmarks.quality_jax import adam

    rng = np.random.default_rng(0)
    value, first, second = rng.normal(size=3), np.zeros(3), np.zeros(3)
    params, moments = value, (first, second)
    for step in range(1, 6):
        grad = rng.normal(size=3)
        params, moments = adam(params, grad, moments, float(step))
        first, second = 0.5 * first + 0.5 * grad, 0.999 * second + 0.001 * grad**2
        unbiased = first / (1 - 0.5**step), second / (1 - 0.999**step)
        value = value - 2e-4 * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8)
    np.testing.assert_allclose(params, value, atol=1e-6)


def test_ours_draws_from_averages_and_trains_on_from_the_parameters(tmp_path, monkeypatch):
    text = (quality.EXPERIMENTS / "coordination" / "fastest.yaml").read_text()
    text = text.replace("dim: 1200", "dim: 6").replace("num_units: 240", "num_units: 4")
    text = text.replace("stop: 60000", "stop: 50400").replace("stop: 50000", "stop: 1000")
    (tmp_path / "small.yaml").write_text(text)
    monkeypatch.setattr(quality, "EXPERIMENTS", tmp_path)
    ours = quality.Ours("small.yaml")
    ours.train()
    generator = ours.experiment.model.generator
    values = generator.get_param_values()
    samples = ours.samples(20)
    for value, kept in zip(values, generator.get_param_values(), strict=True):
        np.testing.assert_array_equal(value, kept)
    generator.use_averages()
    np.testing.assert_array_equal(samples, ours.samples(20))
    assert ours.updates == 10 and ours.seconds > 0
