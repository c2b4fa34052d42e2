"""The mixture of Bernoullis against its definition, and how data become binary."""

from __future__ import annotations

import numpy as np
import pytest

from adversarial.errors import DataError
from adversarial.likelihood.bernoulli import BernoulliMixture, binarise, logits

RNG = np.random.default_rng(0)
PROBABILITIES = RNG.uniform(0.02, 0.98, size=(70, 9))
DATA = RNG.integers(0, 2, size=(20, 9))


def test_is_the_log_of_the_mean_of_products():
    products = np.where(DATA[:, None, :] == 1, PROBABILITIES, 1 - PROBABILITIES).prod(axis=2)
    mixture = BernoulliMixture(DATA)
    mixture.add(logits(PROBABILITIES[:30]))
    mixture.add(logits(PROBABILITIES[30:]))
    np.testing.assert_allclose(mixture.log_likelihoods()[0], np.log(products.mean(axis=1)), rtol=1e-10)


def test_the_probabilities_of_all_data_add_up_to_one():
    every = np.array(np.meshgrid(*[[0, 1]] * 9)).reshape(9, -1).T
    mixture = BernoulliMixture(every)
    mixture.add(logits(PROBABILITIES))
    assert np.exp(mixture.log_likelihoods()).sum() == pytest.approx(1, rel=1e-10)


def test_sure_samples_that_are_wrong_are_unlikely_but_not_impossible():
    mixture = BernoulliMixture(np.ones((1, 3)))
    mixture.add(logits(np.zeros((2, 3), np.float32)))
    assert mixture.log_likelihoods()[0, 0] == pytest.approx(3 * np.log(2.0**-24), rel=1e-6)


def test_data_are_drawn_with_themselves_as_probabilities_from_one_seed():
    p = np.repeat(np.array([[0.0, 0.1, 0.5, 0.9, 1.0]], np.float32), 4000, axis=0)
    drawn, how = binarise(p, "sampled")
    assert set(np.unique(drawn)) == {0, 1}
    np.testing.assert_allclose(drawn.mean(axis=0), p[0], atol=0.03)
    assert drawn[:, 0].max() == 0 and drawn[:, 4].min() == 1
    np.testing.assert_array_equal(drawn, binarise(p, "sampled")[0])
    assert "one draw" in how and "seed 2158" in how


def test_a_threshold_and_data_that_are_binary_already():
    values, how = binarise(np.array([[0.2, 0.5, 0.7]]), "threshold")
    np.testing.assert_array_equal(values, [[0, 1, 1]])
    assert "threshold" in how
    same, how = binarise(DATA, "sampled")
    assert same is DATA and "binary as they are" in how


def test_data_that_cannot_be_binary_are_refused():
    with pytest.raises(DataError, match="only values from 0 to 1"):
        binarise(np.array([[0.5, 1.5]]), "sampled")
    with pytest.raises(DataError, match="must be 0 and 1 throughout"):
        BernoulliMixture(np.array([[0.5, 1.0]]))
    with pytest.raises(DataError, match="samples have 8 values"):
        BernoulliMixture(DATA).add(np.zeros((3, 8)))
    with pytest.raises(DataError, match="no samples yet"):
        BernoulliMixture(DATA).log_likelihoods()
