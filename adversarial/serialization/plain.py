"""What may be saved: nested dicts, lists and tuples of None, bool, int, float, str, bytes and arrays of numbers.

`normalise` is the one check that every file format shares, so that all accept, and refuse, the same content.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from adversarial.errors import CheckpointError

#: How deep dicts and lists may be nested, and how many values there may be; an array counts as one.
MAX_DEPTH = 100
MAX_VALUES = 500_000

#: The longest integer, in bytes of two's complement.
MAX_INT_BYTES = 255

#: Kinds and item sizes of arrays that NumPy reads alike on every machine (`long double` is not one).
_ITEM_SIZES = {"b": {1}, "i": {1, 2, 4, 8}, "u": {1, 2, 4, 8}, "f": {2, 4, 8}, "c": {8, 16}}

#: Kinds of scalars that become Python values without loss, and how.
_SCALARS: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (np.bool_, bool),
    (np.integer, int),
    (float, float),
    (str, str),
    (bytes, bytes),
)


def array_dtype(text: Any) -> np.dtype:
    """Return the dtype that a file names by `text`, such as '<f4'.

    Raises
    ------
    CheckpointError
        If it is not one of plain numbers or fixed text.
    """
    if not isinstance(text, str) or len(text) > 16 or not text.isascii():
        raise CheckpointError("it holds an array of an unknown kind of number")
    try:
        dtype = np.dtype(text)
    except (TypeError, ValueError, SyntaxError) as error:
        raise CheckpointError(f"it holds an array of an unknown kind of number, {text!r}") from error
    if not savable(dtype):
        raise CheckpointError(f"it holds an array of {dtype}, which no saved model has")
    return dtype


def savable(dtype: np.dtype) -> bool:
    """Return whether an array of `dtype` may be saved: numbers, booleans, fixed text, no objects or records."""
    if dtype.kind in "SU":
        return dtype.itemsize > 0
    return dtype.itemsize in _ITEM_SIZES.get(dtype.kind, ()) and dtype.names is None and dtype.subdtype is None


def array_from_bytes(data: bytes | memoryview, dtype: np.dtype, shape: Any) -> np.ndarray:
    """Make a new, writable array from its bytes in C order.

    Parameters
    ----------
    data : bytes or memoryview
        The values.
    dtype : numpy.dtype
        Their kind.
    shape : object
        What a file gives as the array's shape.

    Returns
    -------
    array
        Of that shape.

    Raises
    ------
    CheckpointError
        If `shape` is not one, or does not take exactly the bytes given; memory is allocated only after that check.
    """
    sizes: list[int] = list(shape) if isinstance(shape, (list, tuple)) else [-1]
    if len(sizes) > 32 or not all(type(size) is int and 0 <= size < 2**62 for size in sizes):
        raise CheckpointError("it holds an array of an impossible shape")
    count = math.prod(sizes)
    if count * dtype.itemsize != len(data):
        raise CheckpointError(
            f"it holds an array of shape {tuple(sizes)}, {count * dtype.itemsize} bytes, but {len(data)} are there"
        )
    return np.frombuffer(data, dtype).reshape(sizes).copy()


def normalise(content: Any) -> Any:
    """Convert `content` to exactly the types that a file returns.

    NumPy scalars become Python values where no bit is lost, arrays without axes elsewhere; mappings become dicts.

    Raises
    ------
    CheckpointError
        Naming the first value that cannot be saved, by its place.

    Examples
    --------
    >>> normalise({"seen": np.int64(3), "rate": np.float64(.1)})
    {'seen': 3, 'rate': 0.1}
    """
    return _Normaliser().value(content, ())


class _Normaliser:
    def __init__(self) -> None:
        self.values = 0

    def value(self, value: Any, place: tuple) -> Any:
        self.values += 1
        if self.values > MAX_VALUES:
            raise CheckpointError(
                f"the content has more than {MAX_VALUES:,} separate values: give long lists of numbers as arrays"
            )
        if len(place) > MAX_DEPTH:
            raise CheckpointError(f"{_spelled(place[:3])}... is nested more than {MAX_DEPTH} deep (or holds itself)")
        if value is None or type(value) in (bool, float, str, bytes):
            return value
        if type(value) is int:
            return self.whole_number(value, place)
        if isinstance(value, np.ndarray):
            return self.array(value, place)
        if isinstance(value, Mapping):
            return {self.key(key, place): self.value(item, (*place, key)) for key, item in value.items()}
        if type(value) is list:
            return [self.value(item, (*place, i)) for i, item in enumerate(value)]
        if type(value) is tuple:
            return tuple([self.value(item, (*place, i)) for i, item in enumerate(value)])
        return self.scalar(value, place)

    def scalar(self, value: Any, place: tuple) -> Any:
        for kind, convert in _SCALARS:
            if isinstance(value, kind):
                return convert(value)
        if isinstance(value, (np.floating, np.complexfloating, complex)):
            return self.array(np.asarray(value), place)
        raise CheckpointError(
            f"{_spelled(place)} is a {type(value).__name__}; only plain values and arrays of numbers can be saved"
        )

    def whole_number(self, value: int, place: tuple) -> int:
        if value.bit_length() >= 8 * MAX_INT_BYTES:
            raise CheckpointError(f"{_spelled(place)} is a whole number of {value.bit_length()} bits: too long to save")
        return value

    def array(self, value: np.ndarray, place: tuple) -> np.ndarray:
        if isinstance(value, np.ma.MaskedArray) or not savable(value.dtype):
            kind = "a masked array" if isinstance(value, np.ma.MaskedArray) else f"an array of {value.dtype}"
            raise CheckpointError(f"{_spelled(place)} is {kind}; only plain numbers and text can be saved")
        return np.asarray(value, order="C")

    def key(self, key: Any, place: tuple) -> str:
        if not isinstance(key, str):
            raise CheckpointError(f"{_spelled(place)} has the key {key!r}; only text can be a key in a saved file")
        return str(key)


def _spelled(place: tuple) -> str:
    return "content" + "".join(f"[{part!r}]" for part in place)
