"""Names in a stranger's file reach the terminal with nothing that steers it."""

from __future__ import annotations

import logging
import re

import pytest

from adversarial import checkpoint
from adversarial.command_line import program
from adversarial.config.variables import Variables
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.models.linear import Sigmoid
from adversarial.models.mlp import MLP
from adversarial.programs import compare_2014, features, plot_monitor, print_monitor, summarize_model

NAME = "\x1b]0;X\x07\x1b[2J\u202e\r\n"
ESCAPED = repr(NAME)[1:-1]


@pytest.fixture
def model(tmp_path):
    """A saved model of which every name is hostile."""

    def network(inputs, outputs):
        return MLP(layers=[Sigmoid(dim=outputs, layer_name="h", irange=0.5)], nvis=inputs)

    pair = AdversaryPair(Generator(network(2, 3)), network(3, 1))
    source = "!obj:adversarial.train.Train { dataset: !obj:adversarial.datasets.npy_npz.NpyDataset { file: '%s' }, "
    source %= ESCAPED.replace("'", "''")
    path = tmp_path / "model.pkl"
    checkpoint.save_model(path, pair, yaml_src=source.replace("'", '"') + "model: 1, algorithm: 2 }")
    content = checkpoint.read(path)
    content["model"]["options"]["discriminator"]["options"]["layers"][0]["options"]["layer_name"] = NAME
    for part in ("W", "b"):
        content["parameters"][f"dis/{NAME}_{part}"] = content["parameters"].pop(f"dis/h_{part}")
    content["versions"] = {NAME: NAME}
    content["written_at"] = NAME
    record = dict.fromkeys(("val_record", "time_record", "epoch_record", "batch_record", "example_record"), [])
    seen = {"epochs_seen": 1, "batches_seen": 1, "examples_seen": 1}
    content["monitor"] = seen | {"channels": {NAME: record | {"doc": NAME}}}
    checkpoint.write(path, content)
    return str(path)


def test_nothing_logged_steers_the_terminal_or_shows_the_environment(caplog, monkeypatch):
    """A report says by its log why a stranger's model is not scored."""
    monkeypatch.setenv("SECRET_TOKEN", "a-value-that-nobody-else-may-see")
    factory = logging.getLogRecordFactory()
    try:
        with pytest.raises(SystemExit):
            value = Variables().substitute("${SECRET_TOKEN}")
            program.run(lambda argv: logging.getLogger("adversarial").warning("not estimated: %s, %s", NAME, value), [])
    finally:
        logging.setLogRecordFactory(factory)
    assert "${SECRET_TOKEN}" in caplog.text and "a-value" not in caplog.text
    assert ESCAPED.removesuffix(r"\n") in caplog.text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", caplog.text)


@pytest.mark.parametrize(
    ("main", "options"),
    [
        (summarize_model.main, []),
        (print_monitor.main, []),
        (plot_monitor.main, ["--list"]),
        (compare_2014.main, []),
        (features.main, ["--list"]),
    ],
)
def test_nothing_printed_steers_the_terminal(capsys, model, main, options):
    main([model, *options])
    printed = capsys.readouterr().out
    assert ESCAPED in printed and not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", printed)
