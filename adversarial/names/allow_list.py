"""What a file may name: the package's classes and functions made for YAML, and the modules that a user allows."""

from __future__ import annotations

import contextlib
import difflib
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from adversarial.errors import ConfigurationError, quoted
from adversarial.names.names_2014 import NAMES_2014, home_of
from adversarial.names.not_ported import reason_against
from adversarial.options import Configurable, nearest

_PACKAGE = __name__.partition(".")[0]
_FOLDER = Path(__file__).parents[1]
#: Packages of 2014: their names get a better error message.
_ROOTS_2014 = ("pylearn2.", "theano.")
#: Letters by which a word typed wrongly is longer or shorter than the right one.
_TYPED_WRONGLY = 2
#: Names of the user's own modules that were imported because they were allowed.
_imported: set[str] = set()


class AllowList:
    """Resolves names to classes and functions; imports nothing that is not allowed.

    Parameters
    ----------
    allow : iterable of str, optional
        Names of the user's own modules, whose contents, and whose submodules' contents, may be named.

    Examples
    --------
    >>> AllowList().resolve("pylearn2.space.VectorSpace")
    <class 'adversarial.space.VectorSpace'>
    >>> AllowList().resolve("os.system")
    Traceback (most recent call last):
    adversarial.errors.ConfigurationError: 'os.system' is not allowed; if it is your own code, allow it by --allow os
    """

    def __init__(self, allow: Iterable[str] = ()):
        self.allow = tuple(allow)

    def resolve(self, name: str) -> Callable[..., Any]:
        """Return the class or function that a dotted name, old or new, stands for.

        Parameters
        ----------
        name : str
            Such as "adversarial.models.mlp.MLP" or 2014's "pylearn2.models.mlp.MLP".

        Raises
        ------
        ConfigurationError
            If the name is not allowed, not known, or not of something that a file can build.
        """
        home = home_of(name)
        if "." not in home:
            raise ConfigurationError(
                f"{quoted(name)} is not a dotted name such as adversarial.models.mlp.MLP{_hint(name)}"
            )
        module_name, _, attribute = home.rpartition(".")
        if not all(part.isidentifier() for part in home.split(".")) or attribute.startswith("_"):
            raise ConfigurationError(f"{quoted(name)} is not a name that a file can use{_hint(name)}")
        if _is_ours(module_name):
            return _own(name, module_name, attribute)
        if self._covers(module_name):
            return self._users(module_name, attribute)
        raise ConfigurationError(_refusal(name, module_name))

    def _covers(self, module_name: str) -> bool:
        return _is_part_of(module_name, self.allow)

    def _users(self, module_name: str, attribute: str) -> Callable[..., Any]:
        module = _import_users(module_name)
        value = getattr(module, attribute, None)
        if value is None:
            hint = nearest(attribute, [known for known in vars(module) if not known.startswith("_")])
            where = getattr(module, "__file__", None) or "built in"
            raise ConfigurationError(f"the allowed module '{module_name}' ({where}) has no {quoted(attribute)}{hint}")
        # What the module only imported from elsewhere was not allowed by its name; our own classes always are.
        home = value.__module__ if inspect.isclass(value) or inspect.isroutine(value) else module_name
        own = isinstance(home, str) and _is_ours(home) and _buildable(value)
        if inspect.ismodule(value) or not callable(value) or not (own or isinstance(home, str) and self._covers(home)):
            raise ConfigurationError(f"'{module_name}.{attribute}' is not a class or function of that module's own")
        return value


#: The rooms of this package whose classes a saved model is made of; no dataset is opened, no experiment built.
_MODEL_ROOMS = tuple(f"{_PACKAGE}.{room}." for room in ("models", "game", "space", "random_streams"))


def is_own_code(file: str) -> bool:
    """Return whether a source file is of a user's own module, one that was allowed and imported, or of a part of it."""
    own = (module for name, module in list(sys.modules.items()) if _is_part_of(name, _imported))
    return any(getattr(module, "__file__", None) == file for module in own)


def _is_part_of(module_name: str, modules: Iterable[str]) -> bool:
    return any(module_name == module or module_name.startswith(f"{module}.") for module in modules)


def part_of_model(allow: Iterable[str]) -> Callable[[str], Callable[..., Any]]:
    """Return a function from dotted names to the classes that a saved model may name: those of models, games, spaces.

    Parameters
    ----------
    allow : iterable of str
        Names of the user's own modules whose classes may be parts of a model too.
    """
    known = AllowList(allow)

    def resolve(name: str) -> Callable[..., Any]:
        found = known.resolve(name)
        home = f"{found.__module__}."
        if not isinstance(found, type) or (_is_ours(found.__module__) and not home.startswith(_MODEL_ROOMS)):
            raise ConfigurationError(f"{name} is no part of a model")
        return found

    return resolve


def _is_ours(module_name: str) -> bool:
    """Return whether a module is part of this package; one of a fork, such as adversarial.conditional, is not."""
    package, _, inner = module_name.partition(".")
    first = inner.partition(".")[0]
    known = not first or (_FOLDER / first).is_dir() or (_FOLDER / f"{first}.py").is_file()
    return package == _PACKAGE and known


def _buildable(value: Any) -> bool:
    """Return whether one of the package's own values was made for files to name."""
    return (inspect.isclass(value) and issubclass(value, Configurable)) or (
        inspect.isfunction(value) and getattr(value, "__configurable__", False) is True
    )


def _own(name: str, module_name: str, attribute: str) -> Callable[..., Any]:
    try:
        found = importlib.util.find_spec(module_name)
        module = importlib.import_module(module_name) if found is not None else None
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if missing.partition(".")[0] != _PACKAGE:
            raise ConfigurationError(f"{quoted(name)} needs the package '{missing}', which is not installed") from error
        module = None
    value = getattr(module, attribute, None) if module is not None else None
    if value is None:
        if home_of(name) in NAMES_2014.values():
            raise ConfigurationError(f"2014's {quoted(name)} is not ported")
        raise ConfigurationError(f"{quoted(name)} is not known{_hint(name, module)}")
    if not str(getattr(value, "__module__", "")).startswith(f"{_PACKAGE}.") or not _buildable(value):
        raise ConfigurationError(f"{quoted(name)} is not something that a file can build{_hint(name, module)}")
    return value


def _hint(name: str, module: ModuleType | None = None) -> str:
    """Return `; did you mean 'x'?` for a name whose last word is close: among old names for an old one."""
    old = name.startswith("pylearn2.")
    known = [candidate for candidate in NAMES_2014 if old or candidate.startswith(f"{_PACKAGE}.")]
    if not old:
        known += NAMES_2014.values()
        known += (
            [f"{module.__name__}.{key}" for key, value in vars(module).items() if _buildable(value)] if module else []
        )
    last = difflib.get_close_matches(_last(name), {_last(candidate) for candidate in known}, n=1, cutoff=0.75)
    close = [candidate for candidate in known if last and _last(candidate) == last[0] and candidate != name]
    # A name with a word more, such as Conv in front, is another thing.
    close = [candidate for candidate in close if abs(len(_last(candidate)) - len(_last(name))) <= _TYPED_WRONGLY]
    return nearest(name, close)


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _refusal(name: str, module_name: str) -> str:
    reason = reason_against(name)
    if reason:
        return f"2014's {quoted(name)} is not ported: {reason}"
    hint = _hint(name)
    if module_name.startswith(f"{_PACKAGE}."):
        fork = f"; if it is a fork's, in a folder {_PACKAGE}, allow it by --allow {quoted(module_name)[1:-1]}"
        return f"{quoted(name)} is not known{hint or fork}"
    if hint:
        return f"{quoted(name)} is not known{hint}"
    if name.startswith(_ROOTS_2014):
        return f"2014's {quoted(name)} is not ported"
    return f"{quoted(name)} is not allowed; if it is your own code, allow it by --allow {quoted(module_name)[1:-1]}"


def _import_users(module_name: str) -> ModuleType:
    try:
        with _working_directory_first():
            if module_name.startswith(f"{_PACKAGE}."):
                _search_forks()
            module = importlib.import_module(module_name)
    except Exception as error:
        where = f"line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else error
        raise ConfigurationError(
            f"the allowed module '{module_name}' cannot be imported ({type(error).__name__}: {where})"
        ) from error
    _imported.add(module_name)
    return module


def _search_forks() -> None:
    """Let this package's name lead to folders of that name too, in which a fork's modules lie, after its own."""
    folders = [str(Path(entry, _PACKAGE).resolve()) for entry in sys.path]
    searched = sys.modules[_PACKAGE].__path__
    searched += [folder for folder in folders if os.path.isdir(folder) and folder not in searched]


@contextlib.contextmanager
def _working_directory_first() -> Iterator[None]:
    """Search the working directory first: a user's module is there, and a program elsewhere does not search it.

    Afterwards the directory is searched last, so that no file in it can stand in for a library's module.
    """
    here = os.getcwd()
    sys.path.insert(0, here)
    try:
        yield
    finally:
        sys.path.remove(here)
        if here not in sys.path:
            sys.path.append(here)
