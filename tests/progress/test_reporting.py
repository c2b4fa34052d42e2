"""What training prints: from Python by default, as lines where there is no terminal."""

from __future__ import annotations

import sys
import threading

import pytest
from training_stand_ins import experiment, interpret

from adversarial import backend
from adversarial.progress import reporting
from adversarial.progress.reporting import HEADER_EVERY, Console, Reporter
from adversarial.progress.summary import epoch_columns
from adversarial.termination_criteria import EpochCounter


@pytest.fixture(autouse=True)
def interpreted(monkeypatch):
    interpret(monkeypatch)


def test_training_from_python_prints_a_line_per_epoch(capsys):
    experiment(termination_criterion=EpochCounter(max_epochs=2)).main_loop()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Pair: 40 parameters in all"
    assert lines[1] == "training on DenseDesignMatrix: 23 examples of 4 values; -2.553 to 2.27, mean 0.0153"
    assert lines[2] == "compiling ..." and lines[3].startswith("compiled in ")
    assert lines[4].split() == ["epoch", "objective", "learning_rate", "momentum", "seconds"]
    assert [line.split()[0] for line in lines[5:]] == ["0", "1", "2"]


def test_a_start_that_compiles_says_how_much_is_compiled_and_another_nothing(capsys, monkeypatch):
    monkeypatch.setattr(reporting, "COMPILING_EVERY", 0.001)
    counts, told = iter([(0, 0), (0, 3), (2, 5)]), threading.Event()

    def compilation():
        if (found := next(counts, None)) is None:
            told.set()
        return found or (5, 5)

    monkeypatch.setattr(backend, "compilation", compilation)
    train = experiment()
    for _ in range(2):
        train.reporter.on_setup(train)
        assert told.wait(60)
        train.reporter.on_ready(train)
    lines = capsys.readouterr().out.splitlines()
    first, second = (place for place, line in enumerate(lines) if line == "compiling ...")
    assert lines[first + 1 : first + 4] == [
        "this start compiles C++ for this processor; later ones find it compiled",
        "0 of 3 modules are compiled",
        "2 of 5 modules are compiled",
    ]
    assert lines[first + 4].startswith("compiled in ") and lines[second + 1].startswith("compiled in ")


def test_a_plain_reporter_prints_nothing(capsys):
    train = experiment(termination_criterion=EpochCounter(max_epochs=1))
    train.reporter = Reporter()
    train.main_loop()
    assert capsys.readouterr() == ("", "")


def test_every_channel_is_printed_where_asked_for(capsys):
    train = experiment(termination_criterion=EpochCounter(max_epochs=1))
    train.reporter = Console(verbose=True, timestamps=True)
    train.main_loop()
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if "\tvalid_objective: " in line]) == 2
    assert all(line[:4].isdigit() for line in lines)


def test_the_header_is_repeated(capsys):
    train = experiment()
    train.reporter = Console()
    train.setup()
    train.model.monitor()
    for _ in range(HEADER_EVERY + 1):
        train.reporter.on_monitor(train)
    assert capsys.readouterr().out.count("learning_rate") == 2


def test_a_terminal_has_a_bar_within_the_epoch_that_ends_with_training(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    seen = []

    class Watched(Console):
        def on_update(self, train):
            super().on_update(train)
            seen.append(self.progress.tasks[0].completed)

    train = experiment(termination_criterion=EpochCounter(max_epochs=2))
    train.reporter = Watched()
    train.main_loop()
    assert seen == [1, 2, 3, 4, 5] * 2
    assert train.reporter.progress is None


@pytest.mark.parametrize("prefix", ["", "valid_"])
def test_the_epochs_line_has_the_objectives_of_a_dataset_without_a_name_too(prefix):
    names = [f"{prefix}{name}" for name in ("dis_objective", "objective_d", "objective_g", "gen_ll", "false_positives")]
    columns = {"objective_d": names[1], "objective_g": names[2], "running_ll": names[3], "false_pos": names[4]}
    assert epoch_columns(names) == columns


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (["valid_objective", "valid_y_misclass"], {"objective": "valid_objective", "misclass": "valid_y_misclass"}),
        (["objective", "learning_rate"], {"objective": "objective", "learning_rate": "learning_rate"}),
        (["objective_d", "objective"], {"objective_d": "objective_d"}),
        (["train_reconstruction_error"], {"reconstruction_error": "train_reconstruction_error"}),
    ],
)
def test_the_epochs_line_has_what_a_classifier_or_an_rbm_is_judged_by(names, columns):
    assert epoch_columns(names) == columns
