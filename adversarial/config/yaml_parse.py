"""Load an experiment: `load(text)` and `load_path(path)` give the objects that a YAML file describes.

The dialect is that of 2014 (Pylearn2's `config/yaml_parse.py`): `!obj:dotted.name {...}` builds, `!import: name` names,
`!pkl: path` opens a saved model, an anchor and its aliases are one object, and text may hold `${VARIABLES}`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import IO, Any

from adversarial.config.base_directory import beside, document_folder
from adversarial.config.build import Builder, Proxy, serialize
from adversarial.config.overrides import apply
from adversarial.config.reader import MAX_BYTES, read, too_large
from adversarial.config.variables import Variables, training_file_variables
from adversarial.errors import ConfigurationError
from adversarial.files.special import open_file
from adversarial.names.allow_list import AllowList
from adversarial.options import Slips

__all__ = ["Proxy", "beside", "effective_text", "load", "load_path", "read_text"]


def load(
    stream: str | bytes | IO[str] | IO[bytes],
    environ: Mapping[str, str] | None = None,
    allow: Iterable[str] = (),
    overrides: Mapping[str, str] | None = None,
    instantiate: bool = True,
    path: str | os.PathLike | None = None,
    environment: bool = True,
    slips: Slips | None = None,
) -> Any:
    """Build what a YAML document describes.

    Parameters
    ----------
    stream : str, bytes or file open for reading
        The YAML text.
    environ : mapping of str to str, optional
        Variables for `${NAME}`; they take precedence over the environment's.
    allow : iterable of str, optional
        Modules of the user's own whose names the document may use.
    overrides : mapping of str to str, optional
        Values to set before building, by path: {'algorithm.batch_size': '50'}; values are YAML.
    instantiate : bool, optional
        If false, objects become `Proxy` trees: nothing is built, imported or opened. Default true.
    path : str or path, optional
        Where the text came from, for errors and for files beside it.
    environment : bool, optional
        If false, `${NAME}` never stands for a variable of the environment: the text is a stranger's. Default true.
    slips : {'2014', 'corrected'}, optional
        Whether the slips of 2014 are repeated (`adversarial.names.slips`). Default: as the document's `Train` says;
        without that, they are repeated where the document uses a name of 2014.

    Returns
    -------
    object
        Usually a `Train`; whatever the document's outermost node describes.

    Raises
    ------
    ConfigurationError
        With file, line and key, for anything that cannot be built. Another `UserError` that a constructor raises
        (a `DataError` for a damaged file, say) keeps its class and is given file and line.

    Examples
    --------
    >>> load("{momentum: .5, layers: [h0, y]}")
    {'momentum': 0.5, 'layers': ['h0', 'y']}
    >>> load("!obj:adversarial.space.VectorSpace { dim: 784 }")
    VectorSpace(784)
    >>> load("!obj:adversarial.space.VectorSpace { dim: 784 }", instantiate=False)
    Proxy(name='adversarial.space.VectorSpace', keywords={'dim': 784}, line=1)
    """
    name = "the YAML text" if path is None else os.fspath(path)
    text = stream if isinstance(stream, (str, bytes)) else stream.read(MAX_BYTES + 1)
    root = read(text if isinstance(text, str) else _decoded(text, name), name)
    if overrides:
        root = apply(root, overrides)
    with document_folder(path):
        return Builder(Variables(environ, environment), AllowList(allow), instantiate, slips).build_document(root)


def load_path(
    path: str | os.PathLike,
    environ: Mapping[str, str] | None = None,
    allow: Iterable[str] = (),
    overrides: Mapping[str, str] | None = None,
    instantiate: bool = True,
    slips: Slips | None = None,
) -> Any:
    """Build what a YAML file describes: `load` with the file's text and the variables of its own name."""
    environ = training_file_variables(path) | dict(environ or {})
    return load(read_text(path), environ, allow, overrides, instantiate, path, slips=slips)


def effective_text(text: str, overrides: Mapping[str, str], path: str | os.PathLike | None = None) -> str:
    """Return the document with `overrides` applied, as YAML text without its comments; arguments as of `load`."""
    return serialize(apply(read(text, "the YAML text" if path is None else os.fspath(path)), overrides))


def read_text(path: str | os.PathLike) -> str:
    """Read the text of a YAML file; ConfigurationError where it cannot be read."""
    name = os.fspath(path)
    if os.path.isdir(path):
        raise ConfigurationError(f"{name} is a directory; name a YAML file in it")
    try:
        with open_file(path, ConfigurationError) as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise ConfigurationError(f"there is no file {name}") from error
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be read: {error.strerror}") from error
    except ConfigurationError:
        raise
    except ValueError as error:
        raise ConfigurationError(f"{name!r} is not the name of a file") from error
    return _decoded(data, name)


def _decoded(data: bytes, name: str) -> str:
    if len(data) > MAX_BYTES:
        raise too_large(name)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{name} is not text in UTF-8, so it is not a YAML file") from error
