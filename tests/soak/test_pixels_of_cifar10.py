"""Images of CIFAR-10 scored as pixels on both sides, in whichever order and unit they are stored: one figure."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from adversarial import parzen_log_likelihood
from adversarial.programs import make_standins

pytestmark = pytest.mark.soak

#: Mean of the test set under a window of the first 600 training images, by the formula itself in float64.
EXACT = 2184.650263102159


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    make_standins.main(["cifar10", str(folder)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYLEARN2_DATA_PATH", str(folder))
        (batch,) = folder.glob("**/data_batch_1")
        rows = pickle.loads(batch.read_bytes(), encoding="bytes")[b"data"]
        yield np.asarray(rows[:600]).reshape(-1, 3, 32, 32)


@pytest.mark.parametrize(
    "stored",
    [lambda X: X, lambda X: X.transpose(0, 2, 3, 1), lambda X: (X / 255.0).astype("f4"), lambda X: X.reshape(600, -1)],
    ids=["bytes, channels first", "bytes, channels last", "unit", "rows"],
)
def test_pixels_are_scored_as_pixels(images, tmp_path, stored):
    np.save(tmp_path / "images.npy", stored(images))
    result = parzen_log_likelihood(tmp_path / "images.npy", "cifar10", sigma="auto")
    assert abs(result.log_likelihood - EXACT) < 1e-2, result
