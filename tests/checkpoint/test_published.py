"""Models that come with the package: found by name, smaller than they were, and what they were trained to be."""

from __future__ import annotations

import hashlib
import re

import numpy as np
import pytest

from adversarial import checkpoint
from adversarial.checkpoint import published
from adversarial.config import yaml_parse
from adversarial.config.shipped import find_experiment
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.evaluation import estimates
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.game.sampling import samples_of
from adversarial.models.linear import Sigmoid
from adversarial.models.mlp import MLP
from adversarial.monitor import Monitor
from adversarial.programs import show_samples


def pair():
    def network(inputs, outputs, name):
        return MLP(layers=[Sigmoid(dim=outputs, layer_name=name, irange=0.5)], nvis=inputs)

    return AdversaryPair(Generator(network(3, 4, "g"), noise="uniform"), network(4, 1, "d"))


@pytest.fixture
def named(tmp_path, monkeypatch):
    """A published model of the name `small`, and what it was made of."""
    (tmp_path / "published").mkdir()
    model = pair()
    Monitor.get_monitor(model).report_epoch()
    path = tmp_path / "trained.pkl"
    checkpoint.save_model(path, model)
    before = checkpoint.read(path)
    checkpoint.write(tmp_path / "published" / "small.pkl", checkpoint.published_content(before))
    monkeypatch.setattr(published, "_folder", lambda: tmp_path / "published")
    monkeypatch.chdir(tmp_path)
    return before


def test_a_published_model_is_opened_by_its_name_everywhere(named, capsys):
    assert checkpoint.is_published("adversarial:small")
    model = checkpoint.load_model("adversarial:small")
    for name, param in checkpoint.parameters_of(model).items():
        np.testing.assert_allclose(param.get_value(), named["parameters"][name], rtol=2**-11, atol=2**-24)
    of_yaml = yaml_parse.load("!pkl: 'adversarial:small'")
    np.testing.assert_array_equal(samples_of(model, 5), samples_of(of_yaml, 5))
    show_samples.main(["adversarial:small", "--rows", "2", "--cols", "2", "--shape", "2x2"])
    assert capsys.readouterr().out == "small_samples.png\n"
    assert str(estimates.path_beside("adversarial:small")) == "small_estimate.json"


def test_it_keeps_what_it_was_trained_for_and_few_channels(named):
    content = checkpoint.read("adversarial:small")
    assert content["monitor"]["epochs_seen"] == 1 and content["training"] is None
    assert all(value.dtype == np.float16 for value in content["parameters"].values())
    channel = {key: np.zeros(2) for key in ("val_record", "time_record")} | {"doc": ""}
    kept = {"valid_objective_g": channel, "learning_rate": channel}
    monitor = named["monitor"] | {"channels": kept | {"valid_dis_h0_row_norms_max": channel}}
    assert checkpoint.published_content(named | {"monitor": monitor})["monitor"]["channels"] == kept


def test_a_name_that_was_not_published_is_told_with_those_that_were(named):
    with pytest.raises(CheckpointError, match=r"adversarial:smal: no model .* there are small; did you mean 'small'\?"):
        checkpoint.read("adversarial:smal")
    with pytest.raises(CheckpointError, match="a name is missing behind it; there are small"):
        checkpoint.read("adversarial:")
    with pytest.raises((CheckpointError, ConfigurationError), match="there are small"):
        yaml_parse.load("!pkl: 'adversarial:other'")


def test_numbers_that_half_precision_cannot_hold_are_refused(named):
    named["parameters"]["gen/g_b"][0] = 1e6
    with pytest.raises(CheckpointError, match="the parameter gen/g_b has values that half precision cannot hold"):
        checkpoint.published_content(named)


def test_a_file_of_such_a_name_is_a_file(named, tmp_path):
    checkpoint.save_model(tmp_path / "small.pkl", pair())
    (tmp_path / "small.pkl").rename("adversarial:small")
    assert not checkpoint.is_published("adversarial:small")


def test_each_published_file_has_its_checksum_beside_it():
    folder = published._folder()
    said = dict(
        reversed(pair) for pair in re.findall(r"`([0-9a-f]{64})`.*?`(\w+\.pkl)`", (folder / "README.md").read_text())
    )
    for path in folder.glob("*.pkl"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == said[path.name]
        assert path.stat().st_size < 16e6


def test_the_published_game_goes_on_where_it_was():
    train = yaml_parse.load_path(find_experiment("mnist_continued.yaml").path)
    epochs = train.model.published.get_epochs_seen()
    assert train.model.monitor.get_epochs_seen() == epochs > 0
    rate = train.algorithm.learning_rate.get_value()
    assert rate == pytest.approx(0.1 / 1.000004 ** (500 * epochs), rel=1e-3)
    images = samples_of(train.model, 200)
    assert images.shape == (200, 784) and 0.1 < images.mean() < 0.16  # of MNIST: .131
