"""Several of PyTensor's modules as one C++ text, which compiles in less time than they do one by one.

Much of a small module's time goes into what each compilation does: start the compiler, load the headers, assemble and
link. In the joint text each module has a namespace of its own, and the macros that it defines end with it, so that none
sees another's names. Flags, and so what arithmetic may be reordered (none), are those of each module alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

#: How many modules one compilation takes: more gain little, and would leave processors without work at the end.
MOST = 8
#: GCC inlines less in a text that it calls large (10,000 instructions): no joint text is.
ARGUMENTS = ("--param", "large-unit-insns=1000000")

_CONDITIONAL_INCLUDES = re.compile(r"^[ \t]*#[ \t]*(?:include|if|ifdef|ifndef|else|elif|endif)\b.*$", re.MULTILINE)
_DEFINED = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)


def joint_text(texts: Iterable[str]) -> str:
    """Return modules as one text.

    Parameters
    ----------
    texts : iterable of str
        The modules' C++, each complete: what it includes, and its `PyInit_` function.

    Returns
    -------
    str
        One text. What the modules include is included first, outside of their namespaces, where its own guards keep it
        from being read again.

    Examples
    --------
    >>> print(joint_text(["#define N 1\\nint f();", "int g();"]).strip())
    namespace module_0 {
    #define N 1
    int f();
    }
    #undef N
    namespace module_1 {
    int g();
    }
    """
    headers: dict[str, None] = {}
    spaces: list[str] = []
    for number, text in enumerate(texts):
        headers["\n".join(_CONDITIONAL_INCLUDES.findall(text))] = None
        spaces.append(f"namespace module_{number} {{\n{text.rstrip()}\n}}")
        spaces += [f"#undef {name}" for name in dict.fromkeys(_DEFINED.findall(text))]
    return "\n".join([*headers, *spaces])


def shared_out(sizes: Sequence[int], workers: int) -> list[list[int]]:
    """Divide modules among compilations of about equal length, enough of them to keep all workers busy.

    Parameters
    ----------
    sizes : sequence of int
        The lengths of the modules' texts.
    workers : int
        Compilations at a time.

    Returns
    -------
    list of list of int
        The modules of each compilation, by their place in `sizes`; the longest compilation first.

    Examples
    --------
    >>> shared_out([1, 5, 2, 2, 1, 1], workers=1)
    [[1, 4], [2, 3, 0, 5]]
    """
    count = min(len(sizes), max(2 * workers, -(-len(sizes) // MOST)))
    parts: list[list[int]] = [[] for _ in range(count)]
    lengths = [0] * count
    for place in sorted(range(len(sizes)), key=lambda place: -sizes[place]):
        least = lengths.index(min(lengths))
        parts[least].append(place)
        lengths[least] += sizes[place]
    return [parts[place] for place in sorted(range(count), key=lambda place: -lengths[place])]
