"""What the programs that draw images share: their options, where the picture goes, and the window."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from adversarial import checkpoint
from adversarial.command_line import program
from adversarial.errors import ConfigurationError, DataError
from adversarial.evaluation import data_sources, named_sets
from adversarial.evaluation.sheets import Sheet
from adversarial.figures.grid import RESCALES, ImageShape, check_name


def add_arguments(
    parser: argparse.ArgumentParser,
    rescale: str = "auto",
    what: str = "a saved model (.pkl or .h5), or a pickle of 2014",
) -> None:
    """Add the options of every picture; `rescale` is the default rule, `what` is said of the file."""
    parser.add_argument("model", help=what)
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


def add_sheet_of_weights(parser: argparse.ArgumentParser) -> None:
    """Add the options of a sheet of weights: which, and how many."""
    add = parser.add_argument
    add("--rows", metavar="N", type=count, help="rows of the sheet (default: of 400 images or fewer)")
    add("--cols", metavar="N", type=count, help="images in a row (default: about as many as there are rows)")
    add("--strongest", action="store_true", help="draw those of largest norm, and first")


def draw_weights(given: argparse.Namespace, what: str, make: Callable[..., Sheet], **options: Any) -> None:
    """Draw the sheet that `make` makes of the weights of the model on the command line; `what` ends its name."""
    path = output_path(given, what)
    model = checkpoint.load_model(given.model, given.allow)
    name = os.path.basename(given.model)
    chosen = {"strongest": given.strongest, "shape": given.shape, "name": name}
    draw(make(model, given.rows, given.cols, **chosen, **options), path, given)


def count(text: str) -> int:
    """Return a whole number of at least 1, for argparse."""
    try:
        number = int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from error
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def shape(text: str) -> ImageShape:
    """Return the shape that ROWSxCOLS[xCHANNELS] says, for argparse."""
    found = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)(?:x([13]))?", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not rows x columns, such as 28x28 or 32x32x3")
    return ImageShape(int(found[1]), int(found[2]), int(found[3] or 1))


def output_path(given: argparse.Namespace, what: str) -> str:
    """Return where the picture goes; raise, before any work, for a name or a window that cannot be."""
    if given.show:
        _window()
    path = given.output
    if path is None:
        path = f"{checkpoint.stem_of(given.model)}_{what}.png"
    check_name(path)
    return path


def _window() -> Any:
    """Return matplotlib.pyplot, where it can open a window."""
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


def data_of(
    given: argparse.Namespace, content: Mapping[str, Any], split: named_sets.Split, file: str | None
) -> data_sources.ScoringData:
    """Return the data that the command line names, or the model's own.

    Parameters
    ----------
    given : argparse.Namespace
        With `dataset`, `model` and `allow`.
    content : dict
        Of the saved model.
    split : {'train', 'test'}
        The split that is needed.
    file : str or None
        A file of that split.

    Returns
    -------
    ScoringData
        The data.

    Raises
    ------
    ConfigurationError
        If both a data set and a file are given.
    DataError
        If there are no such data.
    """
    if file is not None:
        if given.dataset:
            raise ConfigurationError(f"give a data set by its name (-d) or a file (--{split}), not both")
        return data_sources.of_splits({split: file})
    if given.dataset is None and not (content.get("yaml_src") or content.get("dataset_yaml_src")):
        raise DataError(
            f"{given.model} does not say what data it was trained on; "
            f"name them by -d {'|'.join(named_sets.NAMED_SETS)}, or give --{split} FILE"
        )
    return data_sources.of_model(content, given.model, tuple(given.allow), given.dataset)


def split_of_data(
    given: argparse.Namespace, content: Mapping[str, Any], split: named_sets.Split, file: str | None
) -> np.ndarray:
    """Return the design matrix of that split; raises as `data_of`, and if the data cannot be read."""
    return data_of(given, content, split, file).split(split, given.fold)


def draw(sheet: Sheet, path: str, given: argparse.Namespace) -> None:
    """Write a sheet as a PNG, print its path, and show it if asked."""
    sheet.write(path, given.rescale, given.zoom)
    say_where(path, given)


def say_where(path: str, given: argparse.Namespace) -> None:
    """Print the path of a picture that was written, and show it if asked."""
    program.say(path)
    if given.show:
        show(path)


def show(path: str) -> None:
    """Open a picture in a window, and wait until it is closed."""
    pyplot = _window()
    picture = pyplot.imread(path)
    figure = pyplot.figure(path, figsize=(picture.shape[1] / 100, picture.shape[0] / 100), dpi=100)
    figure.figimage(picture)
    pyplot.show()
