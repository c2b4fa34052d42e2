"""The order in which Python 2.7 iterated over the names in a dict, which 2014's monitor followed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

#: Slots of the smallest table.
_SMALLEST = 8
#: What a hash is shifted by after each collision.
_PERTURB_SHIFT = 5
_64_BITS = 2**64 - 1


def python2_hash(text: str) -> int:
    """Return Python 2.7's hash of a string, not randomised, as an unsigned number of 64 bits.

    Parameters
    ----------
    text : str
        The string.

    Returns
    -------
    int
        The hash, in [0, 2 ** 64).

    Examples
    --------
    >>> python2_hash("a")
    12416037344
    """
    if not text:
        return 0
    value = ord(text[0]) << 7
    for character in text:
        value = (1000003 * value & _64_BITS) ^ ord(character)
    value ^= len(text)
    # -1 said that the hash failed.
    return _64_BITS - 1 if value == _64_BITS else value


def python2_order(names: Iterable[str]) -> list[str]:
    """Return names in the order in which Python 2.7 iterated over a YAML mapping that has them as keys.

    Parameters
    ----------
    names : iterable of str
        The keys, as written.

    Returns
    -------
    list of str
        The same keys, ordered.

    Notes
    -----
    A dict was a hash table with open addressing, iterated over slot by slot. PyYAML filled one in the order of the
    document and copied it by `dict.update`. The copy may differ where two names want the same slot.

    Examples
    --------
    >>> python2_order(["train", "valid", "test"])
    ['test', 'train', 'valid']
    """
    parsed, copied = _Table(), _Table()
    for name in names:
        parsed.insert(name)
    copied.update(parsed)
    return list(copied)


class _Table:
    """The slots of a dict of Python 2.7 from which no key is deleted."""

    def __init__(self) -> None:
        self._slots: list[str | None] = [None] * _SMALLEST
        self._used = 0

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._slots if name is not None)

    def insert(self, name: str) -> None:
        self._place(name)
        if 3 * self._used >= 2 * len(self._slots):
            self._resize(4 * self._used)

    def update(self, other: _Table) -> None:
        if 3 * (self._used + other._used) >= 2 * len(self._slots):
            self._resize(2 * (self._used + other._used))
        for name in other:
            self.insert(name)

    def _resize(self, more_than: int) -> None:
        size = _SMALLEST
        while size <= more_than:
            size *= 2
        names, self._slots, self._used = list(self), [None] * size, 0
        for name in names:
            self._place(name)

    def _place(self, name: str) -> None:
        probe = perturb = python2_hash(name)
        while self._slots[probe % len(self._slots)] is not None:
            probe = (5 * probe + perturb + 1) & _64_BITS
            perturb >>= _PERTURB_SHIFT
        self._slots[probe % len(self._slots)] = name
        self._used += 1
