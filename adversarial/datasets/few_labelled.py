"""A dataset of which few examples have labels, for games that learn from both kinds."""

from __future__ import annotations

import numpy as np

from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.datasets.iteration import Subset
from adversarial.errors import ConfigurationError, DataError
from adversarial.options import Count, Index
from adversarial.space import Space


class FewLabelled(DenseDesignMatrix):
    """All examples of a dataset without labels, beside few with labels, as many of each class, over and over.

    Its sources are 'features', any example; 'labelled', an example with a label; and 'targets', the label of that.
    Example i goes with labelled example i modulo their number.

    Parameters
    ----------
    dataset : DenseDesignMatrix
        The dataset; its targets are labels from 0.
    labels : int, optional
        Number of examples with labels, a multiple of the number of classes. Default: all, each beside itself.
    seed : int, default 0
        Seed of the choice of those examples.

    Examples
    --------
    >>> digits = DenseDesignMatrix(X=np.eye(20, 4), y=np.arange(20) % 10)
    >>> FewLabelled(digits, labels=10).labelled.shape
    (10,)
    """

    def __init__(self, dataset: DenseDesignMatrix, labels: Count | None = None, seed: Index = 0):
        if dataset.y is None:
            raise DataError("few labels are taken of a dataset that has targets, but this one has none")
        super().__init__(X=dataset.X, y=np.asarray(dataset.y).reshape(-1), view_converter=dataset.view_converter)
        assert self.y is not None
        every = np.arange(len(self.y))
        self.labelled = (
            every if labels is None else balanced_draw(self.y, labels, np.random.default_rng([seed, labels]))
        )

    def check_request(self, space: Space, source: str) -> None:
        super().check_request(space, "features" if source == "labelled" else source)

    def batch(self, subset: Subset, space: Space, source: str) -> np.ndarray:
        if source == "features":
            return super().batch(subset, space, source)
        numbers = np.arange(self.get_num_examples())[subset]
        chosen = self.labelled[numbers % len(self.labelled)]
        return super().batch(chosen, space, "features" if source == "labelled" else source)


def balanced_draw(classes: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw examples without replacement, as many of each class.

    Parameters
    ----------
    classes : array of int
        The class of each example.
    count : int
        Number of examples, a multiple of the number of classes.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    array of int
        The numbers of the examples.

    Raises
    ------
    ConfigurationError
        If so many cannot be drawn.

    Examples
    --------
    >>> drawn = balanced_draw(np.arange(50) % 5, 10, np.random.default_rng(0))
    >>> np.bincount(drawn % 5).tolist()
    [2, 2, 2, 2, 2]
    """
    kinds, there = np.unique(classes, return_counts=True)
    each, rest = divmod(count, len(kinds))
    if rest or not each or each > there.min():
        raise ConfigurationError(
            f"{count} labels cannot be shared out evenly: give a multiple of {len(kinds)}, "
            f"at most {len(kinds) * there.min()}"
        )
    return np.concatenate([rng.choice(np.flatnonzero(classes == kind), each, replace=False) for kind in kinds])
