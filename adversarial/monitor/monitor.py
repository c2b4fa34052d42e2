"""Monitor: what is measured of a model before training and after each epoch; after Pylearn2's `monitor.py`.

Each channel is a scalar expression on a batch. Its value for an epoch is the mean over the batches of its dataset,
each weighted by its number of examples. One function is compiled per dataset, so that channels share
subexpressions, and each random variate is drawn once per batch for all of them, as in 2014.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.graph import explicit_graph_inputs
from pytensor.graph.basic import Variable

from adversarial.backend import floatX
from adversarial.checkpoint.record import ShownChannels
from adversarial.cost import Cost
from adversarial.datasets.data_specs import DataSpecs, DataSpecsMapping, flat_specs
from adversarial.datasets.dataset import Dataset
from adversarial.datasets.iteration import TooFewExamplesError, is_stochastic
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.models.model import Model
from adversarial.monitor.channel import MonitorChannel, MonitoredDataset, format_value, number_aware_alphabetical_key
from adversarial.options import configurable
from adversarial.space import CompositeSpace, NullSpace

log = logging.getLogger(__name__)

#: The data of a channel that reads none, such as the learning rate.
NO_DATA: DataSpecs = (NullSpace(), "")
#: The seed of monitoring iterators that draw at random.
ITERATOR_SEED = [2013, 2, 22]


class Monitor(ShownChannels):
    """Measures a model; `channels[name].val_record` holds the values.

    Parameters
    ----------
    model : Model
        What is measured.

    Attributes
    ----------
    channels : dict of MonitorChannel
        What is measured, by name.
    time_budget_exceeded : bool
        Whether training stopped for its time budget.
    training_succeeded : bool
        Whether training ended by itself, not by a request to stop.
    """

    def __init__(self, model: Model):
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
    def get_monitor(cls, model: Model) -> Monitor:
        """Return the model's monitor, made and stored as its attribute `monitor` if it has none."""
        if getattr(model, "monitor", None) is None:
            model.monitor = cls(model)
        monitor = model.monitor
        if not isinstance(monitor, cls):
            raise ConfigurationError(
                "the model was trained before and holds the record of it: put that aside by push_monitor to train again"
            )
        return monitor

    @property
    def datasets(self) -> list[Dataset]:
        """Every dataset on which channels are measured."""
        return [monitored.dataset for monitored in self._monitored]

    def get_epochs_seen(self) -> int:
        """Return the epochs of training so far."""
        return self._epochs_seen

    def get_batches_seen(self) -> int:
        """Return the minibatches of training so far."""
        return self._batches_seen

    def get_examples_seen(self) -> int:
        """Return the examples of training so far, each counted as often as it was used."""
        return self._examples_seen

    def report_batch(self, num_examples: int) -> None:
        """Count a minibatch of training and its examples."""
        self._examples_seen += num_examples
        self._batches_seen += 1

    def report_epoch(self) -> None:
        """Count an epoch of training."""
        self._epochs_seen += 1

    def add_dataset(
        self,
        dataset: Dataset,
        mode: str = "sequential",
        batch_size: int | None = None,
        num_batches: int | None = None,
        seed: Any = None,
    ) -> None:
        """Add a dataset to measure channels on.

        Parameters
        ----------
        dataset : Dataset
            The dataset; nothing is done if it is there already.
        mode : str
            How `Dataset.iterator` iterates over it, default 'sequential'.
        batch_size : int, optional
            Examples in a batch.
        num_batches : int, optional
            Batches in a pass.
        seed : int or sequence of int, optional
            Seed of each pass, required by modes that shuffle, so that each pass uses the same examples.

        Raises
        ------
        ConfigurationError
            If the options do not go together or with the dataset.
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
        """Add a quantity to measure from the next monitoring step on.

        Parameters
        ----------
        name : str
            Name of the channel, not yet in use.
        ipt : variable or nested tuples, or None
            The symbolic batch that `val` is a function of; None if it reads no data.
        val : scalar variable or float
            Its value on a batch.
        dataset : Dataset, optional
            Where to measure it; may be left out if there is only one.
        prereqs : list of callable, optional
            Functions of a batch to call before the channels are measured on it, each once per batch.
        data_specs : (Space, source), optional
            What `ipt` is; required if it is not None.
        doc : str, optional
            What it measures.

        Raises
        ------
        ConfigurationError
            If the name is in use, the dataset is not known, or `val` depends on more than `ipt`.
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
        cost: Cost | None,
        batch_size: int | None,
        num_batches: int | None = None,
        extra_costs: Mapping[str, Cost] | None = None,
        mode: str = "sequential",
        obj_prereqs: list[Callable] | None = None,
    ) -> None:
        """Add channels of the objective, of the cost, of further costs, and of the model.

        Expressions are built in 2014's order, since building them draws seeds: the channels of each cost (sorted by
        name, the one that is trained first), the channels of the model, and then, for each dataset, the value of
        each cost.

        Parameters
        ----------
        dataset : Dataset or dict of Dataset
            Where to measure; a name and an underscore become the prefix of the names of its channels.
        cost : Cost or None
            The cost that is trained; its value is the channel 'objective'. None where the model trains itself.
        batch_size : int or None
            Examples in a batch.
        num_batches : int, optional
            Batches in a pass.
        extra_costs : dict of Cost, optional
            Further costs by name; their values are channels of these names.
        mode : str
            How `Dataset.iterator` iterates, default 'sequential'.
        obj_prereqs : list of callable, optional
            Prerequisites of the channel 'objective'.
        """
        if dataset is None:
            return
        datasets = {"": dataset} if not isinstance(dataset, Mapping) else dict(dataset)
        costs = dict(sorted((({} if cost is None else {"": cost}) | dict(extra_costs or {})).items()))
        specs = {name: each.get_data_specs(self.model) for name, each in costs.items()}
        model_specs = self.model.get_monitoring_data_specs()
        *cost_inputs, model_input = _symbolic_batches([*specs.values(), model_specs])
        inputs = dict(zip(costs, cost_inputs, strict=True))

        channels: dict[str, tuple[Any, Any, DataSpecs]] = {}
        for name, each in costs.items():
            prefix = f"{name}_" if name else ""
            for key, measured in each.get_monitoring_channels(self.model, inputs[name]).items():
                channels[prefix + key] = (measured, inputs[name], specs[name])
        for key, value in self.model.get_monitoring_channels(model_input).items():
            channels[key] = (value, model_input, model_specs)

        seed = ITERATOR_SEED if is_stochastic(mode) else None
        for dataset_name, each_dataset in datasets.items():
            try:
                self.add_dataset(each_dataset, mode, batch_size, num_batches, seed)
            except TooFewExamplesError as error:
                which = f"the monitoring dataset '{dataset_name}'" if dataset_name else "the monitoring dataset"
                raise TooFewExamplesError(f"{which} is too small: {error}") from error
            prefix = f"{dataset_name}_" if dataset_name else ""
            for name, each in costs.items():
                objective = each.expr(self.model, inputs[name])
                if objective is not None:
                    prereqs = None if name else obj_prereqs
                    self.add_channel(
                        prefix + (name or "objective"), inputs[name], objective, each_dataset, prereqs, specs[name]
                    )
            for key, (value, ipt, data_specs) in channels.items():
                self.add_channel(prefix + key, ipt, value, each_dataset, None, data_specs)

    def compile(self) -> None:
        """Compile the functions of the channels, unless they are unchanged."""
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
            givens: dict[Variable, Variable] = {}
            for channel in monitored.channels:
                mapping = DataSpecsMapping(channel.data_specs)
                own = mapping.flatten(channel.graph_input, return_tuple=True)
                givens |= dict(zip(own, mapping.flatten(given[channel], return_tuple=True), strict=True))
            prereqs = [prereq for channel in monitored.channels for prereq in channel.prereqs]
            monitored.prereqs = list(dict.fromkeys(prereqs))
            monitored.compile(batch, givens)
        self._compiled = True

    def functions(self) -> list[Callable]:
        """Return the compiled functions, in the order of the datasets."""
        both = [each for monitored in self._monitored for each in (monitored.function, monitored.steady_function)]
        return [each for each in both if each is not None]

    def __call__(self) -> None:
        """Measure every channel once and append the values to the records."""
        self.compile()
        values: dict[str, float] = {}
        for monitored in self._monitored:
            if monitored.channels:
                means = self._means(monitored)
                values |= {channel.name: float(mean) for channel, mean in zip(monitored.channels, means, strict=True)}
        self._record(values)

    def _means(self, monitored: MonitoredDataset) -> np.ndarray:
        """Return the means of a dataset's channels over its batches, summed in float64."""
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
        """Restore the record that a saved model holds of the same channels.

        Parameters
        ----------
        state : mapping
            What `checkpoint.monitor_content` returned.

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


def _symbolic_batches(specs: list[DataSpecs]) -> tuple[Any, ...]:
    """Make a symbolic batch for each of `specs`; those that read the same data share its variables."""
    nested = CompositeSpace([space for space, _ in specs]), tuple(source for _, source in specs)
    space, sources = flat_specs(nested)
    batch = tuple(
        part.make_theano_batch(name=f"monitor_{source}") for part, source in zip(space.components, sources, strict=True)
    )
    return DataSpecsMapping(nested).nest(batch)


@configurable
def push_monitor(model: Any, name: str, transfer_experience: bool = False) -> Any:
    """Move the monitor of a trained model to another attribute, so that training it again starts a new record.

    Parameters
    ----------
    model : Model
        The trained model, `!pkl:` in YAML.
    name : str
        Attribute of the model for the old monitor.
    transfer_experience : bool
        Whether the new monitor continues the counts of epochs, minibatches and examples; default false.

    Returns
    -------
    Model
        The same model.

    Examples
    --------
    >>> from adversarial.models.mlp import MLP
    >>> from adversarial.models.linear import Sigmoid
    >>> model = MLP([Sigmoid(layer_name="y", dim=1, irange=0.1)], nvis=2)
    >>> Monitor.get_monitor(model).report_epoch()
    >>> model = push_monitor(model, "pretraining", transfer_experience=True)
    >>> model.pretraining.get_epochs_seen(), model.monitor.get_epochs_seen()
    (1, 1)
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
