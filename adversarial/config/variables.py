"""`${VARIABLES}` in the text of a file: those of the training file's own name, then the environment's."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from adversarial.config.reader import MAX_BYTES
from adversarial.errors import ConfigurationError, quoted
from adversarial.options import nearest


def training_file_variables(path: str | os.PathLike) -> dict[str, str]:
    """Return what Pylearn2 published of a training file: its stem with and without directory, name, directory."""
    text = os.fspath(path)
    full_stem = text.removesuffix(".yaml")
    directory = text[: len(text) - len(Path(text).name)]
    return {
        "PYLEARN2_TRAIN_FILE_FULL_STEM": full_stem,
        "PYLEARN2_TRAIN_DIR": directory,
        "PYLEARN2_TRAIN_BASE_NAME": Path(text).name,
        "PYLEARN2_TRAIN_FILE_STEM": Path(full_stem).name,
    }


#: The environment's values that documents have used, and the names to show instead.
_used_anywhere: dict[str, str] = {}


class Variables:
    """Substitutes `${NAME}` in text, and hides the environment's values in error messages.

    Parameters
    ----------
    given : mapping of str to str, optional
        Variables that take precedence over the environment's, and are no secret.
    environment : bool, optional
        If false, the environment's are not there: the text is a stranger's. Default true.

    Examples
    --------
    >>> Variables({"DIR": "/data"}).substitute("${DIR}/train.npy")
    '/data/train.npy'
    """

    def __init__(self, given: Mapping[str, str] | None = None, environment: bool = True):
        self.given = dict(given or {})
        self.environment = environment
        self._used: dict[str, str] = {}
        self._characters_left = MAX_BYTES

    def substitute(self, text: str) -> str:
        """Return `text` with each `${NAME}` replaced by its value.

        Raises
        ------
        ConfigurationError
            For a name that has no value, or a `${` that is not closed. The message never contains a value.
        """
        first, *opened = text.split("${")
        parts = [first]
        for part in opened:
            name, closed, rest = part.partition("}")
            if not closed:
                raise ConfigurationError("a variable opened by ${ is not closed by }")
            value = self._value(name)
            self._characters_left -= len(value)
            if self._characters_left < 0:
                raise ConfigurationError(f"the variables of this file stand for more than {MAX_BYTES} characters")
            parts += [value, rest]
        return "".join(parts)

    def _value(self, name: str) -> str:
        if name in self.given:
            return self.given[name]
        if not self.environment:
            raise ConfigurationError(f"the variable {quoted(name)} is asked for, but a saved model gets none")
        if name in os.environ:
            value = os.environ[name]
            if value:
                self._used[value] = _used_anywhere[value] = f"${{{name}}}"
            return value
        published = {known for known in os.environ if known.startswith("PYLEARN2_")}
        hint = nearest(name, self.given.keys() | published)
        raise ConfigurationError(f"the variable {quoted(name)} is not set{hint or '; set it in the environment'}")

    def hide(self, sentence: str) -> str:
        """Return `sentence` with the environment's values that were used replaced by their names."""
        return _hidden(sentence, self._used)


class AsWritten(Variables):
    """Variables that leave `${NAMES}` in text unchanged, for documents that are compared and not built."""

    def substitute(self, text: str) -> str:
        """Return `text`."""
        return text


def hide_environment(sentence: str) -> str:
    """Return `sentence` with the environment's values that any document used replaced by their names."""
    return _hidden(sentence, _used_anywhere)


def _hidden(sentence: str, used: Mapping[str, str]) -> str:
    names: dict[str, str] = {}
    for value, name in used.items():
        for written in (value, repr(value)[1:-1], " ".join(value.split())):
            if written:
                names.setdefault(written, name)
    if not names:
        return sentence
    # A value as short as 1 is hidden as a word or number of its own only: others have it in them by chance.
    patterns = (
        re.escape(written) if len(written) > 3 else rf"(?<![\w.]){re.escape(written)}(?!\.?\w)"
        for written in sorted(names, key=len, reverse=True)
    )
    return re.sub("|".join(patterns), lambda match: names[match.group()], sentence)
