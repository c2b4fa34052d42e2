"""Faces named in a list of files, made up for the test."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from adversarial.datasets.lfw import LFW
from adversarial.datasets.preprocessing import global_contrast_normalize
from adversarial.errors import DataError
from adversarial.space import CompositeSpace, Conv2DSpace, VectorSpace

PIXELS = np.random.RandomState(2).randint(0, 256, (5, 4, 4, 3)).astype(np.uint8)
PIXELS[4] = PIXELS[4, :, :, :1]
EMBEDDINGS = np.random.RandomState(3).rand(7, 2)
ROWS = [6, 2, 0, 3, 1]


@pytest.fixture
def faces(tmp_path, monkeypatch):
    """Four images in colour and one without, their list, and embeddings."""
    for number, image in enumerate(PIXELS):
        Image.fromarray(image[:, :, 0] if number == 4 else image).save(tmp_path / f"{number}.png")
    listed = "".join(f"{number}.png\t{row}\n" for number, row in enumerate(ROWS))
    (tmp_path / "ids.txt").write_text(listed)
    np.savez(tmp_path / "embeddings.npz", EMBEDDINGS)
    monkeypatch.chdir(tmp_path)
    return {"lfw_path": ".", "filelist_path": "ids.txt", "embedding_file": "embeddings.npz", "img_shape": [3, 4, 4]}


def test_rows_are_images_and_targets_their_embeddings(faces):
    dataset = LFW(**faces, axes=["c", 0, 1, "b"])
    np.testing.assert_array_equal(dataset.get_topological_view().transpose(3, 1, 2, 0), PIXELS)
    np.testing.assert_allclose(dataset.y, EMBEDDINGS[ROWS], rtol=1e-6)
    space = CompositeSpace([Conv2DSpace([4, 4], num_channels=3, axes=["c", 0, 1, "b"]), VectorSpace(2)])
    images, conditions = next(dataset.iterator(batch_size=5, data_specs=(space, ("features", "condition"))))
    np.testing.assert_array_equal(images, PIXELS.transpose(3, 1, 2, 0))
    np.testing.assert_array_equal(conditions, dataset.y)


@pytest.mark.parametrize(
    ("options", "prepare"),
    [
        ({"center": True, "scale": True}, lambda X: (X - 127.5) / 127.5),
        ({"scale": True}, lambda X: X / 255),
        ({"gcn": 4.0}, lambda X: global_contrast_normalize(X, scale=4.0)),
        ({"start": 1, "stop": 3}, lambda X: X[1:3]),
        ({"shuffle": True}, lambda X: X[np.random.RandomState(132987).permutation(5)]),
    ],
)
def test_images_are_prepared(faces, options, prepare):
    found = LFW(**faces, **options)
    expected = prepare(PIXELS.reshape(5, 48).astype(np.float32)).reshape(-1, 4, 4, 3)
    np.testing.assert_allclose(found.get_topological_view(), expected, rtol=1e-5)
    assert len(found.y) == len(found.X)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"filelist_path": "none.txt"}, "no file none.txt"),
        ({"lfw_path": "elsewhere"}, "no file elsewhere"),
        ({"img_shape": [3, 5, 4]}, "not bytes of shape"),
        ({"embedding_file": "short.npz"}, "row 6"),
    ],
)
def test_what_does_not_fit_is_told(faces, changes, message):
    np.savez("short.npz", EMBEDDINGS[:3])
    with pytest.raises(DataError, match=message):
        LFW(**faces | changes)


def test_an_image_that_is_none_and_a_list_without_numbers_are_told(faces, tmp_path):
    (tmp_path / "0.png").write_bytes(b"no image")
    with pytest.raises(DataError, match="cannot be read as an image"):
        LFW(**faces)
    (tmp_path / "ids.txt").write_text("1.png\n2.png\n")
    with pytest.raises(DataError, match="behind a tab"):
        LFW(**faces)
    assert LFW(**faces | {"embedding_file": None}).y is None
