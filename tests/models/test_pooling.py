"""Max pooling as a layer."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
import pytest
from evaluation import evaluate

from adversarial.models.mlp import MLP
from adversarial.models.pooling import MaxPoolC01BLayer
from adversarial.options import OptionError
from adversarial.space import Conv2DSpace


@pytest.mark.parametrize("axes", [("c", 0, 1, "b"), ("b", 0, 1, "c")])
def test_a_pool_is_its_largest_pixel(float64, axes):
    space = Conv2DSpace([4, 6], num_channels=2, axes=axes)
    layer = MaxPoolC01BLayer(layer_name="pool", pool_shape=[2, 3], pool_stride=[2, 3])
    mlp = MLP([layer], input_space=space)
    images = np.random.RandomState(0).randn(2, 4, 6, 3)
    batch = pt.dtensor4()
    pooled = evaluate(mlp.fprop(batch), {batch: Conv2DSpace.convert_numpy(images, ("c", 0, 1, "b"), axes)})
    np.testing.assert_array_equal(pooled, images.reshape(2, 2, 2, 2, 3, 3).max(axis=(2, 4)))
    assert mlp.get_output_space().shape == (2, 2) and mlp.get_params() == []


def test_pools_that_do_not_fit_are_refused():
    with pytest.raises(OptionError, match="larger than what it pools"):
        MLP(
            [MaxPoolC01BLayer(layer_name="pool", pool_shape=[5, 5], pool_stride=[5, 5])],
            input_space=Conv2DSpace([4, 4], num_channels=1),
        )
