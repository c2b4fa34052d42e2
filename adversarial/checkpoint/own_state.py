"""The state of a user's own callbacks, extensions, costs and layers, which need know nothing of resuming.

An object of a class that is not this package's is found wherever the experiment holds it. A class that defines
`get_state` and `set_state` is asked; of any other the attributes that have changed since set-up are saved, if they are
plain: numbers, text, arrays, containers of these, random states, shared variables, objects of such attributes. What is
not is named, at the first save and when a run resumes.
"""

from __future__ import annotations

import copyreg
import functools
import hashlib
import pickle
import types
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable

from adversarial.checkpoint.training_state import random_state, set_random_state
from adversarial.errors import CheckpointError
from adversarial.options import Configurable

_PACKAGE = __name__.partition(".")[0]
#: Values without a state of their own, or with one that is saved elsewhere: what this package and its libraries make.
_STATELESS_PACKAGES = {_PACKAGE, "pytensor", "builtins", "logging", "numpy"}
_PLAIN = (type(None), bool, int, float, str, bytes)
#: What is changed where it is, and so has no place in a list.
_IN_PLACE = ("object", "shared", "RandomState", "Generator", "another")
#: How deep objects are looked for, and containers looked into.
_DEPTH, _NESTED = 8, 40


class _NotPlainError(Exception):
    """An attribute, the first argument, cannot be saved: the second says what it is."""


class OwnObjects:
    """The objects of a user's own classes in an experiment.

    Parameters
    ----------
    roots : mapping
        Where to look, by what to call it: {'cost': cost, 'extensions': [...]}.
    asked_elsewhere : iterable of str
        The roots whose own `get_state` is called by others, and not here.
    parameters : iterable of SharedVariable
        Shared variables that are saved elsewhere.

    Examples
    --------
    >>> counter = types.SimpleNamespace(count=0)
    >>> own = OwnObjects({"callbacks": [counter]})
    >>> counter.count = 3
    >>> state = own.get_state()
    >>> counter.count = 0
    >>> own.set_state(state)
    >>> counter.count
    3
    """

    def __init__(
        self,
        roots: Mapping[str, Any],
        asked_elsewhere: Iterable[str] = (),
        parameters: Iterable[SharedVariable] = (),
    ):
        self._encoder = _Encoder({id(parameter) for parameter in parameters})
        elsewhere = tuple(asked_elsewhere)
        self._asked: dict[str, Any] = {}
        self._kept: dict[str, Any] = {}
        seen: set[int] = set()
        for name, root in roots.items():
            for place, each in _own_objects(name, root, seen, _DEPTH):
                if not _defines_get_state(each):
                    self._kept[place] = each
                elif place.partition("[")[0] not in elsewhere:
                    self._asked[place] = each
        self._before = {
            place: {key: _fingerprint(value) for key, value in self._plain_attributes(each)[0].items()}
            for place, each in self._kept.items()
        }

    def get_state(self) -> dict[str, Any]:
        """Return the objects' states as plain values, and sentences on what cannot be saved."""
        attributes, lost = {}, []
        for place, each in self._kept.items():
            found, not_plain = self._plain_attributes(each)
            before = self._before[place]
            changed = {key: value for key, value in found.items() if _fingerprint(value) != before.get(key)}
            for key in list(changed):
                if what := _without_place(changed[key]):
                    not_plain.append((key, f"a container of {what}"))
                    del changed[key]
            if changed:
                attributes[place] = changed
            lost += [
                f"{place}, a {type(each).__qualname__}, keeps {what} as '{key}', which cannot be saved: it starts anew "
                "when the run resumes, unless the class has get_state and set_state"
                for key, what in not_plain
            ]
        asked = {place: each.get_state() for place, each in self._asked.items()}
        return {"attributes": attributes, "asked": asked, "lost": lost}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `get_state` returned.

        Raises
        ------
        CheckpointError
            If an object that had a state is not there.
        """
        for kind, objects in (("attributes", self._kept), ("asked", self._asked)):
            missing = [place for place in state[kind] if place not in objects]
            if missing:
                raise CheckpointError(
                    f"the saved run had an object of your own at {missing[0]}, whose state has no place in this one"
                )
        for place, attributes in state["attributes"].items():
            _restore(self._kept[place], attributes.items(), place)
        for place, own in state["asked"].items():
            self._asked[place].set_state(own)

    def without_state(self) -> list[str]:
        """Return sentences on all objects that would have a state, for a run that was saved before it was kept."""
        return [
            f"{place}, a {type(each).__qualname__}, starts anew: the run was saved without its state"
            for place, each in [*self._kept.items(), *self._asked.items()]
            if self._before.get(place, True)
        ]

    def _plain_attributes(self, each: Any) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Return the attributes that can be saved, encoded, and (name, what it is) of those that cannot."""
        found, lost = {}, []
        for key, value in _attributes(each).items():
            if self._encoder.is_stateless(value):
                continue
            try:
                found[key] = self._encoder.encode(value)
            except _NotPlainError as reason:
                lost.append((key, str(reason)))
        return found, lost


def _own_objects(place: str, value: Any, seen: set[int], depth: int) -> Iterator[tuple[str, Any]]:
    """Yield the objects of a user's own classes that are reached from `value`, each once, with where they are."""
    if isinstance(value, types.MethodType):
        value = value.__self__
    if isinstance(value, functools.partial):
        value = [value.func, *value.args, *value.keywords.values()]
    if depth == 0 or id(value) in seen or isinstance(value, (*_PLAIN, np.ndarray, type)):
        return
    seen.add(id(value))
    if isinstance(value, (list, tuple)):
        for number, each in enumerate(value):
            yield from _own_objects(f"{place}[{number}]", each, seen, depth)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _own_objects(f"{place}[{key!r}]", each, seen, depth)
    else:
        package = type(value).__module__.partition(".")[0]
        if package not in _STATELESS_PACKAGES or isinstance(value, types.FunctionType):
            yield place, value
        if isinstance(value, Configurable):
            for key, each in vars(value).items():
                # What was given is held again by attributes of the object's own.
                if key != "options" and isinstance(each, (Configurable, list, tuple, dict)):
                    yield from _own_objects(f"{place}.{key}", each, seen, depth - 1)


def _defines_get_state(each: Any) -> bool:
    """Return whether a class of the user's own has both methods, not one of this package that it derives from."""
    homes = [cls for cls in type(each).__mro__ if "get_state" in vars(cls)]
    return bool(homes) and not homes[0].__module__.startswith(f"{_PACKAGE}.") and hasattr(each, "set_state")


def _attributes(each: Any) -> dict[str, Any]:
    slots = [name for cls in type(each).__mro__ for name in vars(cls).get("__slots__", ()) if hasattr(each, name)]
    enclosed = {name: cell.cell_contents for name, cell in _cells(each).items()}
    return {name: getattr(each, name) for name in slots} | dict(getattr(each, "__dict__", {})) | enclosed


def _cells(each: Any) -> dict[str, types.CellType]:
    """Return the variables that a function encloses, by name."""
    if not isinstance(each, types.FunctionType):
        return {}
    return dict(zip(each.__code__.co_freevars, each.__closure__ or (), strict=True))


def _is_stateless(value: Any) -> bool:
    """Return whether a value is of a kind without a state, or whose state is saved elsewhere."""
    if isinstance(value, (types.FunctionType, types.MethodType)):
        return not getattr(value, "__closure__", None)
    if isinstance(value, (type, types.ModuleType, types.BuiltinFunctionType, np.ufunc)):
        return True
    if isinstance(value, (SharedVariable, np.random.RandomState, np.random.Generator, np.ndarray, np.generic)):
        return False
    package = type(value).__module__.partition(".")[0]
    return isinstance(value, Configurable) or (package in _STATELESS_PACKAGES and package != "builtins")


class _Encoder:
    """Turns values into what a saved file holds; every dict in it says by 'kind' what it stands for.

    Parameters
    ----------
    saved_elsewhere : set of int
        The ids of objects that others save.
    """

    def __init__(self, saved_elsewhere: set[int]):
        self._saved_elsewhere = saved_elsewhere

    def is_stateless(self, value: Any) -> bool:
        """Return whether a value has no state of its own, or one that is saved elsewhere."""
        return id(value) in self._saved_elsewhere or _is_stateless(value)

    def encode(self, value: Any, depth: int = _NESTED) -> Any:
        """Return `value` as plain values and arrays; raise _NotPlainError where that cannot be."""
        if depth == 0:
            raise _NotPlainError("something deep, or that holds itself")
        if isinstance(value, np.generic):
            return {"kind": "scalar", "value": np.asarray(value)}
        if type(value) in _PLAIN:
            return value
        if self.is_stateless(value):
            return {"kind": "another", "value": type(value).__name__}
        if type(value) is np.ndarray and value.dtype.kind in "biufcSU":
            return np.array(value)
        if type(value) in (list, tuple):
            return type(value)([self.encode(each, depth - 1) for each in value])
        if type(value) in _CONTAINERS:
            kind, parts, _ = _CONTAINERS[type(value)]
            return {"kind": kind, "value": [self.encode(each, depth - 1) for each in parts(value)]}
        if isinstance(value, SharedVariable):
            return {"kind": "shared", "value": self.encode(value.get_value(), depth - 1)}
        if isinstance(value, np.random.RandomState):
            return {"kind": "RandomState", "value": self.encode(random_state(value), depth - 1)}
        if isinstance(value, np.random.Generator):
            return {"kind": "Generator", "value": self.encode(value.bit_generator.state, depth - 1)}
        if not _is_object_of_attributes(value):
            raise _NotPlainError(f"a {type(value).__name__}")
        own = vars(value).items()
        return {"kind": "object", "value": [(key, self.encode(each, depth - 1)) for key, each in own]}


def _without_place(encoded: Any, inside: bool = False) -> str:
    """Return what in an encoded value has no place to be restored to, as it is part of a container; '' for nothing."""
    kind = encoded["kind"] if isinstance(encoded, dict) else ""
    if inside and kind in _IN_PLACE:
        return kind
    if kind in ("shared", "RandomState", "Generator", "scalar", "another"):
        return ""
    if kind == "object":
        return next(filter(None, (_without_place(each) for _, each in encoded["value"])), "")
    parts = encoded["value"] if kind else encoded if isinstance(encoded, (list, tuple)) else ()
    return next(filter(None, (_without_place(each, inside=True) for each in parts)), "")


def _is_object_of_attributes(value: Any) -> bool:
    """Return whether all there is to an object is its attributes, as of a class written in Python."""
    if any(getattr(type(value), name) is not getattr(object, name) for name in ("__reduce_ex__", "__reduce__")):
        return False
    try:
        maker, arguments, _, *more = value.__reduce_ex__(2)
    except Exception:
        return False
    # Lists and the like bring items of their own; what is made with arguments holds more than attributes.
    return maker is getattr(copyreg, "__newobj__") and arguments == (type(value),) and more == [None, None]  # noqa: B009


def _by_text(value: Any) -> list:
    return sorted(value, key=repr)


#: Containers besides lists and tuples: what to call them, their parts, and how to make one of these.
_CONTAINERS: dict[type, tuple[str, Callable[[Any], Iterable[Any]], Callable[[Any], Any]]] = {
    dict: ("dict", dict.items, dict),
    OrderedDict: ("OrderedDict", OrderedDict.items, OrderedDict),
    set: ("set", _by_text, set),
    frozenset: ("frozenset", _by_text, frozenset),
    deque: ("deque", lambda value: [value.maxlen, list(value)], lambda parts: deque(parts[1], parts[0])),
    bytearray: ("bytearray", lambda value: [bytes(value)], lambda parts: bytearray(parts[0])),
}
_MAKE = {kind: make for kind, _, make in _CONTAINERS.values()}


def _restore(each: Any, attributes: Iterable[tuple[str, Any]], place: str) -> None:
    """Set the attributes of an object; those that are objects or random states themselves are changed, not replaced."""
    for key, encoded in attributes:
        _set(each, key, encoded, f"{place}.{key}")


def _set(each: Any, key: str, encoded: Any, place: str) -> None:
    kind = encoded["kind"] if isinstance(encoded, dict) else ""
    if kind == "another":
        return
    if kind not in _IN_PLACE:
        if (cell := _cells(each).get(key)) is not None:
            cell.cell_contents = _decode(encoded)
        else:
            setattr(each, key, _decode(encoded))
        return
    present, value = getattr(each, key, None), encoded["value"]
    if kind == "object" and present is not None:
        _restore(present, value, place)
    elif kind == "shared" and isinstance(present, SharedVariable):
        present.set_value(_decode(value))
    elif kind == "RandomState" and isinstance(present, np.random.RandomState):
        set_random_state(present, _decode(value))
    elif kind == "Generator" and isinstance(present, np.random.Generator):
        present.bit_generator.state = _decode(value)
    else:
        raise CheckpointError(f"the saved run had {place} as it is not in this one, so its state has no place")


def _decode(encoded: Any) -> Any:
    if isinstance(encoded, (list, tuple)):
        return type(encoded)([_decode(each) for each in encoded])
    if not isinstance(encoded, dict):
        return np.array(encoded) if isinstance(encoded, np.ndarray) else encoded
    if encoded["kind"] == "scalar":
        return encoded["value"][()]
    if encoded["kind"] not in _MAKE:
        raise CheckpointError(f"its training state holds a {encoded['kind']} within a list, which has no place")
    return _MAKE[encoded["kind"]](_decode(encoded["value"]))


def _fingerprint(encoded: Any) -> bytes:
    return hashlib.sha256(pickle.dumps(encoded)).digest()
