"""One measured quantity and its record, and the dataset that quantities are measured on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Constant, Variable
from pytensor.graph.traversal import graph_inputs

from adversarial.backend import floatX, function, interpreted
from adversarial.datasets.data_specs import DataSpecs
from adversarial.datasets.dataset import Dataset

_RECORDS = {"val_record": float, "epoch_record": int, "batch_record": int, "example_record": int, "time_record": float}


class MonitorChannel:
    """One measured quantity and its record.

    Attributes
    ----------
    name, val, graph_input, data_specs, dataset, prereqs : as given to `Monitor.add_channel`
    doc : what it measures, or None
    val_record : the value at each monitoring step, as floats
    epoch_record, batch_record, example_record : epochs, minibatches and examples seen by then
    time_record : seconds since the monitor was made, not counting the time between the last record and a resume
    """

    def __init__(
        self,
        graph_input: Any,
        val: Variable,
        name: str,
        data_specs: DataSpecs,
        dataset: Dataset,
        prereqs: list[Callable] | None = None,
        doc: str | None = None,
    ):
        if val.dtype != floatX():
            raise TypeError(f"monitoring channel {name} has dtype {val.dtype}, but must have {floatX()}")
        if val.ndim != 0:
            raise TypeError(f"monitoring channel {name} has {val.ndim} dimensions, but must be a scalar")
        self.name = name
        self.val = val
        self.graph_input = graph_input
        self.data_specs = data_specs
        self.dataset = dataset
        self.prereqs = prereqs or []
        self.doc = doc
        self.val_record: list[float] = []
        self.epoch_record: list[int] = []
        self.batch_record: list[int] = []
        self.example_record: list[int] = []
        self.time_record: list[float] = []

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Take the record that a saved model holds of the channel."""
        for name, kind in _RECORDS.items():
            setattr(self, name, [kind(value) for value in state[name]])


class MonitoredDataset:
    """A dataset, how it is iterated over, and the compiled function of its channels."""

    def __init__(self, dataset: Dataset, mode: str, batch_size: int | None, num_batches: int | None, seed: Any):
        self.dataset = dataset
        self.mode = mode
        self.batch_size = batch_size
        self.num_batches = num_batches
        self.seed = seed
        self.channels: list[MonitorChannel] = []
        self.prereqs: list[Callable] = []
        self.function: Callable | None = None
        self.steady_function: Callable | None = None
        self._varies: list[bool] = []

    @property
    def varying(self) -> int:
        """The number of channels whose value differs from batch to batch."""
        return sum(self._varies)

    def compile(self, batch: tuple, givens: Mapping) -> None:
        """Compile the channels: those that differ from batch to batch, and, by themselves, those that do not.

        Norms of weights, say, are the same for every batch of a pass and are measured once. That is little work, so
        it is done without compiling C code for it.
        """
        self._varies = [bool(channel.prereqs) or _varies(channel.val) for channel in self.channels]
        pairs = list(zip(self.channels, self._varies, strict=True))
        varying = [channel.val for channel, varies in pairs if varies]
        steady = [channel.val for channel, varies in pairs if not varies]
        self.function = self.steady_function = None
        if varying:
            # A list: the C code that would stack 160 scalars compiles for longer than half of all the rest.
            options = {"givens": givens, "on_unused_input": "ignore", "name": "monitor"}
            self.function = function(list(batch), varying, later=True, **options)
        if steady:
            self.steady_function = function([], steady, mode=interpreted(), name="monitor_steady")

    def in_order(self, varying: np.ndarray, steady: np.ndarray) -> np.ndarray:
        """Values of both kinds in the order of the channels."""
        values = np.empty(len(self.channels))
        values[np.array(self._varies, dtype=bool)] = varying
        values[~np.array(self._varies, dtype=bool)] = steady
        return values

    def iterator(self, data_specs: DataSpecs) -> Any:
        return self.dataset.iterator(
            mode=self.mode,
            batch_size=self.batch_size,
            num_batches=self.num_batches,
            data_specs=data_specs,
            return_tuple=True,
            rng=self.seed,
        )


def _varies(value: Any) -> bool:
    """Whether a channel can differ between batches: it reads data, or random numbers that move on."""
    return any(
        not isinstance(source, (SharedVariable, Constant)) or getattr(source, "default_update", None) is not None
        for source in graph_inputs([value])
    )
