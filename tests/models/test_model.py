"""What every model has: named parameters, and where it comes from."""

from __future__ import annotations

import numpy as np
import pytest

from adversarial.errors import ConfigurationError
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.models.composite import CompositeLayer, FlattenerLayer
from adversarial.models.linear import Linear, Sigmoid
from adversarial.models.mlp import MLP
from adversarial.models.model import Provenance


def linear(name, dim=3):
    return Linear(dim=dim, layer_name=name, irange=0.1)


def test_names_of_parameters_in_an_mlp():
    mlp = MLP([linear("a"), linear("b")], nvis=2)
    assert list(mlp.named_parameters()) == ["a_W", "a_b", "b_W", "b_b"]
    assert list(mlp.named_parameters().values()) == mlp.get_params()


def test_names_of_parameters_in_a_pair():
    generator = Generator(MLP([linear("y", 4)], nvis=2))
    discriminator = MLP([Sigmoid(dim=1, layer_name="y", irange=0.1)], nvis=4)
    pair = AdversaryPair(generator, discriminator, inferer=MLP([linear("z", 2)], nvis=4))
    names = ["gen/y_W", "gen/y_b", "dis/y_W", "dis/y_b", "inf/z_W", "inf/z_b"]
    assert list(pair.named_parameters()) == names
    assert list(generator.named_parameters()) == ["y_W", "y_b"]


def test_a_repeated_name_is_numbered():
    mlp = MLP([linear("a"), linear("a"), linear("a")], nvis=3, repeated_names=True)
    assert list(mlp.named_parameters()) == ["a_W", "a_b", "a_W#2", "a_b#2", "a_W#3", "a_b#3"]


def test_frozen_parameters_have_names_too():
    mlp = MLP([linear("a"), linear("b")], nvis=2)
    mlp.freeze(mlp.layers[0].get_params())
    assert [param.name for param in mlp.get_params()] == ["b_W", "b_b"]
    assert list(mlp.named_parameters()) == ["a_W", "a_b", "b_W", "b_b"]


def test_components_name_their_parameters_in_order():
    both = CompositeLayer(layer_name="both", layers=[linear("a"), linear("b")])
    mlp = MLP([both], nvis=2)
    assert [param.name for param in mlp.get_params()] == ["b_W", "b_b", "a_W", "a_b"]
    assert list(mlp.named_parameters()) == ["a_W", "a_b", "b_W", "b_b"]
    flat = MLP([FlattenerLayer(CompositeLayer(layer_name="both", layers=[linear("a"), linear("b")]))], nvis=2)
    assert set(flat.named_parameters()) == {"a_W", "a_b", "b_W", "b_b"}


def test_provenance_is_a_models_own():
    first, second = MLP([linear("a")], nvis=2), MLP([linear("a")], nvis=2)
    first.yaml_src, first.dataset_yaml_src, first.image_shape = "!obj:a {}", "!obj:b {}", (2, 2, 1)
    assert first.provenance == Provenance("!obj:a {}", "!obj:b {}", (2, 2, 1))
    assert second.provenance == Provenance() and second.monitor is None
    assert (second.yaml_src, second.dataset_yaml_src, second.image_shape) == ("", "", None)


def test_values_of_parameters_keep_their_shapes():
    mlp = MLP([linear("a")], nvis=2)
    values = [value + 1 for value in mlp.get_param_values()]
    mlp.set_param_values(values)
    np.testing.assert_array_equal(mlp.layers[0].get_weights(), values[0])
    with pytest.raises(ConfigurationError, match="parameter a_W has shape"):
        mlp.set_param_values([np.zeros((3, 3)), np.zeros(3)])


def test_a_layer_knows_its_mlp():
    layer = linear("a")
    assert layer.get_mlp() is None
    with pytest.raises(AttributeError, match="layer 'a' is not part of an MLP yet"):
        _ = layer.mlp
    mlp = MLP([layer], nvis=2)
    assert layer.parent is layer.mlp is layer.get_mlp() is mlp
