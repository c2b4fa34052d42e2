"""The exponential average of G's parameters: against a NumPy recursion, saved, resumed, drawn from, refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytensor
import pytest

from adversarial import AdversaryCost2, AdversaryPair, Generator, checkpoint
from adversarial.config.shipped import find_experiment
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.game.sampling import images_of
from adversarial.game.surgery import with_averages
from adversarial.models.linear import RectifiedLinear, Sigmoid
from adversarial.models.maxout import Maxout
from adversarial.models.mlp import MLP
from adversarial.monitor import push_monitor
from adversarial.programs.train_changes import changes_since
from adversarial.progress.reporting import Reporter
from adversarial.train import Train
from adversarial.training_algorithms.bgd import BGD
from adversarial.training_algorithms.discriminator_steps import DiscriminatorStepsSGD
from adversarial.training_algorithms.sgd import SGD

DATA = np.random.RandomState(0).rand(250, 8)
DECAY = 0.9
ON = pytest.mark.parametrize("on", ["c", "numba", "jax"], indirect=True)


def game(decay: float = DECAY) -> AdversaryPair:
    layers = [RectifiedLinear(layer_name="h0", dim=6, irange=0.5), Sigmoid(layer_name="y", dim=8, irange=0.5)]
    generator = Generator(MLP(layers, nvis=3), noise="uniform", monitor_ll=True, average_decay=decay)
    layers = [
        Maxout(layer_name="h0", num_units=5, num_pieces=2, irange=0.5, max_col_norm=0.9),
        Sigmoid(layer_name="y", dim=1, irange=0.5),
    ]
    return AdversaryPair(generator, MLP(layers, nvis=8))


def experiment(model: AdversaryPair, algorithm=SGD, callbacks=(), path=None, **options) -> Train:
    data = DenseDesignMatrix(X=DATA.astype(pytensor.config.floatX))
    cost = AdversaryCost2(scale_grads=False)
    sgd = algorithm(
        learning_rate=0.5,
        cost=cost,
        batch_size=10,
        init_momentum=0.5,
        update_callbacks=list(callbacks),
        monitoring_dataset=data,
        **options,
    )
    train = Train(data, model, sgd, save_path=path, save_freq=0 if path is None else 1)
    train.reporter = Reporter()
    return train


def recorded(model: AdversaryPair, epochs: int, algorithm=SGD, **options) -> list[list[np.ndarray]]:
    """The values of G's parameters after each update."""
    values: list[list[np.ndarray]] = []

    def record(_):
        values.append([param.get_value() for param in model.generator.get_params()])

    experiment(model, algorithm, [record], **options).main_loop(max_epochs=epochs)
    return values


def recursion(values: list[np.ndarray], decay: float = DECAY) -> np.ndarray:
    """The average as Adam's are: a recursion from 0, divided by what its weights add up to."""
    mean, number = np.zeros_like(values[0]), 0
    for value in values:
        mean, number = decay * mean + (1 - decay) * value, number + 1
    return mean / (1 - decay**number)


def hold_to_recursion(model: AdversaryPair, values: list[list[np.ndarray]]) -> None:
    averages = model.generator.averages()
    assert list(averages) == model.generator.get_params()
    for number, mean in enumerate(averages.values()):
        expected = recursion([each[number] for each in values])
        np.testing.assert_allclose(mean.get_value(), expected, atol=1e-6)
        assert np.abs(mean.get_value() - values[-1][number]).max() > 1e-3


@ON
def test_it_is_the_recursion(on, float64):
    model = game()
    values = recorded(model, 2)
    assert len(values) == 50
    hold_to_recursion(model, values)


def test_it_is_the_recursion_on_the_plain_engine(plain, float64):
    model = game()
    hold_to_recursion(model, recorded(model, 2))


def test_only_updates_of_g_count(float64):
    model = game()
    values = recorded(model, 2, DiscriminatorStepsSGD, discriminator_steps=5)
    hold_to_recursion(model, values[4::5])


def test_the_game_goes_on_as_without_it(float64):
    with_it, without = game(), game(0.0)
    recorded(with_it, 1), recorded(without, 1)
    for param, other in zip(with_it.get_params(), without.get_params(), strict=True):
        np.testing.assert_array_equal(param.get_value(), other.get_value())
    assert not without.generator.averages()
    assert "gen_ll_averaged" in with_it.monitor.channels and "gen_ll_averaged" not in without.monitor.channels


def test_a_resumed_run_goes_on_to_the_bit(tmp_path):
    at_once, path = game(), str(tmp_path / "m.pkl")
    experiment(at_once).main_loop(max_epochs=3)
    experiment(game(), path=path).main_loop(max_epochs=1)
    resumed = game()
    train = experiment(resumed, path=path)
    train.resume(checkpoint.read(path))
    train.main_loop(max_epochs=3)
    named = resumed.named_parameters()
    assert "gen/averaged_h0_W" in named
    for name, param in at_once.named_parameters().items():
        np.testing.assert_array_equal(named[name].get_value(), param.get_value(), err_msg=name)
    for name in ("gen_ll", "gen_ll_averaged"):
        assert resumed.monitor.channels[name].val_record == at_once.monitor.channels[name].val_record


def resumed_as(decay: float, path: str, then: float, algorithm=SGD, **options):
    """A run of one epoch with `then` and one more with `decay`, and G's parameters after each of the last updates."""
    experiment(game(then), algorithm, path=path, **options).main_loop(max_epochs=1)
    values: list[list[np.ndarray]] = []

    def record(_):
        values.append([param.get_value() for param in model.generator.get_params()])

    model = game(decay)
    train = experiment(model, algorithm, [record], path, **options)
    content = checkpoint.read(path)
    content["training"]["algorithm"]["update_callbacks"] = [{}]
    train.resume(content, force=True)
    train.main_loop(max_epochs=2)
    return model, values


@pytest.mark.parametrize("algorithm", [SGD, DiscriminatorStepsSGD])
@pytest.mark.parametrize("decay", [DECAY, 0.0])
def test_a_run_that_goes_on_by_force_begins_or_drops_averages(decay, algorithm, tmp_path, float64):
    options = {} if algorithm is SGD else {"discriminator_steps": 5}
    model, values = resumed_as(decay, str(tmp_path / "m.pkl"), DECAY - decay, algorithm, **options)
    unchanged = game(DECAY - decay)
    recorded(unchanged, 2, algorithm, **options)
    for param, other in zip(model.get_params(), unchanged.get_params(), strict=True):
        np.testing.assert_array_equal(param.get_value(), other.get_value())
    channels = model.monitor.channels
    if decay:
        hold_to_recursion(model, values[4::5] if options else values)
        found = channels["gen_ll_averaged"].val_record
        assert np.isnan(found[:2]).all() and np.isfinite(found[2])
        assert channels["gen_ll_averaged"].epoch_record == channels["gen_ll"].epoch_record == [0, 1, 2]
    else:
        assert not model.generator.averages() and "gen_ll_averaged" not in channels


def test_without_force_averages_must_be_as_they_were(tmp_path):
    path = str(tmp_path / "m.pkl")
    experiment(game(0.0), path=path).main_loop(max_epochs=1)
    train = experiment(game(), path=path)
    train.resume(checkpoint.read(path))
    with pytest.raises(CheckpointError, match="only one of the two has a parameter gen/averaged_"):
        train.setup()


@pytest.mark.parametrize(("name", "decay"), [("fastest", "0.9999"), ("highest", "0.99998")])
def test_the_experiments_with_averages_are_the_papers_with_one_value_more(name, decay):
    paper, averaged = (
        Path(find_experiment(file).path).read_text() for file in ("mnist.yaml", f"coordination/{name}.yaml")
    )
    changed = changes_since({"yaml_src": paper}, averaged, {})
    assert changed == [f"model.generator.average_decay: not given then, {decay} now"]


@pytest.mark.parametrize("before", [0.0, 0.5])
def test_a_trained_pair_is_averaged_from_there_on(before, tmp_path, float64):
    path = str(tmp_path / "m.pkl")
    experiment(game(before), path=path).main_loop(max_epochs=1)
    model = with_averages(push_monitor(checkpoint.load_model(path), "first"), average_decay=DECAY)
    values = recorded(model, 1)
    hold_to_recursion(model, values)
    unaveraged = push_monitor(checkpoint.load_model(path), "first")
    recorded(unaveraged, 1)
    for param, other in zip(model.get_params(), unaveraged.get_params(), strict=True):
        np.testing.assert_array_equal(param.get_value(), other.get_value())
    checkpoint.save_model(path, model)
    hold_to_recursion(checkpoint.load_model(path), values)
    with pytest.raises(ConfigurationError, match="average_decay is 0, but must be above 0"):
        with_averages(model, average_decay=0.0)


def test_a_loaded_model_draws_from_either(tmp_path):
    path, z = str(tmp_path / "m.pkl"), np.ones((2, 3), "float32")
    experiment(model := game(), path=path).main_loop(max_epochs=1)
    raw = images_of(checkpoint.load_model(path), z)
    np.testing.assert_array_equal(raw, images_of(model, z))
    loaded = checkpoint.load_model(path)
    loaded.generator.use_averages()
    hidden, out = (layer.layer_name for layer in loaded.generator.mlp.layers)
    mean = {param.name: each.get_value() for param, each in model.generator.averages().items()}
    h = np.maximum(z @ mean[f"{hidden}_W"] + mean[f"{hidden}_b"], 0)
    expected = 1 / (1 + np.exp(-(h @ mean[f"{out}_W"] + mean[f"{out}_b"])))
    np.testing.assert_allclose(images_of(loaded, z), expected, rtol=1e-5)
    assert np.abs(raw - expected).max() > 1e-3


def test_the_monitored_estimate_is_of_the_averages(float64):
    model = game()
    experiment(model).main_loop(max_epochs=1)
    channels = model.monitor.channels
    raw, averaged = (channels[name].val_record for name in ("gen_ll", "gen_ll_averaged"))
    # Before training the averages are the parameters, and both estimates are of the same z.
    assert raw[0] == averaged[0] and abs(raw[1] - averaged[1]) > 1e-3


def test_players_have_learning_rates_of_their_own(float64):
    model = game(0.0)
    model.generator_lr_scale, model.discriminator_lr_scale = 0.5, 3.0
    model.discriminator.layers[0].W_lr_scale = 0.1
    named, scalers = model.named_parameters(), model.get_lr_scalers()
    assert {name: pytest.approx(scalers[param]) for name, param in named.items()} == {
        name: 0.5 if name.startswith("gen/") else 0.3 if name == "dis/h0_W" else 3.0 for name in named
    }
    assert list(game(0.0).get_lr_scalers()) == []


def test_what_has_no_averages_says_so():
    with pytest.raises(ConfigurationError, match="no averaged parameters"):
        game(0.0).generator.use_averages()
    cost = AdversaryCost2(scale_grads=False)
    data = DenseDesignMatrix(X=DATA.astype(pytensor.config.floatX))
    train = Train(data, game(), BGD(cost=cost, batch_size=10))
    train.reporter = Reporter()
    with pytest.raises(ConfigurationError, match="BGD averages no parameters"):
        train.setup()
