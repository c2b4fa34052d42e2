"""tools/images_to_npz.py as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from adversarial.command_line import program
from adversarial.datasets.files import FileDataset
from adversarial.datasets.hdf5 import HDF5Dataset
from adversarial.programs import images_to_npz

TOOL = Path(__file__).parents[2] / "tools" / "images_to_npz.py"
IMAGES = np.random.default_rng(0).integers(0, 256, (10, 6, 6, 3), np.uint8)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "photos").mkdir()
    for number, image in enumerate(IMAGES):
        Image.fromarray(image).save(tmp_path / "photos" / f"{number}.png")
    return tmp_path


def exits(folder, *options) -> int:
    with pytest.raises(SystemExit) as ended:
        program.run(images_to_npz.main, [str(folder / "photos"), *options])
    return ended.value.code


@pytest.mark.parametrize("ending", [".npz", ".h5"])
def test_what_it_writes_is_what_is_trained_on(folder, ending, capsys):
    out = str(folder / f"photos{ending}")
    images_to_npz.main([str(folder / "photos"), out])
    assert capsys.readouterr().out == f"{out}: images 10 x 6 x 6 x 3\n"
    dataset = FileDataset(out)
    of_folder = FileDataset(str(folder / "photos"))
    np.testing.assert_array_equal(dataset.X, of_folder.X)
    assert dataset.image_shape == (6, 6, 3) and dataset.X.max() <= 1
    if ending == ".h5":
        np.testing.assert_array_equal(HDF5Dataset(out, topo_view="images", scale=255).X, dataset.X)


def test_test_images_are_evenly_apart_and_none_is_trained_on(folder, capsys):
    out = str(folder / "photos.npz")
    images_to_npz.main([str(folder / "photos"), out, "--test", "3", "--size", "3x4", "--mode", "grey"])
    assert capsys.readouterr().out == f"{out}: train 7 x 3 x 4, test 3 x 3 x 4\n"
    whole = str(folder / "whole.npz")
    images_to_npz.main([str(folder / "photos"), whole, "--size", "3x4", "--mode", "grey", "-q"])
    assert capsys.readouterr().out == ""
    with np.load(out) as found, np.load(whole) as every:
        np.testing.assert_array_equal(found["test"], every["images"][[0, 3, 6]])
        np.testing.assert_array_equal(found["train"], every["images"][[1, 2, 4, 5, 7, 8, 9]])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no image", "cannot be read as an image: it is damaged"),
        ((5, 6), "has 5 x 6 pixels, but 0.png has 6 x 6: bring all images to one size, as images_to_npz.py --size 6x6"),
        ("I;16", "has more than eight bits a value: save it as grey or RGB of eight bits"),
        ("cut", "cannot be read as an image: it is damaged"),
    ],
)
def test_the_file_that_is_wrong_is_named_with_what_to_do_and_nothing_is_written(folder, content, words, capsys):
    wrong, out = folder / "photos" / "9.png", folder / "photos.npz"
    if content == "cut":
        wrong.write_bytes(wrong.read_bytes()[:-40])
    elif isinstance(content, bytes):
        wrong.write_bytes(content)
    else:
        Image.fromarray(np.zeros((6, 6), np.uint16) if content == "I;16" else IMAGES[9, :5]).save(wrong)
    assert exits(folder, str(out)) == 1
    error = capsys.readouterr().err
    assert str(wrong) in error and words in error
    assert sorted(each.name for each in folder.iterdir()) == ["photos"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["out.zip"], "out.zip must end in .npz, .h5 or .hdf5"),
        (["out.npz", "--size", "4x4x3"], "--size is of rows and columns alone"),
        (["out.npz", "--test", "10"], "--test is 10, but the folder has 10 images"),
    ],
)
def test_options_are_checked(folder, options, words, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    assert exits(folder, *options) == 2
    assert words in capsys.readouterr().err
    assert [each.name for each in folder.iterdir()] == ["photos"]


def test_a_folder_that_is_not_there_is_named(tmp_path, capsys):
    assert exits(tmp_path, "out.npz") == 1
    assert f"there is no folder {tmp_path / 'photos'}" in capsys.readouterr().err


def test_help_has_an_example():
    run = subprocess.run([sys.executable, TOOL, "--help"], capture_output=True, text=True, check=True)
    assert "example:\n  tools/images_to_npz.py photos photos.npz" in run.stdout
