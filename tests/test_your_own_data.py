"""docs/your_own_data.md from a folder of pictures to a score: its commands and its YAML, and nothing else."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "your_own_data.md").read_text(encoding="utf-8")
SECTION = PAGE[PAGE.index("## A folder of pictures") : PAGE.index("## An array in Python")]


def blocks(kind: str) -> list[str]:
    """The blocks of a kind in the section of pictures."""
    return re.findall(rf"^```{kind}\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)


def run(folder: Path, command: str) -> str:
    """Run a command of the page in a folder; the units are fewer, for the machine's sake."""
    program, *options = shlex.split(command)
    smaller = ["--set", "model.generator.mlp.layers.0.dim=20", "--set", "model.discriminator.layers.0.num_units=4"]
    extra = smaller if program == "train.py" else []
    arguments = [sys.executable, str(ROOT / program), *options, *extra]
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, timeout=3600, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def made_up_pictures(folder: Path, count: int) -> None:
    """Photographs of nothing: a disc of one colour on another, in sizes of their own, some of them grey."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(count):
        rows, columns = rng.integers(33, 60, 2)
        inside, outside = rng.integers(0, 256, (2, 3))
        y, x = np.mgrid[:rows, :columns]
        disc = (y - rows / 2) ** 2 + (x - columns / 2) ** 2 < rng.integers(8, 16) ** 2
        image = Image.fromarray(np.where(disc[..., None], inside, outside).astype(np.uint8))
        (image.convert("L") if number % 10 == 0 else image).save(folder / f"{number:03}.png")


def test_the_file_has_twenty_lines():
    (text,) = blocks("yaml")
    assert len(text.splitlines()) <= 20


def test_a_folder_of_400_pictures_trains_samples_and_scores_from_the_page_alone(tmp_path):
    made_up_pictures(tmp_path / "photos", 400)
    (text,) = blocks("yaml")
    (tmp_path / "photos.yaml").write_text(text)
    printed = [run(tmp_path, line) for block in blocks("sh") for line in block.splitlines()]
    gathered, trained, drawn, scored = printed
    assert "photos.npz: train 350 x 32 x 32 x 3, test 50 x 32 x 32 x 3" in gathered
    assert "300 examples of 3,072 values, 32 x 32 with 3 channels; 0 to 1" in trained and "photos.pkl" in trained
    assert drawn.strip() == "photos_samples.png"
    with Image.open(tmp_path / "photos_samples.png") as sheet:
        assert sheet.width > 300 and np.ptp(np.asarray(sheet), axis=2).max() > 50
    found = re.search(r"(-?[\d,.]+) ± ([\d.]+)", scored)
    assert found and np.isfinite(float(found[1].replace(",", ""))), scored


@pytest.mark.parametrize("ending", ["npz", "h5"])
def test_both_files_have_the_same_examples(tmp_path, ending):
    from adversarial.config import yaml_parse
    from adversarial.datasets.files import FileDataset

    made_up_pictures(tmp_path / "photos", 12)
    command = blocks("sh")[0].replace("--test 50", "--test 3").replace("photos.npz", f"photos.{ending}")
    run(tmp_path, command.strip())
    expected = FileDataset(f"{tmp_path}/photos.{ending}", key="train").X
    assert expected.shape == (9, 3072)
    if ending == "h5":
        (line,) = re.findall(r"^    (!obj:adversarial.datasets.hdf5.*)$", SECTION, re.MULTILINE)
        dataset = yaml_parse.load(line.replace("photos.h5", f"{tmp_path}/photos.h5"))
        np.testing.assert_array_equal(dataset.X, expected)
