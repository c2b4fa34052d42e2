"""The programs that print and plot a monitor's record and summarize a model, on a model that 2014's Train pickled."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from adversarial import checkpoint
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.monitor.channel_docs import doc_of
from adversarial.programs import pkl_inspector, plot_monitor, print_channel_doc, print_monitor, summarize_model

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture
def old_model(golden, tmp_path):
    return shutil.copy(golden / "trajectories" / "mnist_recipe" / "model_2014.pkl.gz", tmp_path)


def test_last_values(old_model, capsys):
    print_monitor.main([str(old_model), "--json"])
    printed = json.loads(capsys.readouterr().out)
    record = checkpoint.read(old_model)["monitor"]
    assert (printed["epochs_seen"], printed["examples_seen"]) == (3, 690)
    assert printed["channels"] == {name: kept["val_record"][-1] for name, kept in record["channels"].items()}


def test_chosen_channels_in_their_order(old_model, capsys):
    print_monitor.main([str(old_model), "valid_objective_g", "learning_rate"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["valid_objective_g", "learning_rate"]
    assert "3 epochs, 36 minibatches, 690 examples" in lines[0]


def test_several_models_are_printed_one_after_the_other(old_model, tmp_path, capsys):
    other = shutil.copy(old_model, tmp_path / "other.pkl.gz")
    print_monitor.main([str(old_model), str(other), "learning_rate"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines if "epochs" in line] == [str(old_model), str(other)]
    assert [line.split()[0] for line in lines if line.startswith("learning")] == ["learning_rate"] * 2
    print_monitor.main([str(old_model), str(other), "--json"])
    assert list(json.loads(capsys.readouterr().out)) == [str(old_model), str(other)]


@pytest.mark.parametrize(("against", "field"), {axis: field for axis, (field, _) in plot_monitor.AXES.items()}.items())
def test_channels_are_drawn_against_what_is_asked_for(old_model, monkeypatch, against, field):
    drawn = []
    monkeypatch.setattr(plot_monitor, "write_curves", lambda *args: drawn.append(args))
    plot_monitor.main([str(old_model), "-c", "learning_rate", "--against", against])
    ((_, (curve,), x_label, *_),) = drawn
    channel = checkpoint.read(old_model)["monitor"]["channels"]["learning_rate"]
    start = channel[field][0] if against == "seconds" else 0
    assert list(curve.x) == [each - start for each in channel[field]]
    assert against in x_label or (against, x_label) == ("batches", "training (minibatches)")


def test_what_channels_measure_is_printed(old_model, tmp_path, capsys):
    content = checkpoint.read(old_model)
    content["monitor"]["channels"]["learning_rate"]["doc"] = "The step's  factor.\nOf SGD."
    checkpoint.write(tmp_path / "said.pkl", content)
    content["monitor"]["channels"]["of_mine"] = content["monitor"]["channels"]["momentum"]
    checkpoint.write(tmp_path / "said.pkl", content)
    print_channel_doc.main([str(tmp_path / "said.pkl"), "learning_rate", "valid_false_negatives", "of_mine"])
    assert capsys.readouterr().out.splitlines() == [
        "learning_rate: The step's factor. Of SGD.",
        "valid_false_negatives: the fraction of data that D takes for samples",
        f"of_mine: {print_channel_doc.NO_DOC}",
    ]
    print_channel_doc.main([str(tmp_path / "said.pkl"), str(old_model), "learning_rate"])
    shown = capsys.readouterr().out.splitlines()
    assert shown[::2] == [str(tmp_path / "said.pkl"), str(old_model)]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gen_ll", "the log-likelihood of examples under a Parzen window"),
        ("valid_gen_nll", "minus gen_ll"),
        ("valid_y_nll", "the negative log-likelihood of the targets"),
        ("valid_gen_ll_averaged", "drawn with the averages"),
        ("valid_objective", "what training minimises"),
        ("valid_dis_on_data_h0_row_norms_min", "the smallest norm of the rows of the layer's weights, .*; of D$"),
        ("valid_dis_on_data_y_mean_x_max_u", "the largest over units of the mean over the examples .*; of D on data"),
        ("valid_gen_h0_p_range_x.min_u", "the smallest over units of the range over the examples .*; of G$"),
    ],
)
def test_a_channel_is_known_by_its_name(name, words):
    assert re.search(words, doc_of(name))


def test_all_channels_of_a_model_of_2014_are_known(old_model, capsys):
    print_channel_doc.main([str(old_model)])
    assert print_channel_doc.NO_DOC not in capsys.readouterr().out


def test_the_size_of_a_saved_model_is_the_sum_of_its_entries(old_model, capsys):
    pkl_inspector.main([str(old_model), "parameters"])
    head, *rows = capsys.readouterr().out.splitlines()
    parameters = checkpoint.read(old_model)["parameters"]
    bytes_ = sum(len(name) + value.nbytes for name, value in parameters.items())
    assert f"table of {len(parameters)}, {bytes_:,} bytes" in head
    sizes = [int(row.split()[-2].replace(",", "")) for row in rows if row.split()[0] in parameters]
    assert sizes == sorted((value.nbytes for value in parameters.values()), reverse=True)


def test_one_entry_after_the_other_is_looked_into(old_model, capsys):
    pkl_inspector.main([str(old_model), "monitor", "channels", "learning_rate", "val_record"])
    values = checkpoint.read(old_model)["monitor"]["channels"]["learning_rate"]["val_record"]
    shown = ", ".join(f"{value:.4g}" for value in values[:4])
    assert f"val_record: float64 {len(values)}: {shown}" in capsys.readouterr().out
    with pytest.raises(ConfigurationError, match="monitor has no 'chanels'.*channels"):
        pkl_inspector.main([str(old_model), "monitor", "chanels"])
    with pytest.raises(ConfigurationError, match="epochs_seen has no entries"):
        pkl_inspector.main([str(old_model), "monitor", "epochs_seen", "x"])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("objective_d", "valid_objective_d"),
        ("objectve_d", "valid_objective_d"),
        ("lerning_rate", "learning_rate"),
    ],
)
def test_an_unknown_channel_gets_the_nearest(old_model, tmp_path, typed, meant):
    with pytest.raises(ConfigurationError, match=f"'{typed}'.*'{meant}'"):
        print_monitor.main([str(old_model), typed])
    with pytest.raises(ConfigurationError, match=f"'{typed}'.*'{meant}'"):
        plot_monitor.main([str(old_model), "-c", typed, "-o", str(tmp_path / "p.png")])
    assert not (tmp_path / "p.png").exists()


def test_a_channel_that_one_of_several_models_lacks_is_named_and_the_others_go_on(old_model, tmp_path, capsys):
    content = checkpoint.read(old_model)
    content["monitor"]["channels"].pop("learning_rate")
    other = tmp_path / "other.pkl"
    checkpoint.write(other, content)
    told = f"warning: {other} has no channel 'learning_rate'; none of its "
    print_monitor.main([str(old_model), str(other), "learning_rate", "momentum", "--json"])
    said = capsys.readouterr()
    channels = {path: list(each["channels"]) for path, each in json.loads(said.out).items()}
    assert channels == {str(old_model): ["learning_rate", "momentum"], str(other): ["momentum"]}
    assert said.err.startswith(told) and said.err.count("\n") == 1
    print_monitor.main([str(old_model), str(other), "learning_rate"])
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"{other}: 3 epochs")
    plot_monitor.main([str(old_model), str(other), "-c", "learning_rate", "-o", str(tmp_path / "p.png")])
    said = capsys.readouterr()
    assert (tmp_path / "p.png").exists() and said.err.startswith(told)
    with pytest.raises(
        ConfigurationError, match=r"has no channel 'learning_rat'; the nearest of its \d+ is 'learning_r"
    ):
        print_monitor.main([str(old_model), str(other), "learning_rat"])


@pytest.mark.parametrize("typed", ["bogus", "gen_ll_averaged"])
def test_what_is_near_no_channel_gets_no_hint(old_model, typed):
    with pytest.raises(ConfigurationError, match=f"'{typed}'; none of its [0-9]+ is near; plot_monitor.py --list"):
        print_monitor.main([str(old_model), typed])


def test_a_folder_is_no_channel(old_model, tmp_path):
    with pytest.raises(ConfigurationError, match=f"{tmp_path} is a folder, neither a saved model nor a channel of"):
        print_monitor.main([str(old_model), str(tmp_path)])


def test_options_may_stand_between_names(old_model, tmp_path, capsys):
    print_monitor.main([str(old_model), "--json", "learning_rate"])
    assert list(json.loads(capsys.readouterr().out)["channels"]) == ["learning_rate"]
    other = shutil.copy(old_model, tmp_path / "other.pkl.gz")
    plot_monitor.main([str(old_model), "--list", str(other)])
    listed = capsys.readouterr().out.split()
    print_channel_doc.main([str(old_model), "--debug", *listed[:2]])
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == listed[:2]


def test_plot_beside_the_model(old_model, capsys):
    plot_monitor.main([str(old_model), "-c", "valid_objective_d", "-c", "valid_objective_g"])
    path = Path(capsys.readouterr().out.strip())
    assert path == Path(old_model).with_name("model_2014_monitor.png")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_list(old_model, capsys):
    plot_monitor.main([str(old_model), "--list"])
    assert capsys.readouterr().out.split("\n")[:-1] == sorted(checkpoint.read(old_model)["monitor"]["channels"])


def test_without_channels_both_objectives_are_drawn(old_model, capsys, monkeypatch):
    drawn = []
    monkeypatch.setattr(plot_monitor, "write_curves", lambda path, curves, *rest: drawn.extend(curves))
    plot_monitor.main([str(old_model)])
    assert [curve.label for curve in drawn] == ["valid_objective_d", "valid_objective_g"]


def test_no_monitor(old_model, tmp_path):
    model = checkpoint.load_model(old_model)
    del model.monitor
    checkpoint.save_model(tmp_path / "bare.pkl", model)
    with pytest.raises(CheckpointError, match="saved without one"):
        print_monitor.main([str(tmp_path / "bare.pkl")])


def test_statistics_of_parameters(old_model, golden, capsys):
    summarize_model.main([str(old_model), "--json"])
    printed = json.loads(capsys.readouterr().out)
    for name, value in checkpoint.read(old_model)["parameters"].items():
        said = printed["parameters"].get(name)
        if said is not None:
            assert said["shape"] == list(value.shape)
            wide = value.astype(np.float64)
            expected = [wide.min(), wide.mean(), wide.max(), np.linalg.norm(wide)]
            np.testing.assert_allclose([said[key] for key in ("min", "mean", "max", "norm")], expected, rtol=1e-12)
    assert sum(row["parameters"] for row in printed["layers"]) == 1399
    assert len(printed["parameters"]) == 12
    assert (printed["epochs"], printed["examples"]) == (3, 690)


def test_summary_says_what_it_was_trained_on(old_model, capsys):
    summarize_model.main([str(old_model)])
    shown = capsys.readouterr().out
    assert "1,399 parameters in all" in shown
    assert "trained on: !obj:pylearn2.datasets.npy_npz.NpzDataset" in shown


@pytest.mark.parametrize(
    "name", ["print_monitor", "plot_monitor", "summarize_model", "figure1", "print_channel_doc", "pkl_inspector"]
)
def test_help_has_an_example(name):
    run = subprocess.run([sys.executable, TOOLS / f"{name}.py", "--help"], capture_output=True, text=True, check=True)
    assert f"example:\n  tools/{name}.py" in run.stdout


def test_an_error_is_a_sentence_and_a_code(tmp_path):
    script = [sys.executable, TOOLS / "print_monitor.py", "none.pkl"]
    failed = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True)
    assert failed.returncode == 1
    assert failed.stderr == "print_monitor.py: error: cannot open none.pkl: No such file or directory\n"
