"""The state of a user's own objects: what is plain comes back, what has a way of its own goes it, all else is named."""

from __future__ import annotations

import functools
import itertools
import tempfile
from collections import OrderedDict, deque

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytensor import shared

from adversarial import checkpoint
from adversarial.checkpoint.own_state import OwnObjects
from adversarial.errors import CheckpointError
from adversarial.models.linear import Sigmoid
from adversarial.models.mlp import MLP
from adversarial.train_extensions import TrainExtension

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.binary(max_size=5),
    lambda parts: (
        st.lists(parts, max_size=3)
        | st.tuples(parts, parts)
        | st.dictionaries(st.integers() | st.text(max_size=3), parts, max_size=3)
        | st.sets(st.integers(), max_size=3)
        | st.lists(st.integers(), max_size=3).map(lambda items: deque(items, maxlen=5))
    ),
    max_leaves=8,
)


class Anything:
    """A class that knows nothing of resuming."""

    def __init__(self, **attributes):
        self.__dict__.update(attributes)


def through_a_file(state):
    """What a saved file returns of the state."""
    with tempfile.TemporaryDirectory() as folder:
        checkpoint.write(f"{folder}/x.pkl", {"format": "x", "state": state})
        return checkpoint.read(f"{folder}/x.pkl")["state"]


def moved(make, change):
    """An object made anew that got the state of one that was changed, and the changed one."""
    first, second = make(), make()
    own = OwnObjects({"callbacks": [first]}, ("callbacks",))
    change(first)
    state = own.get_state()
    assert state["lost"] == []
    OwnObjects({"callbacks": [second]}, ("callbacks",)).set_state(through_a_file(state))
    return first, second


@given(PLAIN, PLAIN)
def test_plain_attributes_come_back_as_they_were(before, after):
    def change(each):
        each.value, each.new = after, [after]

    first, second = moved(lambda: Anything(value=before), change)
    assert vars(first) == vars(second)
    assert type(first.value) is type(second.value)


def test_arrays_random_states_shared_variables_and_objects_within_come_back():
    def make():
        rngs = {"old": np.random.RandomState(0), "new": np.random.default_rng(0)}
        return Anything(array=np.arange(3.0), rate=shared(1.0), inner=Anything(count=0), number=np.float32(1), **rngs)

    def change(each):
        each.array = np.ones((2, 2), np.float32)
        each.rate.set_value(0.5)
        each.inner.count = OrderedDict(a=(1, {2}))
        each.number = np.float32(0.1)
        each.old.rand(5)
        each.new.random(5)

    first, second = moved(make, change)
    assert second.array.dtype == np.float32 and second.array.tolist() == [[1, 1], [1, 1]]
    assert second.rate.get_value() == 0.5 and second.inner.count == OrderedDict(a=(1, {2}))
    assert second.number == np.float32(0.1) and type(second.number) is np.float32
    assert first.old.rand() == second.old.rand() and first.new.random() == second.new.random()


def test_what_did_not_change_is_what_the_new_run_says():
    first, second = Anything(option=1, count=0), Anything(option=2, count=0)
    own = OwnObjects({"callbacks": [first]})
    first.count = 7
    OwnObjects({"callbacks": [second]}).set_state(own.get_state())
    assert vars(second) == {"option": 2, "count": 7}


def test_functions_keep_what_they_enclose_and_methods_their_objects():
    def make():
        count, holder = 0, Anything(count=0)

        def step():
            nonlocal count
            count += 1
            return count

        holder.step = 1
        return step, functools.partial(step), holder

    (first, _, first_holder), (second, _, second_holder) = make(), make()
    own = OwnObjects({"callbacks": [first, first_holder.__init__]})
    first(), first()
    first_holder.count = 4
    state = own.get_state()
    assert state["lost"] == []
    OwnObjects({"callbacks": [second, second_holder.__init__]}).set_state(state)
    assert second() == 3 and second_holder.count == 4


class Counting(TrainExtension):
    def __init__(self):
        self.count = 0


class Saving(Counting):
    def get_state(self):
        return {"own": self.count}

    def set_state(self, state):
        self.count = state["own"]


def test_a_class_with_get_state_is_asked_once():
    extension, layer = Saving(), Saving()
    own = OwnObjects({"extensions": [extension], "cost": layer}, ("extensions",))
    extension.count = layer.count = 3
    state = own.get_state()
    assert state == {"attributes": {}, "asked": {"cost": {"own": 3}}, "lost": []}
    layer.count = 0
    own.set_state(state)
    assert layer.count == 3


class OwnLayer(Sigmoid):
    """A layer of one's own with a state."""

    seen = 0


def test_layers_within_a_model_are_found_and_their_parameters_left_alone():
    def make():
        return MLP([OwnLayer(layer_name="y", dim=1, irange=0.1)], nvis=2)

    first, second = make(), make()
    own = OwnObjects({"model": first}, (), first.named_parameters().values())
    first.layers[0].seen = 5
    for parameter in first.get_params():
        parameter.set_value(parameter.get_value() + 1)
    state = own.get_state()
    assert state == {"attributes": {"model.layers[0]": {"seen": 5}}, "asked": {}, "lost": []}
    OwnObjects({"model": second}).set_state(state)
    assert second.layers[0].seen == 5


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (open(__file__), "a TextIOWrapper"),  # noqa: SIM115
        (itertools.count(), "a count"),
        ((x for x in ()), "a generator"),
        (np.array([object()]), "a ndarray"),
    ],
)
def test_what_cannot_be_saved_is_named(value, what):
    own = OwnObjects({"callbacks": [Anything(kept=value, count=1)]})
    (sentence,) = own.get_state()["lost"]
    assert f"callbacks[0], a Anything, keeps {what} as 'kept', which cannot be saved" in sentence


def test_what_changes_within_a_container_is_named_and_what_does_not_is_not():
    holder = Anything(rngs=[np.random.RandomState(0)], parameters=[shared(1.0)], models={"a": MLP})
    own = OwnObjects({"callbacks": [holder]}, (), holder.parameters)
    holder.parameters[0].set_value(2.0)
    assert own.get_state() == {"attributes": {}, "asked": {}, "lost": []}
    holder.rngs[0].rand()
    (sentence,) = own.get_state()["lost"]
    assert "keeps a container of RandomState as 'rngs'" in sentence


def test_a_state_without_a_place_is_refused():
    own = OwnObjects({"callbacks": [Anything(count=0)]})
    state = {"attributes": {"callbacks[1]": {"count": 1}}, "asked": {}, "lost": []}
    with pytest.raises(CheckpointError, match=r"an object of your own at callbacks\[1\]"):
        own.set_state(state)
    assert own.without_state() == ["callbacks[0], a Anything, starts anew: the run was saved without its state"]


def test_what_this_package_makes_is_not_looked_into():
    model = MLP([Sigmoid(layer_name="y", dim=1, irange=0.1)], nvis=2)
    assert OwnObjects({"model": model, "extensions": [print]}).get_state() == {
        "attributes": {},
        "asked": {},
        "lost": [],
    }
