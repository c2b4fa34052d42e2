"""A dataset seen through a trained model; after Pylearn2's `datasets/transformer_dataset.py`."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np

from adversarial.datasets.dataset import Dataset
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.space import Space


@runtime_checkable
class Transformer(Protocol):
    """What makes a representation of a design matrix."""

    def perform(self, X: np.ndarray) -> np.ndarray:
        """Return the representation (examples, units) of a matrix (examples, features)."""

    def get_output_space(self) -> Space:
        """Return the space of a representation."""


class TransformerDataset(DenseDesignMatrix):
    """What a block (an autoencoder, an RBM, a stack of them) makes of the examples of another dataset.

    The block is read once, when the examples are first asked for: in a file of several phases, an earlier phase may
    train it.

    Parameters
    ----------
    raw : Dataset
        The dataset; its targets stay.
    transformer : Block
        The trained model.
    cpu_only : bool, optional
        Accepted as in 2014, and without effect.
    space_preserving : bool, optional
        Accepted as in 2014, and without effect.

    Examples
    --------
    >>> from adversarial.models.autoencoder import Autoencoder
    >>> raw = DenseDesignMatrix(X=np.zeros((5, 6)))
    >>> codes = TransformerDataset(raw, Autoencoder(nvis=6, nhid=4, act_enc="sigmoid", act_dec="sigmoid"))
    >>> codes.X.shape
    (5, 4)
    """

    def __init__(self, raw: Dataset, transformer: Transformer, cpu_only: bool = False, space_preserving: bool = False):
        super().__init__(X=cast(np.ndarray, _Representations(raw, transformer)), y=getattr(raw, "y", None))
        self.raw = raw
        self.transformer = transformer

    def _options_of_test_set(self) -> dict[str, Any]:
        return self._own_options() | {"raw": self.raw.get_test_set()}


class _Representations:
    """The rows of a transformed dataset, made when the first of them is read."""

    ndim = 2

    def __init__(self, raw: Dataset, transformer: Transformer):
        self._raw, self._transformer = raw, transformer
        self.shape = (raw.get_num_examples(), transformer.get_output_space().get_total_dimension())

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def dtype(self) -> np.dtype:
        return self._made.dtype

    def __getitem__(self, subset: Any) -> np.ndarray:
        return self._made[subset]

    @cached_property
    def _made(self) -> np.ndarray:
        return np.concatenate([self._transformer.perform(part) for part in self._raw.design_matrix_in_parts()])
