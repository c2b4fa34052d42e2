"""Options declared once, in a constructor's signature, and checked everywhere alike.

A constructor declares its options by annotations: plain types, `Literal` choices, and the ranges that
`option_values` names (`Count`, `Positive`, `NonNegative`, `Probability` ...). The configuration reader, Python callers
and error messages all use `bind`, so a default, a type or a range is written once::

    class Maxout(Layer):
        def __init__(self, layer_name: str, num_units: Count, irange: NonNegative | None = None): ...

    bind(Maxout, {"layer_name": "h0", "num_units": 0})
    # OptionError: Maxout: num_units is 0, but must be a whole number of at least 1
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import logging
import numbers
import reprlib
import typing
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from html import escape
from typing import Any, Literal, Self

import numpy as np

from adversarial.errors import ConfigurationError
from adversarial.option_values import (
    Count,
    Fraction,
    Index,
    Momentum01,
    NonNegative,
    NormLimit,
    Positive,
    Probability,
    Range,
    Usual,
    UsuallyCount,
    UsuallyFraction,
    UsuallyMomentum01,
    UsuallyPositive,
    UsuallyProbability,
    mismatch,
    nearest,
    number_in,
    unusual,
)

__all__ = [
    "Configurable",
    "Count",
    "Fraction",
    "Index",
    "Momentum01",
    "NonNegative",
    "Option",
    "OptionError",
    "NormLimit",
    "Positive",
    "Probability",
    "Range",
    "Slips",
    "Usual",
    "UsuallyCount",
    "UsuallyFraction",
    "UsuallyMomentum01",
    "UsuallyPositive",
    "UsuallyProbability",
    "bind",
    "building_with",
    "configurable",
    "declared_options",
    "mismatch",
    "nearest",
    "number_in",
    "slips_in_force",
]

log = logging.getLogger(__name__)


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
        return None if open_ended else dict(found)
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


@functools.lru_cache(
    maxsize=1024
)  # each annotation is text that is compiled: a third of the time to load a small model
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
        if usual := unusual(value, declared[name].annotation):
            log.warning("%s: %s is %s, which is taken, but it is %s as a rule", owner, name, _shown(value), usual)
    for name, option in declared.items():
        if option.required and name not in arguments:
            raise OptionError(owner, name, f"needs the option '{name}', which is not given")


def _shown(value: Any) -> str:
    if isinstance(value, (str, numbers.Number, bool, type(None), list, tuple)):
        text = repr(value)
        return text if len(text) <= 60 else text[:57] + "..."
    return f"the class {value.__name__}" if inspect.isclass(value) else f"of type {type(value).__name__}"


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
