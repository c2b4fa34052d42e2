"""Folders of image files as an array of bytes, read when it is sliced."""

from __future__ import annotations

import os

import numpy as np
from PIL import Image

from adversarial.errors import DataError
from adversarial.files.special import open_file

#: Image files, by their ending, and how Pillow calls them.
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".pgm")
_FORMATS = ("PNG", "JPEG", "BMP", "PPM")
#: Modes of eight bits a value: grey, colour, colours from a table, and those with transparency, which is dropped.
_MODES = ("1", "L", "RGB", "P", "LA", "RGBA")


class ImagesInFolder:
    """The images of a folder, in the order of their names; `images[start:stop]` reads those.

    Parameters
    ----------
    folder : str
        The folder. Images in folders below it do not count.

    Attributes
    ----------
    shape : tuple of int
        (images, rows, columns, 3), or (images, rows, columns) where all are grey.
    dtype : numpy.dtype
        Bytes, 0 to 255.
    names : list of str
        The names of the files.

    Raises
    ------
    DataError
        If there is no image, one is damaged or of more than eight bits a value, or they differ in size.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, folder: str):
        self._folder = folder
        self.names = sorted(name for name in os.listdir(folder) if name.lower().endswith(ENDINGS))
        if not self.names:
            raise DataError(f"the folder {folder} has no images in it, whose names end in {', '.join(ENDINGS)}")
        sizes_and_modes = [self._read(name, header_only=True) for name in self.names]
        (columns, rows), _ = sizes_and_modes[0]
        for name, (size, mode) in zip(self.names, sizes_and_modes, strict=True):
            path = os.path.join(folder, name)
            if size != (columns, rows):
                raise DataError(
                    f"{path} has {size[1]} x {size[0]} pixels, but {self.names[0]} has {rows} x {columns}: "
                    "bring all images to one size"
                )
            if mode not in _MODES:
                raise DataError(f"{path} is an image of Pillow's mode {mode}: save it as grey or RGB of eight bits")
        self._mode = "L" if all(mode in ("1", "L", "LA") for _, mode in sizes_and_modes) else "RGB"
        self.shape: tuple[int, ...] = (len(self.names), rows, columns) + (() if self._mode == "L" else (3,))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, images: slice) -> np.ndarray:
        found = [self._read(name) for name in self.names[images]]
        return np.array(found, np.uint8).reshape(len(found), *self.shape[1:])

    def _read(self, name: str, header_only: bool = False) -> tuple[tuple[int, int], str] | np.ndarray:
        path = os.path.join(self._folder, name)
        try:
            with open_file(path) as file, Image.open(file, formats=_FORMATS) as image:
                if header_only:
                    return image.size, image.mode
                return np.asarray(image.convert(self._mode))
        except DataError:
            raise
        except Exception as error:  # what Pillow raises at a damaged file is documented nowhere
            raise DataError(f"{path} cannot be read as an image: it is damaged or something else") from error
