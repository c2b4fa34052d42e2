"""Dataset: what training and monitoring ask of data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np

from adversarial.datasets.data_specs import DataSpecs
from adversarial.datasets.iteration import MinibatchIterator
from adversarial.errors import DataError
from adversarial.options import Configurable, building_with
from adversarial.space import Space


class Dataset(Configurable):
    """Examples that can be counted and iterated over in minibatches; after Pylearn2's `datasets/dataset.py`.

    Attributes
    ----------
    yaml_src : str
        The YAML text that the dataset was built from; empty if it was built in Python.
    """

    yaml_src: str = ""

    def get_num_examples(self) -> int:
        """Return the number of examples."""
        raise TypeError(f"{type(self).__name__} must define get_num_examples")

    def count_by_reading(self) -> int:
        """Return the number of examples as 2014's SGD counted them, by reading all: a set that draws then draws."""
        return self.get_num_examples()

    def check_request(self, space: Space, source: str) -> None:
        """Raise ConfigurationError where the examples do not fit `space`, in which a cost or a model reads `source`.

        Called at set-up. What is not known before the examples are read is left to `iterator`, as all is here.
        """

    def iterator(
        self,
        mode: str | None = None,
        batch_size: int | None = None,
        num_batches: int | None = None,
        rng: Any = None,
        data_specs: DataSpecs | None = None,
        return_tuple: bool = False,
    ) -> MinibatchIterator:
        """Iterate over the minibatches of one pass.

        Parameters
        ----------
        mode : str, optional
            A key of `iteration.MODES`, default 'sequential'.
        batch_size : int, optional
            Examples in a minibatch.
        num_batches : int, optional
            Minibatches in the pass.
        rng : RandomState or seed, optional
            Random numbers of the modes that shuffle.
        data_specs : (Space, source), optional
            Which sources of each example to yield, and in which space; flat.
        return_tuple : bool
            Whether to yield a tuple even if there is one source, default false.

        Returns
        -------
        MinibatchIterator
            Yields an array per source, or one array.
        """
        raise TypeError(f"{type(self).__name__} must define iterator")

    @property
    def image_shape(self) -> tuple[int, int, int] | None:
        """(rows, columns, channels) of an example that is an image; else None."""
        converter = getattr(self, "view_converter", None)
        return None if converter is None else tuple(converter.shape)

    def get_design_matrix(self) -> np.ndarray:
        """Return all examples as a matrix (examples, features)."""
        raise TypeError(f"{type(self).__name__} has no design matrix")

    def design_matrix_in_parts(self) -> Iterator[np.ndarray]:
        """Yield the design matrix in blocks of rows, where the whole would take much more memory."""
        yield self.get_design_matrix()

    def has_targets(self) -> bool:
        """Whether there are targets."""
        return False

    def get_test_set(self) -> Dataset:
        """Return the test set of the same data with the same options, as Pylearn2's scripts asked for it.

        Raises
        ------
        DataError
            If the data have no test set.
        """
        options = self._options_of_test_set()
        if options is None:
            name = type(self).__name__
            raise DataError(f"{name} has no test set: name its file, or its examples, as a dataset of its own")
        with building_with(self.slips):
            return type(self)(**options)

    def _options_of_test_set(self) -> dict[str, Any] | None:
        return None

    def _own_options(self, *dropped: str) -> dict[str, Any]:
        """Return the options that the dataset was given, but for those `dropped`."""
        return {name: value for name, value in self.options.items() if name not in dropped}

    def adjust_for_viewer(self, X: np.ndarray) -> np.ndarray:
        """Scale values to [-1, 1], for showing."""
        return X / max(float(np.abs(X).max()), 1e-12)


@runtime_checkable
class Preprocessor(Protocol):
    """What changes the examples of a dataset in place, such as those of `datasets.preprocessing`."""

    def apply(self, dataset: Any, can_fit: bool = False) -> None:
        """Change the examples of `dataset`.

        Parameters
        ----------
        dataset : Dataset
            Has `get_design_matrix` and `set_design_matrix`.
        can_fit : bool
            Whether the preprocessor may learn from these examples.
        """
