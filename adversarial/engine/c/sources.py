"""The headers of this folder as the C code of Ops, and the versions in PyTensor's cache that follow from their text.

PyTensor keeps a compiled module until the version that its Op states changes. Here that is the digest of all text that
the compiler reads for the Op, so that no number has to be raised when the text changes.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar

from pytensor.graph.basic import Apply
from pytensor.link.c.interface import CLinkerOp

#: An include of another header of this folder.
_INCLUDE = re.compile(r'^#include "(\w+\.h)"\n', re.MULTILINE)


@cache
def text(*names: str) -> str:
    """Return headers as one text that includes no file of this folder.

    The compiler reads this instead of the files, so that compiled modules do not depend on where the package is.

    Parameters
    ----------
    *names : str
        Files of this folder, such as ``"arrays.h"``.

    Returns
    -------
    str
        Each header once, after those that it includes.
    """
    found: dict[str, str] = {}
    for name in names:
        _add(name, found)
    return "\n".join(found.values())


def _add(name: str, found: dict[str, str]) -> None:
    """Add a header to `found`, after those that it includes."""
    if name not in found:
        content = read(name)
        for included in _INCLUDE.findall(content):
            _add(included, found)
        found[name] = _INCLUDE.sub("", content)


def read(name: str) -> str:
    """Return the text of one file of this folder."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def version(*texts: str) -> tuple[str]:
    """Return the digest of C code, as the version of it in PyTensor's cache."""
    return (hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16],)


class CodeInHeaders(CLinkerOp):
    """An Op whose `c_code` does little more than to call a function of its headers.

    Attributes
    ----------
    headers : tuple of str
        The files of this folder that `c_code` needs.
    """

    headers: ClassVar[tuple[str, ...]]

    def c_support_code(self, **kwargs: Any) -> str:
        return super().c_support_code(**kwargs) + text(*self.headers)

    def c_code_cache_version(self) -> tuple[str]:
        return version(self.c_support_code())

    def c_code_cache_version_apply(self, node: Apply) -> tuple[str, ...]:
        inputs = [f"input{number}" for number in range(len(node.inputs))]
        outputs = [f"output{number}" for number in range(len(node.outputs))]
        code = self.c_code(node, "name", inputs, outputs, defaultdict(str))
        return (*self.c_code_cache_version(), *version(code))
