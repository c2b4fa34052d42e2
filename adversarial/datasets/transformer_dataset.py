"""A dataset seen through a trained model; after Pylearn2's `datasets/transformer_dataset.py`."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from adversarial.datasets.dataset import Dataset
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix


@runtime_checkable
class Transformer(Protocol):
    """What makes a representation of a design matrix."""

    def perform(self, X: np.ndarray) -> np.ndarray:
        """Return the representation (examples, units) of a matrix (examples, features)."""


class TransformerDataset(DenseDesignMatrix):
    """What a block (an autoencoder, an RBM, a stack of them) makes of the examples of another dataset.

    Parameters
    ----------
    raw : Dataset
        The dataset; its targets stay.
    transformer : Block
        The trained model, read once when this is built.
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
        parts = [transformer.perform(part) for part in raw.design_matrix_in_parts()]
        super().__init__(X=np.concatenate(parts), y=getattr(raw, "y", None))
        self.raw = raw
        self.transformer = transformer
