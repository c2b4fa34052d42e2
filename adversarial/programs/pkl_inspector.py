"""The pkl_inspector.py program: what a saved model holds, and what its size is made of; after Pylearn2's script."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from adversarial import checkpoint
from adversarial.command_line import program
from adversarial.errors import ConfigurationError
from adversarial.options import nearest
from adversarial.progress.summary import table

EXAMPLE = """
tools/pkl_inspector.py yaml/mnist.pkl
tools/pkl_inspector.py yaml/mnist.pkl parameters
tools/pkl_inspector.py yaml/mnist.pkl monitor channels valid_objective_d
"""

#: Letters of a text, and values of an array, that are shown.
_SHOWN, _VALUES = 50, 4


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    description = "Print the entries of a saved model with what each takes of its memory, the largest first."
    parser = program.parser("pkl_inspector.py", description, EXAMPLE)
    parser.add_argument("model", help="a saved model (.pkl or .h5), or a pickle of 2014")
    parser.add_argument("keys", nargs="*", metavar="KEY", help="look at this entry, in it at this one, and so on")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_intermixed_args(argv)
    inside: Any = checkpoint.read(given.model)
    for place, key in enumerate(given.keys):
        inside = _entry(inside, key, " ".join([given.model, *given.keys[:place]]))
    program.say(f"{' '.join([given.model, *given.keys])}: {described(inside)}, {size_of(inside):,} bytes")
    entries = sorted(_entries(inside), key=lambda entry: -size_of(entry[1]))
    if entries:
        whole = size_of(inside) or 1
        rows = [
            (str(key), described(value), f"{size_of(value):,}", f"{size_of(value) / whole:.1%}")
            for key, value in entries
        ]
        program.say(table(("entry", "what", "bytes", "share"), rows))


def size_of(value: Any) -> int:
    """Return the bytes of the arrays, texts and numbers in a value of any depth, keys included."""
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    if isinstance(value, (str, bytes)):
        return len(value.encode() if isinstance(value, str) else value)
    if isinstance(value, Mapping):
        return sum(size_of(key) + size_of(each) for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return sum(map(size_of, value))
    return 0 if value is None else 8


def described(value: Any) -> str:
    """Return a value in a few words: a table by its length, an array by shape and first values, a text as it begins.

    Examples
    --------
    >>> described(np.arange(6.0).reshape(2, 3))
    'float64 2 x 3: 0, 1, 2, 3, ...'
    >>> described(np.float64([0.5, 0.25]))
    'float64 2: 0.5, 0.25'
    """
    if isinstance(value, np.ndarray):
        shape = f"{value.dtype} {' x '.join(map(str, value.shape)) or 'number'}"
        first = [f"{each:.4g}" if isinstance(each, float) else str(each) for each in value.flat[:_VALUES].tolist()]
        if value.dtype.kind not in "fiub" or not first:
            return shape
        return f"{shape}: {', '.join(first)}{', ...' if value.size > _VALUES else ''}"
    if isinstance(value, (Mapping, list, tuple)):
        kind = "table" if isinstance(value, Mapping) else "list"
        return f"{kind} of {len(value)}"
    text = " ".join(str(value).split())
    return f"{text[:_SHOWN]}..." if len(text) > _SHOWN else text


def _entries(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, (list, tuple)) else []


def _entry(value: Any, key: str, where: str) -> Any:
    known = {str(name): each for name, each in _entries(value)}
    if not known:
        raise ConfigurationError(f"{where} has no entries ({described(value)}), so that there is no '{key}' in it")
    if key not in known:
        hint = nearest(key, known) or f"; it has {', '.join(known)}"
        raise ConfigurationError(f"{where} has no '{key}'{hint}")
    return known[key]


command = partial(program.run, main)

if __name__ == "__main__":
    command()
