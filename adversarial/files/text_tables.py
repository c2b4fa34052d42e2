"""Tables of numbers in text (.csv): any, a block of lines at a time into a temporary file, or as a matrix at once."""

from __future__ import annotations

import csv
import io
import tempfile
from itertools import islice
from typing import IO

import numpy as np

from adversarial.errors import DataError
from adversarial.files.special import open_file, refuse_special

#: Lines converted at a time.
_LINES = 4096
#: What may stand between two numbers; spaces where none of these does.
_DELIMITERS = (",", ";", "\t")


def unpack_text_table(path: str) -> tuple[IO[bytes], tuple[int, int]]:
    """Convert the numbers in a text file to float64.

    Parameters
    ----------
    path : str
        A file of lines of as many numbers each, apart by commas, semicolons, tabs or spaces. The first line may name
        the columns.

    Returns
    -------
    file, (int, int)
        A temporary file of the values row after row, and the numbers of rows and columns.

    Raises
    ------
    DataError
        If a line holds something else, or another number of values than the first.
    """
    refuse_special(path)
    unpacked = tempfile.TemporaryFile(prefix="adversarial-")  # noqa: SIM115 (the rows keep it open)
    rows = columns = 0
    delimiter: str | None = None
    try:
        with open(path, encoding="utf-8-sig") as file:
            lines = enumerate(file, 1)
            while block := list(islice(lines, _LINES)):
                kept = [(number, line) for number, line in block if line.strip()]
                if kept and columns == 0:
                    delimiter = next((each for each in _DELIMITERS if each in kept[0][1]), None)
                    if _numbers([kept[0][1]], delimiter) is None:
                        del kept[0]
                if not kept:
                    continue
                values = _numbers([line for _, line in kept], delimiter)
                columns = columns or (values.shape[1] if values is not None else len(kept[0][1].split(delimiter)))
                if values is None or values.shape[1] != columns:
                    raise DataError(f"{path}, line {_first_bad(kept, delimiter, columns)}: not {columns} numbers")
                values.tofile(unpacked)
                rows += len(values)
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is no text in UTF-8, so no table of numbers") from error
    if rows == 0:
        raise DataError(f"{path} has no numbers in it")
    return unpacked, (rows, columns)


def _numbers(lines: list[str], delimiter: str | None) -> np.ndarray | None:
    try:
        return np.loadtxt(lines, delimiter=delimiter, comments=None, ndmin=2)
    except ValueError:
        return None


def _first_bad(lines: list[tuple[int, str]], delimiter: str | None, columns: int) -> int:
    for number, line in lines:
        values = _numbers([line], delimiter)
        if values is None or values.shape[1] != columns:
            return number
    return lines[0][0]


def text_matrix(path: str, delimiter: str, skip_header: bool, spaces: bool = False) -> np.ndarray:
    """Read the numbers of a CSV file whose form is known.

    Parameters
    ----------
    path : str
        The file; cells may be in quotes.
    delimiter : str
        What is between two cells.
    skip_header : bool
        Whether the first line names the columns.
    spaces : bool, optional
        Whether a cell holds several numbers, between spaces.

    Returns
    -------
    array of shape (rows, numbers)
        In float64.

    Raises
    ------
    DataError
        If the file cannot be read, or is no table of numbers.
    """
    try:
        with open_file(path) as opened, io.TextIOWrapper(opened, encoding="utf-8") as file:
            lines = csv.reader(file, delimiter=delimiter)
            if skip_header:
                next(lines, None)
            # An array a line: the text of all cells at once would take ten times the memory.
            rows = [np.array(" ".join(line).split() if spaces else line, dtype=float) for line in lines if line]
        return np.stack(rows)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, csv.Error) as error:
        raise DataError(f"{path} is no table of numbers: {error}") from error
