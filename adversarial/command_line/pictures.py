"""What the programs that draw images share: their options, where the picture goes, and the window."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np

from adversarial.errors import ConfigurationError, DataError
from adversarial.evaluation import data_sources
from adversarial.figures.grid import (
    RESCALES,
    ImageShape,
    check_name,
    choose_rescale,
    guess_shape,
    rescaled,
    sheet,
    write_png,
)
from adversarial.models.model import Model
from adversarial.space import Conv2DSpace, Space


def add_arguments(parser: argparse.ArgumentParser, rescale: str = "auto") -> None:
    """The options of every picture; `rescale` is the rule taken where none is given."""
    parser.add_argument("model", help="a saved model (.pkl or .h5), or a pickle of 2014")
    parser.add_argument("-o", "--output", metavar="FILE.png", help="the picture (default: beside the model)")
    parser.add_argument("--show", action="store_true", help="open it in a window as well")
    parser.add_argument(
        "--shape",
        metavar="ROWSxCOLS[xCHANNELS]",
        type=shape,
        help="of an image, where the model makes vectors (default: that of the training data, else square)",
    )
    parser.add_argument(
        "--rescale",
        choices=RESCALES,
        default=rescale,
        help="what is black and white: unit 0 and 1; tanh -1 and 1; all: the largest absolute value; each: the same "
        "image by image; auto: unit, tanh or all, by the data's range (default %(default)s)",
    )
    parser.add_argument("--zoom", metavar="N", type=count, help="pixels a side for each of an image's")
    parser.add_argument(
        "--allow", metavar="MODULE", action="append", default=[], help="a module of yours the model may name"
    )


def count(text: str) -> int:
    """A whole number of at least 1, for argparse."""
    try:
        number = int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from error
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def shape(text: str) -> ImageShape:
    found = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)(?:x([13]))?", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not rows x columns, such as 28x28 or 32x32x3")
    return ImageShape(int(found[1]), int(found[2]), int(found[3] or 1))


def output_path(given: argparse.Namespace, what: str) -> str:
    """Where the picture goes; refuses, before any work, a name or a window that cannot be."""
    if given.show:
        _window()
    path = given.output
    if path is None:
        stem = given.model.removesuffix(".gz")
        path = f"{os.path.splitext(stem)[0]}_{what}.png"
    check_name(path)
    return path


def _window() -> Any:
    """matplotlib.pyplot, where it can open a window."""
    from matplotlib import pyplot

    try:
        figure = pyplot.figure()
    except (ImportError, RuntimeError) as error:
        raise ConfigurationError(f"no window can be opened ({error}); leave out --show, and look at the PNG") from error
    framework = getattr(figure.canvas, "required_interactive_framework", None)
    pyplot.close(figure)
    if framework is None:
        raise ConfigurationError("no window can be opened here; leave out --show, and look at the PNG")
    return pyplot


def shape_of(space: Space, given: argparse.Namespace, model: Model) -> ImageShape:
    """The shape of the images of a space: its own if it has one, else what --shape says, else the training data's.

    Where these were no images, or of another number of values, images are square.

    Raises
    ------
    ConfigurationError
        Where they cannot be drawn.
    """
    if isinstance(space, Conv2DSpace):
        own = ImageShape(*space.shape, space.num_channels)
        if given.shape not in (None, own):
            raise ConfigurationError(f"the model says that its images are {own.rows}x{own.columns}x{own.channels}")
        return own
    return shape_of_vectors(space.get_total_dimension(), given, model)


def shape_of_vectors(dimension: int, given: argparse.Namespace, model: Model) -> ImageShape:
    """As `shape_of`, of vectors of `dimension` values."""
    if given.shape is not None and given.shape.dimension != dimension:
        raise ConfigurationError(
            f"--shape says {given.shape.dimension} values an image, but the model makes {dimension}"
        )
    own = getattr(model, "image_shape", None)
    trained_on = None if own is None or ImageShape(*own).dimension != dimension else ImageShape(*own)
    return given.shape or trained_on or guess_shape(dimension)


def data_of(
    given: argparse.Namespace, content: Mapping[str, Any], split: data_sources.Split, file: str | None
) -> data_sources.ScoringData:
    """The data that the command line names by -d or as `file`, or the model's own, of which `split` is asked for.

    Raises
    ------
    ConfigurationError
        Where both are given.
    DataError
        Where there are no such data.
    """
    if file is not None:
        if given.dataset:
            raise ConfigurationError(f"give a data set by its name (-d) or a file (--{split}), not both")
        return data_sources.in_files({split: file})
    if given.dataset is None and not (content.get("yaml_src") or content.get("dataset_yaml_src")):
        raise DataError(
            f"{given.model} does not say what data it was trained on; "
            f"name them by -d {'|'.join(data_sources.NAMED_SETS)}, or give --{split} FILE"
        )
    return data_sources.of_model(content, given.model, tuple(given.allow), given.dataset)


def split_of_data(
    given: argparse.Namespace, content: Mapping[str, Any], split: data_sources.Split, file: str | None
) -> np.ndarray:
    """The design matrix of that split; raises as `data_of`, and where the data cannot be read."""
    return data_of(given, content, split, file).split(split, given.fold)


def draw(
    images: np.ndarray,
    columns: int,
    path: str,
    caption: Iterable[str],
    given: argparse.Namespace,
    framed: Collection[int] = (),
    data: np.ndarray | None = None,
) -> None:
    """Write a sheet of images (count, rows, columns, channels), say where, and show it if asked.

    `data` are what the images should be like, whose range says how to draw them; None: the images themselves.
    """
    by = images if data is None else data
    rule = choose_rescale(by.min(), by.max()) if given.rescale == "auto" else given.rescale
    words = {
        "unit": "black is 0, white 1",
        "tanh": "black is -1, white 1",
        "all": f"grey is 0, white {np.abs(images).max():.3g}, black its negative",
        "each": "grey is 0, each image to its own largest value",
    }
    brightness = rescaled(images, rule)
    write_png(path, sheet(brightness, columns, framed, given.zoom), "; ".join([*caption, words[rule]]) + ".")
    print(path)
    if given.show:
        show(path)


def show(path: str) -> None:
    """Open a picture in a window, and wait until it is closed."""
    pyplot = _window()
    picture = pyplot.imread(path)
    figure = pyplot.figure(path, figsize=(picture.shape[1] / 100, picture.shape[0] / 100), dpi=100)
    figure.figimage(picture)
    pyplot.show()
