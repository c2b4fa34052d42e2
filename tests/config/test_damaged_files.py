"""Damaged YAML files: each is built, or refused with one sentence."""

from __future__ import annotations

import numpy as np
import pytest

from adversarial.config import yaml_parse
from adversarial.errors import ConfigurationError, UserError

#: Of every tag, and of objects that take no room however their numbers are damaged.
CRITERIA = """
!obj:pylearn2.termination_criteria.Or { # either
    criteria: [
        &epochs !obj:pylearn2.termination_criteria.EpochCounter { max_epochs: 50 },
        !obj:adversarial.termination_criteria.And { criteria: [
            *epochs,
            !obj:pylearn2.termination_criteria.MonitorBased {
                channel_name: "valid_${PYLEARN2_TRAIN_FILE_STEM}", prop_decrease: .1e-1, N: 10 } ] },
    ]
}
"""
SEVERAL = """
criterion: !obj:pylearn2.termination_criteria.EpochCounter
    max_epochs: 3
decay: !obj:pylearn2.training_algorithms.sgd.ExponentialDecay { decay_factor: 1.000004, min_lr: !float: .000001 }
kind: !import: 'pylearn2.models.mlp.MLP'
defaults: &defaults { final_momentum: .7, start: 1 }
adjust: !obj:pylearn2.training_algorithms.learning_rule.MomentumAdjustor { <<: *defaults, saturate: 250 }
space: !obj:pylearn2.space.Conv2DSpace { shape: [8, 8], num_channels: 3, axes: ['c', 0, 1, 'b'] }
"""
TEXTS = [CRITERIA, SEVERAL]
PIECES = [b"", b"\t", b"\0", b"\xff", b"{", b"]", b"*x", b"&a ", b"!obj:os.system", b"!!python/name:os.x ", b"1" * 500]
PIECES += [b"- " * 70, b"${HOME}", b"<<: ", b": ", b"\r", "\u2028".encode(), b"'", b"%", b"---", b"-1", b".inf", b"[]"]


def damaged(data: bytes, random: np.random.Generator) -> bytes:
    """`data` cut, with bytes changed, pieces put in, or parts doubled and moved."""
    for _ in range(random.integers(1, 4)):
        start, stop = sorted(random.integers(0, len(data) + 1, size=2))
        stop = min(stop, start + int(random.integers(0, 30)))
        kind = random.integers(4)
        if kind == 0:
            data = data[:start]
        elif kind == 1 and start < len(data):
            data = data[:start] + bytes([data[start] ^ (1 << int(random.integers(8)))]) + data[start + 1 :]
        elif kind == 2:
            data = data[:start] + PIECES[random.integers(len(PIECES))] + data[stop:]
        else:
            place = random.integers(0, len(data) + 1)
            data = data[:place] + data[start:stop] + data[place:]
    return data


@pytest.mark.parametrize("text", TEXTS)
def test_the_whole_file_is_built(text):
    assert yaml_parse.load(text.encode(), {"PYLEARN2_TRAIN_FILE_STEM": "y"}) is not None


@pytest.mark.parametrize("rounds", [300, pytest.param(10_000, marks=pytest.mark.soak)])
def test_a_damaged_file_is_built_or_refused_in_one_sentence(rounds, tmp_path):
    random = np.random.default_rng(2014)
    refused = 0
    path = tmp_path / "y.yaml"
    for _ in range(rounds):
        path.write_bytes(damaged(TEXTS[random.integers(2)].encode(), random))
        try:
            yaml_parse.load_path(path)
        except UserError as error:
            assert isinstance(error, ConfigurationError)
            sentence = str(error).removeprefix(str(path))
            assert sentence
            assert sentence.isprintable()
            assert len(sentence) < 600
            refused += 1
    assert 0 < refused < rounds
