"""`${VARIABLES}` in the text of a file: those of the training file's own name, then the environment's."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

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


def substitute(text: str, environ: Mapping[str, str]) -> str:
    """`text` with each `${NAME}` replaced by its value in `environ`, else in the process's environment.

    Raises
    ------
    ConfigurationError
        For a name that is in neither, or a `${` that is not closed. No value is ever part of the sentence.
    """

    def value(match: re.Match) -> str:
        name = match.group(1)
        if name in environ:
            return environ[name]
        if name in os.environ:
            return os.environ[name]
        hint = nearest(name, environ)
        raise ConfigurationError(f"the variable ${{{name}}} is not set{hint or '; set it in the environment'}")

    if "${" in _VARIABLE.sub("", text):
        raise ConfigurationError("a variable opened by ${ is not closed by }")
    return _VARIABLE.sub(value, text)
