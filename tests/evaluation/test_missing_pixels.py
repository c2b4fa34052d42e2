"""The likelihood of missing pixels: equal to the Parzen window of whole images, and to plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from adversarial.errors import DataError
from adversarial.evaluation.missing_pixels import BLOCK, missing_pixels_log_likelihood, nearest_by_visible
from adversarial.likelihood.parzen import log_likelihoods

RNG = np.random.default_rng(7)
IMAGES = RNG.random((BLOCK + 3, 6))
EXAMPLES = RNG.random((40, 6))


def by_examples(images, masks):
    return np.where(masks[:, None] > 0, images[:, None], np.broadcast_to(EXAMPLES, (len(images), *EXAMPLES.shape)))


def test_with_nothing_visible_it_is_the_window_of_whole_images():
    masks = np.zeros_like(IMAGES)
    found = missing_pixels_log_likelihood(by_examples, (IMAGES[:9], masks[:9]), (IMAGES, masks))
    expected = log_likelihoods(EXAMPLES, IMAGES, found.choice.sigma)
    np.testing.assert_allclose(found.test.mean, np.mean(expected), rtol=1e-12)
    assert found.missing == 6 and found.counts == {"completions": 40, "valid": 9, "test": BLOCK + 3}
    means = [np.mean(log_likelihoods(EXAMPLES, IMAGES[:9], sigma)) for sigma in found.choice.sigmas]
    np.testing.assert_allclose([each.mean for each in found.choice.estimates], means, rtol=1e-12)
    assert found.choice.sigma == found.choice.sigmas[np.argmax(means)]


def test_only_what_is_missing_counts():
    masks = (RNG.random(IMAGES.shape) < 0.5).astype(float)
    masks[:, 0] = 0
    found = missing_pixels_log_likelihood(by_examples, (IMAGES, masks), (IMAGES, masks), widths=np.array([0.3]))
    expected = []
    for image, mask in zip(IMAGES, masks, strict=True):
        hidden = mask == 0
        expected.append(log_likelihoods(EXAMPLES[:, hidden], image[None, hidden], 0.3)[0])
    np.testing.assert_allclose(found.test.mean, np.mean(expected), rtol=1e-12)
    np.testing.assert_allclose(found.missing, 6 - masks.sum(axis=1).mean(), rtol=1e-12)


def test_nearest_examples_are_those_of_brute_force():
    masks = (RNG.random(IMAGES.shape) < 0.5).astype(float)
    made = nearest_by_visible(EXAMPLES, 5)(IMAGES, masks)
    for image, mask, completed in zip(IMAGES, masks, made, strict=True):
        order = np.argsort(np.square((EXAMPLES - image) * mask).sum(axis=1), kind="stable")[:5]
        np.testing.assert_array_equal(completed, np.where(mask > 0, image, EXAMPLES[order]))


@pytest.mark.parametrize(
    ("images", "masks", "message"),
    [
        (IMAGES, np.ones_like(IMAGES), "nothing is missing of image 0"),
        (IMAGES, IMAGES[:, :2], "both must be"),
        (IMAGES[0], IMAGES[0], "both must be"),
    ],
)
def test_what_cannot_be_scored_is_said(images, masks, message):
    with pytest.raises(DataError, match=message):
        missing_pixels_log_likelihood(by_examples, (images, masks), (images, masks))


def test_more_neighbours_than_examples_are_refused():
    with pytest.raises(DataError, match="41 nearest examples are asked for, but there are 40"):
        nearest_by_visible(EXAMPLES, 41)
