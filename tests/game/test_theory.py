"""Section 4 of the paper on a finite set, with this library's own cost.

Data and model are distributions over k points, D is a table (one logit a point), and a batch in which every point
appears in proportion to its probability makes the cost's means exact expectations.
"""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from evaluation import INTERPRETED, evaluate

from adversarial.game.costs import AdversaryCost2
from adversarial.game.objectives import Verdicts
from adversarial.models.linear import Sigmoid
from adversarial.models.mlp import MLP

P_DATA = np.array([0.1, 0.2, 0.3, 0.4])
P_MODEL = np.array([0.4, 0.3, 0.2, 0.1])
BATCH = 10


def table_discriminator():
    return MLP([Sigmoid(layer_name="y", dim=1, irange=0.0, use_bias=False)], nvis=len(P_DATA))


def one_hot(distribution):
    counts = np.round(distribution * BATCH).astype(int)
    return np.repeat(np.eye(len(distribution)), counts, axis=0)


def value(d, p_data, p_model):
    """The discriminator's objective on exact batches of the two distributions."""
    cost = AdversaryCost2()
    real, fake = (d.fprop(pt.as_tensor(one_hot(p))) for p in (p_data, p_model))
    one, zero = pt.ones((BATCH, 1)), pt.zeros((BATCH, 1))
    return cost._discriminator_objective(d, Verdicts(real, fake, fake), one, zero)


def trained_to_its_optimum(p_data, p_model):
    d = table_discriminator()
    objective = value(d, p_data, p_model)
    step = pytensor.function(
        [],
        objective,
        updates={d.layers[0].W: d.layers[0].W - 8.0 * pytensor.grad(objective, d.layers[0].W)},
        mode=INTERPRETED,
    )
    for _ in range(1500):
        step()
    return d, float(step())


def jensen_shannon(p, q):
    m = (p + q) / 2
    return 0.5 * (p * np.log(p / m)).sum() + 0.5 * (q * np.log(q / m)).sum()


@pytest.mark.parametrize(("p_data", "p_model"), [(P_DATA, P_MODEL), (P_DATA, P_DATA)])
def test_the_best_discriminator_and_its_value(p_data, p_model, float64):
    d, objective = trained_to_its_optimum(p_data, p_model)
    verdicts = evaluate(d.fprop(pt.as_tensor(np.eye(len(p_data)))))[:, 0]
    # Proposition 1.
    np.testing.assert_allclose(verdicts, p_data / (p_data + p_model), atol=1e-6)
    # Theorem 1: V(D*, G) = -log 4 + 2 JSD; the objective is -V / 2.
    expected = -np.log(4) + 2 * jensen_shannon(p_data, p_model)
    assert -2 * objective == pytest.approx(expected, abs=1e-9)
