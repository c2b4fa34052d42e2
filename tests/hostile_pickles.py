"""Pickles that cost more than their bytes, as what is shared or compared does, and such as ask to run something."""

from __future__ import annotations

import gzip
import random
import struct
from pathlib import Path

from old_pickles import binary_pickle, pair_2014


def _text(text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(data)) + data


def _doubling(rng: random.Random, rounds: int) -> bytes:
    """A container that holds the one before it twice, so that a walk through it takes 2**rounds steps."""
    twice = {
        "l": b"](h\0h\0e",
        "t": b"h\0h\0\x86",
        "f": b"(h\0h\0\x86\x91",
        "s": b"\x8f(h\0h\0\x86\x90",
        "d": b"}(K\0h\0K\1h\0u",
    }
    kinds = rng.choice(["l", "t", "f", "d", "lt", "ltd", "tf", "sl"])
    return b"K\1q\0" + b"".join(b"0" + twice[rng.choice(kinds)] + b"q\0" for _ in range(rounds))


def _equal_keys(rng: random.Random, rounds: int) -> bytes:
    """Two keys that are equal and made apart."""
    kind = rng.choice([b"(h\0h\1\x91", b"h\0h\1\x86"])
    one = b"(K\1\x91q\0(K\2\x91q\1" + b"".join(b"00" + kind + b"q\0" + kind + b"q\1" for _ in range(rounds)) + b"00h\0"
    return b"}" + one + b"K\1s" + one + b"K\1s"


def _many_keys(rng: random.Random, rounds: int) -> bytes:
    """Keys whose hashes are all equal."""
    keys = [b"\x8a\x10" + (k * (2**61 - 1) + 7).to_bytes(16, "little") for k in range(1, rounds * 40)]
    return b"}(" + b"".join(key + b"N" for key in keys) + b"u"


def _marks(rng: random.Random, rounds: int) -> bytes:
    """Many marks, and many values taken to the last of them."""
    return b"(" * rounds * 50 + b"K\1" * rounds * 50 + b"l" + b"t" * rounds * 50


def _deep(rng: random.Random, rounds: int) -> bytes:
    opens, closes = rng.choice([(b"]", b"a"), (b"(", b"t"), (b"}K\0", b"s"), (b"cnumpy\ndtype\n(", b"tR")])
    return opens * rounds * 100 + b"N" + closes * rounds * 100


def _itself(rng: random.Random, rounds: int) -> bytes:
    """Containers that hold themselves."""
    return rng.choice(
        [b"]q\0h\0ah\0ah\0a", b"}q\0K\0h\0sK\1h\0s", b"ccollections\nOrderedDict\n)Rq\0K\0h\0sh\0b"]
    ) * min(rounds, 2)


def _called(rng: random.Random, rounds: int) -> bytes:
    """Asks to run something, in each of the ways that a pickle has."""
    name = rng.choice(["os\nmkdir", "posix\nsystem", "subprocess\ncall", "builtins\neval", "adversarial.train\nTrain"])
    module, _, function = name.partition("\n")
    call = _text("ran")
    return rng.choice(
        [
            f"c{name}\n".encode() + call + b"\x85R",
            f"(i{name}\n".encode(),
            b"(" + f"c{name}\n".encode() + call + b"o",
            _text(module) + _text(function) + b"\x93" + call + b"\x85R",
            f"c{name}\n".encode() + call + b"\x85}\x92",
            f"c{name}\n)\x81".encode() + b"}" + call + b"Nsb",
            b"P" + call + b"\n",
            b"\x82\1",
        ]
    )


def _lengths(rng: random.Random, rounds: int) -> bytes:
    """Declares more than is there."""
    narrow = [(b"T", 4), (b"X", 4), (b"B", 4), (b"\x8b", 4), (b"r", 4)]
    code, width = rng.choice([*narrow, (b"\x8d", 8), (b"\x8e", 8), (b"\x95", 8), (b"\x96", 8)])
    return code + rng.choice([2**31 - 1, 2**24, rounds * 1000]).to_bytes(width, "little") + b"x" * rounds


def _numbers(rng: random.Random, rounds: int) -> bytes:
    return rng.choice([b"I", b"L", b"F", b"\x8b"]) + b"9" * rounds * 100 + b"\n"


PIECES = (_doubling, _equal_keys, _many_keys, _marks, _deep, _itself, _called, _lengths, _numbers)


def pickle_program(rng: random.Random, folder: Path) -> Path:
    """A pickle that costs more than its bytes, bare, as an option of 2014's pair or as a batch of CIFAR-10."""
    rounds = rng.choice([3, 30, 60, 300])
    body = b"".join(rng.choice(PIECES)(rng, rounds) for _ in range(rng.choice([1, 1, 2])))
    frame = rng.randrange(4)
    if frame == 1:
        layers = rng.choice(["layers", "yaml_src", "discriminator", "monitor", "input_space", "W", "names"])
        body = b"cadversarial\nAdversaryPair\n)\x81}" + _text(layers) + body + b"sb"
    elif frame == 2:
        body = b"}(" + _text("data") + body + _text("labels") + b"]u"
    elif frame == 3:
        whole = binary_pickle(pair_2014())
        place = rng.randrange(2, len(whole))
        body = whole[2:place] + body + whole[place:-1]
    path = folder / "model.pkl"
    data = b"\x80\2" + body + b"."
    path.write_bytes(gzip.compress(data) if rng.random() < 0.1 else data)
    return path
