"""Models that are sampled by Markov chains: the contract, and what a step of each is."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from adversarial import backend
from adversarial.checkpoint import load_model, save_model
from adversarial.costs.autoencoder import MeanBinaryCrossEntropy
from adversarial.costs.gsn import GSNCost
from adversarial.errors import ConfigurationError, DataError
from adversarial.models.autoencoder import Autoencoder, DenoisingAutoencoder, StackedContractiveAutoencoder
from adversarial.models.autoencoder import ContractiveAutoencoder as CAE
from adversarial.models.chains import Chain, ChainModel, ChainOptions, chain_samples, starting_points
from adversarial.models.corruption import BinomialSampler, GaussianCorruptor, SaltPepperCorruptor
from adversarial.models.dbn import DBN
from adversarial.models.gsn import GSN
from adversarial.models.rbm import RBM
from adversarial.options import OptionError

X = np.random.default_rng(0).random((50, 6))
SIGMOID = {"act_enc": "sigmoid", "act_dec": "sigmoid", "tied_weights": True, "irange": 3.0}


def gsn(corrupt_input: bool = False) -> GSN:
    layers = [Autoencoder(6, 5, "tanh", "sigmoid", True, 3.0), Autoencoder(5, 4, "tanh", "tanh", True, 3.0)]
    noise = GaussianCorruptor(0.5)
    return GSN(
        layers,
        preact_cors=[None, None, noise],
        postact_cors=[SaltPepperCorruptor(0.4), None, noise],
        layer_samplers=[BinomialSampler(), None, None],
        corrupt_input=corrupt_input,
    )


MODELS = {
    "rbm": lambda: RBM(6, 5, irange=2.0),
    "dbn": lambda: DBN([RBM(6, 5, irange=2.0)], 4, irange=2.0),
    "cae": lambda: CAE(nvis=6, nhid=5, sampling_stdev=0.3, **SIGMOID),
    "stacked_cae": lambda: StackedContractiveAutoencoder([CAE(nvis=6, nhid=5, **SIGMOID)], 4, **SIGMOID),
    "gsn": gsn,
}


@pytest.fixture(params=MODELS)
def model(request, float64):
    return MODELS[request.param]()


def test_chains_resumed_in_the_middle_go_on_to_the_bit(model, tmp_path):
    assert isinstance(model, ChainModel)
    chain = Chain(model, X, seed=3)
    chain.advance(3)
    state = chain.get_state()
    expected = chain.advance(4)
    save_model(tmp_path / "model.pkl", model)
    again = Chain(load_model(tmp_path / "model.pkl"), X, seed=8)
    again.set_state(state)
    assert np.array_equal(again.advance(4), expected)
    assert (again.step, expected.shape) == (7, (50, 6))
    with pytest.raises(DataError, match="of another model"):
        again.set_state(state | {"shared": state["shared"][1:]})


def test_samples_are_taken_where_the_options_say(float64):
    model = MODELS["cae"]()
    chain = Chain(model, starting_points("data", X, 4, seed=1), seed=1)
    seen = [chain.means] + [chain.advance(1) for _ in range(8)]
    options = ChainOptions(burn_in=2, thinning=3, chains=4)
    found = list(chain_samples(model, 10, X, options, seed=1))
    assert [len(part) for part in found] == [4, 4, 2]
    assert all(np.array_equal(part, seen[step][: len(part)]) for part, step in zip(found, (2, 5, 8), strict=True))
    assert options.described(10) == "4 chains from data, at steps 2 to 8, each 3"
    assert ChainOptions(burn_in=0).described(1) == "1 chain from data, at step 0"
    assert np.isin(next(chain_samples(model, 3, X, ChainOptions(burn_in=0))), X).all()


def test_chains_start_where_they_are_told(float64):
    corrupted = starting_points("corrupted", X, 4000)
    assert np.mean(~np.isin(corrupted, X) | (corrupted == X.min()) | (corrupted == X.max())) == pytest.approx(
        0.4, abs=0.02
    )
    noise = starting_points("noise", X, 4000)
    assert (noise.min() >= X.min(), noise.max() <= X.max()) == (True, True)
    assert noise.mean() == pytest.approx((X.min() + X.max()) / 2, abs=0.01)
    assert len(np.unique(starting_points("data", X, 50), axis=0)) == 50


@pytest.mark.parametrize("options", [{"start": "zeros"}, {"burn_in": -1}, {"thinning": 0}, {"chains": 0}])
def test_options_out_of_their_range_are_refused(options):
    with pytest.raises(ConfigurationError):
        ChainOptions(**options)


def test_chains_of_other_data_are_refused(float64):
    with pytest.raises(DataError, match="examples of \\(7,\\) values"):
        Chain(MODELS["rbm"](), np.zeros((3, 7)))


def test_a_chain_of_a_network_without_noise_is_its_steps(float64):
    network = GSN(gsn().autoencoders)
    x = pt.matrix()
    steps = backend.function([x], [means[0] for means in network.steps([(0, x)], walkback=1)])(X)
    chain = Chain(network, X)
    for expected in steps:
        assert chain.advance(1) == pytest.approx(expected, abs=1e-12)


def test_a_network_of_one_bias_a_unit_is_that_of_its_authors(float64):
    layers = gsn().autoencoders
    network = GSN(layers, one_bias=True)
    assert [param.name for param in network.get_params()] == ["vb", "hb", "W", "hb", "W"]
    rng = np.random.default_rng(1)
    for bias in (each for layer in layers for each in (layer.visbias, layer.hidbias)):
        bias.set_value(rng.normal(size=bias.get_value().shape))  # that which is not used, too
    b, (c, V), (d, W) = (
        layers[0].visbias.get_value(),
        *((each.hidbias.get_value(), each.weights.get_value()) for each in layers),
    )
    x, expected, seen, top = pt.matrix(), [], X, np.zeros((50, 4))
    for _ in range(3):
        middle = np.tanh(seen @ V + top @ W.T + c)
        seen, top = 1 / (1 + np.exp(-(middle @ V.T + b))), np.tanh(middle @ W + d)
        expected.append(seen)
    steps = backend.function([x], [means[0] for means in network.steps([(0, x)], walkback=1)])(X)
    for ours, theirs in zip(steps, expected, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-12)


def test_noise_of_a_networks_own_is_as_it_was_after_sampling(float64):
    network = gsn()
    noises = [each for each in (*network.preact_cors, *network.postact_cors, *network.layer_samplers) if each]
    before = [(each.theano_rng, each.theano_rng.rstate.tolist()) for each in noises]
    Chain(network, X)
    assert [(each.theano_rng, each.theano_rng.rstate.tolist()) for each in noises] == before


def test_a_network_of_one_layer_and_one_step_is_a_denoising_autoencoder(float64):
    options = {"nvis": 6, "nhid": 5, "act_enc": "tanh", "act_dec": "sigmoid", "irange": 3.0}
    noise = {"corruption_level": 0.4, "rng": 7}
    network = GSN([Autoencoder(**options)], postact_cors=[SaltPepperCorruptor(**noise), None], corrupt_input=True)
    denoising = DenoisingAutoencoder(SaltPepperCorruptor(**noise), **options)
    x, cost = pt.matrix(), MeanBinaryCrossEntropy()
    ours = GSNCost([[0, 1.0, cost]]).expr(network, (x,))
    theirs = cost.expr(denoising, x)
    params = [sorted(each.get_params(), key=lambda param: param.name) for each in (network, denoising)]
    gradients = [pytensor.grad(value, each) for value, each in zip((ours, theirs), params, strict=True)]
    found = backend.function([x], [ours, *gradients[0], theirs, *gradients[1]])(X)
    for one, other in zip(found[:5], found[5:], strict=True):
        assert one == pytest.approx(other, abs=1e-12)


def test_no_gradient_goes_through_samples(float64):
    x = pt.matrix()
    through = pytensor.grad(BinomialSampler()(x).sum(), x, disconnected_inputs="ignore")
    assert not backend.function([x], through)(X).any()


class Fixed:
    """A stream whose normal variate is known."""

    def __init__(self, values):
        self.values = values

    def normal(self, **_):
        return pt.as_tensor_variable(self.values)


def test_a_stack_moves_its_topmost_code_along_its_own_jacobian(float64):
    stack = MODELS["stacked_cae"]()
    lower, upper = stack.layers()
    alpha, one, x = np.random.default_rng(1).normal(size=(1, 4)), pt.vector(), pt.matrix()
    code = upper.encode(lower.encode(one[None, :]))[0]
    jacobian = backend.function([one], pytensor.gradient.jacobian(code, one))(X[0])
    expected = lower.decode(upper.decode(upper.encode(lower.encode(x)) + alpha @ jacobian @ jacobian.T))
    found = backend.function([x], [stack.sample_step(x, 1.0, Fixed(alpha)), expected])(X[:1])
    assert found[0] == pytest.approx(found[1], abs=1e-12)


def test_a_belief_net_samples_its_top_machine_and_goes_down(float64):
    net = MODELS["dbn"]()
    assert list(net.named_parameters()) == [
        "W", "bias_vis", "bias_hid", "below0/W", "below0/bias_vis", "below0/bias_hid",
    ]  # fmt: skip
    assert [param.name for param in net.get_params()] == ["W", "bias_vis", "bias_hid"]
    # An upper machine without weights makes codes of its biases alone.
    net.weights.set_value(np.zeros((5, 4)))
    net.bias_vis.set_value(np.linspace(-2, 2, 5))
    below = net.below[0]
    codes = 1 / (1 + np.exp(-np.linspace(-2, 2, 5)))
    expected = 1 / (1 + np.exp(-(codes @ below.weights.get_value().T)))
    assert Chain(net, X).advance(2) == pytest.approx(np.tile(expected, (50, 1)), abs=1e-12)
    with pytest.raises(OptionError, match="a block gives"):
        DBN([RBM(6, 5), RBM(4, 3)], 2)
