"""What a file may name: this package's own classes and functions made for it, and modules a user allows."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from adversarial.config.names_2014 import NAMES_2014
from adversarial.errors import ConfigurationError
from adversarial.options import Configurable, nearest

#: Other roots whose names mean something to a user of 2014's files, for a better sentence.
_2014_ROOTS = ("pylearn2", "theano", "galatea")


class AllowList:
    """Turns names into classes and functions; imports nothing that is not allowed.

    Parameters
    ----------
    allow : names of modules of the user's own, whose contents (and submodules') may be named
    """

    def __init__(self, allow: Iterable[str] = ()):
        self.allow = tuple(allow)

    def resolve(self, name: str) -> Callable[..., Any]:
        """The class or function that a dotted name, old or new, stands for.

        Raises
        ------
        ConfigurationError
            Where the name is not allowed, not known, or nothing that a file can build.
        """
        home = NAMES_2014.get(name, name)
        if any(home == module or home.startswith(module + ".") for module in self.allow):
            return self._import_users(home)
        if not home.startswith("adversarial."):
            raise ConfigurationError(self._refusal(name))
        return self._import_own(name, home)

    def _refusal(self, name: str) -> str:
        hint = nearest(name, NAMES_2014)
        root = name.split(".")[0]
        if root in _2014_ROOTS:
            return f"'{name}' is not ported{hint}"
        if hint:
            return f"'{name}' is not known{hint}"
        if "." not in name:
            return f"'{name}' is not a dotted name such as adversarial.models.mlp.MLP"
        module = name.rpartition(".")[0]
        return f"'{name}' is not allowed; if it is your own code, allow it with --allow {module}"

    def _import_own(self, name: str, home: str) -> Callable[..., Any]:
        module_name, _, attribute = home.rpartition(".")
        unknown = ConfigurationError(f"'{name}' is not known{nearest(name, _own_names() | set(NAMES_2014) - {name})}")
        if not all(part.isidentifier() for part in home.split(".")) or attribute.startswith("_"):
            raise unknown
        try:
            found = importlib.util.find_spec(module_name)
        except (ImportError, ValueError, AttributeError):
            found = None
        if found is None:
            raise unknown
        value = getattr(importlib.import_module(module_name), attribute, None)
        if value is None:
            raise unknown
        own = getattr(value, "__module__", "").split(".")[0] == "adversarial"
        buildable = inspect.isclass(value) and issubclass(value, Configurable) or hasattr(value, "__configurable__")
        if not own or not buildable:
            raise ConfigurationError(f"'{name}' is not something that a file can build")
        return value

    def _import_users(self, name: str) -> Callable[..., Any]:
        # A user's module lies where the user works, which a launcher elsewhere does not search.
        if os.getcwd() not in sys.path:
            sys.path.insert(0, os.getcwd())
        module_name, _, attribute = name.rpartition(".")
        try:
            module = importlib.import_module(module_name)
        except ImportError as error:
            raise ConfigurationError(f"the allowed module '{module_name}' cannot be imported: {error}") from error
        if not hasattr(module, attribute):
            raise ConfigurationError(f"'{module_name}' has no '{attribute}'{nearest(attribute, vars(module))}")
        return getattr(module, attribute)


def _own_names() -> set[str]:
    """Every name of ours that the table of old names leads to."""
    return set(NAMES_2014.values())
