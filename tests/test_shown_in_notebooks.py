"""What an experiment, a model, a monitor and an estimate show of themselves, as text and in a notebook."""

from __future__ import annotations

import dataclasses
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import adversarial
from adversarial.checkpoint import ChannelRecord, MonitorRecord
from adversarial.config import yaml_parse

HOSTILE = "<script>alert(1)</script>"


class Elements(HTMLParser):
    """The elements of HTML, each closed in its turn, and the text in them."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def elements_of(it) -> Elements:
    found = Elements()
    found.feed(it._repr_html_())
    found.close()
    assert found.open == []
    return found


@pytest.fixture(scope="module")
def experiment():
    return yaml_parse.load_path(Path(__file__).parents[1] / "yaml" / "mnist.yaml")


@pytest.fixture(scope="module")
def estimate():
    random = np.random.RandomState(0)
    samples, valid, test = (random.normal(size=(count, 2)) for count in (500, 100, 200))
    return adversarial.parzen_log_likelihood(samples, {"valid": valid, "test": test})


def monitor(name: str = "valid_objective_d") -> MonitorRecord:
    channel = ChannelRecord([0.7, 0.125], [0, 1], [0, 500], [0, 50_000], [0.0, 1.0])
    return MonitorRecord({name: channel}, epochs_seen=1, batches_seen=500, examples_seen=50_000)


def test_an_experiment_and_its_model_show_their_options(experiment):
    for it in (experiment, experiment.model):
        assert repr(it).startswith(f"{type(it).__name__}(") and "\n" not in repr(it) and " at 0x" not in repr(it)
        # Layers by kind and size; arrays by type and shape alone.
        for told in ("Maxout(layer_name='h0', num_units=240", "init_bias=<float32 (784,)>"):
            assert told in repr(it)
        shown = elements_of(it)
        assert shown.seen.count("details") >= 8 and "num_units: 240" in shown.text
    assert "batch_size=100" in repr(experiment) and "batch_size: 100" in elements_of(experiment).text


def test_a_monitor_shows_how_far_it_is_and_the_last_values():
    assert repr(monitor()) == "<MonitorRecord: 1 epoch, 500 batches, 50,000 examples; 1 channel>"
    shown = elements_of(monitor())
    assert "1 epoch, 500 batches" in shown.text and "valid_objective_d0.70.125" in shown.text
    assert shown.seen.count("tr") == 2


def test_an_estimate_shows_its_figure_error_width_and_counts(estimate):
    figure = f"{estimate.log_likelihood:.2f} ± {estimate.standard_error:.2f}"
    assert f"{figure} nats" in repr(estimate) and "500 samples" in repr(estimate)
    assert f"width {estimate.sigma:.4g}" in repr(estimate) and "\n" not in repr(estimate)
    assert f"{estimate.log_likelihood:.1f}" in elements_of(estimate).text


def test_names_from_a_file_are_text(estimate, experiment):
    hostile = dataclasses.replace(estimate, source=HOSTILE)
    for it in (monitor(HOSTILE), hostile):
        shown = elements_of(it)
        assert HOSTILE in shown.text and "script" not in shown.seen
