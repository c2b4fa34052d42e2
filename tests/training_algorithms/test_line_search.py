"""Line searches on functions whose minimum is known."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from training_stand_ins import interpret

from adversarial.backend import sharedX
from adversarial.errors import NumericalError
from adversarial.models.model import Model
from adversarial.training_algorithms import line_search
from adversarial.training_algorithms.line_search import LineSearch

A = np.array([[3.0, 1.0], [1.0, 2.0]])


@pytest.fixture(autouse=True)
def interpreted(monkeypatch):
    interpret(monkeypatch)


class Point(Model):
    """A point in the plane."""

    def __init__(self, start):
        self.x = sharedX(np.array(start), name="x")
        self._params = [self.x]


def searched(objective, start=(2.0, -1.0), batch=(), inputs=(), **options):
    """The point after a search from `start`, and the search."""
    model = Point(start)
    value = objective(model.x, *inputs)
    gradients = {model.x: pytensor.grad(value, model.x)}
    given = {"exhaustive": True, "conjugate": False, "init_alpha": [0.5, 1.0], "min_init_alpha": 1e-3, "max_iter": 10}
    given |= {"reset_alpha": True, "reset_conjugate": True}
    search = LineSearch(model, list(inputs), value, gradients, {}, {}, **given | options)
    search.minimize(batch)
    return model.x.get_value(), search


def quadratic(x, *inputs):
    return pt.dot(x, pt.dot(A, x)) / 2


def test_conjugate_directions_reach_the_minimum_of_a_quadratic_sooner(float64):
    far = {conjugate: np.linalg.norm(searched(quadratic, max_iter=4, conjugate=conjugate)[0])
           for conjugate in (False, True)}  # fmt: skip
    assert far[True] < 0.02
    assert far[True] < far[False] < 0.2


@pytest.mark.parametrize("options", [{}, {"exhaustive": False, "init_alpha": [0.001, 0.005, 0.01, 0.05, 0.1]}])
def test_no_step_makes_the_objective_rise(options, float64):
    values = [quadratic(pt.constant(searched(quadratic, max_iter=n, **options)[0])).eval() for n in (1, 2, 5, 20)]
    assert values == sorted(values, reverse=True)
    assert values[-1] < 0.2 * quadratic(pt.constant([2.0, -1.0])).eval()


def test_the_step_of_the_first_direction_is_the_best_one_within_the_search(float64):
    found, search = searched(quadratic, max_iter=1)
    start, gradient = np.array([2.0, -1.0]), A @ [2.0, -1.0]
    best = gradient @ gradient / (gradient @ A @ gradient) * np.linalg.norm(gradient)
    assert float(search.ave_step_size.get_value()) == pytest.approx(best, rel=0.05)
    np.testing.assert_allclose(found, start - search.ave_step_size.get_value() * gradient / np.linalg.norm(gradient))
    assert float(search.ave_grad_size.get_value()) == pytest.approx(np.linalg.norm(gradient))


def test_an_objective_that_is_nan_is_told(float64):
    with pytest.raises(NumericalError, match="the objective is NaN"):
        searched(lambda x: pt.sqrt(-pt.sqr(x).sum() - 1.0))


def test_the_state_of_a_search_is_taken_up(float64):
    _, search = searched(quadratic, reset_alpha=False)
    other = searched(quadratic, max_iter=1)[1]
    other.set_state(search.get_state())
    assert other.get_state() == search.get_state()
    assert search.alphas != [0.5, 1.0]


def test_points_are_chosen_beside_the_best_one():
    assert line_search._between([(0.0, 1.0), (0.5, 2.0)], 0) == 0.25
    assert line_search._between([(0.0, 2.0), (0.5, 1.0)], 1) == 1.0
    assert line_search._between([(0.0, 2.0), (0.5, 1.0), (1.0, 1.5)], 1) == 0.75
    assert line_search._between([(0.0, 1.2), (0.5, 1.0), (1.0, 1.5)], 1) == 0.25
