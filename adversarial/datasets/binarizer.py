"""A dataset whose examples are drawn anew whenever they are asked for; after Pylearn2's `datasets/binarizer.py`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, cast

import numpy as np
import pytensor.tensor as pt

from adversarial.backend import floatX, function
from adversarial.datasets.data_specs import DataSpecs
from adversarial.datasets.dataset import Dataset
from adversarial.datasets.iteration import MinibatchIterator
from adversarial.random_streams import MRG_RandomStreams
from adversarial.space import Space

#: 2014's seed of the samples.
SEED = 2012 + 11 + 22


class Binarizer(Dataset):
    """A dataset of zeros and ones: each value of another dataset is taken for the probability of a 1, and drawn.

    Every minibatch is drawn when it is asked for, so that a second pass has other samples.

    Parameters
    ----------
    raw : Dataset
        Features from 0 to 1; its targets stay.
    seed : int or list of int, optional
        Seed of the samples, default 2045 as in 2014, so that two of the same seed draw the same, batch by batch.

    Examples
    --------
    >>> from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
    >>> raw = DenseDesignMatrix(X=np.array([[0.0, 1.0, 0.5]] * 4))
    >>> Binarizer(raw).get_design_matrix()[:, :2].tolist()
    [[0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]]
    """

    def __init__(self, raw: Dataset, seed: int | list[int] = SEED):
        self.raw = raw
        self._means = pt.matrix("means", dtype=floatX())
        streams = MRG_RandomStreams(seed)
        self._drawn = pt.cast(streams.uniform(size=self._means.shape) < self._means, floatX())
        ((self._stream, _),) = streams.state_updates

    @cached_property
    def _function(self) -> Callable[[np.ndarray], np.ndarray]:
        return function([self._means], self._drawn, name="binarizer")

    def sample(self, means: np.ndarray) -> np.ndarray:
        """Draw zeros and ones, in the shape of their probabilities, whose first axis is that of a matrix."""
        rows = np.asarray(means, dtype=floatX()).reshape(len(means), -1)
        return self._function(rows).reshape(means.shape)

    def get_state(self) -> dict[str, Any]:
        """Return where the samples stand, for a resumed run."""
        return {"stream": np.array(self._stream.get_value())}  # JAX gives an array of its own

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore what `get_state` returned."""
        self._stream.set_value(np.asarray(state["stream"], dtype=np.int32))

    @property
    def view_converter(self) -> Any:
        """How rows are images, as in the raw dataset."""
        return getattr(self.raw, "view_converter", None)

    @property
    def y(self) -> np.ndarray | None:
        """The targets of the raw dataset."""
        return getattr(self.raw, "y", None)

    def get_num_examples(self) -> int:
        return self.raw.get_num_examples()

    def check_request(self, space: Space, source: str) -> None:
        self.raw.check_request(space, source)

    def count_by_reading(self) -> int:
        return len(self.get_design_matrix())

    def get_design_matrix(self) -> np.ndarray:
        return self.sample(self.raw.get_design_matrix())

    def _options_of_test_set(self) -> dict[str, Any]:
        return self._own_options() | {"raw": self.raw.get_test_set()}

    def get_test_set(self) -> Dataset:
        # As in 2014, samples of either set go on where those of the other stand.
        test_set = cast(Binarizer, super().get_test_set())
        test_set._means, test_set._drawn, test_set._stream = self._means, self._drawn, self._stream
        return test_set

    def has_targets(self) -> bool:
        return self.raw.has_targets()

    def adjust_for_viewer(self, X: np.ndarray) -> np.ndarray:
        return self.raw.adjust_for_viewer(X)

    def iterator(
        self,
        mode: str | None = None,
        batch_size: int | None = None,
        num_batches: int | None = None,
        rng: Any = None,
        data_specs: DataSpecs | None = None,
        return_tuple: bool = False,
    ) -> MinibatchIterator:
        raw = self.raw.iterator(mode, batch_size, num_batches, rng, data_specs, return_tuple)
        source = "features" if data_specs is None else data_specs[1]
        return _Drawn(raw, self, source if isinstance(source, tuple) else (source,), return_tuple)


class _Drawn:
    """The minibatches of a pass, their features drawn."""

    def __init__(self, raw: MinibatchIterator, owner: Binarizer, sources: tuple[str, ...], return_tuple: bool):
        self.num_batches = raw.num_batches
        self._raw, self._owner, self._sources = raw, owner, sources
        self._alone = len(sources) == 1 and not return_tuple

    def __iter__(self) -> _Drawn:
        return self

    def skip(self) -> None:
        """Pass over a minibatch and draw nothing: a resumed run drew it before."""
        next(self._raw)

    def __next__(self) -> Any:
        batch = next(self._raw)
        parts = (batch,) if self._alone else batch
        drawn = tuple(
            self._owner.sample(part) if source == "features" else part
            for part, source in zip(parts, self._sources, strict=True)
        )
        return drawn[0] if self._alone else drawn
