"""The Parzen window as a graph, against its formula."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
from evaluation import evaluate

from adversarial.game.parzen_graph import log_mean_exp, theano_parzen


def test_parzen_channel_equals_its_formula(float64):
    rng = np.random.RandomState(0)
    data, samples, sigma = rng.rand(7, 5), rng.rand(11, 5), 0.2
    exponents = -0.5 * (((data[:, None] - samples[None]) / sigma) ** 2).sum(axis=2)
    expected = np.log(np.exp(exponents).mean(axis=1)) - 5 * np.log(sigma * np.sqrt(2 * np.pi))
    found = evaluate(theano_parzen(*(pt.as_tensor(a) for a in (data, samples)), sigma))
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_the_mean_of_exponentials_neither_overflows_nor_vanishes(float64):
    found = evaluate(log_mean_exp(pt.as_tensor([[1000.0, 1000.0], [-1000.0, -1000.0 + np.log(3.0)]])))
    np.testing.assert_allclose(found, [1000.0, -1000.0 + np.log(2.0)])
