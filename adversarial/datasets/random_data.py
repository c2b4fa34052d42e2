"""Datasets of random numbers, to try a model on; after Pylearn2's `testing/datasets.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.options import Count, configurable


@configurable
def random_one_hot_dense_design_matrix(
    rng: np.random.RandomState, num_examples: Count, dim: Count, num_classes: Count
) -> DenseDesignMatrix:
    """Make a dataset of normal numbers with random classes as targets.

    Parameters
    ----------
    rng : RandomState
        Draws the examples, then the classes.
    num_examples : int
        Number of examples, at least 1.
    dim : int
        Features of an example, at least 1.
    num_classes : int
        Number of classes, at least 1.

    Returns
    -------
    DenseDesignMatrix
        The targets are rows with a 1 at the class.

    Examples
    --------
    >>> random_one_hot_dense_design_matrix(np.random.RandomState(0), 5, 3, 2).X.shape
    (5, 3)
    """
    X = rng.randn(num_examples, dim)
    return DenseDesignMatrix(X=X, y=np.eye(num_classes)[rng.randint(0, num_classes, (num_examples,))])


@configurable
def random_one_hot_topological_dense_design_matrix(
    rng: np.random.RandomState,
    num_examples: Count,
    shape: tuple[Count, Count],
    channels: Count,
    axes: Sequence[Any],
    num_classes: Count,
) -> DenseDesignMatrix:
    """Make a dataset of images of normal numbers with random classes as targets.

    Parameters
    ----------
    rng : RandomState
        Draws the images, then the classes.
    num_examples : int
        Number of images, at least 1.
    shape : [int, int]
        Rows and columns of an image.
    channels : int
        Channels of an image, at least 1.
    axes : sequence
        Order of the axes, such as ('b', 0, 1, 'c').
    num_classes : int
        Number of classes, at least 1.

    Returns
    -------
    DenseDesignMatrix
        The targets are rows with a 1 at the class.

    Examples
    --------
    >>> rng, axes = np.random.RandomState(0), ("c", 0, 1, "b")
    >>> random_one_hot_topological_dense_design_matrix(rng, 5, [4, 4], 3, axes, num_classes=2).image_shape
    (4, 4, 3)
    """
    lengths = {"b": num_examples, "c": channels, 0: shape[0], 1: shape[1]}
    images = rng.randn(*(lengths[axis] for axis in axes))
    y = np.eye(num_classes)[rng.randint(0, num_classes, (num_examples,))]
    return DenseDesignMatrix(topo_view=images, axes=axes, y=y)
