"""The programs for the extensions of section 7, as a user runs them."""

from __future__ import annotations

import json

import conditional_games as small
import numpy as np
import pytest
from matplotlib import image

from adversarial import checkpoint
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.evaluation import data_sources
from adversarial.evaluation.asked_class import asked_and_named, named_classes
from adversarial.evaluation.completion import completions
from adversarial.game.all_conditionals import AllConditionalsPair, CompletingGenerator
from adversarial.game.conditional_discriminator import ConditionalDiscriminator
from adversarial.game.generator import Generator
from adversarial.game.masks import Masks
from adversarial.game.pair import AdversaryPair
from adversarial.models.linear import Linear, RectifiedLinear, Sigmoid
from adversarial.models.mlp import MLP
from adversarial.models.softmax import Softmax
from adversarial.programs import (
    features,
    few_labels,
    interpolate,
    missing_pixels_ll,
    name_samples,
    parzen_ll,
    reconstruct,
    show_inpaint_samples,
    show_samples,
)
from adversarial.space import VectorSpace


@pytest.fixture
def conditional(tmp_path):
    """A saved conditional pair whose images are 2 x 3."""
    model = small.pair()
    model.image_shape = (2, 3, 1)
    checkpoint.save_model(tmp_path / "conditional.pkl", model)
    return str(tmp_path / "conditional.pkl")


@pytest.fixture
def digits(tmp_path):
    """A saved pair, with an inferer, for MNIST."""
    generator = Generator(MLP([Sigmoid(layer_name="y", dim=784, irange=0.1)], nvis=3), noise="uniform")
    layers = [RectifiedLinear(layer_name="h0", dim=20, irange=0.1), Sigmoid(layer_name="y", dim=1, irange=0.1)]
    inferer = MLP([Linear(layer_name="z", dim=3, irange=0.1)], nvis=784)
    checkpoint.save_model(tmp_path / "digits.pkl", AdversaryPair(generator, MLP(layers, nvis=784), inferer))
    return str(tmp_path / "digits.pkl")


def test_sheets_of_a_conditional_generator(conditional, tmp_path, capsys):
    show_samples.main([conditional, "--zoom", "1", "-o", str(tmp_path / "classes.png")])
    show_samples.main([conditional, "--condition", "3", "--zoom", "1", "-o", str(tmp_path / "threes.png")])
    sheets = [image.imread(tmp_path / f"{name}.png") for name in ("classes", "threes")]
    # The sentences below differ in their lines.
    top = min(len(each) for each in sheets) // 2
    assert not np.array_equal(*(each[:top] for each in sheets))
    interpolate.main([conditional, "--condition", "1", "-o", str(tmp_path / "line.png")])
    interpolate.main([conditional, "--through-conditions", "0", "2", "3", "-o", str(tmp_path / "classes_line.png")])
    assert capsys.readouterr().out.count(".png") == 4
    for wrong, message in (
        (["--through-conditions", "0", "9"], "none of the conditions 0 to 3"),
        (["--through-conditions", "0", "1", "--condition", "1"], "leave out"),
        (["--condition", "9"], "0 to 3"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            interpolate.main([conditional, *wrong, "-o", str(tmp_path / "none.png")])


def test_samples_under_a_condition_are_scored(conditional, tmp_path, capsys):
    np.save(tmp_path / "test.npy", small.X)
    scores = []
    for condition in ([], ["--condition", "2"]):
        files = ["--test", str(tmp_path / "test.npy"), "--sigma", ".2", "-n", "50", "--json"]
        parzen_ll.main([conditional, *files, *condition])
        scores.append(capsys.readouterr().out)
    assert scores[0] != scores[1]
    with pytest.raises(ConfigurationError, match="not of an --anchor"):
        parzen_ll.main(["--anchor", "train", "--condition", "2", "-d", "mnist"])


def test_features_are_written_with_their_inputs(digits, tmp_path, capsys):
    features.main([digits, "--list"])
    assert capsys.readouterr().out.split() == ["gen/y", "dis/h0", "dis/y", "inf/z"]
    features.main([digits, "--layer", "dis/h0", "-d", "mnist", "-n", "7", "-o", str(tmp_path / "d.npz")])
    found = np.load(tmp_path / "d.npz")
    assert found["features"].shape == (7, 20) and found["classes"].tolist() == [7, 2, 1, 0, 4, 1, 4]
    features.main([digits, "--layer", "gen/y", "-n", "5", "-o", str(tmp_path / "g.npz")])
    assert np.load(tmp_path / "g.npz")["inputs"].shape == (5, 3)
    with pytest.raises(ConfigurationError, match="name a --layer"):
        features.main([digits])


def test_few_labels_are_measured_beside_pixels_and_an_untrained_network(digits, capsys):
    few_labels.main([digits, "-d", "mnist", "--labels", "20", "--draws", "1", "--classifier", "1nn"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" 1nn")[0].strip() for line in lines[1:]] == ["pixels", "dis/h0", "dis/h0, untrained"]
    # The model was saved as it was made, so that both have the same features.
    assert lines[2].split("1nn")[1] == lines[3].split("1nn")[1]


def test_images_are_reconstructed(digits, conditional, tmp_path, capsys):
    reconstruct.main([digits, "-d", "mnist", "--images", "4", "--zoom", "1", "-o", str(tmp_path / "sheet.png")])
    said = capsys.readouterr().out
    assert "error of z on new samples" in said and (tmp_path / "sheet.png").exists()
    with pytest.raises(CheckpointError, match="has no inferer"):
        reconstruct.main([conditional, "-d", "mnist", "-o", str(tmp_path / "none.png")])


def test_samples_are_named_by_a_classifier():
    # A generator whose samples are bright where the condition says, and classifiers that name those and other classes.
    pair = small.pair()
    for param in pair.generator.get_params():
        param.set_value(np.zeros_like(param.get_value()))
    parameters = pair.named_parameters()
    parameters["gen/g0_W"].set_value(np.pad(10 * np.eye(4), ((3, 0), (0, 1))).astype("float32"))
    parameters["gen/gy_W"].set_value(np.pad(np.eye(4), ((0, 1), (0, 2))).astype("float32"))
    classifier = MLP([Softmax(n_classes=4, layer_name="y", irange=0.0)], nvis=6)
    named = []
    for shift in (0, 1):
        rows = np.roll(np.eye(4), shift, axis=1)
        classifier.layers[0].set_weights(np.pad(rows, ((0, 2), (0, 0))).astype("float32"))
        named.append(asked_and_named(pair, classifier, 21, seed=0))
        np.testing.assert_array_equal(named_classes(classifier, np.eye(4, 6)), np.roll(np.arange(4), -shift))
    np.testing.assert_array_equal(named[0], np.diag([6, 5, 5, 5]))
    np.testing.assert_array_equal(named[1], np.roll(named[0], 1, axis=1))


def completing_pair(average_decay=0.0):
    """A pair that completes images of MNIST's shape."""
    image_space = VectorSpace(784)
    layers = MLP([Sigmoid(layer_name="gy", dim=784, irange=1.0)])
    G = CompletingGenerator(layers, 784, noise_dim=3, average_decay=average_decay)
    parts = [RectifiedLinear(layer_name="d0", dim=2, irange=0.1), RectifiedLinear(layer_name="m0", dim=2, irange=0.1)]
    networks = [MLP([layer], layer_name=f"of_{layer.layer_name}") for layer in parts]
    joint = MLP([Sigmoid(layer_name="dy", dim=1, irange=0.1)], layer_name="joint")
    D = ConditionalDiscriminator(*networks, joint, image_space, image_space)
    return AllConditionalsPair(G, D, Masks(28, 28))


@pytest.fixture
def completing(tmp_path):
    """A saved pair of those."""
    checkpoint.save_model(tmp_path / "all.pkl", completing_pair())
    return str(tmp_path / "all.pkl")


def test_averages_are_drawn_from_as_if_they_were_the_parameters(completing, conditional, tmp_path, capsys):
    averaged = completing_pair(average_decay=0.9)
    taken = checkpoint.load_model(completing).generator.get_params()
    for mean, param in zip(averaged.generator.averages().values(), taken, strict=True):
        mean.set_value(param.get_value() / 2)
        param.set_value(param.get_value() / 2)
    paths = [str(tmp_path / f"{name}.pkl") for name in ("averaged", "halved")]
    checkpoint.save_model(paths[0], averaged)
    halved = completing_pair()
    for param, value in zip(halved.generator.get_params(), taken, strict=True):
        param.set_value(value.get_value())
    checkpoint.save_model(paths[1], halved)
    sizes = ["-d", "mnist", "--completions", "4", "--test-images", "6", "--valid-images", "5", "--mask", "left"]
    sheet, drawn = str(tmp_path / "sheet.png"), []
    for given in ([paths[0], "--averaged"], [paths[1]], [paths[0]]):
        missing_pixels_ll.main([*given, *sizes, "--json"])
        results = json.loads(capsys.readouterr().out)["results"]
        pictures = []
        for program, options in ((show_inpaint_samples, ["-d", "mnist", "--rows", "2"]), (interpolate, [])):
            program.main([*given, *options, "--zoom", "1", "-o", sheet])
            pictures.append(image.imread(sheet)[:40])  # the sentence below names the file
            capsys.readouterr()
        drawn.append((results, *pictures))
    assert drawn[0][0] == drawn[1][0] != drawn[2][0]
    for asked, there, raw in zip(*(each[1:] for each in drawn), strict=True):
        np.testing.assert_array_equal(asked, there)
        assert not np.array_equal(asked, raw)
    for program, needed in ((interpolate, []), (missing_pixels_ll, []), (name_samples, [conditional])):
        with pytest.raises(ConfigurationError, match="no averaged parameters"):
            program.main([completing, *needed, "--averaged"])


def test_any_mask_is_filled_in_several_times(completing, tmp_path, capsys):
    model = checkpoint.load_model(completing)
    rows, masks = np.random.RandomState(2).rand(5, 784), model.masks.draw(5)
    made = completions(model, rows, masks, 3)
    assert made.shape == (5, 3, 784)
    seen = np.broadcast_to(masks[:, None] > 0, made.shape)
    shown = np.broadcast_to(rows[:, None].astype(made.dtype), made.shape)
    np.testing.assert_array_equal(made[seen], shown[seen])
    assert not np.array_equal(made[:, 0], made[:, 1])
    np.save(tmp_path / "mask.npy", np.arange(784).reshape(28, 28) % 2)
    for mask in ("left", str(tmp_path / "mask.npy")):
        options = ["-d", "mnist", "--rows", "2", "--cols", "3", "--originals", "--zoom", "1"]
        show_inpaint_samples.main([completing, "--mask", mask, *options, "-o", str(tmp_path / "filled.png")])
    assert capsys.readouterr().out.count("filled.png") == 2
    np.save(tmp_path / "small.npy", np.ones((2, 2)))
    for wrong, message in (("lefft", "give pixels, halves"), (str(tmp_path / "small.npy"), r"images have 28 x 28")):
        with pytest.raises(ConfigurationError, match=message):
            show_inpaint_samples.main([completing, "--mask", wrong, "-d", "mnist", "-o", str(tmp_path / "none.png")])


def test_missing_pixels_are_scored_beside_yardsticks(completing, conditional, capsys):
    sizes = ["--completions", "4", "--test-images", "6", "--valid-images", "5"]
    arguments = [completing, "-d", "mnist", *sizes, "--mask", "left", "nothing"]
    missing_pixels_ll.main([*arguments, "--json"])
    found = json.loads(capsys.readouterr().out)["results"]
    assert [each["missing_pixels"] for each in found] == [392] * 3 + [784] * 3
    assert {each["completed_by"] for each in found} == {
        "model",
        "nearest training images",
        "any training images",
    }
    missing_pixels_ll.main(arguments)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6 and all(
        f"{each['log_likelihood']:.1f} ±" in line for each, line in zip(found, lines, strict=True)
    )
    with pytest.raises(CheckpointError, match="does not complete images"):
        missing_pixels_ll.main([conditional, "-d", "mnist"])
    with pytest.raises(ConfigurationError, match="seeds are 0 or more"):
        missing_pixels_ll.main([completing, "--seed", "-1"])


def test_numbers_of_images_to_score_are_checked(completing, tmp_path, monkeypatch, capsys):
    for option in ("--test-images", "--valid-images"):
        with pytest.raises(ConfigurationError, match=f"{option} is 1, but must be at least 2"):
            missing_pixels_ll.main([str(tmp_path / "not_read.pkl"), option, "1"])
    few = data_sources.of_splits({"train": np.eye(9, 784), "valid": np.eye(3, 784), "test": np.eye(4, 784)})
    monkeypatch.setattr(data_sources, "of_model", lambda *given: few)
    sizes = ["--completions", "2", "--valid-images", "3", "--test-images", "1000000"]
    missing_pixels_ll.main([completing, "--mask", "left", *sizes, "--json"])
    said = capsys.readouterr()
    assert "--test-images is 1,000,000, but there are 4: these are taken" in said.err
    assert "--valid-images" not in said.err
    assert {(each["valid"], each["test"]) for each in json.loads(said.out)["results"]} == {(3, 4)}
