"""Images in a folder: their bytes in the order of their names, and the file that does not fit."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from adversarial.errors import DataError
from adversarial.files.image_folders import ImagesInFolder
from adversarial.files.rows import open_rows

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 4, 6, 3), np.uint8)


def save(folder, images, ending=".png"):
    for number, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{number}{ending}")


@pytest.mark.parametrize("ending", [".png", ".BMP", ".ppm"])
def test_images_come_back_in_the_order_of_their_names(tmp_path, ending):
    save(tmp_path, IMAGES[::-1], ending)
    (tmp_path / "notes.txt").write_text("no image")
    images = ImagesInFolder(str(tmp_path))
    assert images.shape == (5, 4, 6, 3) and len(images) == 5
    np.testing.assert_array_equal(images[1:4], IMAGES[::-1][1:4])
    assert open_rows(tmp_path).example == (4, 6, 3)


def test_grey_images_have_no_channels_unless_one_has_colours(tmp_path):
    save(tmp_path, IMAGES[..., 0])
    assert ImagesInFolder(str(tmp_path)).shape == (5, 4, 6)
    Image.fromarray(IMAGES[0]).save(tmp_path / "colour.png")
    mixed = ImagesInFolder(str(tmp_path))
    assert mixed.shape == (6, 4, 6, 3)
    np.testing.assert_array_equal(mixed[0:1][0], np.repeat(IMAGES[0, ..., :1], 3, axis=2))


def test_what_does_not_fit_is_told_by_its_name(tmp_path):
    with pytest.raises(DataError, match="has no images in it"):
        ImagesInFolder(str(tmp_path))
    save(tmp_path, IMAGES)
    Image.fromarray(IMAGES[0, :3]).save(tmp_path / "small.png")
    with pytest.raises(DataError, match=r"small\.png has 3 x 6 pixels, but 0\.png has 4 x 6"):
        ImagesInFolder(str(tmp_path))
    (tmp_path / "small.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"small\.png cannot be read as an image"):
        ImagesInFolder(str(tmp_path))
    Image.fromarray(np.zeros((4, 6), np.uint16)).save(tmp_path / "small.png")
    with pytest.raises(DataError, match="of eight bits"):
        ImagesInFolder(str(tmp_path))
