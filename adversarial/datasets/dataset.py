"""Dataset: what training and monitoring ask of data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from adversarial.options import Configurable


class Dataset(Configurable):
    """Examples that can be counted and iterated over in minibatches; after Pylearn2's `datasets/dataset.py`."""

    def get_num_examples(self) -> int:
        """The number of examples."""
        raise TypeError(f"{type(self).__name__} must define get_num_examples")

    def iterator(
        self,
        mode: str | None = None,
        batch_size: int | None = None,
        num_batches: int | None = None,
        rng: Any = None,
        data_specs: Any = None,
        return_tuple: bool = False,
    ) -> Iterator:
        """Minibatches of one pass.

        Parameters
        ----------
        mode : a key of `iteration.MODES`; None is 'sequential'
        batch_size, num_batches : examples in a minibatch, and how many minibatches
        rng : a numpy RandomState or its seed, for the modes that shuffle
        data_specs : (space, source): what to give of each example, and how; flat
        return_tuple : give a tuple even where there is one source
        """
        raise TypeError(f"{type(self).__name__} must define iterator")

    def get_design_matrix(self) -> np.ndarray:
        """All examples as a matrix (examples, features)."""
        raise TypeError(f"{type(self).__name__} has no design matrix")

    def design_matrix_in_parts(self) -> Iterator[np.ndarray]:
        """The same, as matrices of some examples each, where all of them would take much more memory."""
        yield self.get_design_matrix()

    def has_targets(self) -> bool:
        """Whether there are targets."""
        return False

    def adjust_for_viewer(self, X: np.ndarray) -> np.ndarray:
        """Values brought to [-1, 1], for showing."""
        return X / max(float(np.abs(X).max()), 1e-12)
