"""A pickle interpreter that imports nothing, calls nothing and cannot be made to take much time or memory.

A pickle is a program for a small stack machine. Python's own machine obeys it: it imports what the file names
and calls it. This one only records what the file asks for: where the program says "call os.system with these
arguments", the result is an inert `Record` of a `Global` named os.system and its arguments. Whether a name may
even be recorded is for the caller to decide, before anything is built from it.

Every length that the file declares is compared with what is left of the file, and every value made is charged
against a budget that the caller sets by the file's size, before memory is allocated.
"""

from __future__ import annotations

import codecs
import re
import struct
from collections.abc import Callable, Hashable
from typing import Any

from adversarial.errors import CheckpointError
from adversarial.serialization.plain import MAX_INT_BYTES
from adversarial.serialization.unfolded import check_unfolded

#: Bytes charged for a value besides its own payload: a small Python object and its slot in a container.
_VALUE_COST = 64
#: Bytes charged for a slot in a dict, a set or the memo, besides the value itself.
_SLOT_COST = 100
#: Keys that are tuples, frozensets or large numbers are few in genuine files, and can be made to collide in others.
_MAX_UNUSUAL_KEYS = 10_000
#: Keys are compared with each other, so that a long one, used often, would take time.
_MAX_KEY_LENGTH = 4096
#: Values that a container may have besides one for each byte of the file, those it shares counted as often as used.
_VALUES_UNFOLDED = 100_000
#: Longest number in digits that this program writes.
_MAX_DIGITS = 1000
#: Byte strings at least this long are returned as views of the file, not as copies.
_VIEW_FROM = 4096


#: What Python 2 wrote between the quotes of a string.
_QUOTED = re.compile(rb"""[^\\]*+(?:\\(?:[\\'"nrt]|x[0-9a-f]{2})[^\\]*+)*+""")


class Global:
    """A name that the file asks for, `module.name`; never imported."""

    __slots__ = ("module", "name")

    def __init__(self, module: str, name: str):
        self.module = module
        self.name = name

    def __repr__(self) -> str:
        return f"{self.module}.{self.name}"


class Record:
    """An object as the file describes it: what would make it, from which arguments, with which state.

    Attributes
    ----------
    maker : Global or another Record
        The class or function that would have been called.
    arguments : tuple
        Arguments of that call.
    state : object
        What would have gone to `__setstate__`; None where there was none.
    items : list
        What would have been appended.
    pairs : list of (key, value)
        What would have been set by key.
    as_dict : dict, optional
        Those pairs as a dict, once a reader has made it.
    """

    __slots__ = ("maker", "arguments", "state", "items", "pairs", "as_dict")

    def __init__(self, maker: Any, arguments: Any):
        self.maker = maker
        self.arguments = arguments
        self.state = None
        self.items: list = []
        self.pairs: list = []
        self.as_dict: dict | None = None


#: The operations of plain values alone: no names, no calls, no memory of earlier values (so nothing is shared).
PLAIN_OPCODES = frozenset(b"\x80N\x88\x89KMJ\x8aG\x8cX\x8dCB\x8e](e)t}u.")


def run(
    data: bytes,
    budget: int,
    opcodes: frozenset[int] | None = None,
    permit: Callable[[str, str], None] | None = None,
) -> Any:
    """Interpret the pickle `data`; long byte strings in the result are views of it.

    Parameters
    ----------
    data : bytes
        The pickle.
    budget : int
        How many bytes of memory the values may take, besides such views.
    opcodes : set of int, optional
        The operations allowed; all that this machine knows by default.
    permit : callable, optional
        `permit(module, name)` raises CheckpointError for a name that the file may not ask for. Without it,
        every name is refused.

    Returns
    -------
    object
        The value that the pickle stands for, its objects as `Record`s.

    Raises
    ------
    CheckpointError
        If the pickle is damaged, asks for what is not permitted, or for more memory than its size makes honest.
    """
    machine = _Machine(data, budget, permit)
    try:
        found = machine.run(opcodes)
    except (IndexError, TypeError, ValueError, KeyError, struct.error, OverflowError, AttributeError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"it is damaged near byte {machine.position}") from error
    if permit is not None:
        # Whose objects may be asked for may share values, too.
        check_unfolded(found, _VALUES_UNFOLDED + len(data), Record)
    return found


class _Mark:
    """A MARK on the stack."""


_MARK = _Mark()


class _Machine:
    def __init__(self, data: bytes, budget: int, permit: Callable[[str, str], None] | None):
        self.data = data
        self.view = memoryview(data)
        self.position = 0
        self.permit = permit
        self.stack: list = []
        self.memo: dict[int, Any] = {}
        self.budget = budget
        self.unusual_keys = 0

    def run(self, opcodes: frozenset[int] | None) -> Any:
        data, end = self.data, len(self.data)
        while self.position < end:
            opcode = data[self.position]
            if opcode not in _OPERATIONS or (opcodes is not None and opcode not in opcodes):
                raise CheckpointError(f"it is damaged or not a saved model (byte {self.position} says {opcode:#04x})")
            self.position += 1
            if opcode == 0x2E:  # STOP
                if self.position != end or len(self.stack) != 1:
                    raise CheckpointError("it is damaged: it goes on where it should end")
                return self.pop()
            _OPERATIONS[opcode](self)
        raise CheckpointError("it is cut short")

    # Reading the file.

    def take(self, count: int) -> memoryview:
        """Read the next `count` bytes."""
        if count < 0 or count > len(self.data) - self.position:
            raise CheckpointError(f"it is cut short or damaged: {count} bytes are said to follow byte {self.position}")
        part = self.view[self.position : self.position + count]
        self.position += count
        return part

    def number(self, code: str) -> Any:
        return struct.unpack(code, self.take(struct.calcsize(code)))[0]

    def line(self) -> bytes:
        """Read the bytes to the next newline."""
        end = self.data.find(b"\n", self.position)
        if end < 0:
            raise CheckpointError("it is cut short")
        text = self.data[self.position : end]
        self.position = end + 1
        return text

    # The stack.

    def charge(self, cost: int) -> None:
        self.budget -= cost
        if self.budget < 0:
            raise CheckpointError("it would take far more memory than its size makes honest")

    def push(self, value: Any, cost: int = 0) -> None:
        self.charge(_VALUE_COST + cost)
        self.stack.append(value)

    def pop(self) -> Any:
        value = self.stack.pop()
        if value is _MARK:
            raise CheckpointError(f"it is damaged near byte {self.position}")
        return value

    def pop_to_mark(self) -> list:
        stack = self.stack
        for place in range(len(stack) - 1, -1, -1):
            if stack[place] is _MARK:
                items = stack[place + 1 :]
                del stack[place:]
                self.charge(8 * len(items))
                return items
        raise CheckpointError(f"it is damaged near byte {self.position}")

    # Values.

    def push_bytes(self, code: str) -> None:
        part = self.take(self.number(code))
        if len(part) < _VIEW_FROM:
            self.push(bytes(part), len(part))
        else:
            self.push(part)

    def push_text(self, code: str, encoding: str = "utf-8", errors: str = "surrogatepass") -> None:
        part = self.take(self.number(code))
        self.charge(len(part))
        self.push(str(part, encoding, errors))

    def push_whole_number(self, code: str) -> None:
        count = self.number(code)
        if count > MAX_INT_BYTES:
            raise CheckpointError(f"it holds a whole number of {count} bytes")
        self.push(int.from_bytes(self.take(count), "little", signed=True))

    def push_number_text(self, kind: Callable[[bytes], Any], suffix: bytes = b"") -> None:
        text = self.line().removesuffix(suffix)
        if len(text) > _MAX_DIGITS:
            raise CheckpointError(f"it holds a number of {len(text)} digits")
        if kind is int and text in (b"00", b"01"):
            self.push(text == b"01")
        else:
            self.push(kind(text))

    def push_quoted(self) -> None:
        text = self.line()
        quoted = len(text) >= 2 and text[:1] in b"'\"" and text[-1:] == text[:1]
        if not quoted or not _QUOTED.fullmatch(text, 1, len(text) - 1):
            raise CheckpointError(f"it is damaged near byte {self.position}")
        self.charge(len(text))
        self.push(str(codecs.escape_decode(text[1:-1])[0], "latin1"))

    def push_raw_unicode(self) -> None:
        text = self.line()
        self.charge(4 * len(text))
        self.push(str(text, "raw-unicode-escape"))

    # Containers.

    def tuple_of(self, count: int) -> None:
        items = [self.pop() for _ in range(count)]
        self.push(tuple(reversed(items)), 8 * count)

    def append(self, items: list) -> None:
        target = self.stack[-1]
        if isinstance(target, Record):
            target.items.extend(items)
        elif type(target) is list:
            target.extend(items)
        else:
            raise CheckpointError(f"it is damaged near byte {self.position}")

    def set_items(self, flat: list) -> None:
        target = self.stack[-1]
        if len(flat) % 2:
            raise CheckpointError(f"it is damaged near byte {self.position}")
        pairs = list(zip(flat[::2], flat[1::2], strict=True))
        self.charge(_SLOT_COST * len(pairs))
        if isinstance(target, Record):
            target.pairs.extend(pairs)
        elif type(target) is dict:
            for key, value in pairs:
                target[self.checked_key(key)] = value
        else:
            raise CheckpointError(f"it is damaged near byte {self.position}")

    def set_of(self, kind: Callable[[list], Any]) -> Any:
        items = self.pop_to_mark()
        self.charge(_SLOT_COST * len(items))
        return kind([self.checked_key(item) for item in items])

    def update_set(self) -> None:
        items = self.set_of(set)
        self.stack[-1].update(items)

    def checked_key(self, key: Any, depth: int = 0) -> Hashable:
        """Return `key`, if it is hashed and compared in little time and no file can choose its hash at will."""
        if isinstance(key, (tuple, frozenset)):
            self.count_unusual_key(depth > 3 or len(key) > 16)
            for part in key:
                self.checked_key(part, depth + 1)
        elif isinstance(key, float) or isinstance(key, int) and abs(key) >= 2**20:
            self.count_unusual_key(isinstance(key, int) and abs(key) >= 2**61 - 1)
        elif isinstance(key, memoryview) or isinstance(key, (str, bytes)) and len(key) > _MAX_KEY_LENGTH:
            raise CheckpointError("it is made to waste time: its keys are long")
        return key

    def count_unusual_key(self, too_large: bool) -> None:
        self.unusual_keys += 1
        if too_large or self.unusual_keys > _MAX_UNUSUAL_KEYS:
            raise CheckpointError("it is made to waste time: its keys are large, or many that are no text")

    def push_dict(self) -> None:
        flat = self.pop_to_mark()
        self.push({}, 64)
        self.set_items(flat)

    # Names and objects.

    def push_global(self, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str) or len(module) + len(name) > 500:
            raise CheckpointError(f"it is damaged near byte {self.position}")
        if self.permit is None:
            raise CheckpointError(f"it asks to run {module}.{name}, and a saved model runs nothing")
        # NumPy 2 has what NumPy 1 called numpy.core elsewhere.
        module = module.replace("numpy._core.", "numpy.core.", 1) if module.startswith("numpy._core.") else module
        self.permit(module, name)
        self.push(Global(module, name))

    def make(self, maker: Any, arguments: Any) -> None:
        if not isinstance(maker, (Global, Record)) or not isinstance(arguments, (tuple, list)):
            raise CheckpointError(f"it is damaged near byte {self.position}")
        self.push(Record(maker, tuple(arguments)), 256 + 8 * len(arguments))

    def make_from_mark(self) -> None:
        maker, *arguments = self.pop_to_mark()
        self.make(maker, arguments)

    def instance(self) -> None:
        module, name = str(self.line(), "ascii"), str(self.line(), "ascii")
        arguments = self.pop_to_mark()
        self.push_global(module, name)
        self.make(self.pop(), arguments)

    def new_with_keywords(self) -> None:
        keywords, arguments, maker = self.pop(), self.pop(), self.pop()
        self.make(maker, arguments)
        self.charge(_SLOT_COST * len(keywords))
        self.stack[-1].pairs.extend(keywords.items())

    def reduce(self) -> None:
        arguments, maker = self.pop(), self.pop()
        self.make(maker, arguments)

    def build(self) -> None:
        state, target = self.pop(), self.stack[-1]
        if not isinstance(target, Record):
            raise CheckpointError(f"it is damaged near byte {self.position}")
        target.state = state

    def persistent(self) -> None:
        """Record what the file keeps elsewhere: a call of persistent.id, which a caller may permit."""
        identity = self.pop()
        self.push_global("persistent", "id")
        self.make(self.pop(), (identity,))

    # The memo: earlier values by number.

    def remember(self, index: int) -> None:
        if self.stack[-1] is _MARK or index < 0:
            raise CheckpointError(f"it is damaged near byte {self.position}")
        self.charge(_SLOT_COST)
        self.memo[index] = self.stack[-1]

    def recall(self, index: int) -> None:
        self.push(self.memo[index])


def _proto(machine: _Machine) -> None:
    if machine.number("<B") > 5:
        raise CheckpointError("it is not a pickle that this program knows")


_OPERATIONS: dict[int, Callable[[_Machine], Any]] = {
    ord(code): operation
    for code, operation in {
        "\x80": _proto,
        "\x95": lambda m: m.take(8),
        ".": lambda m: None,
        "N": lambda m: m.push(None),
        "\x88": lambda m: m.push(True),
        "\x89": lambda m: m.push(False),
        "I": lambda m: m.push_number_text(int),
        "L": lambda m: m.push_number_text(int, b"L"),
        "F": lambda m: m.push_number_text(float),
        "J": lambda m: m.push(m.number("<i")),
        "K": lambda m: m.push(m.number("<B")),
        "M": lambda m: m.push(m.number("<H")),
        "\x8a": lambda m: m.push_whole_number("<B"),
        "\x8b": lambda m: m.push_whole_number("<I"),
        "G": lambda m: m.push(m.number(">d")),
        "S": lambda m: m.push_quoted(),
        "T": lambda m: m.push_text("<i", "latin1"),
        "U": lambda m: m.push_text("<B", "latin1"),
        "V": lambda m: m.push_raw_unicode(),
        "X": lambda m: m.push_text("<I"),
        "\x8c": lambda m: m.push_text("<B"),
        "\x8d": lambda m: m.push_text("<Q"),
        "B": lambda m: m.push_bytes("<I"),
        "C": lambda m: m.push_bytes("<B"),
        "\x8e": lambda m: m.push_bytes("<Q"),
        "\x96": lambda m: m.push_bytes("<Q"),  # a bytearray, of which nothing here changes a byte
        "]": lambda m: m.push([]),
        "a": lambda m: m.append([m.pop()]),
        "e": lambda m: m.append(m.pop_to_mark()),
        "l": lambda m: m.push(m.pop_to_mark()),
        ")": lambda m: m.push(()),
        "t": lambda m: m.push(tuple(m.pop_to_mark())),
        "\x85": lambda m: m.tuple_of(1),
        "\x86": lambda m: m.tuple_of(2),
        "\x87": lambda m: m.tuple_of(3),
        "}": lambda m: m.push({}, 64),
        "d": lambda m: m.push_dict(),
        "s": lambda m: m.set_items([m.pop(), m.pop()][::-1]),
        "u": lambda m: m.set_items(m.pop_to_mark()),
        "\x8f": lambda m: m.push(set(), 200),
        "\x90": lambda m: m.update_set(),
        "\x91": lambda m: m.push(m.set_of(frozenset), 200),
        "(": lambda m: m.push(_MARK),
        "0": lambda m: m.stack.pop(),
        "1": lambda m: m.pop_to_mark(),
        "2": lambda m: m.push(m.stack[-1]),
        "p": lambda m: m.remember(int(m.line()[:20])),
        "q": lambda m: m.remember(m.number("<B")),
        "r": lambda m: m.remember(m.number("<I")),
        "\x94": lambda m: m.remember(len(m.memo)),
        "g": lambda m: m.recall(int(m.line()[:20])),
        "h": lambda m: m.recall(m.number("<B")),
        "j": lambda m: m.recall(m.number("<I")),
        "c": lambda m: m.push_global(str(m.line(), "ascii"), str(m.line(), "ascii")),
        "\x93": lambda m: m.push_global(*[m.pop(), m.pop()][::-1]),
        "i": lambda m: m.instance(),
        "Q": lambda m: m.persistent(),
        "R": lambda m: m.reduce(),
        "b": lambda m: m.build(),
        "o": lambda m: m.make_from_mark(),
        "\x81": lambda m: m.reduce(),
        "\x92": lambda m: m.new_with_keywords(),
    }.items()
}
