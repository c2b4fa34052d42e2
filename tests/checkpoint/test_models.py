"""A model that is saved and loaded computes what it computed; a model of 2014 computes what 2014's did."""

from __future__ import annotations

import gzip
import importlib.util
import re
import tracemalloc

import numpy as np
import pytest

from adversarial import checkpoint
from adversarial.backend import function
from adversarial.checkpoint import models
from adversarial.errors import CheckpointError
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.models.linear import Linear, RectifiedLinear, Sigmoid
from adversarial.models.maxout import Maxout
from adversarial.models.mlp import MLP
from adversarial.monitor import Monitor, push_monitor
from adversarial.space import Conv2DSpace


@pytest.fixture
def pair() -> AdversaryPair:
    bias = np.linspace(-1, 1, 12)
    generator = MLP([RectifiedLinear(layer_name="h0", dim=5, irange=0.3), _output(bias)], nvis=3)
    space = Conv2DSpace([2, 2], num_channels=3)
    discriminator = MLP([Maxout("h0", 4, 3, irange=0.3), _output(dim=1)], input_space=space)
    inferer = MLP([Linear(dim=3, layer_name="h0", irange=0.3, max_col_norm=1.5)], nvis=12, seed=[1, 2])
    made = AdversaryPair(Generator(generator, noise="spherical"), discriminator, inferer, shrink_d=0.5)
    rng = np.random.RandomState(3)
    for param in made.get_params():
        param.set_value(rng.standard_normal(param.get_value().shape).astype(param.dtype))
    return made


def _output(init_bias=0.0, dim=12):
    return Sigmoid(layer_name="y", dim=dim, irange=0.3, init_bias=init_bias)


def samples(model, z):
    generator = model.generator.mlp
    space = generator.get_input_space().make_theano_batch()
    return function([space], generator.fprop(space))(z.astype(space.dtype))


@pytest.mark.parametrize("ending", checkpoint.ENDINGS)
def test_a_pair_comes_back_with_its_options_and_parameters(pair, tmp_path, ending):
    path = tmp_path / f"pair{ending}"
    pair.yaml_src, pair.dataset_yaml_src = "!obj:adversarial.AdversaryPair {}", "!obj:adversarial.datasets.mnist.MNIST"
    checkpoint.save_model(path, pair)
    found = checkpoint.load_model(path)
    assert type(found) is AdversaryPair and found.generator.noise == "spherical" and found.shrink_d == 0.5
    assert found.inferer.layers[0].max_col_norm == 1.5
    assert found.discriminator.get_input_space() == pair.discriminator.get_input_space()
    assert (found.yaml_src, found.dataset_yaml_src) == (pair.yaml_src, pair.dataset_yaml_src)
    assert [param.name for param in found.get_params()] == [param.name for param in pair.get_params()]
    for left, right in zip(found.get_param_values(), pair.get_param_values(), strict=True):
        assert left.dtype == right.dtype and np.array_equal(left, right)
    z = np.random.RandomState(0).standard_normal((4, 3))
    assert np.array_equal(samples(found, z), samples(pair, z))


def test_parameters_go_by_player_and_name(pair):
    names = list(checkpoint.parameters_of(pair))
    assert names[:4] == ["gen/h0_W", "gen/h0_b", "gen/y_W", "gen/y_b"]
    assert "dis/h0_W" in names and "inf/h0_W" in names and len(names) == len(pair.get_params())
    assert list(checkpoint.parameters_of(pair.discriminator))[:2] == ["h0_W", "h0_b"]


def test_frozen_parameters_are_saved_too(pair, tmp_path):
    frozen = pair.discriminator.layers[0].W
    pair.discriminator.freeze([frozen])
    checkpoint.save_model(tmp_path / "pair.pkl", pair)
    found = checkpoint.load_model(tmp_path / "pair.pkl")
    assert np.array_equal(found.discriminator.layers[0].W.get_value(), frozen.get_value())


def test_layers_added_after_building_are_saved(pair, tmp_path):
    pair.discriminator.remove_last_layer()
    pair.discriminator.add_layers([Sigmoid(layer_name="head", dim=1, irange=0.1)])
    checkpoint.save_model(tmp_path / "pair.h5", pair)
    found = checkpoint.load_model(tmp_path / "pair.h5")
    assert found.discriminator.layer_names == ["h0", "head"]


def test_a_saved_file_says_where_it_comes_from(pair, tmp_path):
    checkpoint.save_model(tmp_path / "pair.pkl", pair, overrides={"algorithm.batch_size": 5})
    content = checkpoint.read(tmp_path / "pair.pkl")
    assert (content["format"], content["version"]) == ("adversarial model", 1)
    assert content["versions"]["numpy"] == np.__version__ and "pytensor" in content["versions"]
    assert content["overrides"] == {"algorithm.batch_size": 5} and content["training"] is None


def test_the_shape_of_images_is_kept_and_checked(pair, tmp_path):
    pair.image_shape = (2, 2, 3)
    checkpoint.save_model(tmp_path / "pair.h5", pair)
    assert checkpoint.load_model(tmp_path / "pair.h5").image_shape == (2, 2, 3)
    for wrong in ([2, 2], [0, 1, 1], "x", [1.5, 1, 1]):
        checkpoint.save_model(tmp_path / "pair.h5", pair, image_shape=wrong)
        with pytest.raises(CheckpointError, match="not rows, columns and channels"):
            checkpoint.load_model(tmp_path / "pair.h5")


def _change(content, *, drop=None, add=None, shape=None, option=None):
    if drop:
        del content["parameters"][drop]
    if add:
        content["parameters"][add] = np.zeros(2)
    if shape:
        content["parameters"][shape] = np.zeros((99, 99))
    if option:
        content["model"]["options"].update(option)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"drop": "gen/h0_W"}, "it lacks the parameter gen/h0_W"),
        ({"add": "gen/h9_W"}, "it has a parameter gen/h9_W"),
        ({"shape": "dis/y_W"}, "its parameter dis/y_W is an array of float64 of shape"),
        ({"option": {"shrink_d": -7.0}}, "its model cannot be built: AdversaryPair: shrink_d is -7.0"),
        ({"option": {"generator": {"mapping": 3}}}, "description is not one that this program wrote"),
        ({"option": {"no_such": 1}}, "has no option 'no_such'"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(pair, tmp_path, change, sentence):
    content = checkpoint.model_content(pair)
    _change(content, **change)
    checkpoint.write(tmp_path / "pair.pkl", content)
    with pytest.raises(CheckpointError) as caught:
        checkpoint.load_model(tmp_path / "pair.pkl")
    assert sentence in str(caught.value) and str(caught.value).startswith(f"cannot open {tmp_path / 'pair.pkl'}: ")


def _layer(name, **options):
    return {"class": f"adversarial.models.{name}", "options": {"layer_name": "h0", "irange": 0.1} | options}


@pytest.mark.parametrize(
    ("nvis", "layers", "what"),
    [
        (10**9, [_layer("linear.Linear", dim=10**9)], "h0_b has shape (1000000000,)"),
        (10**6, [_layer("linear.Linear", dim=10**6)], "h0_W has shape (1000000, 1000000)"),
        (2**19, [_layer("linear.Linear", layer_name=f"h{i}", dim=(20, 2**19)[i % 2]) for i in range(99)], "h63_b has"),
        (
            1,
            [_layer("maxout.Maxout", num_units=10**5, num_pieces=1, randomize_pools=True)],
            "h0_permute has shape (100000, 100000)",
        ),
    ],
)
def test_layers_larger_than_the_numbers_that_are_there_take_no_memory(tmp_path, nvis, layers, what):
    described = {"class": "adversarial.models.mlp.MLP", "options": {"nvis": nvis, "layers": layers}}
    content = {"yaml_src": "", "parameters": {"h0_W": np.zeros((3, 3))}, "model": described}
    checkpoint.write(tmp_path / "m.pkl", content)
    tracemalloc.start()
    with pytest.raises(CheckpointError, match=re.escape(what)):
        checkpoint.load_model(tmp_path / "m.pkl")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The bound, 2^24 values, as float64, and once more as a parameter.
    assert peak < 2 * 2**24 * 8


@pytest.mark.parametrize("name", ["os.system", "subprocess.Popen", "adversarial.backend.os.system", "builtins.eval"])
def test_a_file_that_names_what_is_not_allowed_is_refused(pair, tmp_path, name):
    content = checkpoint.model_content(pair)
    content["model"] = {"class": name, "options": {"command": f"touch {tmp_path / 'left'}"}}
    checkpoint.write(tmp_path / "pair.pkl", content)
    with pytest.raises(CheckpointError, match="its model cannot be built"):
        checkpoint.load_model(tmp_path / "pair.pkl")
    assert not (tmp_path / "left").exists()


# A pickle of 2014.


@pytest.fixture
def old_pickle(golden, tmp_path):
    path = tmp_path / "old.pkl"
    path.write_bytes(gzip.decompress((golden / "trajectories/mnist_recipe/model_2014.pkl.gz").read_bytes()))
    return path


def _expected_samples(golden, z):
    with np.load(golden / "trajectories/mnist_recipe/params.npz") as params:
        value = {name: params[f"update36/gen_{name}"] for name in ("h0_W", "h0_b", "h1_W", "h1_b", "y_W", "y_b")}
    h0 = np.maximum(z @ value["h0_W"] + value["h0_b"], 0)
    h1 = np.maximum(h0 @ value["h1_W"] + value["h1_b"], 0)
    return 1 / (1 + np.exp(-(h1 @ value["y_W"] + value["y_b"])))


def test_a_model_of_2014_generates_what_its_parameters_say(golden, old_pickle, float64):
    model = checkpoint.load_model(old_pickle)
    z = np.random.RandomState(5).uniform(-np.sqrt(3), np.sqrt(3), (20, 7))
    assert np.allclose(samples(model, z), _expected_samples(golden, z), rtol=0, atol=1e-12)
    assert model.monitor.channels["valid_objective"].epoch_record == [0, 1, 2, 3]
    assert model.monitor.get_epochs_seen() == 3


@pytest.mark.parametrize("ending", checkpoint.ENDINGS)
def test_a_converted_model_is_the_same_and_ours(golden, old_pickle, tmp_path, ending):
    new = tmp_path / f"new{ending}"
    checkpoint.convert_2014(old_pickle, new)
    content = checkpoint.read(new)
    with np.load(golden / "trajectories/mnist_recipe/params.npz") as params:
        for name, value in content["parameters"].items():
            assert np.array_equal(value, params["update36/" + name.replace("/", "_")])
    z = np.random.RandomState(5).uniform(-np.sqrt(3), np.sqrt(3), (20, 7))
    # Two layers of float32 sums of about ten numbers near 1, then a sigmoid of slope 1/4 at most.
    assert np.allclose(samples(checkpoint.load_model(new), z), _expected_samples(golden, z), rtol=0, atol=1e-6)
    before = old_pickle.read_bytes()
    with pytest.raises(CheckpointError, match="would replace the old pickle"):
        checkpoint.convert_2014(old_pickle, old_pickle)
    assert old_pickle.read_bytes() == before
    with pytest.raises(CheckpointError, match="saved model of this library already"):
        checkpoint.convert_2014(new, tmp_path / "again.pkl")


@pytest.fixture(autouse=True)
def classes(monkeypatch):
    """Stands in for the allow-list where it is not there."""
    if importlib.util.find_spec("adversarial.names.allow_list") is not None:
        return
    from adversarial.errors import ConfigurationError
    from adversarial.options import Configurable

    homes = {"Generator": "game.generator", "AdversaryPair": "game.pair"}
    homes |= {"MLP": "models.mlp", "Maxout": "models.maxout"}

    def resolve(name):
        module, _, cls = name.rpartition(".")
        if module.startswith(("pylearn2.", "adversarial")) and cls in homes:
            module = f"adversarial.{homes[cls]}"
        elif module == "pylearn2.models.mlp":
            module = "adversarial.models.linear"
        try:
            found = getattr(importlib.import_module(module), cls)
        except (ImportError, AttributeError) as error:
            raise ConfigurationError(name) from error
        if not (isinstance(found, type) and issubclass(found, Configurable)):
            raise ConfigurationError(name)
        return found

    monkeypatch.setattr(models, "part_of_model", lambda allow: resolve)


@pytest.mark.parametrize("ending", checkpoint.ENDINGS)
def test_what_push_monitor_set_aside_is_saved_with_the_model(tmp_path, pair, ending):
    Monitor.get_monitor(pair).report_epoch()
    checkpoint.save_model(tmp_path / f"a{ending}", pair)
    second = push_monitor(checkpoint.load_model(tmp_path / f"a{ending}"), "first")
    Monitor.get_monitor(second)
    checkpoint.save_model(tmp_path / f"b{ending}", second)
    third = push_monitor(checkpoint.load_model(tmp_path / f"b{ending}"), "second")
    checkpoint.save_model(tmp_path / f"c{ending}", third)
    found = checkpoint.load_model(tmp_path / f"c{ending}")
    assert (found.first.get_epochs_seen(), found.second.get_epochs_seen()) == (1, 0)


@pytest.mark.parametrize("name", ["generator", "__class__", "_x", "a b", "get_params"])
def test_an_earlier_record_takes_no_other_attributes_place(tmp_path, pair, name):
    content = checkpoint.models.model_content(pair)
    record = {"epochs_seen": 0, "batches_seen": 0, "examples_seen": 0, "channels": {}}
    with pytest.raises(CheckpointError, match="an earlier record of the monitor"):
        checkpoint.model_of(content | {"earlier_monitors": {name: record}})
    with pytest.raises(CheckpointError, match="earlier records"):
        checkpoint.model_of(content | {"earlier_monitors": [name]})
