"""The programs that draw what a generator makes, as a user runs them: pictures right to the pixel, or one sentence."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib import image, pyplot

from adversarial import checkpoint
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.errors import CheckpointError, ConfigurationError, DataError
from adversarial.evaluation import data_sources
from adversarial.figures.grid import FRAME, FRAME_WIDTH, GAP
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.game.sampling import samples_of
from adversarial.models.composite import CompositeLayer
from adversarial.models.deep_boltzmann import DBM, BinaryVector, BinaryVectorMaxPool
from adversarial.models.linear import Linear, Sigmoid
from adversarial.models.mlp import MLP
from adversarial.models.rbm import RBM
from adversarial.programs import (
    interpolate,
    report,
    show_examples,
    show_gen_weights,
    show_inpaint_samples,
    show_samples,
    show_weights,
)
from adversarial.space import CompositeSpace, Conv2DSpace, VectorSpace
from adversarial.train import Train

TOOLS = Path(__file__).parents[2] / "tools"
PROGRAMS = {
    "show_samples": show_samples,
    "interpolate": interpolate,
    "show_gen_weights": show_gen_weights,
    "show_inpaint_samples": show_inpaint_samples,
    "show_weights": show_weights,
    "show_examples": show_examples,
}


@pytest.fixture
def old_model(golden, tmp_path):
    """A model that 2014's Train pickled; it makes images of 6 x 6."""
    return shutil.copy(golden / "trajectories" / "mnist_recipe" / "model_2014.pkl.gz", tmp_path)


def save(path, generator, inputs):
    discriminator = MLP(layers=[Sigmoid(layer_name="d", dim=1, irange=0.1)], **inputs)
    checkpoint.save_model(path, AdversaryPair(generator=generator, discriminator=discriminator))
    return str(path)


def constant_model(path, row, layer=Linear):
    """A generator that makes one image, whatever z is."""
    generator = Generator(mlp=MLP(layers=[layer(layer_name="y", dim=len(row), irange=0.0)], nvis=2))
    generator.mlp.layers[0].set_biases(np.asarray(row, dtype=np.float32))
    return save(path, generator, {"nvis": len(row)})


def inpainting_model(path):
    """A generator that makes the right half of 4 x 4 colour images blue."""
    space = Conv2DSpace(shape=[4, 4], num_channels=3, axes=("b", 0, 1, "c"))
    generator = Generator(mlp=MLP(layers=[Linear(layer_name="y", dim=24, irange=0.0)], input_space=space))
    generator.mlp.layers[0].set_biases(np.tile(np.float32([0, 0, 1]), 8))
    return save(path, generator, {"input_space": space})


def pixels(path):
    return np.rint(image.imread(path)[:, :, :3] * 255).astype(np.uint8)


def cells(picture, height, width, zoom, rows, columns):
    """The images of a sheet, and whether each has a yellow frame; a sheet narrower than its caption is centred."""
    cell = [side * zoom + 2 * FRAME_WIDTH + GAP for side in (height, width)]
    left = (picture.shape[1] - columns * cell[1] - GAP) // 2
    images, framed = [], []
    for number in range(rows * columns):
        y = GAP + FRAME_WIDTH + number // columns * cell[0]
        x = left + GAP + FRAME_WIDTH + number % columns * cell[1]
        images.append(picture[y : y + height * zoom : zoom, x : x + width * zoom : zoom])
        framed.append(bool((picture[y - 1, x - 1] == FRAME).all()))
    return np.array(images), framed


def test_samples_are_the_right_way_up_and_in_their_colours(tmp_path, capsys):
    # Red on top, green at the bottom left, blue at the bottom right, channel by channel.
    row = [1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    model = constant_model(tmp_path / "m.pkl", row)
    show_samples.main([model, "--rows", "2", "--cols", "3", "--zoom", "5"])
    assert capsys.readouterr().out == f"{tmp_path / 'm_samples.png'}\n"
    images, framed = cells(pixels(tmp_path / "m_samples.png"), 2, 2, 5, 2, 3)
    red, green, blue = [255, 0, 0], [0, 255, 0], [0, 0, 255]
    assert images.tolist() == [[[red, red], [green, blue]]] * 6 and not any(framed)


def test_a_sheet_shows_the_samples_of_2014s_seed(tmp_path, old_model, capsys):
    out = tmp_path / "s.png"
    show_samples.main([old_model, "-o", str(out), "--zoom", "1"])
    shown, _ = cells(pixels(out), 6, 6, 1, 10, 10)
    samples = samples_of(checkpoint.load_model(old_model), 100)
    np.testing.assert_array_equal(shown[..., 0].reshape(100, 36), np.rint(samples.astype(float) * 255))
    show_samples.main([old_model, "-o", str(out), "--zoom", "1", "--seed", "5"])
    assert not np.array_equal(cells(pixels(out), 6, 6, 1, 10, 10)[0], shown)


def test_samples_of_the_averages_are_those_of_a_model_that_has_them(tmp_path, old_model):
    layer = Linear(layer_name="y", dim=4, irange=0.0)
    generator = Generator(mlp=MLP(layers=[layer], nvis=2), average_decay=0.5)
    means = {param.name: mean for param, mean in generator.averages().items()}
    means["y_b"].set_value(np.float32([0, 1, 1, 0]))
    path = save(tmp_path / "m.pkl", generator, {"nvis": 4})
    options = ["--zoom", "1", "--rows", "1", "--cols", "1", "--rescale", "unit"]
    for flag, expected in (([], [0, 0, 0, 0]), (["--averaged"], [0, 255, 255, 0])):
        show_samples.main([path, *options, *flag])
        shown, _ = cells(pixels(tmp_path / "m_samples.png"), 2, 2, 1, 1, 1)
        assert shown[0, :, :, 0].ravel().tolist() == expected
    with pytest.raises(ConfigurationError, match="no averaged parameters"):
        show_samples.main([str(old_model), "--averaged"])


def test_samples_of_truncated_z(tmp_path, old_model):
    out = tmp_path / "s.png"
    show_samples.main([old_model, "-o", str(out), "--zoom", "1", "--truncate", ".5"])
    model = checkpoint.load_model(old_model)
    model.generator.truncate_noise(0.5)
    shown, _ = cells(pixels(out), 6, 6, 1, 10, 10)
    np.testing.assert_array_equal(shown[..., 0].reshape(100, 36), np.rint(samples_of(model, 100).astype(float) * 255))


def test_a_model_of_chains_has_no_lines_in_z_space_and_no_page(tmp_path):
    path = str(tmp_path / "rbm.pkl")
    text = "!obj:adversarial.train.Train { model: !obj:adversarial.models.rbm.RBM { nvis: 4, nhid: 2 } }"
    checkpoint.save_model(path, RBM(nvis=4, nhid=2), yaml_src=text)
    words = "class RBM has no generator, and so no z: it is sampled by Markov chains, for which see show_samples.py"
    for main, rest in ((interpolate.main, []), (report.main, [str(tmp_path / "x.html")])):
        with pytest.raises(CheckpointError, match=words):
            main([path, *rest])
    with pytest.raises(ConfigurationError, match="--averaged is for a generator with average_decay"):
        show_samples.main([path, "--averaged"])


@pytest.mark.parametrize(("flag", "columns"), [("--neighbours", 4), ("--each-neighbour", 6)])
def test_the_nearest_training_example_has_a_yellow_frame(tmp_path, flag, columns):
    model = constant_model(tmp_path / "m.pkl", [0.0, 0.4, 0.6, 1.0])
    train = np.float32([[1, 1, 1, 1], [0, 0.4, 0.8, 1], [0, 0, 0, 0]])
    np.save(tmp_path / "train.npy", train)
    out = tmp_path / "n.png"
    arguments = [model, flag, "--train", str(tmp_path / "train.npy"), "-o", str(out), "--zoom", "3"]
    show_samples.main([*arguments, "--rows", "2", "--cols", "3"])
    shown, framed = cells(pixels(out), 2, 2, 3, 2, columns)
    near = [number % columns == 3 if columns == 4 else number % 2 == 1 for number in range(2 * columns)]
    assert framed == near
    for picture, is_near in zip(shown[..., 0].reshape(-1, 4), near, strict=True):
        assert picture.tolist() == ([0, 102, 204, 255] if is_near else [0, 102, 153, 255])


def test_what_is_black_can_be_chosen(tmp_path):
    model = constant_model(tmp_path / "m.pkl", [-2, 0, 1, 4])
    expected = {"auto": [64, 128, 159, 255], "unit": [0, 0, 255, 255], "tanh": [0, 128, 255, 255]}
    for rule, values in expected.items():
        show_samples.main([model, "--rows", "1", "--cols", "1", "--zoom", "2", "--rescale", rule])
        shown, _ = cells(pixels(tmp_path / "m_samples.png"), 2, 2, 2, 1, 1)
        assert np.abs(shown[0, ..., 0].ravel() - np.array(values)).max() <= 1


def test_a_line_through_samples_begins_and_ends_at_them(tmp_path, old_model):
    show_samples.main([old_model, "-o", str(tmp_path / "s.png"), "--zoom", "1", "--seed", "2"])
    sheet, _ = cells(pixels(tmp_path / "s.png"), 6, 6, 1, 10, 10)
    out = tmp_path / "i.png"
    through = ["--through", "3", "14", "92", "--steps", "4"]
    interpolate.main([old_model, "-o", str(out), "--zoom", "1", "--seed", "2", *through])
    shown, framed = cells(pixels(out), 6, 6, 1, 1, 9)
    assert framed == [number % 4 == 0 for number in range(9)]
    # The same to the rounding of another batch.
    assert np.abs(shown[::4].astype(int) - sheet[[3, 14, 92]]).max() <= 1
    assert len(np.unique(shown.reshape(9, -1), axis=0)) == 9


def test_rows_points_and_steps_are_as_asked(tmp_path, old_model):
    interpolate.main([old_model, "-o", str(tmp_path / "i.png"), "--rows", "3", "--points", "5", "--steps", "2"])
    picture = pixels(tmp_path / "i.png")
    zoom = 16
    shown, framed = cells(picture, 6, 6, zoom, 3, 9)
    assert framed == [number % 2 == 0 for number in range(9)] * 3
    assert len(np.unique(shown.reshape(27, -1), axis=0)) == 27


def test_weights_are_an_image_for_each_unit_below(tmp_path):
    generator = Generator(mlp=MLP(layers=[Linear(layer_name="y", dim=4, irange=0.0)], nvis=3))
    weights = np.float32([[0, 1, -1, 0.5], [2, 0, 0, -2], [0, 0, 0, 3]])
    generator.mlp.layers[0].set_weights(weights)
    model = save(tmp_path / "w.pkl", generator, {"nvis": 4})
    out = tmp_path / "w_gen_weights.png"
    show_gen_weights.main([model, "--cols", "3", "--zoom", "2"])
    shown, _ = cells(pixels(out), 2, 2, 2, 1, 3)
    assert shown[..., 0].reshape(3, 4).tolist() == [[128, 255, 0, 191], [255, 128, 128, 0], [128, 128, 128, 255]]
    show_gen_weights.main([model, "--strongest", "--rows", "1", "--cols", "2", "--zoom", "2"])
    shown, _ = cells(pixels(out), 2, 2, 2, 1, 2)
    assert shown[..., 0].reshape(2, 4).tolist() == [[128, 128, 128, 255], [255, 128, 128, 0]]


def test_a_part_of_a_composite_layer_is_chosen(tmp_path):
    parts = [Linear(layer_name="a", dim=4, irange=0.1), Linear(layer_name="b", dim=9, irange=0.1)]
    generator = Generator(mlp=MLP(layers=[CompositeLayer(layer_name="both", layers=parts)], nvis=3))
    checkpoint.save_model(tmp_path / "c.pkl", generator)
    with pytest.raises(ConfigurationError, match=r"'both' has the parts 0 \(a\), 1 \(b\); choose one by --component"):
        show_gen_weights.main([str(tmp_path / "c.pkl")])
    show_gen_weights.main([str(tmp_path / "c.pkl"), "--component", "1", "--cols", "3", "--zoom", "1"])
    expected = parts[1].get_weights()
    shown, _ = cells(pixels(tmp_path / "c_gen_weights.png"), 3, 3, 1, 1, 3)
    scaled = (expected / np.abs(expected).max(axis=1, keepdims=True) + 1) / 2 * 255
    np.testing.assert_allclose(shown[..., 0].reshape(3, 9), scaled, atol=0.51)


def test_filters_are_an_image_for_each_unit_of_a_layer(tmp_path):
    layers = [Sigmoid(layer_name="h0", dim=4, irange=0.1), Sigmoid(layer_name="h1", dim=2, irange=0.1)]
    classifier = MLP(layers=layers, nvis=9)
    filters = np.zeros((9, 4), dtype=np.float32)
    filters[[0, 4, 8, 2], range(4)] = [1, 2, -3, 4]
    classifier.layers[0].set_weights(filters)
    path = tmp_path / "c.pkl"
    checkpoint.save_model(path, classifier)
    show_weights.main([str(path), "--zoom", "1", "--cols", "4", "-o", str(tmp_path / "w.png")])
    drawn, _ = cells(pixels(tmp_path / "w.png"), 3, 3, 1, 1, 4)
    grey = drawn[0][0, 1, 0]
    assert [int(image.ravel()[place * 3]) for image, place in zip(drawn, (0, 4, 8, 2), strict=True)] == [
        255,
        255,
        0,
        255,
    ]
    assert all((image == grey).sum() == 8 * 3 for image in drawn)
    show_weights.main([str(path), "--layer", "h1", "--zoom", "1", "--cols", "2", "-o", str(tmp_path / "h1.png")])
    upper, _ = cells(pixels(tmp_path / "h1.png"), 2, 2, 1, 1, 2)
    assert upper.shape == (2, 2, 2, 3)
    with pytest.raises(ConfigurationError, match="no layer 'h2' with weights; it has h0, h1"):
        show_weights.main([str(path), "--layer", "h2"])


def test_filters_of_a_pair_are_the_discriminators(tmp_path):
    path = constant_model(tmp_path / "m.pkl", np.arange(9))
    show_weights.main([path, "--zoom", "1"])
    assert cells(pixels(tmp_path / "m_weights.png"), 3, 3, 1, 1, 1)[0].shape == (1, 3, 3, 3)
    with pytest.raises(ConfigurationError, match="it makes|are neither square|--shape"):
        show_weights.main([path, "--layer", "generator.y"])
    show_weights.main([path, "--layer", "generator.y", "--shape", "1x2"])


def test_filters_of_a_layer_that_reads_several_parts_are_named_and_drawn_in_a_shape(tmp_path):
    layers = [Sigmoid(layer_name="h0", dim=2, irange=0.1), Sigmoid(layer_name="h1", dim=2, irange=0.1)]
    network = MLP(layers=layers, input_space=CompositeSpace([VectorSpace(3), VectorSpace(5)]))
    path = str(tmp_path / "m.pkl")
    checkpoint.save_model(path, network)
    with pytest.raises(ConfigurationError, match=r"layer h0 of m.pkl reads .*: its 8 values, side by side, are no"):
        show_weights.main([path, "--layer", "h0"])
    with pytest.raises(ConfigurationError, match="no layer 'q' with weights; it has h0, h1"):
        show_weights.main([path, "--layer", "q"])
    show_weights.main([path, "--layer", "h0", "--shape", "2x4", "--zoom", "1", "--cols", "2"])
    assert cells(pixels(tmp_path / "m_weights.png"), 2, 4, 1, 1, 2)[0].shape == (2, 2, 4, 3)


def test_filters_of_each_layer_of_a_boltzmann_machine(tmp_path):
    hidden = [
        BinaryVectorMaxPool(layer_name=name, detector_layer_dim=dim, irange=0.1) for name, dim in (("a", 9), ("b", 4))
    ]
    machine = DBM(batch_size=2, visible_layer=BinaryVector(nvis=16), hidden_layers=hidden, niter=2)
    upper = np.zeros((9, 4), dtype=np.float32)
    upper[[0, 4, 8, 2], range(4)] = 1
    hidden[1].W.set_value(upper)
    path = str(tmp_path / "m.pkl")
    checkpoint.save_model(path, machine)
    show_weights.main([path, "--layer", "b", "--zoom", "1", "--cols", "4"])
    drawn, _ = cells(pixels(tmp_path / "m_weights.png"), 3, 3, 1, 1, 4)
    assert [int(image[:, :, 0].argmax()) for image in drawn] == [0, 4, 8, 2]
    show_weights.main([path, "--zoom", "1", "--cols", "9"])
    assert cells(pixels(tmp_path / "m_weights.png"), 4, 4, 1, 1, 9)[0].shape == (9, 4, 4, 3)
    with pytest.raises(ConfigurationError, match="no layer 'DBM' with weights; it has a, b"):
        show_weights.main([path, "--layer", "DBM"])


@pytest.fixture
def digits(tmp_path):
    """A data set of 4 x 4 images in a YAML file."""
    np.savez(tmp_path / "d.npz", X=np.linspace(0, 1, 12 * 16, dtype=np.float32).reshape(12, 16))
    path = tmp_path / "d.yaml"
    path.write_text("!obj:adversarial.datasets.npy_npz.NpzDataset { file: 'd.npz', key: X }")
    return path


def test_examples_of_a_data_set_are_drawn_in_their_order(digits, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    show_examples.main([str(digits), "--rows", "2", "--cols", "3", "--first", "4", "--zoom", "1", "--rescale", "unit"])
    norms, values, where = capsys.readouterr().out.splitlines()
    drawn, _ = cells(pixels(where), 4, 4, 1, 2, 3)
    X = np.load(tmp_path / "d.npz")["X"][4:10]
    np.testing.assert_allclose(drawn[..., 0] / 255, X.reshape(6, 4, 4), atol=0.5 / 255 + 1e-6)
    assert norms.startswith("norms from ")
    assert values.endswith("float32")


def test_examples_of_a_saved_model_are_drawn(digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = constant_model(tmp_path / "m.pkl", np.arange(16))
    show_examples.main([path, "--train", "d.npz", "--rows", "1", "--cols", "2", "--zoom", "1"])
    assert cells(pixels(tmp_path / "m_examples.png"), 4, 4, 1, 1, 2)[0].shape == (2, 4, 4, 3)


def test_what_has_no_examples_is_refused(digits, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match="numbered from 0 to 11"):
        show_examples.main([str(digits), "--first", "12"])
    (tmp_path / "mlp.yaml").write_text(
        "!obj:pylearn2.models.mlp.MLP {nvis: 3, layers: [!obj:pylearn2.models.mlp.Sigmoid "
        "{layer_name: y, dim: 1, irange: .1}]}"
    )
    with pytest.raises(ConfigurationError, match="makes a MLP, which is no data set"):
        show_examples.main(["mlp.yaml"])


def test_examples_that_cannot_be_drawn_print_nothing_before_the_sentence(digits, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="not images of 3 x 5 pixels"):
        show_examples.main([str(digits), "--shape", "3x5"])
    path = constant_model(tmp_path / "m.pkl", np.arange(16))
    np.save(tmp_path / "nan.npy", np.full((3, 16), np.nan))
    with pytest.raises(DataError, match="NaN or infinite"):
        show_examples.main([path, "--train", str(tmp_path / "nan.npy")])
    assert capsys.readouterr().out == ""


def test_inpainting_keeps_the_left_half(tmp_path):
    model = inpainting_model(tmp_path / "m.pkl")
    rows = np.random.default_rng(0).random((5, 48)).astype(np.float32)
    np.save(tmp_path / "test.npy", rows)
    arguments = [
        model,
        "--test",
        str(tmp_path / "test.npy"),
        "--originals",
        "--cols",
        "5",
        "--rows",
        "1",
        "--zoom",
        "2",
    ]
    show_inpaint_samples.main(arguments)
    shown, framed = cells(pixels(tmp_path / "m_inpainted.png"), 4, 4, 2, 1, 10)
    assert framed == [False, True] * 5
    originals = np.rint(rows.reshape(5, 3, 4, 4).transpose(0, 2, 3, 1).astype(float) * 255)
    np.testing.assert_array_equal(shown[1::2], originals)
    np.testing.assert_array_equal(shown[::2, :, :2], originals[:, :, :2])
    assert (shown[::2, :, 2:] == [0, 0, 255]).all()


def inpainted_originals(tmp_path, *arguments):
    """The originals beside what an inpainting model filled in, as numbers."""
    model, out = inpainting_model(tmp_path / "m.pkl"), tmp_path / "inpainted.png"
    show_inpaint_samples.main([model, "--originals", "--zoom", "1", "-o", str(out), *map(str, arguments)])
    columns = 2 * int(arguments[arguments.index("--cols") + 1])
    shown, _ = cells(pixels(out), 4, 4, 1, int(arguments[arguments.index("--rows") + 1]), columns)
    return shown[1::2, 0, 0, 0].tolist()


def test_images_to_fill_in_are_chosen_by_number_or_class(tmp_path, monkeypatch):
    rows = np.repeat(np.arange(12, dtype=np.float32)[:, None] / 255, 48, axis=1)
    np.save(tmp_path / "test.npy", rows)
    arguments = ["--test", tmp_path / "test.npy", "--rows", 1, "--cols", 3]
    assert inpainted_originals(tmp_path, *arguments, "--examples", 7, 2, 11) == [7, 2, 11]
    with pytest.raises(DataError, match="does not say what class"):
        inpainted_originals(tmp_path, *arguments, "--class", 1)
    dataset = DenseDesignMatrix(X=rows, y=np.arange(12)[:, None] % 3)
    monkeypatch.setattr(data_sources, "of_model", lambda *_: data_sources.ScoringData("MINE", lambda *_: dataset))
    assert inpainted_originals(tmp_path, "-d", "mine", "--class", 1, "--rows", 2, "--cols", 2) == [1, 4, 7, 10]
    with pytest.raises(ConfigurationError, match="--class 3: the classes are 0 to 2"):
        inpainted_originals(tmp_path, "-d", "mine", "--class", 3, "--rows", 1, "--cols", 1)
    for wrong, words in [(["--examples", 12], "0 to 11"), (["--examples", 1, "--class", 1], "leave out --class")]:
        with pytest.raises(ConfigurationError, match=words):
            inpainted_originals(tmp_path, *arguments, *wrong)


def test_images_have_the_shape_of_those_that_the_model_was_trained_on(tmp_path):
    row = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.5, 0.5, 0.5, 0.5]
    generator = Generator(mlp=MLP(layers=[Linear(layer_name="y", dim=16, irange=0.0)], nvis=2))
    generator.mlp.layers[0].set_biases(np.float32(row))
    discriminator = MLP(layers=[Sigmoid(layer_name="d", dim=1, irange=0.1)], nvis=16)
    pair = AdversaryPair(generator=generator, discriminator=discriminator)
    Train(dataset=DenseDesignMatrix(topo_view=np.zeros((3, 2, 8, 1), np.float32)), model=pair)
    checkpoint.save_model(tmp_path / "m.pkl", pair)
    expected = np.rint(np.float64(row) * 255).reshape(2, 8)
    for program, what in ((show_samples, "samples"), (interpolate, "interpolation")):
        program.main([str(tmp_path / "m.pkl"), "--rows", "1", "--zoom", "1"])
        shown, _ = cells(pixels(tmp_path / f"m_{what}.png"), 2, 8, 1, 1, 10 if program is show_samples else 16)
        assert np.abs(shown[0, ..., 0] - expected).max() <= 1
    show_samples.main([str(tmp_path / "m.pkl"), "--rows", "1", "--zoom", "1", "--shape", "4x4"])
    shown, _ = cells(pixels(tmp_path / "m_samples.png"), 4, 4, 1, 1, 10)
    assert np.abs(shown[0, ..., 0] - expected.reshape(4, 4)).max() <= 1


def test_what_cannot_be_drawn_is_refused(tmp_path, old_model):
    inpainting, odd = inpainting_model(tmp_path / "p.pkl"), constant_model(tmp_path / "o.pkl", [0.0, 1.0, 0.5])
    np.save(tmp_path / "five.npy", np.zeros((2, 5), np.float32))
    for error, reason, program, *arguments in [
        (CheckpointError, "fills in part of an image", "show_samples", inpainting),
        (CheckpointError, "fills in part of an image", "interpolate", inpainting),
        (CheckpointError, "does not fill in the right half", "show_inpaint_samples", old_model),
        (CheckpointError, "cannot open", "show_gen_weights", str(tmp_path / "five.npy")),
        (CheckpointError, "cannot open", "show_samples", str(tmp_path / "none.pkl")),
        (ConfigurationError, "--shape", "show_samples", odd),
        (ConfigurationError, "--shape says 4 values", "show_samples", odd, "--shape", "2x2"),
        (ConfigurationError, r"in \.png", "show_samples", odd, "-o", "a.gif"),
        (ConfigurationError, "there is no folder", "interpolate", odd, "-o", "absent/a.png"),
        (DataError, r"there is no file data.npz .* run where they are, or give --train FILE", "show_samples", old_model,
         "--neighbours"),
        (ConfigurationError, "only with --neighbours", "show_samples", old_model, "-d", "mnist"),
        (ConfigurationError, "million pixels", "show_samples", old_model, "--rows", "100000", "--cols", "100000"),
        (ConfigurationError, "million pixels", "interpolate", old_model, "--steps", "10000000"),
        (DataError, "does not say what data .* --train FILE", "show_samples", odd, "--neighbours", "--shape", "1x2"),
        (DataError, "does not say what data .* --test FILE", "show_inpaint_samples", inpainting),
        (ConfigurationError, "not both", "show_inpaint_samples", inpainting, "-d", "mnist", "--test", "a.npy"),
        (ConfigurationError, "the seed is -1", "show_samples", old_model, "--seed", "-1"),
        (DataError, "not of one kind", "show_samples", old_model, "--neighbours", "--train", f"{tmp_path}/five.npy"),
        (ConfigurationError, "at least 2 points", "interpolate", old_model, "--points", "1"),
        (ConfigurationError, "at least 2 points", "interpolate", old_model, "--through", "1"),
        (ConfigurationError, "0 to 99", "interpolate", old_model, "--through", "1", "100"),
        (ConfigurationError, "leave out", "interpolate", old_model, "--through", "1", "2", "--rows", "3"),
        (DataError, "5 values are not images of 4 x 4", "show_inpaint_samples", inpainting, "--test",
         f"{tmp_path}/five.npy"),
    ]:  # fmt: skip
        with pytest.raises(error, match=reason):
            PROGRAMS[program].main(arguments)
    assert not list(tmp_path.glob("*.png"))


def test_vectors_of_another_shape_are_drawn_when_told(tmp_path):
    model = constant_model(tmp_path / "o.pkl", [0.0, 0.2, 1.0], layer=Linear)
    show_samples.main([model, "--shape", "1x3", "--rows", "1", "--cols", "1", "--zoom", "1"])
    shown, _ = cells(pixels(tmp_path / "o_samples.png"), 1, 3, 1, 1, 1)
    assert shown[0, 0, :, 0].tolist() == [0, 51, 255]


def test_no_window_is_a_sentence_and_not_a_crash(tmp_path):
    pyplot.switch_backend("agg")
    model = constant_model(tmp_path / "m.pkl", [0, 1, 0, 1])
    with pytest.raises(ConfigurationError, match="no window can be opened"):
        show_samples.main([model, "--show"])


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_scripts_explain_themselves_from_anywhere(tmp_path, name):
    script = [sys.executable, str(TOOLS / f"{name}.py")]
    shown = subprocess.run([*script, "--help"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert f"tools/{name}.py " in shown and "example:" in shown
    failed = subprocess.run([*script, "none.pkl"], cwd=tmp_path, capture_output=True, text=True)
    assert failed.returncode == 1 and len(failed.stderr.splitlines()) == 1 and "none.pkl" in failed.stderr
