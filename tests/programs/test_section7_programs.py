"""The programs for the extensions of section 7, as a user runs them."""

from __future__ import annotations

import conditional_games as small
import numpy as np
import pytest
from matplotlib import image

from adversarial import checkpoint
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.models.linear import Linear, RectifiedLinear, Sigmoid
from adversarial.models.mlp import MLP
from adversarial.programs import features, few_labels, interpolate, parzen_ll, reconstruct, show_samples


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
