"""A small Gaussian-binary machine against the enumeration of its hidden states, and denoising score matching."""

from __future__ import annotations

import itertools

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from adversarial import backend
from adversarial.config import yaml_parse
from adversarial.costs.energy import SMD
from adversarial.errors import ConfigurationError
from adversarial.models.corruption import BinomialCorruptor, GaussianCorruptor
from adversarial.models.gaussian_rbm import GaussianBinaryRBM, GRBM_Type_1
from adversarial.options import OptionError
from adversarial.random_streams import MRG_RandomStreams

STATES_H = np.array(list(itertools.product([0.0, 1.0], repeat=3)))
V = np.random.RandomState(3).randn(5, 4)


@pytest.fixture
def machine(float64) -> GaussianBinaryRBM:
    rbm = GaussianBinaryRBM(GRBM_Type_1(), 4, 3, irange=0.7, init_sigma=0.8, init_bias_hid=-0.3, learn_sigma=True)
    rbm.bias_vis.set_value(np.array([0.3, -0.2, 0.1, 0.4]))
    return rbm


def free_energies(rbm: GaussianBinaryRBM) -> np.ndarray:
    """Of the rows of V, by the sum over hidden states."""
    W, b_vis, b_hid, sigma = (param.get_value() for param in rbm.get_params())
    linear = (V @ b_vis)[:, None] + V @ W @ STATES_H.T + (STATES_H @ b_hid)[None]
    energies = -(linear - 0.5 * (V**2).sum(axis=1)[:, None]) / sigma**2
    return -np.log(np.exp(-energies).sum(axis=1))


def test_the_free_energy_sums_hidden_units_out(machine):
    v = pt.matrix()
    assert backend.function([v], machine.free_energy(v))(V) == pytest.approx(free_energies(machine), abs=1e-10)


def test_the_score_is_the_gradient_of_the_log_density(machine):
    v = pt.matrix()
    score, minus_gradient = machine.score(v), -pytensor.grad(machine.free_energy(v).sum(), v)
    found, expected = backend.function([v], [score, minus_gradient])(V)
    assert found == pytest.approx(expected, abs=1e-10)


def test_samples_of_visible_units_have_sigma_around_their_mean(machine):
    v = pt.matrix()
    step = machine.gibbs_step_for_v(v, MRG_RandomStreams(7))
    mean, sample = backend.function([v], [step.v_mean, step.v_sample])(np.tile(V, (2000, 1)))
    assert (sample - mean).std() == pytest.approx(0.8, rel=0.02)
    machine.mean_vis = True
    step = machine.gibbs_step_for_v(v, MRG_RandomStreams(7))
    mean, sample = backend.function([v], [step.v_mean, step.v_sample])(V)
    assert np.array_equal(mean, sample)


def test_score_matching_compares_the_score_with_that_of_the_noise(machine):
    v, corruptor, same = pt.matrix(), GaussianCorruptor(stdev=0.4), GaussianCorruptor(stdev=0.4)
    corrupted = same(v)
    noisy, score, value = backend.function([v], [corrupted, machine.score(corrupted), SMD(corruptor).expr(machine, v)])(
        V
    )
    assert value == pytest.approx(np.mean((score - (V - noisy) / 0.4**2) ** 2), rel=1e-12)


def test_an_update_keeps_sigma_in_its_range(machine):
    low = pt.constant(0.01)
    updates = {machine.sigma_driver: low}
    machine.modify_updates(updates)
    assert backend.function([], updates[machine.sigma_driver])() == pytest.approx(0.1)


def test_sigmas_learning_rate_is_scaled():
    rbm = GaussianBinaryRBM(GRBM_Type_1(), 4, 3, init_sigma=0.4, sigma_lr_scale=1e-3)
    assert rbm.sigma_driver.get_value() == pytest.approx(400.0)
    assert rbm.sigma.eval() == pytest.approx(0.4)
    assert rbm.sigma_driver not in rbm.get_params()


def test_a_file_of_2014_names_it():
    rbm = yaml_parse.load(
        "!obj:pylearn2.models.rbm.GaussianBinaryRBM {nvis: 4, nhid: 3, energy_function_class: "
        "!obj:pylearn2.energy_functions.rbm_energy.grbm_type_1 {}}"
    )
    assert isinstance(rbm.energy, GRBM_Type_1)


@pytest.mark.parametrize("gap", ["", " "])
def test_a_class_in_place_of_an_object_is_refused_with_what_to_write(gap):
    name = "pylearn2.energy_functions.rbm_energy.grbm_type_1"
    said = "energy_function_class is the class GRBM_Type_1, but must be a GRBM_Type_1: write !obj:"
    with pytest.raises(ConfigurationError, match=f"{said}{name} {{}}$"):
        yaml_parse.load(
            "!obj:pylearn2.models.rbm.GaussianBinaryRBM {nvis: 4, nhid: 3, energy_function_class: "
            f"!import:{gap}{name} }}"
        )
    with pytest.raises(ConfigurationError, match="is the class VectorSpace, but must be a GRBM_Type_1$"):
        yaml_parse.load(
            "!obj:pylearn2.models.rbm.GaussianBinaryRBM {nvis: 4, nhid: 3, energy_function_class: "
            f"!import:{gap}pylearn2.space.VectorSpace }}"
        )


def test_what_cannot_be_matched_is_refused():
    with pytest.raises(OptionError, match="give a GaussianCorruptor"):
        SMD(BinomialCorruptor(0.5))
    with pytest.raises(OptionError, match="min_sigma is 2.0, but must be at most max_sigma"):
        GaussianBinaryRBM(GRBM_Type_1(), 4, 3, min_sigma=2.0, max_sigma=1.0)
