"""`${VARIABLES}` in the text of a file: those of the training file's own name, then the environment's."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from adversarial.config.reader import quoted
from adversarial.errors import ConfigurationError
from adversarial.options import nearest

_VARIABLE = re.compile(r"\$\{([^}]*)\}")


def training_file_variables(path: str | os.PathLike) -> dict[str, str]:
    """What 2014 published about a training file: its stem with and without directory, its name, its directory."""
    text = os.fspath(path)
    full_stem = text.removesuffix(".yaml")
    directory = text[: len(text) - len(Path(text).name)]
    return {
        "PYLEARN2_TRAIN_FILE_FULL_STEM": full_stem,
        "PYLEARN2_TRAIN_DIR": directory,
        "PYLEARN2_TRAIN_BASE_NAME": Path(text).name,
        "PYLEARN2_TRAIN_FILE_STEM": Path(full_stem).name,
    }


class Variables:
    """Puts values in the place of names, and takes the environment's out of sentences again.

    Parameters
    ----------
    given : variables that come before the environment's, and are no secret
    """

    def __init__(self, given: Mapping[str, str] | None = None):
        self.given = dict(given or {})
        self._used: dict[str, str] = {}

    def substitute(self, text: str) -> str:
        """`text` with each `${NAME}` replaced by its value.

        Raises
        ------
        ConfigurationError
            For a name that has no value, or a `${` that is not closed. No value is ever part of the sentence.
        """
        if "${" in _VARIABLE.sub("", text):
            raise ConfigurationError("a variable opened by ${ is not closed by }")
        return _VARIABLE.sub(lambda match: self._value(match.group(1)), text)

    def _value(self, name: str) -> str:
        if name in self.given:
            return self.given[name]
        if name in os.environ:
            value = os.environ[name]
            if value:
                self._used[value] = f"${{{name}}}"
            return value
        published = {known for known in os.environ if known.startswith("PYLEARN2_")}
        hint = nearest(name, self.given.keys() | published)
        raise ConfigurationError(f"the variable {quoted(name)} is not set{hint or '; set it in the environment'}")

    def hide(self, sentence: str) -> str:
        """`sentence` with the environment's values that were used replaced by their names."""
        for value in sorted(self._used, key=len, reverse=True):
            name = self._used[value]
            for written in {value, repr(value)[1:-1], " ".join(value.split())} - {""}:
                # A value as short as 1 is hidden as a word of its own only: it stands in other words by chance.
                edges = (r"(?<!\w)", r"(?!\w)") if len(written) < 4 else ("", "")
                sentence = re.sub(edges[0] + re.escape(written) + edges[1], lambda _, name=name: name, sentence)
        return sentence
