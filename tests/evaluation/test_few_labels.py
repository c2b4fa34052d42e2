"""Few labels: draws are balanced, and the classifiers are what their names say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adversarial.datasets.few_labelled import balanced_draw
from adversarial.errors import ConfigurationError
from adversarial.evaluation.few_labels import (
    Labelled,
    few_labels,
    nearest_neighbour,
    softmax_regression,
)

RANDOM = np.random.RandomState(0)
CLASSES = RANDOM.randint(0, 3, 200)
ROWS = RANDOM.randn(200, 4) + np.eye(3, 4)[CLASSES]


@given(st.integers(1, 12), st.integers(0, 2**32))
def test_a_draw_has_as_many_of_each_class_and_none_twice(each, seed):
    drawn = balanced_draw(CLASSES, 3 * each, np.random.default_rng(seed))
    assert np.bincount(CLASSES[drawn]).tolist() == [each] * 3 and len(set(drawn)) == 3 * each


@pytest.mark.parametrize("count", [0, 7, 3000])
def test_a_draw_that_cannot_be_balanced_is_refused(count):
    with pytest.raises(ConfigurationError, match="a multiple of 3"):
        balanced_draw(CLASSES, count, np.random.default_rng(0))


def test_the_nearest_neighbour_is_the_nearest():
    train = Labelled(ROWS[:50], CLASSES[:50])
    distances = np.square(ROWS[50:, None] - ROWS[None, :50]).sum(axis=2)
    np.testing.assert_array_equal(nearest_neighbour(train, ROWS[50:]), CLASSES[:50][distances.argmin(axis=1)])


def test_softmax_regression_separates_what_can_be_separated():
    train = Labelled(np.array([[-1.0], [1.0]]), np.array([0, 1]))
    found = softmax_regression(train, np.array([[-0.01], [0.01]]))
    assert found.tolist() == [0, 1]
    easy = Labelled(10.0 * np.eye(3), np.arange(3))
    np.testing.assert_array_equal(softmax_regression(easy, easy.rows), np.arange(3))


def test_all_kinds_of_features_see_the_same_draws():
    features = {"rows": ROWS, "again": 3.0 * ROWS, "none": np.zeros((200, 1))}
    results = list(few_labels(features, features, CLASSES, CLASSES, labels=[30], draws=2, seed=4))
    by = {(each.features, each.classifier): each for each in results}
    np.testing.assert_array_equal(by["rows", "1nn"].errors, by["again", "1nn"].errors)
    np.testing.assert_allclose(by["rows", "softmax"].errors, by["again", "softmax"].errors, atol=1.0)
    assert by["rows", "softmax"].mean < by["none", "softmax"].mean
    assert by["rows", "softmax"].deviation >= 0.0 and "±" in str(results[0])
