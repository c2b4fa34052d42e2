"""Monitor: what is measured of a model before training and after each epoch; after Pylearn2's `monitor.py`.

Each channel is a scalar expression on a batch. Its value for an epoch is the mean over the batches of its dataset,
each weighted by its number of examples. One function is compiled per dataset, so that channels share what they
have in common, and so that each variate of random numbers is drawn once per batch for all of them, as in 2014.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.graph import explicit_graph_inputs

from adversarial.backend import floatX
from adversarial.cost import Cost
from adversarial.datasets.data_specs import DataSpecs, DataSpecsMapping, flat_specs
from adversarial.datasets.dataset import Dataset
from adversarial.datasets.iteration import is_stochastic
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.monitor.channel import MonitorChannel, MonitoredDataset
from adversarial.options import OptionError, configurable, nearest
from adversarial.space import CompositeSpace, NullSpace

log = logging.getLogger(__name__)

#: The data of a channel that reads none, such as the learning rate.
NO_DATA: DataSpecs = (NullSpace(), "")
#: The seed of monitoring iterators that draw at random.
ITERATOR_SEED = [2013, 2, 22]


class Monitor:
    """Measures a model; `channels[name].val_record` holds what it found.

    Parameters
    ----------
    model : Model
    """

    def __init__(self, model: Any):
        self.model = model
        self.channels: dict[str, MonitorChannel] = {}
        self._monitored: list[MonitoredDataset] = []
        self._epochs_seen = 0
        self._batches_seen = 0
        self._examples_seen = 0
        self._compiled = False
        self._flat_data_specs: DataSpecs = (CompositeSpace([]), ())
        self._started = time.time()
        self.time_budget_exceeded = False
        self.training_succeeded = False

    @classmethod
    def get_monitor(cls, model: Any) -> Monitor:
        """The model's monitor; made and given to it if it has none."""
        if getattr(model, "monitor", None) is None:
            model.monitor = cls(model)
        if not isinstance(model.monitor, cls):
            raise ConfigurationError(
                "the model was trained before and holds the record of it: put that aside by push_monitor to train again"
            )
        return model.monitor

    @property
    def datasets(self) -> list[Dataset]:
        """The datasets on which channels are measured."""
        return [monitored.dataset for monitored in self._monitored]

    def get_epochs_seen(self) -> int:
        """Epochs of training so far."""
        return self._epochs_seen

    def get_batches_seen(self) -> int:
        """Minibatches of training so far."""
        return self._batches_seen

    def get_examples_seen(self) -> int:
        """Examples of training so far."""
        return self._examples_seen

    def report_batch(self, num_examples: int) -> None:
        """Note that the model has learned from another minibatch."""
        self._examples_seen += num_examples
        self._batches_seen += 1

    def report_epoch(self) -> None:
        """Note that the model has learned for another epoch."""
        self._epochs_seen += 1

    def add_dataset(
        self,
        dataset: Dataset,
        mode: str = "sequential",
        batch_size: int | None = None,
        num_batches: int | None = None,
        seed: Any = None,
    ) -> None:
        """Measure channels on `dataset` too, iterated over as `Dataset.iterator` says.

        `seed` is needed by modes that draw at random, and refused by others: the same examples are drawn each time.
        """
        if is_stochastic(mode) != (seed is not None):
            need = "needs a seed" if seed is None else "takes no seed"
            raise ConfigurationError(f"monitoring by the iteration mode '{mode}' {need}")
        if any(monitored.dataset is dataset for monitored in self._monitored):
            return
        monitored = MonitoredDataset(dataset, mode, batch_size, num_batches, seed)
        try:
            monitored.iterator(flat_specs(self.model.get_monitoring_data_specs()))
        except ConfigurationError:
            raise
        except ValueError as error:
            raise ConfigurationError(f"the monitoring dataset cannot be iterated over as asked: {error}") from error
        self._monitored.append(monitored)

    def add_channel(
        self,
        name: str,
        ipt: Any,
        val: Any,
        dataset: Dataset | None = None,
        prereqs: list[Callable] | None = None,
        data_specs: DataSpecs | None = None,
        doc: str | None = None,
    ) -> None:
        """Measure another quantity from the next monitoring step on.

        Parameters
        ----------
        name : of the channel
        ipt : the symbolic batch that `val` is a function of, as `data_specs` says; None where it reads no data
        val : a scalar expression, or a number
        dataset : where to measure it; may be left out where there is only one
        prereqs : functions of a batch to call before the channels are measured on it, each once per batch
        data_specs : (space, source) of `ipt`
        doc : what it measures
        """
        if isinstance(val, (int, float)):
            val = pt.constant(val, dtype=floatX())
        val = pt.as_tensor_variable(val)
        if data_specs is None:
            if ipt is not None:
                raise ConfigurationError(f"monitoring channel {name} reads data, so it needs data_specs")
            data_specs = NO_DATA
        data_specs[0].validate(ipt)
        flat_input = DataSpecsMapping(data_specs).flatten(ipt, return_tuple=True)
        for variable in explicit_graph_inputs([val]):
            if variable not in flat_input:
                raise ConfigurationError(
                    f"monitoring channel {name} depends on {variable}, which is not among its data: "
                    "the cost's get_data_specs or the model's get_monitoring_data_specs does not name it"
                )
        if name in self.channels:
            raise ConfigurationError(f"there are two monitoring channels named {name}")
        monitored = self._of_dataset(dataset)
        channel = MonitorChannel(ipt, val, name, data_specs, monitored.dataset, prereqs, doc)
        self.channels[name] = channel
        monitored.channels.append(channel)
        self._compiled = False

    def _of_dataset(self, dataset: Dataset | None) -> MonitoredDataset:
        if dataset is None and len(self._monitored) == 1:
            return self._monitored[0]
        for monitored in self._monitored:
            if monitored.dataset is dataset:
                return monitored
        if dataset is not None:
            raise ConfigurationError("a channel was added for a dataset that is not monitored")
        known = "several datasets; say which" if self._monitored else "no dataset"
        raise ConfigurationError(f"a channel was added to a monitor that has {known}")

    def setup(
        self,
        dataset: Dataset | Mapping[str, Dataset] | None,
        cost: Cost,
        batch_size: int | None,
        num_batches: int | None = None,
        extra_costs: Mapping[str, Cost] | None = None,
        mode: str = "sequential",
        obj_prereqs: list[Callable] | None = None,
    ) -> None:
        """Measure the objective and the channels of the cost, of further costs, and of the model.

        The order in which expressions are built is 2014's, since building them draws seeds: the channels of each
        cost (sorted by name, the one that is trained first), the channels of the model, and then, for each dataset,
        the value of each cost.

        Parameters
        ----------
        dataset : a Dataset, or several by name, which with an underscore becomes the prefix of its channels' names
        cost : the cost that is trained; its value is the channel 'objective'
        batch_size, num_batches, mode : how the datasets are iterated over
        extra_costs : further costs by name; their values are channels of these names
        obj_prereqs : prerequisites of the channel 'objective'
        """
        if dataset is None:
            return
        datasets = {"": dataset} if not isinstance(dataset, Mapping) else dict(dataset)
        costs = dict(sorted({"": cost, **(extra_costs or {})}.items()))
        specs = {name: each.get_data_specs(self.model) for name, each in costs.items()}
        model_specs = self.model.get_monitoring_data_specs()
        *cost_inputs, model_input = _symbolic_batches([*specs.values(), model_specs])
        inputs = dict(zip(costs, cost_inputs, strict=True))

        channels: dict[str, tuple[Any, Any, DataSpecs]] = {}
        for name, each in costs.items():
            prefix = f"{name}_" if name else ""
            for key, value in each.get_monitoring_channels(self.model, inputs[name]).items():
                channels[prefix + key] = (value, inputs[name], specs[name])
        for key, value in self.model.get_monitoring_channels(model_input).items():
            channels[key] = (value, model_input, model_specs)

        seed = ITERATOR_SEED if is_stochastic(mode) else None
        for dataset_name, each_dataset in datasets.items():
            self.add_dataset(each_dataset, mode, batch_size, num_batches, seed)
            prefix = f"{dataset_name}_" if dataset_name else ""
            for name, each in costs.items():
                value = each.expr(self.model, inputs[name])
                if value is not None:
                    prereqs = None if name else obj_prereqs
                    self.add_channel(
                        prefix + (name or "objective"), inputs[name], value, each_dataset, prereqs, specs[name]
                    )
            for key, (value, ipt, data_specs) in channels.items():
                self.add_channel(prefix + key, ipt, value, each_dataset, None, data_specs)

    def compile(self) -> None:
        """Compile the functions of the channels; does nothing if they are as they were."""
        if self._compiled:
            return
        channels = list(self.channels.values())
        specs = [self.model.get_monitoring_data_specs(), *(channel.data_specs for channel in channels)]
        nested = CompositeSpace([space for space, _ in specs]), tuple(source for _, source in specs)
        self._flat_data_specs = flat_specs(nested)
        space, sources = self._flat_data_specs
        batch = tuple(
            part.make_theano_batch(name=f"monitoring_{source}")
            for part, source in zip(space.components, sources, strict=True)
        )
        given = dict(zip(channels, DataSpecsMapping(nested).nest(batch)[1:], strict=True))
        for monitored in self._monitored:
            givens = {}
            for channel in monitored.channels:
                mapping = DataSpecsMapping(channel.data_specs)
                own = mapping.flatten(channel.graph_input, return_tuple=True)
                givens |= dict(zip(own, mapping.flatten(given[channel], return_tuple=True), strict=True))
            prereqs = [prereq for channel in monitored.channels for prereq in channel.prereqs]
            monitored.prereqs = list(dict.fromkeys(prereqs))
            monitored.compile(batch, givens)
        self._compiled = True

    def functions(self) -> list[Callable]:
        """The compiled functions, in the order of the datasets."""
        both = [each for monitored in self._monitored for each in (monitored.function, monitored.steady_function)]
        return [each for each in both if each is not None]

    def __call__(self) -> None:
        """Measure every channel once and add the values to the records."""
        self.compile()
        values: dict[str, float] = {}
        for monitored in self._monitored:
            if monitored.channels:
                means = self._means(monitored)
                values |= {channel.name: float(mean) for channel, mean in zip(monitored.channels, means, strict=True)}
        self._record(values)

    def _means(self, monitored: MonitoredDataset) -> np.ndarray:
        """The means of a dataset's channels over its batches; sums are kept in float64."""
        space, sources = self._flat_data_specs
        steady = (
            np.zeros(0) if monitored.steady_function is None else np.asarray(monitored.steady_function(), np.float64)
        )
        if monitored.function is None:
            return monitored.in_order(np.zeros(0), steady)
        if not sources:
            return monitored.in_order(np.asarray(monitored.function(), np.float64), steady)
        total, examples = np.zeros(monitored.varying), 0
        for batch in monitored.iterator(self._flat_data_specs):
            for prereq in monitored.prereqs:
                prereq(*batch)
            batch_size = space.np_batch_size(batch)
            total += np.asarray(monitored.function(*batch), np.float64) * batch_size
            examples += batch_size
        if examples == 0:
            raise ConfigurationError("a monitoring dataset gave no examples; check its start, stop and batch size")
        return monitored.in_order(total / examples, steady)

    def _record(self, values: Mapping[str, float]) -> None:
        elapsed = time.time() - self._started
        log.info("Monitoring step:")
        log.info("\tEpochs seen: %d", self._epochs_seen)
        log.info("\tBatches seen: %d", self._batches_seen)
        log.info("\tExamples seen: %d", self._examples_seen)
        for name in sorted(values, key=number_aware_alphabetical_key):
            channel = self.channels[name]
            channel.val_record.append(values[name])
            channel.epoch_record.append(self._epochs_seen)
            channel.batch_record.append(self._batches_seen)
            channel.example_record.append(self._examples_seen)
            channel.time_record.append(elapsed)
            log.info("\t%s: %s", name, format_value(values[name]))

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Take the record that a saved model holds (`checkpoint.monitor_content`) of the same channels.

        Raises
        ------
        CheckpointError
            If the channels are not the same.
        """
        missing = sorted(self.channels.keys() ^ state["channels"].keys())
        if missing:
            raise CheckpointError(
                f"the saved run monitored other channels than this one ({missing[0]} is in one of them only): "
                "resume with the model, cost and monitoring datasets that it was started with"
            )
        for name, channel in self.channels.items():
            channel.set_state(state["channels"][name])
        self._epochs_seen = int(state["epochs_seen"])
        self._batches_seen = int(state["batches_seen"])
        self._examples_seen = int(state["examples_seen"])
        times = [channel.time_record[-1] for channel in self.channels.values() if channel.time_record]
        self._started = time.time() - max(times, default=0.0)


def _symbolic_batches(specs: list[DataSpecs]) -> tuple:
    """A symbolic batch for each of `specs`; those that read the same data share its variables."""
    nested = CompositeSpace([space for space, _ in specs]), tuple(source for _, source in specs)
    space, sources = flat_specs(nested)
    batch = tuple(
        part.make_theano_batch(name=f"monitor_{source}") for part, source in zip(space.components, sources, strict=True)
    )
    return DataSpecsMapping(nested).nest(batch)


def find_channel(monitor: Monitor, name: str, wanted_by: str) -> MonitorChannel:
    """The channel `name`, or an error that says who wants it and what it may be called."""
    if name in monitor.channels:
        return monitor.channels[name]
    reason = f"the monitor has no channel '{name}'{nearest(name, monitor.channels)}"
    raise OptionError(wanted_by, "channel_name", reason)


def read_channel(model: Any, channel_name: str, monitor_name: str = "monitor") -> float:
    """The last recorded value of a channel of `model`."""
    return find_channel(getattr(model, monitor_name), channel_name, "read_channel").val_record[-1]


@configurable
def push_monitor(model: Any, name: str, transfer_experience: bool = False) -> Any:
    """Put the monitor of a trained model aside as its attribute `name`, so that it is trained anew; gives the model.

    With `transfer_experience` the new monitor goes on counting epochs, minibatches and examples.
    """
    old = model.monitor
    setattr(model, name, old)
    model.monitor = None
    if transfer_experience:
        new = Monitor.get_monitor(model)
        new._epochs_seen = old.get_epochs_seen()
        new._batches_seen = old.get_batches_seen()
        new._examples_seen = old.get_examples_seen()
    return model


def number_aware_alphabetical_key(name: str) -> list[tuple[int, int, str]]:
    """A sorting key that puts h2 before h10."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]


def format_value(value: float) -> str:
    """A channel's value as 2014 printed it."""
    return f"{value}" if abs(value) < 1e4 else f"{value:.3e}"
