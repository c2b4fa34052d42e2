"""One measured quantity and its record, and the dataset on which quantities are measured."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Constant, Variable
from pytensor.graph.traversal import graph_inputs
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX, function, interpreted
from adversarial.datasets.data_specs import DataSpecs
from adversarial.datasets.dataset import Dataset
from adversarial.datasets.iteration import MinibatchIterator
from adversarial.models.model import Model
from adversarial.options import OptionError, configurable

Channel = TypeVar("Channel", covariant=True)


class HasChannels(Protocol[Channel]):
    """A Monitor, or the `checkpoint.record.MonitorRecord` of a saved model."""

    @property
    def channels(self) -> Mapping[str, Channel]: ...


_RECORDS = {"val_record": float, "epoch_record": int, "batch_record": int, "example_record": int, "time_record": float}


class MonitorChannel:
    """One measured quantity and its record.

    Attributes
    ----------
    name : str
        Name of the channel.
    val : scalar variable
        Its value on a batch, floatX.
    graph_input : variable or nested tuples
        The symbolic batch that `val` is a function of.
    data_specs : (Space, source)
        What `graph_input` is.
    dataset : Dataset
        Where it is measured.
    prereqs : list of callable
        Functions of a batch that are called before the channel is measured on it.
    doc : str
        What it measures, or None.
    val_record : list of float
        The value at each monitoring step: the mean over the examples of the dataset.
    epoch_record : list of int
        Epochs seen by then.
    batch_record : list of int
        Minibatches seen by then.
    example_record : list of int
        Examples seen by then.
    time_record : list of float
        Seconds since the monitor was made, without the time between the last record and a resume.
    """

    def __init__(
        self,
        graph_input: Any,
        val: TensorVariable,
        name: str,
        data_specs: DataSpecs,
        dataset: Dataset,
        prereqs: list[Callable] | None = None,
        doc: str | None = None,
    ) -> None:
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
        """Restore the channel's record from a saved model."""
        for name, kind in _RECORDS.items():
            setattr(self, name, [kind(value) for value in state[name]])


class MonitoredDataset:
    """A dataset, how it is iterated over, and the compiled functions of its channels."""

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
        """Number of channels whose value differs from batch to batch."""
        return sum(self._varies)

    def compile(self, batch: tuple[Variable, ...], givens: Mapping[Variable, Variable]) -> None:
        """Compile one function of the channels that differ from batch to batch, and one of those that do not.

        Norms of weights, for example, are the same for every batch of a pass and are measured once. That is little
        work, so it is interpreted, not compiled to C.
        """
        self._varies = [bool(channel.prereqs) or _varies(channel.val) for channel in self.channels]
        pairs = list(zip(self.channels, self._varies, strict=True))
        varying = [channel.val for channel, varies in pairs if varies]
        steady = [channel.val for channel, varies in pairs if not varies]
        self.function = self.steady_function = None
        if varying:
            # A list of outputs: C code to stack 160 scalars takes more than half as long to compile as all the rest.
            options: dict[str, Any] = {"givens": givens, "on_unused_input": "ignore", "name": "monitor"}
            self.function = function(list(batch), varying, later=True, **options)
        if steady:
            self.steady_function = function([], steady, mode=interpreted(), name="monitor_steady")

    def in_order(self, varying: np.ndarray, steady: np.ndarray) -> np.ndarray:
        """Merge the values of both kinds into the order of the channels."""
        values = np.empty(len(self.channels))
        values[np.array(self._varies, dtype=bool)] = varying
        values[~np.array(self._varies, dtype=bool)] = steady
        return values

    def iterator(self, data_specs: DataSpecs) -> MinibatchIterator:
        """Iterate over the dataset's batches."""
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


def nearest_channel(name: str, known: Iterable[str]) -> str | None:
    """Return the channel that may have been meant by a name, or None if none is near.

    Parameters
    ----------
    name : str
        What was given.
    known : iterable of str
        The channels that there are.

    Returns
    -------
    str or None
        The shortest of those that hold the name, else the one spelt most like it, with the data set's name before it
        or without.

    Examples
    --------
    >>> known = ["learning_rate", "valid_objective_d", "valid_gen_ll"]
    >>> nearest_channel("objective_d", known), nearest_channel("objectve_d", known), nearest_channel("bogus", known)
    ('valid_objective_d', 'valid_objective_d', None)
    """
    listed = list(known)
    # Part of a long name is more often meant than a slip of the finger: objective_d of valid_objective_d.
    within = sorted((other for other in listed if name and name in other), key=len)
    if within:
        return within[0]
    spellings = {spelling: other for other in reversed(listed) for spelling in (other.partition("_")[2], other)}
    close = difflib.get_close_matches(name, spellings, n=1, cutoff=0.75)
    return spellings[close[0]] if close else None


def find_channel(monitor: HasChannels[Channel], name: str, wanted_by: str, option: str = "channel_name") -> Channel:
    """Return a channel by name.

    Parameters
    ----------
    monitor : Monitor or MonitorRecord
        Where to look, a live monitor or that of a saved model.
    name : str
        Name of the channel.
    wanted_by : str
        Class whose option names the channel, for the error message.
    option : str
        The option, default 'channel_name'.

    Returns
    -------
    MonitorChannel or ChannelRecord
        The channel, with `val_record`.

    Raises
    ------
    OptionError
        If there is no such channel; names the nearest one, if one is near.
    """
    if name in monitor.channels:
        return monitor.channels[name]
    near = nearest_channel(name, monitor.channels)
    hint = "" if near is None else f"; did you mean '{near}'?"
    reason = f"the monitor has no channel '{name}'{hint}"
    raise OptionError(wanted_by, option, reason)


@configurable
def read_channel(model: Model, channel_name: str, monitor_name: str = "monitor") -> float:
    """Return the last recorded value of a channel.

    Parameters
    ----------
    model : Model
        A trained model.
    channel_name : str
        Name of the channel.
    monitor_name : str
        Attribute of the model that holds the monitor, default 'monitor'.

    Returns
    -------
    float
        The value.

    Examples
    --------
    >>> from adversarial.checkpoint.record import MonitorRecord
    >>> from adversarial.models.model import Model
    >>> model, record = Model(), dict.fromkeys(("epoch_record", "batch_record", "example_record"), [0, 1])
    >>> channel = record | {"val_record": [0.5, 0.25], "time_record": [0.0, 1.0]}
    >>> content = {"epochs_seen": 1, "batches_seen": 1, "examples_seen": 1, "channels": {"nll": channel}}
    >>> model.monitor = MonitorRecord.from_content(content)
    >>> float(read_channel(model, "nll"))
    0.25
    """
    monitor = getattr(model, monitor_name, None)
    if monitor is None:
        reason = f"the model has no record of a monitor under the name '{monitor_name}'"
        raise OptionError("read_channel", "monitor_name", reason)
    return float(find_channel(monitor, channel_name, "read_channel").val_record[-1])


def number_aware_alphabetical_key(name: str) -> list[tuple[int, int, str]]:
    """Return a sorting key that puts h2 before h10.

    Examples
    --------
    >>> sorted(["h10", "h2"], key=number_aware_alphabetical_key)
    ['h2', 'h10']
    """
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]


def format_value(value: float) -> str:
    """Format a channel's value as 2014 printed it."""
    return f"{value}" if abs(value) < 1e4 else f"{value:.3e}"
