"""What values an option may have: plain types, `Literal` choices, and ranges of numbers that have names here."""

from __future__ import annotations

import contextlib
import difflib
import inspect
import math
import numbers
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union

import numpy as np


@dataclass(frozen=True)
class Range:
    """The numbers that an option may be.

    Attributes
    ----------
    low : float
        Lower end, default no limit.
    high : float
        Upper end, default no limit.
    low_open : bool
        Whether `low` itself is excluded.
    high_open : bool
        Whether `high` itself is excluded.

    Examples
    --------
    >>> 0 in Range(0, 1), 0 in Range(0, 1, low_open=True)
    (True, False)
    >>> str(Range(0, 1, low_open=True))
    'above 0 and at most 1'
    """

    low: float = -np.inf
    high: float = np.inf
    low_open: bool = False
    high_open: bool = False

    def __contains__(self, value: float) -> bool:
        above = value > self.low if self.low_open else value >= self.low
        below = value < self.high if self.high_open else value <= self.high
        return bool(above and below)

    def __str__(self) -> str:
        ends = []
        if self.low > -np.inf:
            ends.append(f"{'above' if self.low_open else 'of at least'} {self.low:g}")
        if self.high < np.inf:
            ends.append(f"{'below' if self.high_open else 'at most'} {self.high:g}")
        return " and ".join(ends)


@dataclass(frozen=True)
class Usual:
    """The numbers that an option is as a rule; others are taken, as in 2014, with a warning."""

    range: Range

    def __str__(self) -> str:
        return f"(as a rule {self.range})"


@dataclass(frozen=True)
class OrInfinity:
    """Infinity is a value of the option too, as in 2014: what it limits has no limit."""


Count = Annotated[int, Range(1)]
Index = Annotated[int, Range(0)]
Positive = Annotated[float, Range(0, low_open=True)]
NonNegative = Annotated[float, Range(0)]
#: A limit of norms. An infinite one is not the same as none: 2014 then scales by n / (n + 1e-7), n being the norm.
NormLimit = Annotated[float, Range(0, low_open=True), OrInfinity()]
Probability = Annotated[float, Range(0, 1, low_open=True)]
Fraction = Annotated[float, Range(0, 1)]
Momentum01 = Annotated[float, Range(0, 1, high_open=True)]
UsuallyCount = Annotated[int, Range(0), Usual(Range(1))]
UsuallyPositive = Annotated[float, Range(0), Usual(Range(0, low_open=True))]
UsuallyProbability = Annotated[float, Range(0, low_open=True), Usual(Range(0, 1, low_open=True))]
UsuallyFraction = Annotated[float, Range(0), Usual(Range(0, 1))]
UsuallyMomentum01 = Annotated[float, Range(0), Usual(Range(0, 1, high_open=True))]


def nearest(word: str, words: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the closest of `words`, or an empty string if none is close.

    Examples
    --------
    >>> nearest("num_unit", ["num_units", "irange"])
    "; did you mean 'num_units'?"
    """
    close = difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def mismatch(value: Any, annotation: Any) -> str | None:
    """Return in words what `value` should have been to fit `annotation`; None if it fits.

    Examples
    --------
    >>> mismatch(2, Probability)
    'a number above 0 and at most 1'
    >>> mismatch(0.5, Probability) is None
    True
    """
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is Any or isinstance(annotation, (str, typing.TypeVar)):
        return None
    if annotation is None or annotation is type(None):
        return None if value is None else "null"
    if origin in (Union, types.UnionType):
        reasons = [mismatch(value, arg) for arg in args]
        return None if None in reasons else " or ".join(dict.fromkeys(reason for reason in reasons if reason))
    if origin is Literal:
        if any(type(value) is type(arg) and value == arg for arg in args):
            return None
        near = nearest(value, [a for a in args if isinstance(a, str)]) if isinstance(value, str) else ""
        return "one of " + ", ".join(repr(arg) for arg in args) + near
    if origin is Annotated:
        return _range_mismatch(value, args[0], args[1:])
    if origin is not None:
        return _container_mismatch(value, origin, args)
    return _plain_mismatch(value, annotation)


def _range_mismatch(value: Any, base: Any, extras: tuple) -> str | None:
    if OrInfinity() in extras and isinstance(value, float) and value == math.inf:
        return None
    reason = mismatch(value, base)
    ranges = [extra for extra in extras if isinstance(extra, Range)]
    limits = " and ".join(str(limit) for limit in ranges)
    if reason:
        return f"{_plain_name(base) if OrInfinity() in extras else reason} {limits}".rstrip()
    if all(value in limit for limit in ranges):
        return None
    return f"{_plain_name(base)} {limits}"


def _container_mismatch(value: Any, origin: Any, args: tuple) -> str | None:
    if origin is Callable or origin is typing.get_origin(Callable[[], None]):
        return None if callable(value) else "callable"
    if issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            return "a mapping"
        reasons = [f"a mapping whose '{k}' is {r}" for k, v in value.items() if (r := mismatch(v, args[1]))]
        return reasons[0] if reasons else None
    if origin is type:
        return None if inspect.isclass(value) else "a class"
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        return "a list"
    items = list(value)
    pairs: Iterable[tuple[Any, Any]]
    if origin is tuple and args and args[-1] is not Ellipsis:
        if len(items) != len(args):
            return f"a list of {len(args)} values"
        pairs = zip(items, args, strict=True)
    else:
        pairs = ((item, args[0]) for item in items) if args else iter(())
    for item, annotation in pairs:
        if reason := mismatch(item, annotation):
            return f"a list of which each is {reason}"
    return None


def _plain_name(kind: Any) -> str:
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "text", list: "a list"}
    return names.get(kind) or f"a {getattr(kind, '__name__', kind)}"


def _plain_mismatch(value: Any, kind: Any) -> str | None:
    if kind is bool:
        # 2014 files write flags as 0 and 1.
        fits = isinstance(value, (bool, np.bool_)) or (isinstance(value, numbers.Integral) and value in (0, 1))
    elif kind is int:
        fits = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    elif kind is float:
        # NumPy makes no number of an integer beyond 64 bits.
        small = not isinstance(value, numbers.Integral) or abs(int(value)) < 2**63
        fits = not isinstance(value, bool) and isinstance(value, numbers.Real) and small and not math.isnan(value)
        if fits and math.isinf(value):
            return "a finite number"
    elif kind in (list, tuple):
        fits = isinstance(value, (list, tuple, np.ndarray))
    elif inspect.isclass(kind):
        fits = isinstance(value, kind)
    else:
        fits = True
    return None if fits else _plain_name(kind)


def unusual(value: Any, annotation: Any) -> str | None:
    """Return what a number is as a rule where it is not; None where it is, or no rule is known."""
    args = typing.get_args(annotation)
    if typing.get_origin(annotation) is not Annotated:
        return next((found for arg in args if value is not None and (found := unusual(value, arg))), None)
    rules = [extra.range for extra in args if isinstance(extra, Usual)]
    return next((f"{_plain_name(args[0])} {rule}" for rule in rules if value not in rule), None)


def number_in(text: Any, annotation: Any) -> Any:
    """Return the number that text stands for where an option takes numbers and no text; else `text` itself.

    Examples
    --------
    >>> number_in("1.000004", Positive), number_in("8", Count), number_in("8", str), number_in("much", Positive)
    (1.000004, 8, '8', 'much')
    """
    if isinstance(text, str) and mismatch(text, annotation) is not None:
        for kind in (int, float):
            with contextlib.suppress(ValueError):
                if mismatch(kind(text), annotation) is None:
                    return kind(text)
    return text
