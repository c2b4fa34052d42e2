"""What an option means, from the docstring of the class that declares it: said once, there."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from adversarial.errors import ConfigurationError
from adversarial.names.allow_list import AllowList
from adversarial.options import Option, declared_options

_ENTRY = re.compile(r"^(\w+(?:, \w+)*) : (.*)$")


@cache
def resolved(name: str) -> Callable[..., Any] | None:
    """The class or function of this package that a dotted name stands for; None where it is another's, or absent."""
    try:
        return AllowList().resolve(name)
    except ConfigurationError:
        return None


@cache
def declared(name: str) -> dict[str, Option] | None:
    """The options of the class of that name; None where it is not of this package, or takes any."""
    target = resolved(name)
    return None if target is None else declared_options(target)


@cache
def meaning(name: str, option: str) -> str:
    """What `option` of the class of that name is, in its docstring's words; "" where it does not say."""
    target = resolved(name)
    if target is None:
        return ""
    for each in target.__mro__ if inspect.isclass(target) else (target,):
        found = parameters_of(inspect.cleandoc(each.__doc__ or "")).get(option)
        if found:
            return found
    # An option or two may be told in the first line.
    line = first_line(name)
    return line if f"`{option}`" in line else ""


@cache
def first_line(name: str) -> str:
    """What the class of that name is, in its docstring's first line; "" where it is not of this package."""
    target = resolved(name)
    text = inspect.cleandoc(target.__doc__ or "") if target is not None else ""
    return text.partition("\n")[0].rstrip(".")


def parameters_of(doc: str) -> dict[str, str]:
    """{option: what it is} of a docstring's section Parameters; an entry may name several."""
    _, found, section = doc.partition("Parameters\n----------\n")
    entries: list[str] = []
    for line in section.splitlines() if found else ():
        if not line.strip():
            break
        if line.startswith(" ") and entries:
            entries[-1] += f" {line.strip()}"
        else:
            entries.append(line)
    matches = [match for entry in entries if (match := _ENTRY.match(entry))]
    return {name: match.group(2) for match in matches for name in match.group(1).split(", ")}
