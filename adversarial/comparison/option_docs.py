"""What an option means, from the docstring of the class that declares it, so that it is written in one place."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from adversarial.errors import ConfigurationError
from adversarial.names.allow_list import AllowList
from adversarial.options import Option, declared_options

#: The section Parameters, up to the next section.
_SECTION = re.compile(r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-+$|\Z)", re.MULTILINE | re.DOTALL)
#: One entry: names, type, and the indented lines of its description.
_ENTRY = re.compile(r"^(\w+(?:,\s+\w+)*) : ([^\n]*)\n((?:[ \t]+[^\n]*\n|\n)*)", re.MULTILINE)


@cache
def resolve(name: str) -> Callable[..., Any] | None:
    """Return the class or function of this package that a dotted name stands for; None if there is none."""
    try:
        return AllowList().resolve(name)
    except ConfigurationError:
        return None


@cache
def options_of(name: str) -> dict[str, Option] | None:
    """Return the options of the class of that name; None if it is not of this package, or takes any option."""
    target = resolve(name)
    return None if target is None else declared_options(target)


@cache
def option_description(name: str, option: str) -> str:
    """Return what the docstring of a class says of an option.

    Parameters
    ----------
    name : str
        Dotted name of the class or function; its base classes are asked after it.
    option : str
        Name of the option.

    Returns
    -------
    str
        The description, on one line; "" if there is none.

    Examples
    --------
    >>> option_description("adversarial.space.VectorSpace", "no_such_option")
    ''
    """
    target = resolve(name)
    if target is None:
        return ""
    for each in inspect.getmro(target) if inspect.isclass(target) else (target,):
        found = parse_parameters(inspect.cleandoc(each.__doc__ or "")).get(option)
        if found:
            return found
    # A docstring of one line may name its option or two there.
    line = summary_line(name)
    return line if f"`{option}`" in line else ""


@cache
def summary_line(name: str) -> str:
    """Return the first line of the docstring of that class; "" if it is not of this package."""
    target = resolve(name)
    text = inspect.cleandoc(target.__doc__ or "") if target is not None else ""
    return text.partition("\n")[0].rstrip(".")


def parse_parameters(doc: str) -> dict[str, str]:
    """Parse the section Parameters of a numpydoc docstring.

    Parameters
    ----------
    doc : str
        The docstring, without the indentation of the code.

    Returns
    -------
    dict of {str: str}
        The first paragraph of each option's description, on one line; an entry may name several options. An entry
        without description gives its type.

    Examples
    --------
    >>> parse_parameters('''A layer.
    ...
    ... Parameters
    ... ----------
    ... dim : int
    ...     Number of units,
    ...     at least 1.
    ... low, high : float, default 0
    ...     Ends of the range.
    ...
    ... Notes
    ... -----
    ... note : none
    ... ''')
    {'dim': 'Number of units, at least 1.', 'low': 'Ends of the range.', 'high': 'Ends of the range.'}
    """
    section = _SECTION.search(f"{doc}\n")
    found: dict[str, str] = {}
    for names, kind, description in _ENTRY.findall(section[1]) if section else ():
        text = " ".join((description.strip().partition("\n\n")[0] or kind).split())
        found |= dict.fromkeys(re.split(r",\s+", names), text)
    return found
