"""Folders of image files as an array of bytes, read when it is sliced."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Literal

import numpy as np
from PIL import Image, ImageFile, ImageOps

from adversarial.errors import DataError
from adversarial.files.special import open_file

#: Image files, by their ending, and how Pillow calls them.
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".pgm")
_FORMATS = ("PNG", "JPEG", "BMP", "PPM")
#: Modes of eight bits a value: grey, colour, colours from a table, and those with transparency, laid on white.
_GREY, _COLOUR = ("1", "L", "LA"), ("RGB", "P", "RGBA")
#: Modes of eight bits a value that become grey or RGB only where that is asked for: inks, whose colours are a guess.
_ON_REQUEST = ("CMYK",)
#: Pixels of an image, as many as Pillow opens without a warning.
MOST_PIXELS = 1 << 26
#: The tag of EXIF that says how a camera was held, and its values for one that lay on its side.
_ORIENTATION, _ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)

#: How images are read: a shade, or red, green and blue, for each pixel.
Mode = Literal["grey", "rgb"]
_PILLOW: dict[Mode, str] = {"grey": "L", "rgb": "RGB"}


class ImagesInFolder:
    """The images of a folder, in the order of their names; `images[start:stop]` reads those.

    A photograph is turned as its camera says, and what is transparent lies on white.

    Parameters
    ----------
    folder : str
        The folder. Images in folders below it do not count.
    size : (int, int), optional
        Rows and columns to bring all images to: the middle is cut out in the shape of the new size, as large as it
        goes, and resampled by Lanczos' filter. The default leaves images as they are, which must be of one size.
    mode : {'grey', 'rgb'}, optional
        What all images are converted to. The default is grey where all are, and else RGB.

    Attributes
    ----------
    shape : tuple of int
        (images, rows, columns, 3), or (images, rows, columns) where they are grey.
    dtype : numpy.dtype
        Bytes, 0 to 255.
    names : list of str
        The names of the files.

    Raises
    ------
    DataError
        If there is no image, one is damaged, several in one file or of more than eight bits a value, or they differ in
        size.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for number, width in enumerate((6, 8)):
    ...         Image.new("RGB", (width, 6)).save(os.path.join(folder, f"{number}.png"))
    ...     ImagesInFolder(folder, size=(4, 4), mode="grey")[0:2].shape
    (2, 4, 4)
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, folder: str, size: tuple[int, int] | None = None, mode: Mode | None = None):
        self._folder = folder
        self._size = size
        # Names that begin with a dot are those of systems, not of pictures.
        visible = (name for name in os.listdir(folder) if not name.startswith("."))
        self.names = sorted(name for name in visible if name.lower().endswith(ENDINGS))
        if not self.names:
            raise DataError(f"the folder {folder} has no images in it, whose names end in {', '.join(ENDINGS)}")
        found = [self._header(name) for name in self.names]
        rows, columns = size or found[0][0]
        if rows * columns > MOST_PIXELS:
            raise DataError(f"images of {rows} x {columns} pixels are more than the {MOST_PIXELS:,} that one may have")
        for name, (own, pillow) in zip(self.names, found, strict=True):
            path = os.path.join(folder, name)
            if size is None and own != (rows, columns):
                raise DataError(
                    f"{path} has {own[0]} x {own[1]} pixels, but {self.names[0]} has {rows} x {columns}: "
                    f"bring all images to one size, as images_to_npz.py --size {rows}x{columns} does"
                )
            if pillow in _ON_REQUEST and mode is None:
                raise DataError(
                    f"{path} is an image of Pillow's mode {pillow}: images_to_npz.py --mode rgb converts it, or save "
                    "it as grey or RGB of eight bits"
                )
            if pillow not in (*_GREY, *_COLOUR, *_ON_REQUEST):
                raise DataError(f"{path} is an image of Pillow's mode {pillow}: save it as grey or RGB of eight bits")
        grey = all(pillow in _GREY for _, pillow in found)
        self._mode = _PILLOW[mode or ("grey" if grey else "rgb")]
        self._example: tuple[int, ...] = (rows, columns) if self._mode == "L" else (rows, columns, 3)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.names), *self._example)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, images: slice) -> np.ndarray:
        found = [self._read(name) for name in self.names[images]]
        return np.array(found, np.uint8).reshape(len(found), *self._example)

    def chosen(self, numbers: Sequence[int]) -> ImagesInFolder:
        """Return the images of these numbers, in their order, without reading any."""
        part = copy(self)
        part.names = [self.names[number] for number in numbers]
        return part

    def _header(self, name: str) -> tuple[tuple[int, int], str]:
        """The size, in rows and columns, and Pillow's mode of an image."""
        with self._opened(name) as image:
            if _is_deep(image):
                path = os.path.join(self._folder, name)
                raise DataError(f"{path} has more than eight bits a value: save it as grey or RGB of eight bits")
            pictures = getattr(image, "n_frames", 1)
            if image.format == "PNG" and pictures > 1:  # a camera's JPEG has small ones of the same view beside its own
                path = os.path.join(self._folder, name)
                raise DataError(
                    f"{path} holds {pictures} pictures, one after the other: save each as a file of its own"
                )
            columns, rows = image.size
            return ((columns, rows) if _orientation(image) in _ON_ITS_SIDE else (rows, columns)), image.mode

    def _read(self, name: str) -> np.ndarray:
        with self._opened(name) as image:
            upright = image if _orientation(image) == 1 else ImageOps.exif_transpose(image)
            converted = (_on_white(upright) if upright.has_transparency_data else upright).convert(self._mode)
            if self._size is not None and converted.size != self._size[::-1]:
                converted = ImageOps.fit(converted, self._size[::-1], Image.Resampling.LANCZOS)
            return np.asarray(converted)

    @contextmanager
    def _opened(self, name: str) -> Iterator[ImageFile.ImageFile]:
        path = os.path.join(self._folder, name)
        try:
            with open_file(path) as file, Image.open(file, formats=_FORMATS) as image:
                yield image
        except DataError:
            raise
        except Image.DecompressionBombError as error:
            raise DataError(f"{path} has more pixels than are read here: {error}; make it smaller first") from error
        except Exception as error:  # what Pillow raises at a damaged file is documented nowhere
            raise DataError(f"{path} cannot be read as an image: it is damaged or something else") from error


def _is_deep(image: ImageFile.ImageFile) -> bool:
    """Whether values have more than eight bits, which Pillow would drop where the image is not grey alone."""
    told = [part for tile in image.tile for part in (tile[3] if isinstance(tile[3], tuple) else (tile[3],))]
    return any(";16" in part if isinstance(part, str) else image.format == "PPM" and part > 255 for part in told)


def _on_white(image: Image.Image) -> Image.Image:
    """Return an image as it looks on white paper: below what is transparent, files keep colours that nobody sees."""
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))


def _orientation(image: Image.Image) -> int:
    """Return how the camera was held, by EXIF; 1 is upright. Only photographs say it before their pixels are read."""
    return image.getexif().get(_ORIENTATION, 1) if image.format == "JPEG" else 1
