"""Costs and their sums."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from training_stand_ins import Pair, PlainReconstruction, interpret

from adversarial.backend import function, sharedX
from adversarial.cost import (
    Cost,
    DefaultDataSpecsMixin,
    FixedVarDescr,
    LpPenalty,
    NullDataSpecsMixin,
    SumOfCosts,
    merge,
)
from adversarial.errors import ConfigurationError
from adversarial.options import OptionError
from adversarial.space import CompositeSpace, NullSpace

X = np.random.RandomState(0).standard_normal((6, 4))


@pytest.fixture(autouse=True)
def interpreted(monkeypatch):
    interpret(monkeypatch)


class Penalty(NullDataSpecsMixin, Cost):
    """The squares of the generator's bias and matrix."""

    def expr(self, model, data, **kwargs):
        value = pt.sqr(model.generator.W).sum() + pt.sqr(model.generator.b).sum()
        value.name = "penalty"
        return value


class Supervised(DefaultDataSpecsMixin, Cost):
    supervised = True


def value(variable, batch) -> np.ndarray:
    return function([batch], variable, on_unused_input="ignore")(X)


def test_a_sum_weighs_values_and_gradients(float64):
    model = Pair()
    first, second = PlainReconstruction(), Penalty()
    total = SumOfCosts([first, [0.25, second]])
    batch = model.input_space.make_theano_batch(name="batch")
    one, two = value(first.expr(model, batch), batch), value(second.expr(model, None), batch)
    np.testing.assert_allclose(value(total.expr(model, batch), batch), one + 0.25 * two, rtol=1e-14)
    grads, updates = total.get_gradients(model, batch)
    of_first, of_second = first.get_gradients(model, batch)[0], second.get_gradients(model, None)[0]
    assert updates == {}
    assert list(grads) == model.get_params()
    for param in model.get_params():
        expected = value(of_first[param], batch) + 0.25 * value(of_second[param], batch)
        np.testing.assert_allclose(value(grads[param], batch), expected, rtol=1e-13)


def test_a_sum_asks_for_each_thing_once_and_names_its_terms():
    model = Pair()
    total = SumOfCosts([PlainReconstruction(), Penalty(), [2.0, PlainReconstruction()]])
    assert total.get_data_specs(model) == (model.input_space, "features")
    batch = model.input_space.make_theano_batch(name="batch")
    assert set(total.get_monitoring_channels(model, batch)) == {
        "blurred",
        "term_0_loss",
        "term_1_penalty",
        "term_2_loss",
    }


def test_default_and_null_data_specs():
    model = Pair()
    space, source = Supervised().get_data_specs(model)
    assert space == CompositeSpace([model.input_space, model.output_space])
    assert source == ("features", "targets")
    assert SumOfCosts([Supervised()]).supervised
    assert Penalty().get_data_specs(model) == (NullSpace(), "")


def test_what_is_held_fixed_is_merged():
    one, two = FixedVarDescr({"a": 1}, [print]), FixedVarDescr({"b": 2}, [print, repr])
    merged = merge(one, two)
    assert merged.fixed_vars == {"a": 1, "b": 2}
    assert merged.on_load_batch == [print, repr]
    with pytest.raises(ConfigurationError, match="'a'"):
        merge(one, FixedVarDescr({"a": 3}))


def test_mistakes_are_named():
    with pytest.raises(OptionError, match="costs is empty"):
        SumOfCosts([])
    with pytest.raises(OptionError, match="holds int"):
        SumOfCosts([1])
    with pytest.raises(NotImplementedError, match="Supervised must define expr"):
        Supervised().expr(None, None)


def test_a_penalty_of_odd_power_counts_absolute_values(float64):
    W, b = sharedX(np.array([[1.0, -2.0], [0.5, -0.5]])), sharedX(np.array([-3.0]))
    penalty = LpPenalty([W, b], p=3)
    assert float(penalty.expr(None, None).eval()) == pytest.approx(1 + 8 + 0.125 + 0.125 + 27)
    assert penalty.get_data_specs(None) == (NullSpace(), "")
    with pytest.raises(OptionError, match="variables is empty"):
        LpPenalty([], p=2)
