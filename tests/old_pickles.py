"""Writes pickles as Python 2 did, of classes that need not exist, for the tests of the reader of old pickles."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adversarial.errors import ConfigurationError
from adversarial.options import Configurable


@dataclass
class Obj:
    """An instance of a class by its dotted name, with attributes."""

    name: str
    state: Any = field(default_factory=dict)


@dataclass
class Call:
    """What a function by its dotted name gave for arguments, and the state set on it."""

    name: str
    arguments: tuple = ()
    state: Any = None


def global_opcode(name: str) -> bytes:
    module, _, attribute = name.rpartition(".")
    return f"c{module}\n{attribute}\n".encode()


def text_pickle(value: Any) -> bytes:
    """Protocol 0, which 2014's Train used unless told otherwise."""
    return _text(value) + b"."


def binary_pickle(value: Any) -> bytes:
    """Protocol 2."""
    return b"\x80\x02" + _binary(value) + b"."


def _text(value: Any) -> bytes:
    if isinstance(value, str):
        return b"S" + repr(value.encode("latin1"))[1:].encode() + b"\n"
    if value is None or isinstance(value, (bool, int, float)):
        return _number(value)
    if isinstance(value, list):
        return b"(l" + b"".join(_text(item) + b"a" for item in value)
    if isinstance(value, tuple):
        return b"(" + b"".join(map(_text, value)) + b"t"
    if isinstance(value, dict):
        return b"(d" + b"".join(_text(key) + _text(item) + b"s" for key, item in value.items())
    return _object(value, _text)


def _binary(value: Any) -> bytes:
    if isinstance(value, str):
        return b"T" + struct.pack("<i", len(value)) + value.encode("latin1")
    if value is None or isinstance(value, (bool, int, float)):
        return _number(value)
    if isinstance(value, list):
        return b"](" + b"".join(map(_binary, value)) + b"e"
    if isinstance(value, tuple):
        return b"(" + b"".join(map(_binary, value)) + b"t"
    if isinstance(value, dict):
        return b"}(" + b"".join(_binary(key) + _binary(item) for key, item in value.items()) + b"u"
    if isinstance(value, Obj):
        return global_opcode(value.name) + b")\x81" + _binary(value.state) + b"b"
    return _object(value, _binary)


def _number(value: Any) -> bytes:
    if value is None:
        return b"N"
    if isinstance(value, bool):
        return b"I01\n" if value else b"I00\n"
    return f"I{value}\n".encode() if isinstance(value, int) else f"F{value!r}\n".encode()


def _object(value: Any, dump: Any) -> bytes:
    if isinstance(value, np.ndarray):
        kind = Call("numpy.dtype", (value.dtype.str[1:], 0, 1), (3, "<", None, None, None, -1, -1, 0))
        state = (1, value.shape, kind, False, value.tobytes().decode("latin1"))
        return dump(Call("numpy.core.multiarray._reconstruct", (Name("numpy.ndarray"), (0,), "b"), state))
    if isinstance(value, Name):
        return global_opcode(value.name)
    if isinstance(value, Obj):
        made = Call("copy_reg._reconstructor", (Name(value.name), Name("__builtin__.object"), None), value.state)
        return dump(made)
    call = global_opcode(value.name) + dump(value.arguments) + b"R"
    return call if value.state is None else call + dump(value.state) + b"b"


@dataclass
class Name:
    """A class or function itself."""

    name: str


def shared(name: str, value: np.ndarray, gpu: bool = False) -> Obj:
    """A Theano shared variable, on the CPU or the GPU."""
    if gpu:
        stored: Any = Call("theano.sandbox.cuda.type.CudaNdarray_unpickler", (value,))
        cls = "theano.sandbox.cuda.var.CudaNdarraySharedVariable"
    else:
        stored, cls = value, "theano.tensor.sharedvar.TensorSharedVariable"
    container = Obj("theano.gof.link.Container", {"storage": [stored], "name": None})
    return Obj(cls, {"name": name, "container": container})


def pair_2014(gpu: bool = False) -> Obj:
    """A small AdversaryPair as 2014 pickled it: generator 3 -> 4, discriminator 4 -> 1; values count up from 0."""

    def layer(inputs: int, dim: int, start: int) -> Obj:
        W = (start + np.arange(inputs * dim, dtype="f4")).reshape(inputs, dim)
        b = start + 0.5 + np.arange(dim, dtype="f4")
        transformer = Obj("pylearn2.linear.matrixmul.MatrixMul", {"_W": shared("y_W", W, gpu)})
        state = {"layer_name": "y", "dim": dim, "irange": 0.25, "init_bias": 0.0, "monitor_style": "detection"}
        return Obj("pylearn2.models.mlp.Sigmoid", state | {"b": shared("y_b", b, gpu), "transformer": transformer})

    def mlp(inputs: int, dim: int, start: int) -> Obj:
        space = Obj("pylearn2.space.VectorSpace", {"dim": inputs, "sparse": False})
        state = {"layers": [layer(inputs, dim, start)], "input_space": space, "layer_name": None, "batch_size": None}
        return Obj("pylearn2.models.mlp.MLP", state | {"seed": [2013, 1, 4]})

    channel = Obj(
        "pylearn2.monitor.MonitorChannel",
        {
            "val_record": [np.array(1.5), np.array(2.5)],
            "epoch_record": [0, 1],
            "batch_record": [None, None],
            "example_record": [0, 7],
            "time_record": [0.5, 1.0],
            "doc": None,
        },
    )
    monitor = {"channels": Call("collections.OrderedDict", ([["objective", channel]],)), "_epochs_seen": 1}
    generator = Obj("adversarial.Generator", {"mlp": mlp(3, 4, 0), "noise": "uniform", "monitor_ll": 1})
    state = {
        "generator": generator,
        "discriminator": mlp(4, 1, 100),
        "inferer": None,
        "yaml_src": "!obj:adversarial.AdversaryPair {}\n",
        "monitor": Obj("pylearn2.monitor.Monitor", monitor | {"_num_batches_seen": 4, "_examples_seen": 7}),
    }
    return Obj("adversarial.AdversaryPair", Call("collections.OrderedDict", ([list(pair) for pair in state.items()],)))


class AdversaryPair(Configurable):
    def __init__(self, generator, discriminator, inferer=None): ...


class Generator(Configurable):
    def __init__(self, mlp, noise="gaussian", monitor_ll=False): ...


class MLP(Configurable):
    def __init__(self, layers, batch_size=None, input_space=None, nvis=None, seed=None, layer_name=None): ...


class Sigmoid(Configurable):
    def __init__(self, layer_name, dim=None, irange=None, init_bias=0.0, monitor_style="detection"): ...


def resolve(name):
    """Stands in for the allow-list, so that the reader is tested without the models."""
    known = {cls.__name__: cls for cls in (AdversaryPair, Generator, MLP, Sigmoid)}
    known |= {"RectifiedLinear": Sigmoid, "Maxout": Sigmoid}
    if name.rpartition(".")[2] not in known:
        raise ConfigurationError(f"{name} is not known")
    return known[name.rpartition(".")[2]]
