"""Sheets of images: what is on them, and what is refused; the programs' tests look at their pixels."""

from __future__ import annotations

import numpy as np
import pytest

from adversarial.errors import ConfigurationError
from adversarial.evaluation.sheets import image_shape, interpolation_sheet, sample_sheet
from adversarial.evaluation.weights import weights_sheet
from adversarial.figures.grid import ImageShape
from adversarial.game.generator import Generator
from adversarial.game.sampling import samples_of
from adversarial.models.linear import Sigmoid
from adversarial.models.mlp import MLP
from adversarial.space import Conv2DSpace, VectorSpace


def generator():
    return Generator(MLP(layers=[Sigmoid(dim=9, layer_name="g", irange=0.5)], nvis=4, seed=[1]), noise="uniform")


def test_samples_stand_in_rows_with_neighbours_in_frames():
    plain = sample_sheet(generator(), 2, 3)
    assert plain.images.shape == (6, 3, 3, 1) and (plain.columns, list(plain.framed)) == (3, [])
    np.testing.assert_array_equal(plain.images.reshape(6, 9), samples_of(generator(), 6))
    examples = np.eye(9, dtype=np.float32)
    beside = sample_sheet(generator(), 2, 3, training_examples=examples)
    assert (len(beside.images), beside.columns, list(beside.framed)) == (8, 4, [3, 7])
    each = sample_sheet(generator(), 2, 3, training_examples=examples, neighbours="each")
    assert (len(each.images), each.columns, list(each.framed)) == (12, 6, [1, 3, 5, 7, 9, 11])


def test_a_line_goes_through_the_samples_of_the_sheet():
    sheet = interpolation_sheet(generator(), steps=2, through=[7, 0])
    samples = sample_sheet(generator(), 10, 10).images
    np.testing.assert_allclose(sheet.images[0], samples[7], rtol=1e-6)
    framed = list(sheet.framed)
    np.testing.assert_allclose(sheet.images[framed[1]], samples[0], rtol=1e-5)
    for wrong in ([1], [1, 100]):
        with pytest.raises(ConfigurationError):
            interpolation_sheet(generator(), through=wrong)


def test_weights_are_images_of_the_units_below():
    sheet = weights_sheet(generator())
    assert sheet.images.shape == (4, 3, 3, 1) and "layer g" in sheet.caption[0]


def test_a_sheet_is_written_with_its_caption(tmp_path):
    sample_sheet(generator(), 1, 2, name="it").write(tmp_path / "it.png")
    assert (tmp_path / "it.png").read_bytes().startswith(b"\x89PNG")


def test_the_shape_of_an_image():
    model = generator()
    assert image_shape(VectorSpace(12), model, ImageShape(3, 4)) == ImageShape(3, 4)
    assert image_shape(Conv2DSpace(shape=[3, 5], num_channels=3, axes=("b", 0, 1, "c")), model) == ImageShape(3, 5, 3)
    with pytest.raises(ConfigurationError, match="makes 12"):
        image_shape(VectorSpace(12), model, ImageShape(3, 3))
