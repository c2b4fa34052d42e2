"""Copies of a model by epoch: named by it, found again, and no trace of them in the run."""

from __future__ import annotations

import numpy as np
import pytest
from training_stand_ins import experiment, interpret, parameters, record

from adversarial import checkpoint
from adversarial.checkpoint.paths import check_save_path, epoch_path, kept_epochs
from adversarial.errors import CheckpointError
from adversarial.options import OptionError
from adversarial.termination_criteria import EpochCounter


@pytest.fixture(autouse=True)
def interpreted(monkeypatch):
    interpret(monkeypatch)


def run(tmp_path, keep_every, epochs=5):
    train = experiment(
        termination_criterion=EpochCounter(max_epochs=epochs), train={"save_path": str(tmp_path / "it.pkl")}
    )
    train.keep_every = keep_every
    train.main_loop()
    return train


def test_a_run_that_keeps_copies_is_the_run_without(tmp_path):
    kept, plain = run(tmp_path, keep_every=2), run(tmp_path, keep_every=None)
    for a, b in zip(parameters(kept), parameters(plain), strict=True):
        np.testing.assert_array_equal(a, b)
    assert record(kept) == record(plain)
    assert list(kept_epochs(tmp_path / "it.pkl")) == [0, 2, 4]


def test_a_copy_is_the_model_after_its_epoch_and_cannot_be_resumed(tmp_path):
    run(tmp_path, keep_every=3)
    copy = checkpoint.read(epoch_path(tmp_path / "it.pkl", 3))
    straight = run(tmp_path, keep_every=None, epochs=3)
    for name, param in checkpoint.parameters_of(straight.model).items():
        np.testing.assert_array_equal(copy["parameters"][name], param.get_value())
    assert copy["monitor"]["epochs_seen"] == 3
    with pytest.raises(CheckpointError, match="no state of training"):
        experiment().resume(copy)


def test_copies_are_found_by_their_names_in_order(tmp_path):
    for name in (
        "it_epoch10.pkl",
        "it_epoch9.pkl",
        "it_epoch1.h5",
        "other_epoch3.pkl",
        "it_epoch.pkl",
        "it_epoch2.pkl.x",
    ):
        (tmp_path / name).touch()
    assert list(kept_epochs(tmp_path / "it.pkl").items()) == [
        (9, tmp_path / "it_epoch9.pkl"),
        (10, tmp_path / "it_epoch10.pkl"),
    ]
    assert kept_epochs(tmp_path / "none" / "it.pkl") == {}


def test_copies_need_a_place(tmp_path):
    train = experiment()
    train.keep_every = 1
    with pytest.raises(OptionError, match="save_path, which is not given"):
        train.main_loop()


def test_where_a_model_cannot_be_saved_is_said_before_training(tmp_path):
    (tmp_path / "folder.pkl").mkdir()
    (tmp_path / "old.pkl").touch()
    check_save_path("Train", str(tmp_path / "old.pkl"))
    for name, reason in {
        "it.npy": r"its name must end in \.pkl or \.h5",
        "none/it.pkl": "there is no folder",
        "folder.pkl": "it is a folder",
        "old.pkl": "allow_overwrite is false",
    }.items():
        with pytest.raises(OptionError, match=reason):
            check_save_path("Train", str(tmp_path / name), allow_overwrite=False)
