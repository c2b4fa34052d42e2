"""Images in a folder: their bytes in the order of their names, and the file that does not fit."""

from __future__ import annotations

import struct
import zlib

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
    with pytest.raises(DataError, match=r"small\.png has 3 x 6 pixels, but 0\.png has 4 x 6: .* --size 4x6 does"):
        ImagesInFolder(str(tmp_path))
    (tmp_path / "small.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"small\.png cannot be read as an image"):
        ImagesInFolder(str(tmp_path))
    Image.fromarray(np.zeros((4, 6), np.uint16)).save(tmp_path / "small.png")
    with pytest.raises(DataError, match="of eight bits"):
        ImagesInFolder(str(tmp_path))


def deep_png(colour: int, channels: int) -> bytes:
    """A PNG of 3 x 2 pixels of sixteen bits a value, of a colour type."""
    rows = (b"\0" + bytes(3 * channels * 2)) * 2

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 3, 2, 16, colour, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("grey.png", deep_png(0, 1)),
        ("colour.png", deep_png(2, 3)),
        ("grey_and_alpha.png", deep_png(4, 2)),
        ("colour_and_alpha.png", deep_png(6, 4)),
        ("colour.ppm", b"P6\n3 2\n65535\n" + bytes(36)),
        ("grey.pgm", b"P5\n3 2\n65535\n" + bytes(12)),
    ],
)
def test_more_than_eight_bits_a_value_are_refused(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=rf"{name} has more than eight bits a value: save it as grey or RGB of eight"):
        ImagesInFolder(str(tmp_path))


def test_files_of_systems_are_no_pictures(tmp_path):
    save(tmp_path, IMAGES)
    (tmp_path / "._0.png").write_bytes(b"of another system")
    assert ImagesInFolder(str(tmp_path)).names == [f"{number}.png" for number in range(5)]


def test_on_request_images_come_to_one_size_from_their_middle(tmp_path):
    wide = np.zeros((8, 20, 3), np.uint8)
    wide[:, 6:14] = 200  # The middle, as large as a square goes.
    Image.fromarray(wide).save(tmp_path / "wide.png")
    Image.fromarray(np.full((3, 3), 200, np.uint8)).save(tmp_path / "small.png")
    images = ImagesInFolder(str(tmp_path), size=(4, 4))
    assert images.shape == (2, 4, 4, 3)
    np.testing.assert_array_equal(images[0:1], np.full((1, 4, 4, 3), 200))
    assert images[1:2].min() > 150  # Lanczos' filter looks a little beyond the cut.
    assert ImagesInFolder(str(tmp_path), size=(4, 6))[0:2].shape == (2, 4, 6, 3)


def test_images_of_the_size_asked_for_are_left_alone(tmp_path):
    save(tmp_path, IMAGES)
    np.testing.assert_array_equal(ImagesInFolder(str(tmp_path), size=(4, 6))[0:5], IMAGES)


def test_modes_are_converted_on_request(tmp_path):
    save(tmp_path, IMAGES[:2])
    Image.fromarray(IMAGES[2]).convert("CMYK").save(tmp_path / "ink.jpg")
    with pytest.raises(DataError, match=r"ink\.jpg is an image of Pillow's mode CMYK: images_to_npz\.py --mode rgb"):
        ImagesInFolder(str(tmp_path))
    assert ImagesInFolder(str(tmp_path), mode="rgb").shape == (3, 4, 6, 3)
    grey = ImagesInFolder(str(tmp_path), mode="grey")
    assert grey.shape == (3, 4, 6)
    np.testing.assert_array_equal(grey[0:1][0], np.asarray(Image.fromarray(IMAGES[0]).convert("L")))


def test_a_photograph_is_turned_as_its_camera_says(tmp_path):
    picture = Image.fromarray(np.repeat(np.arange(0, 240, 10, dtype=np.uint8)[:, None], 16, axis=1))  # Bright below.
    exif = Image.Exif()
    exif[0x0112] = 6  # What is left in the file is above.
    picture.save(tmp_path / "photo.jpg", exif=exif, quality=95)
    images = ImagesInFolder(str(tmp_path))
    assert images.shape == (1, 16, 24)
    assert images[0:1][0, :, 0].mean() > images[0:1][0, :, -1].mean() + 100


def test_some_of_the_images_without_reading_any(tmp_path):
    save(tmp_path, IMAGES)
    images = ImagesInFolder(str(tmp_path))
    np.testing.assert_array_equal(images.chosen([4, 1])[0:2], IMAGES[[4, 1]])
    assert images.chosen([4, 1]).shape == (2, 4, 6, 3) and len(images) == 5


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_lies_on_white(tmp_path, mode):
    """Files keep colours below what is transparent, which nobody sees."""
    colours = Image.fromarray(np.full((2, 3, 4), (200, 200, 200, 0), np.uint8))
    colours.putpixel((1, 0), (40, 40, 40, 255))
    colours.putpixel((2, 1), (0, 0, 0, 51))
    colours.convert(mode).save(tmp_path / "0.png")
    expected = np.full((2, 3), 255)
    expected[0, 1], expected[1, 2] = 40, 204
    if mode == "P":  # a table of colours has one that is transparent, or none
        table = Image.new("P", (3, 2), 0)
        table.putpalette([200, 200, 200, 40, 40, 40, 204, 204, 204])
        table.putpixel((1, 0), 1)
        table.putpixel((2, 1), 2)
        table.save(tmp_path / "0.png", transparency=0)
    np.testing.assert_array_equal(ImagesInFolder(str(tmp_path), mode="grey")[:][0], expected)


def test_several_pictures_in_a_file_are_refused(tmp_path):
    first, *rest = map(Image.fromarray, IMAGES[:3])
    first.save(tmp_path / "moving.png", save_all=True, append_images=rest)
    with pytest.raises(
        DataError, match=r"moving\.png holds 3 pictures, one after the other: save each as a file of its"
    ):
        ImagesInFolder(str(tmp_path))


def test_a_size_that_no_memory_holds_is_refused(tmp_path):
    save(tmp_path, IMAGES)
    with pytest.raises(
        DataError, match="images of 100000 x 100000 pixels are more than the 67,108,864 that one may have"
    ):
        ImagesInFolder(str(tmp_path), size=(100_000, 100_000))
