"""Two sides of an estimate: brought into one unit and order where that can be known, else told."""

from __future__ import annotations

import json
import os
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adversarial.datasets import standins
from adversarial.datasets.cifar10 import load
from adversarial.errors import DataError
from adversarial.evaluation import parzen_log_likelihood
from adversarial.evaluation.fit import check_fit
from adversarial.evaluation.sides import side_of
from adversarial.programs.parzen_ll import main

WIDTH = 0.3


def colour_images(count, seed, rows=6, columns=5):
    """Images (count, 3, rows, columns) of values in [0, 1] with channels that differ, darker to one corner."""
    rng = np.random.default_rng(seed)
    shade = np.add.outer(np.linspace(0, 0.5, rows), np.linspace(0, 0.1, columns))
    channels = np.array([0.1, 0.35, 0.6])[:, None, None] + shade * np.array([1, 0.3, -0.5])[:, None, None]
    images = np.clip(channels + rng.normal(0, 0.12, (count, 3, rows, columns)), 0, 1)
    images[:, :, 0, 0] = rng.integers(0, 2, (count, 3))  # so that the range is all of [0, 1]
    return np.round(images * 255) / 255


def exact(samples, points, width):
    samples, points = (np.asarray(rows, np.float64).reshape(len(rows), -1) for rows in (samples, points))
    exponents = -((points[:, None] - samples[None]) ** 2).sum(axis=2) / (2 * width**2)
    top = exponents.max(axis=1)
    sums = top + np.log(np.exp(exponents - top[:, None]).mean(axis=1))
    return float(sums.mean()) - samples.shape[1] * np.log(width * np.sqrt(2 * np.pi))


UNITS = {"unit": lambda x: x, "signed": lambda x: 2 * x - 1, "bytes": lambda x: 255 * x}
#: Orders of axes that files have, and rows of images in two of them.
AXES = {
    **{axes: lambda x, axes=axes: x.transpose(*("bc01".index(axis) for axis in axes))
       for axes in ("bc01", "b01c", "bc10", "c01b", "01cb")},
    "rows of c01": lambda x: x.reshape(len(x), -1),
    "rows of 01c": lambda x: x.transpose(0, 2, 3, 1).reshape(len(x), -1),
}  # fmt: skip
#: What part of a pixel's range images use.
RANGES = [(0, 1), (0, 1), (0.1, 0.9), (0, 0.6), (0.3, 1)]
SIDE = st.tuples(
    st.sampled_from([*((unit, dtype) for unit in UNITS for dtype in ("f2", "f4", "f8")), ("bytes", "u1")]),
    st.sampled_from(sorted(AXES)),
    st.sampled_from(RANGES),
    st.booleans(),
)


@settings(deadline=None, max_examples=150)
@given(SIDE, SIDE, st.integers(0, 10_000), st.booleans(), st.sampled_from([4, 7]), st.sampled_from([40, 60]))
def test_a_figure_is_that_of_the_exact_formula_in_one_unit_or_comes_with_a_word(
    samples_as, data_as, seed, square, columns, count
):
    shape = (5, 5) if square else (6, columns)
    images = [colour_images(number, [seed, place], *shape) for place, number in enumerate((count, 60))]
    arrays, known, units, said = [], [], [], []
    for whole, ((unit, dtype), axes, (low, high), is_said) in zip(images, (samples_as, data_as), strict=True):
        array = UNITS[unit](low + (high - low) * whole)
        array = (np.round(array) if dtype == "u1" else array).astype(dtype)
        arrays.append(AXES[axes](array))
        said.append(axes if is_said and len(axes) == 4 else None)
        # Pixels in the unit of the array, but bytes in [0, 1], with the rounding of their kind.
        known.append(array.astype("f8") / (255 if dtype == "u1" else 1))
        units.append("unit" if dtype == "u1" else unit)
    try:
        result = parzen_log_likelihood(*arrays, sigma=WIDTH, axes=said[0], data_axes=said[1])
    except DataError as error:
        assert "insist by --as-is" in str(error) or "say --axes c01b" in str(error) or "values each" in str(error)
        return
    if not result.warnings:
        assert units[0] == units[1]
        assert result.log_likelihood == pytest.approx(exact(*known, WIDTH), rel=1e-4, abs=1e-3)


def test_rows_that_fit_are_converted_without_a_word():
    samples, data = colour_images(50, 1), colour_images(80, 2)
    expected = exact(samples, data, WIDTH)
    for given_samples in (samples.astype("f4"), np.round(samples * 255).astype("u1")):
        for given_data in (data, np.round(data * 255).astype("u1").transpose(0, 2, 3, 1)):
            result = parzen_log_likelihood(given_samples, given_data, sigma=WIDTH)
            assert result.warnings == []
            assert result.log_likelihood == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x: 2 * x - 1, r"samples are in \[-1, 1\] and the test data in \[0, 1\].*by \(x \+ 1\) / 2"),
        (lambda x: 255 * x, "divide the samples by 255"),
        (lambda x: x[:, :2], r"60 values each \(2 x 6 x 5\), but the data to score have 90 \(3 x 6 x 5\)"),
        (lambda x: x.transpose(1, 2, 3, 0), "seems to have examples last"),
        (lambda x: x[:0], r"an array holds no samples: its shape is \(0, 3, 6, 5\)"),
    ],
)
def test_what_does_not_fit_is_refused(change, words):
    with pytest.raises(DataError, match=words):
        parzen_log_likelihood(change(colour_images(50, 1)), colour_images(80, 2), sigma=WIDTH)


def test_as_is_insists_and_the_figure_says_so():
    samples, data = colour_images(50, 1), colour_images(80, 2)
    result = parzen_log_likelihood(2 * samples - 1, data, sigma=WIDTH, as_is=True)
    assert "two units" in result.warnings[0]
    assert result.log_likelihood == pytest.approx(exact(2 * samples - 1, data, WIDTH), abs=1e-3)
    turned = parzen_log_likelihood(samples.transpose(0, 2, 3, 1), data, sigma=WIDTH, as_is=True)
    assert "with their channels last" in turned.warnings[-1]


def test_an_order_said_of_one_side_alone_is_a_warning():
    samples, data = (colour_images(count, seed).transpose(0, 2, 3, 1) for count, seed in ((50, 1), (80, 2)))
    for options, warned in (({"axes": "b01c"}, True), ({"axes": "b01c", "data_axes": "b01c"}, False), ({}, False)):
        result = parzen_log_likelihood(samples, data, sigma=WIDTH, as_is=True, **options)
        assert any("say the order of both" in warning for warning in result.warnings) == warned, result.warnings


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda x: x - 3, "do not meet"),
        (lambda x: x[:, ::-1], "with channels in the order 2, 1, 0"),
        (lambda x: x.transpose(0, 1, 3, 2).reshape(len(x), 3, 6, 5), "with rows and columns exchanged"),
        (lambda x: x[:, :, ::-1], "upside down"),
        (lambda x: 0.2 * x, "have a deviation of"),
        (lambda x: 0.1 * x + 0.9, "deviations away"),
        (lambda x: x.transpose(0, 2, 3, 1).reshape(len(x), -1), "the order of the values in rows of the samples"),
    ],
)
def test_a_sign_of_a_mix_up_is_a_warning(change, words):
    sides = (
        side_of("samples", "s", change(colour_images(300, 1))),
        side_of("test data", "t", colour_images(300, 2)),
    )
    assert any(words in warning for warning in check_fit(*sides, as_is=True)), check_fit(*sides, as_is=True)


def test_as_many_samples_as_are_asked_for_or_none():
    samples, data = colour_images(50, 1), colour_images(80, 2)
    with pytest.raises(DataError, match="70 samples are asked for, but an array holds 50"):
        parzen_log_likelihood(samples, data, sigma=WIDTH, num_samples=70)
    with pytest.raises(DataError, match="only one example to score"):
        parzen_log_likelihood(samples, data[:1], sigma=WIDTH)


def test_a_width_of_any_size_gives_a_number_or_is_refused():
    samples, data = colour_images(50, 1).astype("f4"), colour_images(80, 2).astype("f4")
    for width in (1e-30, 1e-12, 1e-5, 1e5, 1e30):
        found = parzen_log_likelihood(samples, data, sigma=width)
        assert found.log_likelihood == pytest.approx(exact(samples, data, width), rel=1e-4)
    with pytest.raises(DataError, match="must be from 1e-100"):
        parzen_log_likelihood(samples, data, sigma=1e-200)


@pytest.fixture
def cifar10(tmp_path):
    with patch.dict(os.environ, PYLEARN2_DATA_PATH=str(tmp_path)):
        standins.cifar10(Path(tmp_path), examples=50)
        yield load("train")[0], load("test")[0]


def test_cifar10_is_scored_in_the_form_that_samples_are_in(capsys, tmp_path, cifar10):
    train, test = cifar10
    images, width = train[:40].reshape(-1, 3, 32, 32), 0.4
    expected = exact(images / 255, test / 255, width)
    for name, samples in {
        "nchw": images,
        "nhwc": images.transpose(0, 2, 3, 1),
        "unit": (images / 255).astype("f4"),
        "half": (images / 255).astype("f2"),
    }.items():
        np.save(tmp_path / f"{name}.npy", samples)
        main([f"{tmp_path}/{name}.npy", "-d", "cifar10", "-s", str(width), "--json"])
        found = json.loads(capsys.readouterr().out)
        assert found["log_likelihood"] == pytest.approx(expected, abs=2 if name == "half" else 1e-2), name
        assert found["warnings"] == []
        assert found["sides"]["test data"]["prepared"] == "divided by 255"
    main([f"{tmp_path}/nhwc.npy", "-d", "cifar10:pixels", "-s", str(width)])
    said = capsys.readouterr().out
    assert "samples: " in said and "(uint8), divided by 255, channels put first; 0" in said
    with pytest.raises(DataError, match="divide the samples by 255"):
        parzen_log_likelihood(images.astype("f4"), "cifar10", sigma=width)
    normalised = images.reshape(40, -1) - images.reshape(40, -1).mean(axis=1, keepdims=True)
    normalised *= 55 / np.linalg.norm(normalised, axis=1, keepdims=True)
    found = parzen_log_likelihood(normalised, "cifar10", sigma=width).to_dict()
    assert found["sides"]["test data"]["prepared"] == "gcn: 55.0"
