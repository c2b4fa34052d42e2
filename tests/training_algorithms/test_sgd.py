"""SGD against plain NumPy, and the order of its events."""

from __future__ import annotations

import numpy as np
import pytest
from training_stand_ins import (
    NoisyReconstruction,
    Pair,
    PlainReconstruction,
    data,
    experiment,
    interpret,
    parameters,
    record,
)

from adversarial.errors import ConfigurationError, NumericalError
from adversarial.options import OptionError
from adversarial.termination_criteria import EpochCounter
from adversarial.training_algorithms import schedules, sgd
from adversarial.training_algorithms.learning_rule import Momentum
from adversarial.training_algorithms.sgd import SGD

ONE_EPOCH = {"termination_criterion": EpochCounter(max_epochs=1), "learning_rule": None, "update_callbacks": None}


@pytest.fixture(autouse=True)
def interpreted(monkeypatch):
    interpret(monkeypatch)


def gradient_step(params: list[np.ndarray], X: np.ndarray, rate: float) -> list[np.ndarray]:
    """One step of PlainReconstruction by hand; the rate of the generator's matrix is halved, as Pair asks."""
    V, c, W, b = params
    hidden = X @ V + c
    error = 2 * (hidden @ W + b - X) / X.size
    back = error @ W.T
    steps = (X.T @ back, back.sum(axis=0), 0.5 * hidden.T @ error, error.sum(axis=0))
    return [param - rate * step for param, step in zip(params, steps, strict=True)]


def test_one_epoch_by_hand_with_an_uneven_last_minibatch(float64):
    train = experiment(cost=PlainReconstruction(), train={"extensions": []}, **ONE_EPOCH)
    X, sizes = train.dataset.get_design_matrix(), []
    expected = parameters(train)
    order = np.arange(len(X))
    np.random.RandomState([2012, 10, 5]).shuffle(order)
    for start in range(0, len(X), 5):
        rows = order[start : start + 5]
        sizes.append(len(rows))
        expected = gradient_step(expected, X[rows], 0.1)
    train.main_loop()
    assert sizes == [5, 5, 5, 5, 3]
    for found, value in zip(parameters(train), expected, strict=True):
        np.testing.assert_allclose(found, value, rtol=1e-12)
    monitor = train.model.monitor
    assert (monitor.get_epochs_seen(), monitor.get_batches_seen(), monitor.get_examples_seen()) == (1, 5, 23)


def test_graphs_are_built_in_the_order_of_2014():
    train = experiment(monitoring_dataset={"train": data(7), "valid": data(6)}, monitoring_costs=None)
    train.setup()
    in_setup = ["expr", "cost channels", "model channels", "expr", "expr", "gradients", "expr", "lr_scalers"]
    # The last is Train making the model keep its limits from the start.
    assert train.model.events == [*in_setup, "modify_updates", "modify_updates"]


def test_further_costs_are_built_after_the_one_that_is_trained():
    order = []

    class Named(PlainReconstruction):
        def __init__(self, name):
            super().__init__()
            self.name = name

        def expr(self, model, data, **kwargs):
            order.append(f"{self.name} expr")
            return super().expr(model, data, **kwargs)

        def get_monitoring_channels(self, model, data, **kwargs):
            order.append(f"{self.name} channels")
            return {"width": data.std()}

    train = experiment(cost=Named("main"), monitoring_costs={"b": Named("b"), "a": Named("a")})
    train.setup()
    assert order[0] == "main expr"
    assert order[1:7] == ["main channels", "a channels", "b channels", "main expr", "a expr", "b expr"]
    names = set(train.model.monitor.channels)
    assert {"valid_objective", "valid_a", "valid_b", "valid_width", "valid_a_width", "valid_b_width"} <= names


def test_callbacks_see_every_update_in_their_order():
    seen = []
    callbacks = [lambda algorithm: seen.append(("first", algorithm)), lambda algorithm: seen.append(("second", None))]
    train = experiment(**(ONE_EPOCH | {"update_callbacks": callbacks}), train={"extensions": []})
    train.main_loop()
    assert [name for name, _ in seen] == ["first", "second"] * 5
    assert seen[0][1] is train.algorithm


def test_a_single_callback_needs_no_list():
    calls = []
    train = experiment(**(ONE_EPOCH | {"update_callbacks": calls.append}), train={"extensions": []})
    train.main_loop()
    assert calls == [train.algorithm] * 5


def test_a_callback_changes_the_learning_rate(float64):
    def freeze(algorithm):
        algorithm.learning_rate.set_value(0.0)

    train = experiment(
        cost=PlainReconstruction(), train={"extensions": []}, **(ONE_EPOCH | {"update_callbacks": [freeze]})
    )
    expected = gradient_step(parameters(train), train.dataset.get_design_matrix()[:5], 0.1)
    train.algorithm.train_iteration_mode = "sequential"
    train.main_loop()
    for found, value in zip(parameters(train), expected, strict=True):
        np.testing.assert_allclose(found, value, rtol=1e-12)


def test_init_momentum_is_an_older_way_to_ask_for_momentum():
    assert isinstance(SGD(learning_rate=0.1, init_momentum=0.5).learning_rule, Momentum)
    with pytest.raises(OptionError, match="init_momentum and learning_rule"):
        SGD(learning_rate=0.1, init_momentum=0.5, learning_rule=Momentum(init_momentum=0.5))


def test_the_schedules_are_where_pylearn2_had_them():
    for name in sgd.__all__[1:]:
        assert getattr(sgd, name).__name__ == name
    assert sgd.ExponentialDecay is schedules.ExponentialDecay


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"learning_rate": -0.1}, "learning_rate"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": 2.5}, "batch_size"),
        ({"theano_function_mode": "DebugMode"}, "theano_function_mode"),
        ({"monitoring_batches": 3}, "monitoring_batches"),
        ({"monitoring_batch_size": 3}, "monitoring_batch_size"),
        ({"monitoring_dataset": "valid"}, "monitoring_dataset"),
        ({"monitoring_costs": [1]}, "monitoring_costs"),
        ({"update_callbacks": [1]}, "update_callbacks"),
        ({"learning_rule": 0.5}, "learning_rule"),
        ({"batchsize": 5}, "batchsize"),
    ],
)
def test_bad_options_are_named(options, key):
    with pytest.raises(OptionError) as caught:
        SGD(**({"learning_rate": 0.1} | options))
    assert caught.value.key == key


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"batches_per_iter": 4},
            "SGD: batches_per_iter is 4, and so is monitoring_batches, which is not given, but the monitoring dataset "
            "'valid' is too small: 13 examples make 3 batches of 5, but 4 are asked for",
        ),
        (
            {"monitoring_batches": 4, "monitoring_batch_size": 5},
            "SGD: monitoring_batches is 4, but the monitoring dataset 'valid' is too small: 13 examples make 3 batches",
        ),
        (
            {"monitoring_batches": 14, "monitoring_dataset": data(13)},
            "the monitoring dataset is too small: 13 examples",
        ),
        (
            {"batches_per_iter": 6, "monitoring_batches": 1},
            "SGD: batches_per_iter is 6, but the training data are too few: 23 examples make 5 batches of 5, but 6",
        ),
    ],
)
def test_more_batches_than_there_are_examples_for_are_refused_by_option_and_dataset(options, sentence, monkeypatch):
    interpret(monkeypatch)
    with pytest.raises(OptionError, match=sentence):
        experiment(**options).main_loop(max_epochs=1)


def test_a_batch_size_is_needed():
    with pytest.raises(OptionError, match="batch_size"):
        experiment(batch_size=None).setup()


def test_a_model_may_insist_on_a_batch_size():
    model = Pair()
    model.force_batch_size = 4
    with pytest.raises(OptionError, match="works with 4 only"):
        experiment(train={"model": model}, batch_size=5).setup()
    with pytest.raises(OptionError, match="even_sequential"):
        experiment(train={"model": model}, batch_size=4, monitoring_dataset=data(13)).setup()


def test_a_model_that_takes_any_batch_is_monitored_on_smaller_ones(caplog):
    caplog.set_level("WARNING", logger="adversarial")
    measured = {}
    for batch_size in (4, 13):
        model = Pair()
        model.force_batch_size, model.takes_smaller_batches = 4, True
        options = {"monitoring_batch_size": batch_size, "monitoring_dataset": {"valid": data(13)}}
        train = experiment(cost=PlainReconstruction(), train={"model": model}, batch_size=4, **options)
        train.setup()
        train.model.monitor()
        measured[batch_size] = record(train)["valid_objective"]
    assert measured[4] == pytest.approx(measured[13], rel=1e-5)
    assert "the monitoring dataset 'valid' does not divide into batches of 4" in caplog.text


def test_nan_in_a_parameter_stops_training_within_the_epoch():
    def spoil(algorithm):
        if algorithm.monitor.get_batches_seen() == 8:
            W = algorithm.model.generator.W
            W.set_value(np.full_like(W.get_value(), np.nan))

    train = experiment(update_callbacks=[spoil], termination_criterion=EpochCounter(max_epochs=5))
    with pytest.raises(NumericalError, match="parameter g_W is NaN after update 8, in epoch 2"):
        train.main_loop()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_diverging_run_is_stopped():
    # The error is quartic in the parameters, so that too long steps grow without bound.
    options = {"learning_rate": 1e3, "learning_rule": None, "update_callbacks": None}
    train = experiment(cost=PlainReconstruction(), train={"extensions": []}, **options)
    with pytest.raises(NumericalError, match="after update [0-9]+, in epoch [12]"):
        train.main_loop()


def test_a_model_that_is_not_finite_is_refused_before_training():
    train = experiment()
    W = train.model.generator.W
    W.set_value(np.full_like(W.get_value(), np.inf))
    with pytest.raises(NumericalError, match="g_W is infinite before training"):
        train.setup()


def test_debug_nan_finds_the_update_and_the_node():
    class Logarithm(PlainReconstruction):
        """The logarithm of the bias's sum, which steps of descent make negative."""

        def expr(self, model, data, **kwargs):
            b = model.discriminator.b
            return (b + 1).log().sum() + 0 * super().expr(model, data, **kwargs)

    options = {"learning_rate": 0.6, "learning_rule": None, "update_callbacks": None, "monitoring_dataset": None}
    train = experiment(cost=Logarithm(), train={"extensions": []}, **options)
    train.algorithm.update_callbacks.append(
        lambda algorithm: (
            algorithm.model.discriminator.b.set_value(np.full(4, -1, "float32"))
            if algorithm.monitor.get_batches_seen() == 3
            else None
        )
    )
    train.debug_nan = True
    with pytest.raises(NumericalError, match="update 4, in epoch 1, is the first to make d_b .*inf.* comes first from"):
        train.main_loop()
    np.testing.assert_array_equal(train.model.discriminator.b.get_value(), -1)


def test_a_cost_must_give_the_gradient_of_every_parameter():
    class Half(NoisyReconstruction):
        def get_gradients(self, model, data, **kwargs):
            grads, updates = super().get_gradients(model, data, **kwargs)
            del grads[model.generator.b]
            return grads, updates

    with pytest.raises(ConfigurationError, match="Half gives no gradient for the parameter g_b"):
        experiment(cost=Half()).setup()


def test_data_of_another_width_are_told_at_set_up(monkeypatch):
    interpret(monkeypatch)
    with pytest.raises(ConfigurationError, match="has 5 values an example, but a batch of VectorSpace"):
        experiment(train={"dataset": data(23, dim=5)}).setup()
