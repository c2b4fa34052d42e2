"""The values in a pickle of 2014: arrays, shared variables, mappings and the fields of objects.

Pylearn2's Train pickled its model whole: layers, Theano variables, NumPy arrays, the graph of the random streams.
`records` reads all of it without importing or calling anything (see `pickle_machine`); the functions here extract
values from such records. Python 2's strings arrive as text in Latin-1, one character per byte.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adversarial.errors import CheckpointError
from adversarial.serialization.pickle_machine import Global, Record, run
from adversarial.serialization.plain import array_dtype, array_from_bytes

#: Memory that genuine pickles of 2014 need besides their arrays: about ten times their text at most.
_BUDGET = 32 * 2**20
_BUDGET_PER_BYTE = 12

_PACKAGES_2014 = ("pylearn2", "theano", "adversarial", "galatea")
_OTHER_NAMES_2014 = {
    "__builtin__": {"object", "set", "frozenset", "list", "dict", "tuple", "xrange", "slice", "complex"}
    | {"int", "long", "float", "str", "unicode", "bool", "type", "bytes"},
    "collections": {"OrderedDict", "defaultdict"},
    "copy_reg": {"_reconstructor", "__newobj__"},
    # Python 3's protocols 0 to 2 have no bytes: they ask to encode text, in Latin-1.
    "_codecs": {"encode"},
    "functools": {"partial"},
    "CudaNdarray": {"CudaNdarray"},
    "numpy": {"dtype", "ndarray", "bool_"}
    | {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
    | {"float16", "float32", "float64", "complex64", "complex128"},
    "numpy.core.multiarray": {"_reconstruct", "scalar"},
    "numpy.core.numeric": {"_frombuffer"},
    "numpy.random": {"__RandomState_ctor"},
    "numpy.random.mtrand": {"__RandomState_ctor", "RandomState"},
}


def _permit(module: str, name: str) -> None:
    package = module.partition(".")[0]
    if package in _PACKAGES_2014 or name in _OTHER_NAMES_2014.get(module, ()):
        return
    raise CheckpointError(
        f"it asks to run {module}.{name}, which no model of Pylearn2 or goodfeli/adversarial does; nothing was run"
    )


def records(data: bytes) -> Any:
    """Read the pickle `data`, its objects as inert records.

    Raises
    ------
    CheckpointError
        If it is damaged, or names anything but classes of Pylearn2, Theano, goodfeli/adversarial and NumPy.
    """
    return run(data, _BUDGET + _BUDGET_PER_BYTE * len(data), permit=_permit)


def class_name(value: Any) -> str:
    """Return the dotted name of a record's class in 2014; "" for what is no object."""
    if not isinstance(value, Record):
        return ""
    maker = value.maker
    if repr(maker) in ("copy_reg._reconstructor", "copy_reg.__newobj__") and value.arguments:
        maker = value.arguments[0]
    return repr(maker) if isinstance(maker, Global) else ""


def mapping(value: Any) -> dict:
    """Return a dict or OrderedDict as a dict, which is made once, as objects may share it.

    Raises
    ------
    CheckpointError
        If it is neither.
    """
    if isinstance(value, dict):
        return value
    if isinstance(value, Record) and value.as_dict is not None:
        return value.as_dict
    if class_name(value) in ("collections.OrderedDict", "collections.defaultdict"):
        pairs = list(value.pairs)
        if value.arguments and isinstance(value.arguments[0], list):
            pairs = value.arguments[0] + pairs
        if all(isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs):
            value.as_dict = dict(pairs)
            return value.as_dict
    raise CheckpointError("it is a damaged pickle of 2014: a mapping is not one")


def fields(value: Any) -> dict[str, Any]:
    """Return the attributes of an object."""
    return mapping(value.state) if isinstance(value, Record) and value.state is not None else {}


def is_array(value: Any) -> bool:
    """Return whether `value` is an array or an array scalar, of NumPy or of Theano's GPU."""
    name = class_name(value)
    return name in _ARRAYS or name.endswith(_FROM_GPU)


#: Theano's two kinds of arrays on a GPU: its own, and those of libgpuarray.
_FROM_GPU = (".CudaNdarray_unpickler", ".GpuArray_unpickler")
#: As pickles have arrays, array scalars and, in protocol 5, arrays.
_ARRAYS = ("numpy.core.multiarray._reconstruct", "numpy.core.multiarray.scalar", "numpy.core.numeric._frombuffer")


class Arrays:
    """Makes arrays from records, each once, and no more of them than a file of `size` bytes can hold.

    Parameters
    ----------
    size : int
        Bytes of the file; the arrays may take twice as many.

    Attributes
    ----------
    size : int
        Bytes of the file.
    """

    def __init__(self, size: int):
        self.size = size
        self.bytes_left = 2 * size
        self.made: dict[int, np.ndarray] = {}

    def most_values(self) -> int:
        """Return how many options, or parameters, the file may describe: what it shares counts as often as used."""
        return 20_000 + self.size // 8

    def array(self, value: Any) -> np.ndarray:
        """Return the array that a record stands for, in this machine's byte order; an array scalar has no axes.

        Raises
        ------
        CheckpointError
            If it is not an array of plain numbers, or not whole.
        """
        if isinstance(value, Record) and class_name(value).endswith(_FROM_GPU) and value.arguments:
            value = value.arguments[0]
        # Records live as long as the pickle they are part of, so their ids stay theirs.
        if id(value) not in self.made:
            dtype, shape, axes, data = _parts(value)
            self.bytes_left -= len(data)
            if self.bytes_left < 0:
                raise CheckpointError("it would take far more memory than its size makes honest")
            found = array_from_bytes(data, dtype, shape)
            if axes is not None:
                whole = isinstance(axes, tuple) and all(type(axis) is int for axis in axes)
                if not whole or sorted(axes) != list(range(found.ndim)):
                    raise CheckpointError("it is a damaged pickle of 2014: an array's axes are not those of its shape")
                found = found.transpose(axes)
            self.made[id(value)] = np.ascontiguousarray(found, dtype.newbyteorder("=")).reshape(found.shape)
        return self.made[id(value)]

    def number(self, value: Any) -> Any:
        """Return a plain value for a NumPy number (2014's options sometimes are), an array for an array."""
        if not is_array(value):
            return value
        found = self.array(value)
        return found.item() if found.ndim == 0 else found

    def shared_variable(self, value: Any) -> tuple[str, np.ndarray] | None:
        """Return the name and value of a Theano shared variable that holds an array; None for anything else."""
        name = class_name(value)
        if not name.startswith("theano.") or not name.endswith("SharedVariable"):
            return None
        own = fields(value)
        storage = fields(own.get("container")).get("storage")
        if not isinstance(storage, list) or len(storage) != 1 or not is_array(storage[0]):
            return None
        return (own["name"] if isinstance(own.get("name"), str) else "", self.array(storage[0]))

    def random_state(self, value: Any) -> np.ndarray | dict[str, Any] | None:
        """Return the state of a stream of Theano's or of a RandomState as a saved model has it; None for others."""
        name = class_name(value)
        if name.endswith(".MRG_RandomStreams"):
            stream = fields(value).get("rstate")
            if isinstance(stream, list) and len(stream) == 6:
                return np.array([self.number(part) for part in stream], np.int64)
            return self.array(stream)
        if name.endswith(".__RandomState_ctor") and isinstance(value.state, tuple) and len(value.state) == 5:
            kind, keys, position, has_gauss, gauss = value.state
            state = {"kind": kind, "position": position, "has_gauss": has_gauss, "gauss": gauss}
            return {key: self.number(part) for key, part in state.items()} | {"keys": self.array(keys)}
        return None


def _parts(value: Any) -> tuple[np.dtype, tuple, Any, bytes | memoryview]:
    """Return the dtype, shape, order of axes afterwards (None as they are) and bytes of a NumPy array's record."""
    name, axes = class_name(value), None
    if name == _ARRAYS[0] and isinstance(value.state, tuple) and len(value.state) == 5:
        _, shape, kind, fortran, data = value.state
        order = "F" if fortran else "C"
    elif name == _ARRAYS[1] and len(value.arguments) == 2:
        (kind, data), shape, order = value.arguments, (), "C"
    elif name == _ARRAYS[2] and len(value.arguments) in (4, 5):
        data, kind, shape, order, *rest = value.arguments
        axes = rest[0] if rest else None
    else:
        raise CheckpointError("it is a damaged pickle of 2014: an array is not one")
    if class_name(data) == "_codecs.encode" and data.arguments[1:] == ("latin1",):
        data = data.arguments[0]
    elif class_name(data) == "__builtin__.bytes" and not data.arguments:
        data = b""
    if isinstance(data, str):
        try:
            data = data.encode("latin1")
        except UnicodeEncodeError as error:
            raise CheckpointError("it is a damaged pickle of 2014: an array's bytes are not bytes") from error
    if not isinstance(data, (bytes, memoryview)) or not isinstance(shape, tuple):
        raise CheckpointError("it is a damaged pickle of 2014: an array is not whole")
    if order == "F":  # the first axis varies fastest
        shape, axes = shape[::-1], tuple(range(len(shape)))[::-1]
    elif order not in ("C", "K") or (order == "K") != (axes is not None):
        raise CheckpointError("it is a damaged pickle of 2014: an array's order is none")
    return _dtype(kind), shape, axes, data


def _dtype(value: Any) -> np.dtype:
    known = class_name(value) == "numpy.dtype" and isinstance(value.state, tuple)
    if not known or not value.arguments or not isinstance(value.arguments[0], str):
        raise CheckpointError("it is a damaged pickle of 2014: an array's kind of number is not one")
    order = value.state[1] if len(value.state) > 1 else None
    return array_dtype(f"{order if order in ('<', '>') else ''}{value.arguments[0]}")
