"""A small restricted Boltzmann machine against the enumeration of all its states."""

from __future__ import annotations

import itertools

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from adversarial import backend
from adversarial.costs.energy import CDk
from adversarial.models.rbm import RBM, BlockGibbsSampler
from adversarial.options import OptionError

STATES_V = np.array(list(itertools.product([0.0, 1.0], repeat=4)))
STATES_H = np.array(list(itertools.product([0.0, 1.0], repeat=3)))


@pytest.fixture
def machine(float64) -> RBM:
    return RBM(nvis=4, nhid=3, irange=1.0, init_bias_vis=[0.3, -0.2, 0.1, 0.4], init_bias_hid=-0.3)


def energies(rbm: RBM) -> np.ndarray:
    """E(v, h) of every state, (16, 8)."""
    W, b_vis, b_hid = (param.get_value() for param in rbm.get_params())
    return -(STATES_V @ W @ STATES_H.T) - (STATES_V @ b_vis)[:, None] - (STATES_H @ b_hid)[None, :]


def probabilities(rbm: RBM) -> np.ndarray:
    """P(v, h) of every state."""
    weights = np.exp(-energies(rbm))
    return weights / weights.sum()


def exact_gradients(rbm: RBM, data: np.ndarray) -> list[np.ndarray]:
    """Of the mean negative log-likelihood of `data`."""
    joint = probabilities(rbm)
    h_given = np.exp(-energies(rbm)) / np.exp(-energies(rbm)).sum(axis=1, keepdims=True)
    rows = [int(np.flatnonzero((row == STATES_V).all(axis=1))[0]) for row in data]
    positive = np.zeros_like(joint)
    for row in rows:
        positive[row] += h_given[row] / len(rows)
    difference = joint - positive
    W = np.einsum("vh,vi,hj->ij", difference, STATES_V, STATES_H)
    return [W, difference.sum(axis=1) @ STATES_V, difference.sum(axis=0) @ STATES_H]


def test_free_energies_sum_the_other_units_out(machine):
    v, h = pt.matrix(), pt.matrix()
    found = backend.function([v], machine.free_energy(v))(STATES_V)
    assert found == pytest.approx(-np.log(np.exp(-energies(machine)).sum(axis=1)), abs=1e-10)
    found = backend.function([h], machine.free_energy_given_h(h))(STATES_H)
    assert found == pytest.approx(-np.log(np.exp(-energies(machine)).sum(axis=0)), abs=1e-10)


def test_the_gibbs_chain_comes_to_the_machines_distribution(machine):
    sampler = BlockGibbsSampler(machine, np.full((4000, 4), 0.5), np.random.RandomState(1), steps=10)
    step = backend.function([], updates=sampler.updates())
    counts = np.zeros(16)
    for pass_ in range(60):
        step()
        if pass_ >= 10:
            states = sampler.particles.get_value() @ [8, 4, 2, 1]
            counts += np.bincount(states.astype(int), minlength=16)
    exact = probabilities(machine).sum(axis=1)
    assert 0.5 * np.abs(counts / counts.sum() - exact).sum() < 0.02


def test_contrastive_divergence_of_many_steps_follows_the_exact_gradient(machine):
    data = pt.matrix()
    batch = STATES_V[np.random.default_rng(0).choice(16, 40)]
    gradients, _ = CDk(nsteps=50).get_gradients(machine, data)
    function = backend.function([data], list(gradients.values()))
    wide = np.tile(batch, (100, 1))
    found = [np.mean(each, axis=0) for each in zip(*(function(wide) for _ in range(20)), strict=True)]
    for value, exact in zip(found, exact_gradients(machine, batch), strict=True):
        assert np.linalg.norm(value - exact) < 0.05 * np.linalg.norm(exact)


def test_one_step_of_contrastive_divergence_has_the_gradient_of_its_particles(machine):
    data = pt.matrix()
    cost = CDk(nsteps=1)
    gradients, _ = cost.get_gradients(machine, data)
    particles = machine.gibbs_step_for_v(data, type(cost.theano_rng)(42)).v_sample
    objective = machine.free_energy(data).mean() - machine.free_energy(particles).mean()
    expected = pytensor.grad(objective, machine.get_params(), consider_constant=[particles])
    both = backend.function([data], [*gradients.values(), *expected])(STATES_V)
    for value, other in zip(both[:3], both[3:], strict=True):
        assert value == pytest.approx(other, abs=1e-10)


def test_biases_start_where_they_are_told(float64):
    with pytest.raises(OptionError, match="one for each of 4 units"):
        RBM(nvis=4, nhid=3, init_bias_vis=[1.0, 2.0])
