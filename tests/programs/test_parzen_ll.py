"""tools/parzen_ll.py as a user runs it: 2014's figures from files and models, and one sentence for bad input."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import types
from pathlib import Path

import h5py
import numpy as np
import pytest

from adversarial import checkpoint
from adversarial.command_line import program
from adversarial.evaluation import named_sets
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.game.sampling import samples_of
from adversarial.likelihood.cross_validation import choose_width, grid
from adversarial.likelihood.parzen import estimate, log_likelihoods
from adversarial.models.linear import Sigmoid
from adversarial.models.mlp import MLP
from adversarial.models.rbm import RBM
from adversarial.programs import ll
from adversarial.programs.parzen_ll import main

TOOL = Path(__file__).parents[2] / "tools" / "parzen_ll.py"
SPLITS = ("samples", "valid", "test")


@pytest.fixture
def files(golden, tmp_path):
    """The arrays of golden2014/parzen.npz as .npy files, by name, and the options that name them."""
    with np.load(golden / "parzen.npz") as record:
        for name in SPLITS:
            np.save(tmp_path / f"{name}.npy", record[name])
    return {name: str(tmp_path / f"{name}.npy") for name in SPLITS}


@pytest.fixture
def data_options(files):
    return ["--valid", files["valid"], "--test", files["test"]]


def pair(dimension=36, **options):
    def network(inputs, outputs, name):
        return MLP(layers=[Sigmoid(dim=outputs, layer_name=name, irange=0.5)], nvis=inputs)

    return AdversaryPair(Generator(network(10, dimension, "g"), noise="uniform", **options), network(dimension, 1, "d"))


def save_model(path, model=None, dataset="", valid=""):
    yaml = f"!obj:pylearn2.train.Train {{dataset: {dataset}, algorithm: {{monitoring_dataset: {{valid: {valid}}}}}}}"
    checkpoint.save_model(path, model or pair(), yaml_src=yaml if dataset else "", dataset_yaml_src=dataset)
    return str(path)


def run(capsys, *argv):
    main([str(argument) for argument in argv])
    return capsys.readouterr().out


def run_json(capsys, *argv):
    return json.loads(run(capsys, *argv, "--json"))


def refused(capsys, *argv):
    """The exit code and the one sentence of a refusal."""
    with pytest.raises(SystemExit) as end:
        program.run(main, [str(argument) for argument in argv])
    said = capsys.readouterr()
    assert said.out == ""
    lines = said.err.strip().splitlines()
    assert len(lines) == 1, lines
    return end.value.code, lines[0].split("error: ", 1)[1]


def test_gives_the_figures_of_2014(capsys, golden, files, data_options):
    with np.load(golden / "parzen.npz") as record:
        table, best = record["float32/sigma_validmean_testmean_testse"], float(record["float32/best_sigma"])
    found = run_json(capsys, files["samples"], *data_options)
    assert found["sigma"] == best
    expected = table[table[:, 0] == best][0]
    assert found["log_likelihood"] == pytest.approx(expected[2], abs=1e-3)
    assert found["standard_error"] == pytest.approx(expected[3], abs=1e-3)
    np.testing.assert_allclose([point["mean"] for point in found["curve"]], table[:, 1], atol=1e-3)
    assert found["counts"] == {"samples": 500, "valid": 100, "test": 150, "dimension": 36}
    assert set(found["seconds"]) == {"sampling", "cross_validation", "test"}


def test_the_script_runs_from_anywhere_and_prints_the_lines_of_2014(tmp_path, files, data_options):
    command = [sys.executable, TOOL, "-p", files["samples"], *data_options, "-v"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Using Sigma: 0.215443\n" in done.stdout
    assert "Log-Likelihood of test set = -4.7496, se: 0.5987\n" in done.stdout
    assert "Log-Likelihood of valid set = -1.6857, se: 0.5651\n" in done.stdout


def test_averaged_parameters_score_as_a_model_that_has_them(capsys, tmp_path, files, data_options):
    averaging, plain = pair(average_decay=0.5), pair()
    means = averaging.generator.averages()
    for number, (mean, param) in enumerate(zip(means.values(), plain.generator.get_params(), strict=True)):
        value = np.random.RandomState(number).normal(size=mean.get_value().shape).astype(mean.dtype)
        mean.set_value(value)
        param.set_value(value)
    paths = [save_model(tmp_path / f"{name}.pkl", each) for name, each in (("a", averaging), ("p", plain))]
    options = [*data_options, "-n", 200]
    raw, of_means, expected = (
        run_json(capsys, *which, *options)["log_likelihood"]
        for which in ([paths[0]], [paths[0], "--averaged"], [paths[1]])
    )
    assert of_means == expected != raw
    assert "no averaged parameters" in refused(capsys, paths[1], "--averaged", *options)[1]
    assert "not of an --anchor" in refused(capsys, "--anchor", "noise", "--averaged", *options)[1]
    assert refused(capsys, files["samples"], "--averaged")[1] == (
        f"--averaged needs a saved model, but {files['samples']} holds samples"
    )


def test_truncated_z_are_those_of_the_generator(capsys, tmp_path, data_options):
    path, options = save_model(tmp_path / "m.pkl"), [*data_options, "-n", 200]
    model = checkpoint.load_model(path)
    model.generator.truncate_noise(0.5)
    samples = samples_of(model, 200)
    np.save(tmp_path / "s.npy", samples)
    found = run_json(capsys, path, "--truncate", ".5", *options)["log_likelihood"]
    assert found == run_json(capsys, tmp_path / "s.npy", *data_options)["log_likelihood"]
    assert found != run_json(capsys, path, *options)["log_likelihood"]
    assert "above 0 and at most 4" in refused(capsys, path, "--truncate", "9", *options)[1]
    assert "--truncate is of a generator" in refused(capsys, "--anchor", "noise", "--truncate", "1", *options)[1]


@pytest.mark.parametrize(
    ("option", "of"),
    [(["--averaged"], "average_decay"), (["--condition", "3"], "conditions"), (["--truncate", "1"], "z")],
)
def test_what_only_a_generator_has_is_refused_for_a_model_of_chains(capsys, tmp_path, data_options, option, of):
    path = save_model(tmp_path / "rbm.pkl", RBM(nvis=36, nhid=4))
    said = refused(capsys, path, *option, *data_options)[1]
    assert said == f"{option[0]} is for a generator with {of}, but {path} is of class RBM, which has none"


@pytest.mark.parametrize("ending", [".npz", ".h5"])
def test_samples_in_other_files_score_the_same(capsys, tmp_path, files, data_options, ending):
    samples = np.load(files["samples"])
    if ending == ".npz":
        np.savez(tmp_path / "samples.npz", samples)
    else:
        with h5py.File(tmp_path / "samples.h5", "w") as file:
            file["samples"] = samples.reshape(500, 6, 6)
    found = run_json(capsys, tmp_path / f"samples{ending}", *data_options, "-s", ".2")
    assert found["log_likelihood"] == run_json(capsys, files["samples"], *data_options, "-s", ".2")["log_likelihood"]


@pytest.mark.parametrize("ending", [".pkl", ".h5"])
def test_a_saved_model_is_scored_by_its_own_samples(capsys, tmp_path, files, data_options, ending):
    path = save_model(tmp_path / f"model{ending}")
    found = run_json(capsys, path, *data_options, "-n", 300, "-s", 0.3)
    samples = samples_of(checkpoint.load_model(path), 300)
    expected = estimate(log_likelihoods(samples, np.load(files["test"]).astype(np.float32), 0.3)[0])
    assert found["log_likelihood"] == pytest.approx(expected.mean, rel=1e-6)
    assert found["counts"]["samples"] == 300


def test_options_of_the_width_grid_and_of_sizes(capsys, files, data_options):
    options = ["-c", 5, "--sigma_start", -0.8, "--sigma_end", -0.3, "-l", 40, "-n", 100, "-b", 7]
    found = run_json(capsys, files["samples"], *data_options, *options)
    samples, valid = (np.load(files[name]).astype(np.float32) for name in ("samples", "valid"))
    expected = choose_width(samples[:100], valid[:40], grid(-0.8, -0.3, 5))
    assert found["sigma"] == expected.sigma
    means = [value.mean for value in expected.estimates]
    np.testing.assert_allclose([point["mean"] for point in found["curve"]], means, rtol=1e-6)


@pytest.mark.parametrize("limit", [0, -1])
def test_without_a_limit_every_validation_example_counts(capsys, files, data_options, limit):
    assert run_json(capsys, files["samples"], *data_options, f"-l{limit}")["counts"]["valid"] == 100


def test_a_best_width_at_the_edge_is_warned_of_and_auto_goes_beyond_it(capsys, files, data_options):
    too_narrow = [files["samples"], *data_options, "--sigma_start", -2, "--sigma_end", -1, "--json"]
    main([str(argument) for argument in too_narrow])
    said = capsys.readouterr()
    assert "the best width, 0.1, is at the upper edge" in said.err and "--sigma auto" in said.err
    assert json.loads(said.out)["warnings"]
    found = run_json(capsys, *too_narrow[:-1], "--sigma", "auto")
    assert 0.15 < found["sigma"] < 0.3 and not found["warnings"]
    assert len(found["curve"]) > 10


def test_repeats_draw_new_samples_and_report_their_spread(capsys, tmp_path, data_options):
    found = run_json(capsys, save_model(tmp_path / "m.pkl"), *data_options, "-n", 200, "-s", 0.3, "--repeats", 3)
    means = [score["mean"] for score in found["scores"]]
    assert len(set(means)) == 3
    assert found["log_likelihood"] == pytest.approx(np.mean(means))
    assert found["standard_error"] == pytest.approx(np.std(means, ddof=1))
    assert "3 draws" in found["error_over"]
    again = run_json(capsys, tmp_path / "m.pkl", *data_options, "-n", 200, "-s", 0.3, "--repeats", 3)
    assert [score["mean"] for score in again["scores"]] == means


def test_convergence_and_picture(capsys, tmp_path, files, data_options):
    picture = tmp_path / "widths.png"
    found = run_json(capsys, files["samples"], *data_options, "--convergence", "--plot", picture)
    assert [point["samples"] for point in found["convergence"]["curve"]] == [15, 31, 62, 125, 250, 500]
    assert found["convergence"]["curve"][-1]["mean"] == pytest.approx(found["log_likelihood"], rel=1e-6)
    assert found["convergence"]["stable_from"] == 125
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "stable within its standard error from 125" in run(capsys, files["samples"], *data_options, "--convergence")


@pytest.fixture
def small_sets(monkeypatch):
    """A data set of the name 'mnist' and one of five folds, 'tfd', both of 36 values; counts what is built."""
    built = []

    class MNIST:
        def __init__(self, **options):
            built.append(options)
            rng = np.random.default_rng([sum(map(ord, options["which_set"])), options.get("fold", 0)])
            self.X = rng.random((90, 36)).astype(np.float32)[options.get("start", 0) % 7 :]

        def get_design_matrix(self):
            return self.X

    module = types.ModuleType("small_sets")
    module.MNIST = module.TFD = MNIST
    monkeypatch.setitem(sys.modules, "small_sets", module)
    for name in ("mnist", "tfd"):
        monkeypatch.setitem(named_sets.NAMED_SETS, name, named_sets.NAMED_SETS[name]._replace(module="small_sets"))
    return built


def test_a_named_data_set_is_split_as_in_2014(capsys, files, small_sets):
    run(capsys, files["samples"], "-d", "mnist")
    assert small_sets == [{"which_set": "train", "start": 50000, "stop": 60000}, {"which_set": "test"}]


def test_a_model_is_scored_on_the_data_of_its_own_yaml_prepared_alike(capsys, tmp_path, small_sets):
    dataset = "!obj:pylearn2.datasets.mnist.MNIST {which_set: train, start: 0, stop: 50000, binarize: 1}"
    run(capsys, save_model(tmp_path / "m.pkl", dataset=dataset), "-n", 50)
    assert small_sets == [
        {"binarize": 1, "which_set": "train", "start": 50000, "stop": 60000},
        {"binarize": 1, "which_set": "test"},
    ]


def test_that_the_test_data_are_binarized_at_random_is_warned_of(capsys, tmp_path):
    raw = "!obj:adversarial.datasets.mnist.MNIST { which_set: 'train' }"
    drawn = f"!obj:adversarial.datasets.binarizer.Binarizer {{ raw: {raw} }}"
    path = save_model(tmp_path / "m.pkl", pair(784), dataset=drawn)
    options = [path, "-s", 0.3, "-n", 20]
    found = run_json(capsys, *options)
    assert found["sides"]["test data"]["prepared"] == "binarized at random"
    (said,) = [each for each in found["warnings"] if "binarized at random" in each]
    assert said.endswith("give -d mnist to score these")
    assert not any("binarized" in each for each in run_json(capsys, *options, "-d", "mnist")["warnings"])


def test_the_steps_of_a_chain_warn_as_its_samples_do(capsys, tmp_path):
    raw = "!obj:adversarial.datasets.mnist.MNIST { which_set: 'train', stop: 40 }"
    drawn = f"!obj:adversarial.datasets.binarizer.Binarizer {{ raw: {raw} }}"
    options = [save_model(tmp_path / "rbm.pkl", RBM(nvis=784, nhid=4), drawn), "-s", 0.3, "-n", 20, "--steps", "0,2"]
    main([str(each) for each in [*options, "--json"]])
    said, told = capsys.readouterr()
    found = json.loads(said)
    (warning,) = [each for each in found["warnings"] if "binarized at random" in each]
    assert warning.startswith("the test data are") and warning.endswith("give -d mnist to score these")
    assert f"warning: {warning}" in told
    assert found["sides"]["test data"]["prepared"] == "binarized at random"
    assert not any("binarized" in each for each in run_json(capsys, *options, "-d", "mnist")["warnings"])


def colour(count, seed):
    """Colour images (count, 3, 4, 5) in [0, 1], darker to one corner."""
    shade = np.add.outer(np.arange(4) / 12, np.arange(5) / 24)[None] * np.array([1, 0.6, 0.2])[:, None, None]
    return np.clip(shade + np.random.default_rng(seed).normal(0.2, 0.1, (count, 3, 4, 5)), 0, 1)


@pytest.mark.parametrize("axes", ["bc01", "b01c", "c01b", "01cb", "cb10"])
def test_an_order_of_axes_that_is_said_gives_one_figure(capsys, tmp_path, axes):
    samples, test = colour(60, 1), colour(70, 2)
    order = ["bc01".index(axis) for axis in axes]
    for name, images in (("s", samples), ("t", test)):
        np.save(tmp_path / f"{name}.npy", images)
        np.save(tmp_path / f"{name}_{axes}.npy", images.transpose(order))
    expected = run_json(capsys, tmp_path / "s.npy", "--test", tmp_path / "t.npy", "-s", 0.2)
    paths = tmp_path / f"s_{axes}.npy", "--test", tmp_path / f"t_{axes}.npy"
    options = ["-s", 0.2, "--axes", axes, "--data-axes", axes]
    found = run_json(capsys, *paths, *options)
    assert found["log_likelihood"] == expected["log_likelihood"] and found["warnings"] == []
    side = found["sides"]["samples"]
    assert (side["axes"], side["count"]) == (axes, 60)
    assert side["prepared"] == ("" if axes == "bc01" else f"axes {axes} put as bc01")
    assert side["channel_means"] == expected["sides"]["samples"]["channel_means"]
    ll.main([str(each) for each in (paths[0], 0.2, *paths[1:], *options[2:], "--json")])
    assert json.loads(capsys.readouterr().out)["log_likelihood"] == pytest.approx(found["log_likelihood"], rel=1e-6)


def test_an_order_said_of_the_test_file_alone_leaves_the_models_own_data_as_they_are(capsys, tmp_path, small_sets):
    mnist = "!obj:pylearn2.datasets.mnist.MNIST {which_set: train, start: %d, stop: %d}"
    model = save_model(tmp_path / "m.pkl", pair(), mnist % (0, 50000), mnist % (50000, 60000))
    images = np.random.default_rng(0).random((30, 6, 6, 1))
    np.save(tmp_path / "t.npy", images)
    np.save(tmp_path / "last.npy", images.transpose(3, 1, 2, 0))
    found = run_json(capsys, model, "--test", tmp_path / "last.npy", "--data-axes", "c01b")
    assert found["counts"]["test"] == 30
    assert found["log_likelihood"] == run_json(capsys, model, "--test", tmp_path / "t.npy")["log_likelihood"]


def test_examples_that_may_be_last_are_a_warning_and_a_hint(capsys, tmp_path):
    np.save(tmp_path / "s.npy", colour(60, 1).transpose(1, 2, 3, 0))
    np.save(tmp_path / "t.npy", colour(60, 2).transpose(1, 2, 3, 0))
    np.save(tmp_path / "first.npy", colour(60, 2))
    found = run_json(capsys, tmp_path / "s.npy", "--test", tmp_path / "t.npy", "-s", 0.2)
    assert (
        "the samples, 3 x 4 x 5 x 60, are taken as 3 examples: where the last axis counts them" in found["warnings"][0]
    )
    assert "say --data-axes c01b" in found["warnings"][1]
    code, said = refused(capsys, tmp_path / "s.npy", "--test", tmp_path / "first.npy", "-s", 0.2)
    assert code == 1 and said.endswith("seems to have examples last: say --axes c01b")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--axes", "c01d"], "samples: axes is ['c', 0, 1, 'd'], but must hold 'b', 0, 1 and 'c', each once"),
        (["--axes", "c01b"], "has the shape (500, 36), and not the four axes c01b"),
        (["--data-axes", "bc01"], "and not the four axes bc01"),
    ],
)
def test_an_order_that_there_cannot_be_is_refused(capsys, files, data_options, options, words):
    assert words in refused(capsys, files["samples"], *data_options, "-s", 0.2, *options)[1]


def test_an_order_of_axes_is_of_files(capsys, tmp_path, files, data_options, small_sets):
    model = save_model(tmp_path / "m.pkl")
    assert "--axes is of samples in a file, but" in refused(capsys, model, *data_options, "--axes", "bc01")[1]
    said = refused(capsys, files["samples"], "-d", "mnist", "-s", 0.2, "--data-axes", "bc01")[1]
    assert said == "--data-axes is of images in files, but MNIST is a data set with its own"
    assert "--steps draws its own" in refused(capsys, model, *data_options, "--axes", "bc01", "--steps", "1")[1]


def test_each_fold_has_a_width_of_its_own_and_the_error_is_across_folds(capsys, files, small_sets):
    found = run_json(capsys, files["samples"], "-d", "tfd", "--folds", "all")
    assert [score["fold"] for score in found["scores"]] == [0, 1, 2, 3, 4]
    means = np.array([score["mean"] for score in found["scores"]])
    assert found["log_likelihood"] == pytest.approx(means.mean())
    assert found["standard_error"] == pytest.approx(means.std(ddof=1) / np.sqrt(5))
    assert [options["fold"] for options in small_sets] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert all(options["scale"] is True for options in small_sets)


def test_valid_is_scored_on_the_fold_that_is_asked_for(capsys, files, small_sets):
    run(capsys, files["samples"], "-d", "tfd", "-f", 3, "-v")
    assert {options["fold"] for options in small_sets} == {3}


def test_any_data_set_of_a_model_is_found_in_its_yaml(capsys, tmp_path, files):
    pytest.importorskip("adversarial.datasets.npy_npz")
    dataset = f"!obj:pylearn2.datasets.npy_npz.NpyDataset {{file: {files['samples']}}}"
    valid = f"!obj:pylearn2.datasets.npy_npz.NpyDataset {{file: {files['valid']}}}"
    path = save_model(tmp_path / "m.pkl", dataset=dataset, valid=valid)
    code, sentence = refused(capsys, path, "-n", 50)
    assert code == 1 and "NpyDataset has no test set" in sentence and "scores it with --test FILE" in sentence


def test_the_embedded_mnist_scores_a_model_trained_on_it(capsys, tmp_path):
    if importlib.util.find_spec("adversarial.datasets.mnist") is None:
        pytest.skip("the data sets are not part of this build")
    dataset = "!obj:pylearn2.datasets.mnist.MNIST {which_set: train, start: 0, stop: 50000}"
    path = save_model(tmp_path / "m.pkl", model=pair(784), dataset=dataset)
    found = run_json(capsys, path, "-n", 100, "-l", 50, "-c", 3)
    assert found["counts"] == {"samples": 100, "valid": 50, "test": 10000, "dimension": 784}
    assert found["data"] == "MNIST"


# Bad input: one sentence each.


def test_what_is_not_a_model_is_refused(capsys, tmp_path, data_options):
    (tmp_path / "notes.pkl").write_text("not a model")
    code, sentence = refused(capsys, tmp_path / "notes.pkl", *data_options)
    assert code == 1 and sentence.startswith(f"cannot open {tmp_path / 'notes.pkl'}")
    code, sentence = refused(capsys, tmp_path / "absent.pkl", *data_options)
    assert code == 1 and "No such file" in sentence


def test_a_model_without_a_generator_is_refused(capsys, tmp_path, data_options):
    checkpoint.save_model(tmp_path / "mlp.pkl", pair().discriminator)
    code, sentence = refused(capsys, tmp_path / "mlp.pkl", *data_options)
    assert code == 1 and "has no generator" in sentence


def test_a_model_without_data_is_refused(capsys, tmp_path):
    code, sentence = refused(capsys, save_model(tmp_path / "m.pkl"), "-n", 50)
    assert code == 1 and "does not say what data it was trained on; name them by -d" in sentence


@pytest.mark.parametrize("sigma", ["0", "-0.2", "nan", "wide"])
def test_a_width_that_is_not_above_zero_is_refused(capsys, files, data_options, sigma):
    code, sentence = refused(capsys, files["samples"], *data_options, f"--sigma={sigma}")
    assert code in (1, 2) and "must be a number above 0" in sentence


def test_samples_that_are_not_numbers_are_refused(capsys, tmp_path, files, data_options):
    samples = np.load(files["samples"])
    samples[7, 3] = np.nan
    np.save(tmp_path / "nan.npy", samples)
    code, sentence = refused(capsys, tmp_path / "nan.npy", *data_options)
    assert code == 1 and "not a finite number, the first in row 7" in sentence


def test_samples_of_another_width_than_the_data_are_refused(capsys, tmp_path, files, data_options):
    np.save(tmp_path / "narrow.npy", np.load(files["samples"])[:, :35])
    code, sentence = refused(capsys, tmp_path / "narrow.npy", *data_options)
    assert code == 1 and "the samples have 35 values each, but the data to score have 36" in sentence


def test_one_sample_only_is_refused(capsys, tmp_path, files, data_options):
    code, sentence = refused(capsys, files["samples"], *data_options, "-n", 1)
    assert code == 1 and "only one sample" in sentence


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["{samples}", "-d", "mnits"], 2, "'mnits' is not known; known are mnist, cifar10, tfd; did you mean 'mnist'"),
        (["{samples}"], 2, "say what data to score"),
        (["{samples}", "--test", "{test}"], 1, "there is no valid data: give --valid FILE"),
        (["{samples}", "-d", "mnist", "--test", "{test}"], 2, "not both"),
        (["{samples}", "--valid", "{valid}", "--test", "{test}", "-f", "1"], 2, "fold 1 is asked for"),
        (["{samples}", "--valid", "{valid}", "--test", "{test}", "--repeats", "2"], 2, "takes a model"),
        (["{samples}", "-d", "tfd", "--folds", "all", "--repeats", "2"], 2, "cannot go together"),
        (["{samples}", "-d", "mnist", "-n", "0"], 2, "--num_samples is 0"),
        (["{samples}", "-d", "mnist", "-b", "0"], 2, "--batch_size is 0"),
        (["{samples}", "-d", "mnist", "-c", "0"], 2, "--cross_val is 0"),
        (["{samples}", "-d", "mnist", "-s", ".1", "--plot", "x.png"], 2, "leave one of them out"),
        (["{samples}", "-d", "mnist", "--plot", "x.gif"], 2, "must end in .png"),
        (["{samples}", "-d", "mnist", "--plot", "absent/x.png"], 2, "there is no folder"),
        (["{samples}", "-p", "{samples}", "-d", "mnist"], 2, "not several of them"),
        (["-d", "mnist"], 2, "name one model or file of samples, or an --anchor"),
    ],
)
def test_options_that_do_not_fit_are_refused(capsys, files, options, code, words):
    found, sentence = refused(capsys, *(option.format(**files) for option in options))
    assert found == code and words in sentence


def test_its_help_says_how_one_array_of_several_is_named(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "FILE.npz:NAME" in capsys.readouterr().out
