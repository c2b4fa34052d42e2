"""Options declared once, in a constructor's signature, and checked everywhere alike.

A constructor declares its options by annotations: plain types, `Literal` choices, and the ranges named here
(`Count`, `Positive`, `NonNegative`, `Probability` ...). The configuration reader, Python callers and error
messages all use `bind`, so a default, a type or a range is written once::

    class Maxout(Layer):
        def __init__(self, layer_name: str, num_units: Count, irange: NonNegative | None = None): ...

    bind(Maxout, {"layer_name": "h0", "num_units": 0})
    # OptionError: Maxout: num_units is 0, but must be a whole number of at least 1
"""

from __future__ import annotations

import contextlib
import difflib
import inspect
import logging
import math
import numbers
import reprlib
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from html import escape
from typing import Annotated, Any, Literal, Self, Union

import numpy as np

from adversarial.errors import ConfigurationError

log = logging.getLogger(__name__)


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


Count = Annotated[int, Range(1)]
Index = Annotated[int, Range(0)]
Positive = Annotated[float, Range(0, low_open=True)]
NonNegative = Annotated[float, Range(0)]
Probability = Annotated[float, Range(0, 1, low_open=True)]
Fraction = Annotated[float, Range(0, 1)]
Momentum01 = Annotated[float, Range(0, 1, high_open=True)]
UsuallyCount = Annotated[int, Range(0), Usual(Range(1))]
UsuallyPositive = Annotated[float, Range(0), Usual(Range(0, low_open=True))]
UsuallyProbability = Annotated[float, Range(0, low_open=True), Usual(Range(0, 1, low_open=True))]
UsuallyFraction = Annotated[float, Range(0), Usual(Range(0, 1))]
UsuallyMomentum01 = Annotated[float, Range(0), Usual(Range(0, 1, high_open=True))]


class OptionError(ConfigurationError):
    """An option that is unknown, missing, or has a wrong value.

    Parameters
    ----------
    owner : str
        The class or function that declares the option.
    key : str
        The option.
    reason : str
        What is wrong with it: the rest of a sentence that begins with the owner.
    """

    def __init__(self, owner: str, key: str, reason: str):
        super().__init__(f"{owner}: {reason}")
        self.owner = owner
        self.key = key
        self.reason = reason


def nearest(word: str, words: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the closest of `words`, or an empty string if none is close.

    Examples
    --------
    >>> nearest("num_unit", ["num_units", "irange"])
    "; did you mean 'num_units'?"
    """
    close = difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


@dataclass(frozen=True)
class Option:
    """One declared option: its name, annotation and default (`Option.REQUIRED` if there is none)."""

    REQUIRED = inspect.Parameter.empty

    name: str
    annotation: Any
    default: Any

    @property
    def required(self) -> bool:
        return self.default is Option.REQUIRED


def declared_options(target: Callable) -> dict[str, Option] | None:
    """Return the options that `target` takes by name, in order.

    A constructor with `**kwargs` takes the options of the next constructor in its class's method resolution order too.

    Parameters
    ----------
    target : class or function
        What is to be called.

    Returns
    -------
    dict or None
        Options by name; None if `target` takes any name.

    Examples
    --------
    >>> from adversarial.datasets.npy_npz import NpzDataset
    >>> {name: option.required for name, option in declared_options(NpzDataset).items()}
    {'file': True, 'key': True, 'target_key': False}
    """
    found: dict[str, Option] = {}
    if not inspect.isclass(target):
        found, open_ended = _options_of(target, skip_self=False)
        return None if open_ended else found
    for cls in target.__mro__:
        if "__init__" not in vars(cls):
            continue
        if cls is object:
            return found
        own, open_ended = _options_of(vars(cls)["__init__"], skip_self=True)
        for name, option in own.items():
            found.setdefault(name, option)
        if not open_ended:
            return found
    return found


def _options_of(function: Callable, skip_self: bool) -> tuple[dict[str, Option], bool]:
    parameters = list(inspect.signature(function).parameters.values())[1 if skip_self else 0 :]
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError):
        hints = {}
    found, open_ended = {}, False
    for parameter in parameters:
        if parameter.kind is parameter.VAR_KEYWORD:
            open_ended = True
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            found[parameter.name] = Option(parameter.name, hints.get(parameter.name, Any), parameter.default)
    return found, open_ended


def bind(target: Callable, arguments: Mapping[str, Any]) -> None:
    """Check arguments against what `target` declares.

    Parameters
    ----------
    target : class or function
        What is to be called.
    arguments : mapping
        Values by the name of the option.

    Raises
    ------
    OptionError
        For the first unknown or missing name, or value of a wrong type or outside its range.

    Examples
    --------
    >>> from adversarial.models.maxout import Maxout
    >>> bind(Maxout, {"layer_name": "h0", "num_units": 0})
    Traceback (most recent call last):
    adversarial.options.OptionError: Maxout: num_units is 0, but must be a whole number of at least 1
    """
    declared = declared_options(target)
    if declared is None:
        return
    owner = getattr(target, "__name__", str(target))
    for name, value in arguments.items():
        if name not in declared:
            near = nearest(name, declared) or f"; it has {', '.join(declared) or 'none'}"
            raise OptionError(owner, name, f"has no option '{name}'{near}")
        reason = mismatch(value, declared[name].annotation)
        if reason:
            raise OptionError(owner, name, f"{name} is {_shown(value)}, but must be {reason}")
        if usual := _unusual(value, declared[name].annotation):
            log.warning("%s: %s is %s, which is taken, but it is %s as a rule", owner, name, _shown(value), usual)
    for name, option in declared.items():
        if option.required and name not in arguments:
            raise OptionError(owner, name, f"needs the option '{name}', which is not given")


def _unusual(value: Any, annotation: Any) -> str | None:
    """Return what a number is as a rule where it is not; None where it is, or no rule is known."""
    args = typing.get_args(annotation)
    if typing.get_origin(annotation) is not Annotated:
        return next((found for arg in args if value is not None and (found := _unusual(value, arg))), None)
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


def _shown(value: Any) -> str:
    if isinstance(value, (str, numbers.Number, bool, type(None), list, tuple)):
        text = repr(value)
        return text if len(text) <= 60 else text[:57] + "..."
    return f"of type {type(value).__name__}"


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
    reason = mismatch(value, base)
    ranges = [extra for extra in extras if isinstance(extra, Range)]
    limits = " and ".join(str(limit) for limit in ranges)
    if reason:
        return f"{reason} {limits}".rstrip()
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
    elif kind in (list, tuple):
        fits = isinstance(value, (list, tuple, np.ndarray))
    elif inspect.isclass(kind):
        fits = isinstance(value, kind)
    else:
        fits = True
    return None if fits else _plain_name(kind)


#: Whether the slips of 2014's code are repeated: `adversarial.names.slips` lists them.
Slips = Literal["2014", "corrected"]
_slips: ContextVar[Slips | None] = ContextVar("slips", default=None)


@contextlib.contextmanager
def building_with(slips: Slips | None) -> Iterator[None]:
    """Build objects that repeat the slips of 2014, or do not; None leaves it to what is read."""
    token = _slips.set(slips)
    try:
        yield
    finally:
        _slips.reset(token)


def slips_in_force() -> Slips | None:
    """Return what `building_with` says at present; None outside of it."""
    return _slips.get()


F = typing.TypeVar("F", bound=Callable[..., Any])


def configurable(function: F) -> F:
    """Mark a function as one that a YAML file may call."""
    function.__configurable__ = True  # type: ignore[attr-defined]
    return function


class Configurable:
    """A base for what a YAML file can build: checks its constructor's options and stores them.

    Attributes
    ----------
    options : dict
        Each option given, with its value as given; options left to their defaults are absent. A saved model holds
        them beside the arrays, so that the object can be built again.
    slips : {'corrected', '2014'}
        Whether the object repeats the slips of 2014; decided where it is built, by the file that names it.
    slips_met : frozenset of str
        The names of those slips that have borne on it.

    Examples
    --------
    >>> class Noise(Configurable):
    ...     def __init__(self, scale: Positive, seed: Index = 0): ...
    >>> Noise(scale=0.5).options
    {'scale': 0.5}
    >>> Noise(scale=0.5)
    Noise(scale=0.5)
    >>> Noise(scale=0)
    Traceback (most recent call last):
    adversarial.options.OptionError: Noise: scale is 0, but must be a number above 0
    """

    options: dict[str, Any]
    slips: Slips
    slips_met: frozenset[str] = frozenset()

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls)
        self.slips = slips_in_force() or "corrected"
        declared = declared_options(cls)
        if declared is None or len(args) > len(declared):
            self.options = dict(kwargs)
            return self
        given = dict(zip(declared, args, strict=False)) | kwargs
        bind(cls, given)
        self.options = given
        return self

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={_brief(value)}" for name, value in self.options.items())
        return f"{type(self).__name__}({given})"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the options given, those of parts inside theirs."""
        return f"<div><b>{escape(type(self).__name__)}</b>{_html(self.options)}</div>"


def _brief(value: Any) -> str:
    """Return a value in a line: arrays by type and shape, long texts cut."""
    if isinstance(value, np.ndarray):
        return f"<{value.dtype} {value.shape}>"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_brief, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_brief(part)}' for key, part in value.items())}}}"
    return repr(value) if isinstance(value, Configurable) else reprlib.repr(value)


def _html(value: Any) -> str:
    """Return a value as HTML, parts and lists of them as lists that a click opens."""
    if isinstance(value, Configurable):
        title = escape(type(value).__name__)
        return f"<details><summary>{title}</summary>{_html(value.options)}</details>" if value.options else title
    if isinstance(value, (list, tuple)) and any(isinstance(each, Configurable) for each in value):
        return _html(dict(enumerate(value)))
    if isinstance(value, dict):
        items = "".join(f"<li>{escape(str(key))}: {_html(part)}</li>" for key, part in value.items())
        return f'<ul style="margin:0">{items}</ul>'
    return escape(_brief(value))
