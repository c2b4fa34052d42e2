"""Panels of Figure 2: neighbours are the nearest in the space that is said, and are drawn as what they are."""

from __future__ import annotations

import numpy as np
import pytest

from adversarial.datasets.preprocessing import global_contrast_normalize
from adversarial.evaluation.data_sources import named
from adversarial.evaluation.panels import in_pixels, panel
from adversarial.figures.grid import rescaled
from adversarial.game.generator import Generator
from adversarial.models.linear import Linear, Sigmoid
from adversarial.models.mlp import MLP

DIMENSION = 4 * 4 * 3
PHOTOGRAPHS = np.random.default_rng(0).random((30, DIMENSION)).astype(np.float32)
NORMALIZED = global_contrast_normalize(PHOTOGRAPHS, scale=5.0)


def generator(kind=Linear):
    return Generator(MLP([kind(dim=DIMENSION, layer_name="g", irange=0.5)], nvis=4, seed=[1]), noise="gaussian")


def rows_of(sheet):
    return np.moveaxis(sheet.images, 3, 1).reshape(len(sheet.images), -1)


def test_the_neighbour_of_plain_pixels_is_the_nearest():
    sheet, found = panel(generator(Sigmoid), PHOTOGRAPHS, rows=2, columns=3)
    assert (sheet.columns, list(sheet.framed), len(sheet.images)) == (4, [3, 7], 8)
    rows = rows_of(sheet)
    for place, neighbour in zip((3, 7), found, strict=True):
        distances = np.linalg.norm(PHOTOGRAPHS - rows[place - 1], axis=1)
        assert neighbour.example == distances.argmin() and neighbour.where == "values"
        assert neighbour.distance == pytest.approx(distances.min(), rel=1e-5)
        others = np.linalg.norm(np.delete(PHOTOGRAPHS, neighbour.example, 0) - PHOTOGRAPHS[neighbour.example], axis=1)
        assert neighbour.apart == pytest.approx(others.min(), rel=1e-5)
        np.testing.assert_array_equal(rows[place], PHOTOGRAPHS[neighbour.example])
    assert [each.sample for each in found] == [2, 5]


def test_normalised_data_have_a_neighbour_in_both_spaces_and_photographs_are_shown_as_they_are():
    sheet, found = panel(generator(), NORMALIZED, PHOTOGRAPHS, rows=2, columns=3)
    assert (sheet.columns, list(sheet.framed), len(sheet.images)) == (5, [3, 4, 8, 9], 10)
    rows = rows_of(sheet)
    shown = rescaled(rows, sheet.rule())
    assert [each.where for each in found] == ["values", "values", "pixels", "pixels"]
    for place, in_values, in_pixels_ in zip((2, 7), found[:2], found[2:], strict=True):
        assert in_values.example == np.linalg.norm(NORMALIZED - rows[place], axis=1).argmin()
        distances = np.linalg.norm(PHOTOGRAPHS - shown[place], axis=1)
        assert in_pixels_.example == distances.argmin()
        assert in_pixels_.distance == pytest.approx(distances.min(), rel=1e-5)
        np.testing.assert_allclose(rows[place + 1], NORMALIZED[in_values.example], rtol=1e-6)
        np.testing.assert_allclose(shown[place + 2], PHOTOGRAPHS[in_pixels_.example], atol=1e-6)


def test_a_copy_of_a_training_example_is_found_out():
    """A sample that is a training example is at no distance from it, whatever the example's distance from others."""
    made = generator(Sigmoid)
    plain, _ = panel(made, PHOTOGRAPHS, rows=1, columns=2)
    copied = np.concatenate([PHOTOGRAPHS, rows_of(plain)[1:2]])
    _, (found,) = panel(generator(Sigmoid), copied, rows=1, columns=2)
    assert (found.example, found.distance) == (len(PHOTOGRAPHS), pytest.approx(0, abs=1e-6))
    assert found.apart > 0.5


def test_only_data_of_two_forms_have_pixels_besides():
    assert in_pixels(named("cifar10")).name == "CIFAR10"
    assert in_pixels(named("mnist")) is None and in_pixels(named("tfd")) is None
