"""Nesting and flattening of data specifications."""

from __future__ import annotations

import pytest

from adversarial.datasets.data_specs import DataSpecsMapping, flat_specs
from adversarial.errors import ConfigurationError
from adversarial.space import CompositeSpace, NullSpace, VectorSpace

X, Y, NONE = VectorSpace(dim=3), VectorSpace(dim=2), NullSpace()
NESTED = CompositeSpace([X, CompositeSpace([Y, X]), NONE])
SOURCES = ("features", ("targets", "features"), "")


def test_each_pair_is_asked_for_once():
    space, sources = flat_specs((NESTED, SOURCES))
    assert list(space.components) == [X, Y]
    assert sources == ("features", "targets")


def test_nest_is_the_inverse_of_flatten():
    mapping = DataSpecsMapping((NESTED, SOURCES))
    data = ("x", ("y", "x"), None)
    assert mapping.flatten(data) == ("x", "y")
    assert mapping.nest(mapping.flatten(data)) == data


def test_a_single_pair_stands_by_itself_unless_a_tuple_is_asked_for():
    mapping = DataSpecsMapping((X, "features"))
    assert mapping.flatten("x") == "x"
    assert mapping.flatten("x", return_tuple=True) == ("x",)
    assert mapping.nest("x") == "x"
    assert mapping.flatten(X) is X


def test_nothing_is_asked_for_by_a_null_space():
    mapping = DataSpecsMapping((NONE, ""))
    assert mapping.flatten(None, return_tuple=True) == ()
    assert mapping.nest(()) is None


def test_the_same_space_of_two_sources_is_two_things():
    assert DataSpecsMapping((CompositeSpace([X, X]), ("features", "targets"))).n_unique_specs == 2


def test_unlike_values_for_one_source_are_refused():
    mapping = DataSpecsMapping((CompositeSpace([X, X]), ("features", "features")))
    with pytest.raises(ValueError, match="same data source"):
        mapping.flatten(("a", "b"))


def test_a_source_without_a_space_is_refused():
    with pytest.raises(ConfigurationError, match="targets"):
        DataSpecsMapping((NONE, "targets"))
    with pytest.raises(ConfigurationError):
        DataSpecsMapping((CompositeSpace([X, Y]), ("features",)))
