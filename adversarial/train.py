"""Train: the main loop of an experiment: epochs, monitoring, extensions, saving, stopping, resuming.

After Pylearn2's `train.py`, whose order of events it keeps: set-up, a first monitoring step, and then, epoch after
epoch, training, monitoring, extensions, saving, and the question whether to go on.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import time
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable

from adversarial import backend as backends
from adversarial import checkpoint
from adversarial.backend import floatX, sharedX
from adversarial.checkpoint.paths import check_save_path, epoch_path
from adversarial.checkpoint.training_state import get_states, get_values, set_states, set_values, shared_variables
from adversarial.datasets.dataset import Dataset
from adversarial.errors import CheckpointError, ConfigurationError, NumericalError
from adversarial.files.whole_file import held
from adversarial.models.model import Model
from adversarial.monitor import NO_DATA, Monitor
from adversarial.options import Configurable, Index, OptionError
from adversarial.train_extensions import TrainExtension
from adversarial.training_algorithms.training_algorithm import TrainingAlgorithm

log = logging.getLogger(__name__)

#: Why `Train.main_loop` came to its end.
Outcome = Literal["finished", "stop requested", "time budget", "max epochs"]


class Reporter:
    """What a program wants to hear of training while it goes on; nothing happens by default.

    Each method is called with the Train object.
    """

    def on_setup(self, train: Train) -> None:
        """Model, data and algorithm are there; compiling comes next."""

    def on_ready(self, train: Train) -> None:
        """Everything is compiled (and restored, when resuming); the first monitoring step or epoch comes next."""

    def on_update(self, train: Train) -> None:
        """An update is done; `train.algorithm.updates_this_epoch` and `updates_per_epoch` say which of how many."""

    def on_monitor(self, train: Train) -> None:
        """The channels of `train.model.monitor` have a new value."""

    def on_save(self, train: Train) -> None:
        """The model is saved at `train.save_path`."""


class Train(Configurable):
    """An experiment: trains `model` on `dataset` by `algorithm`.

    Parameters
    ----------
    dataset : to train on
    model : to train
    algorithm : how to train; an experiment without one can be looked at, not run
    save_path : where to save the model; if not given but `save_freq` is, the name of the YAML file, ending in pkl
    save_freq : save at every so many epochs and at the end; 0 for never
    extensions : called at set-up, after each monitoring step and before each save
    allow_overwrite : if false, a file at `save_path` that was not saved by this run is an error
    backend : what to compile to, unless the user says otherwise: 'c', 'numba' or 'jax'

    Attributes
    ----------
    stop_requested : set it (from a signal handler, say) to stop after the present update
    save_every_seconds : save this often within epochs too; None for not
    keep_every : keep a copy of the model before training and after each so many epochs, beside `save_path`, named as
        `adversarial.checkpoint.paths` says; None for not
    debug_nan : set it before `setup` to find the first update, and node of the graph, that gives NaN; slow
    reporter : hears of events; see Reporter
    """

    def __init__(
        self,
        dataset: Dataset,
        model: Model,
        algorithm: TrainingAlgorithm | None = None,
        save_path: str | None = None,
        save_freq: Index = 0,
        extensions: list[TrainExtension] | None = None,
        allow_overwrite: bool = True,
        backend: backends.Backend | None = None,
    ):
        backends.prefer(backend)
        self.dataset = dataset
        self.model = model
        self.algorithm = algorithm
        self.save_freq = save_freq
        self.save_path = _default_save_path() if save_path is None and save_freq > 0 else save_path
        self.extensions = list(extensions or [])
        self.allow_overwrite = allow_overwrite
        self.stop_requested = False
        self.save_every_seconds: float | None = None
        self.keep_every: int | None = None
        self.debug_nan = False
        self.reporter = Reporter()
        self.training_seconds = sharedX(0.0, name="training_seconds_this_epoch")
        self.total_seconds = sharedX(0.0, name="total_seconds_last_epoch")
        if hasattr(dataset, "yaml_src"):
            model.dataset_yaml_src = dataset.yaml_src
        if getattr(dataset, "view_converter", None) is not None:
            model.image_shape = tuple(dataset.view_converter.shape)
        self._is_set_up = False
        self._begun = False
        self._resumed_from: Mapping[str, Any] | None = None
        self._last_save = time.monotonic()
        self._extensions_continue = True
        # Whether an epoch has ended since the criterion was asked, and what it remembered before it was asked:
        # a saved run is always one that has not been asked yet, so that a resumed one asks, once, again.
        self._decision_pending = False
        self._termination_before: dict[str, Any] | None = None

    @property
    def saves(self) -> bool:
        """Whether this run saves its model at all."""
        return self.save_path is not None and (self.save_freq > 0 or self.save_every_seconds is not None)

    def resume(self, content: Mapping[str, Any]) -> None:
        """Go on, in `main_loop`, where a saved run stands.

        Parameters
        ----------
        content : what `checkpoint.read` gives of the file that the run saved

        Raises
        ------
        CheckpointError
            If it holds a model only. What does not fit this experiment is found by `setup`.
        """
        if content.get("training") is None:
            raise CheckpointError("the saved file holds a model, but no state of training to resume from")
        self._resumed_from = content

    def setup(self) -> None:
        """Build and compile everything; called by `main_loop`, and of use by itself where that is not wanted.

        Raises
        ------
        ConfigurationError
            If the experiment cannot be run as it is, or `save_path` cannot be written.
        """
        if self._is_set_up:
            return
        if self.algorithm is None:
            raise OptionError("Train", "algorithm", "needs the option 'algorithm' to be run, which is not given")
        if self.keep_every is not None and self.save_path is None:
            raise OptionError("Train", "save_path", "keep_every asks for copies beside save_path, which is not given")
        if self.save_path is not None:
            check_save_path("Train", self.save_path, self.allow_overwrite or self._resumed_from is not None)
        self.reporter.on_setup(self)
        with backends.graph_construction():
            monitor = Monitor.get_monitor(self.model)
            monitor.time_budget_exceeded = False
            self.algorithm.find_nan = self.debug_nan
            self.algorithm.setup(model=self.model, dataset=self.dataset)
            for extension in self.extensions:
                extension.setup(self.model, self.dataset, self.algorithm)
            self.model.enforce_constraints()
            self._add_time_channels(monitor)
            monitor.compile()
            backends.finish([*self.algorithm.functions(), *monitor.functions()])
            self.algorithm.between_updates = self._between_updates
            if self._resumed_from is not None:
                self._restore(self._resumed_from)
        self._is_set_up = True
        self.reporter.on_ready(self)

    def _add_time_channels(self, monitor: Monitor) -> None:
        if not monitor.datasets:
            return
        first = monitor.datasets[0]
        monitor.add_channel(
            "training_seconds_this_epoch",
            None,
            self.training_seconds,
            first,
            data_specs=NO_DATA,
            doc="seconds spent training in the last epoch, monitoring and extensions aside",
        )
        monitor.add_channel(
            "total_seconds_last_epoch",
            None,
            self.total_seconds,
            first,
            data_specs=NO_DATA,
            doc="seconds spent on all of the epoch before, monitoring, extensions and saving included",
        )

    def main_loop(self, time_budget: float | None = None, max_epochs: int | None = None) -> Outcome:
        """Train until the termination criterion, an extension, or one of the limits says to stop; save at the end.

        Parameters
        ----------
        time_budget : seconds after which not to begin another epoch
        max_epochs : epochs, in all, after which not to begin another

        Returns
        -------
        'finished', 'stop requested', 'time budget' or 'max epochs'

        Raises
        ------
        NumericalError
            If a parameter or an objective is not finite; what was saved before stays as it is.
        """
        with self._alone_at_save_path():
            try:
                return self._train(time_budget, max_epochs)
            except NumericalError as error:
                X = getattr(self.dataset, "X", None)
                if isinstance(X, np.ndarray) and not np.isfinite(X).all():
                    row = int(np.flatnonzero(~np.isfinite(X).all(axis=tuple(range(1, X.ndim))))[0])
                    raise NumericalError(
                        f"example {row} of the data, counted from 0, is NaN or infinite, and so is what is made of it"
                    ) from error
                raise

    def _alone_at_save_path(self) -> contextlib.AbstractContextManager[None]:
        """Let no other run save where this one does."""
        if self.save_path is None or not self.saves or not backends.is_first_process():
            return contextlib.nullcontext()
        if not self._is_set_up:
            check_save_path("Train", self.save_path, self.allow_overwrite or self._resumed_from is not None)
        return held(self.save_path)

    def _train(self, time_budget: float | None, max_epochs: int | None) -> Outcome:
        started = time.monotonic()
        self.setup()
        if not self._begun:
            # As in 2014, an extension cannot stop a run before its first epoch.
            self.run_callbacks_and_monitoring()
            self._begun = True
            self._keep_copy()
        outcome = None
        while outcome is None:
            outcome = self._reason_to_stop(started, time_budget, max_epochs)
            if outcome is None and not self._run_epoch():
                outcome = "stop requested"
        self.model.monitor.training_succeeded = outcome != "stop requested"
        if self.saves:
            self.save()
        return outcome

    def _reason_to_stop(self, started: float, time_budget: float | None, max_epochs: int | None) -> Outcome | None:
        """Asked between epochs."""
        monitor = self.model.monitor
        if self._decision_pending and not self._wants_more():
            return "finished"
        if self._asked_to_stop():
            return "stop requested"
        if time_budget is not None and backends.anywhere(time.monotonic() - started >= time_budget):
            log.warning("Time budget exceeded (%.3f/%d seconds).", time.monotonic() - started, time_budget)
            monitor.time_budget_exceeded = True
            return "time budget"
        if max_epochs is not None and monitor.get_epochs_seen() >= max_epochs and not self._within_epoch():
            return "max epochs"
        return None

    def _within_epoch(self) -> bool:
        return getattr(self.algorithm, "updates_this_epoch", 0) > 0

    def _wants_more(self) -> bool:
        if self._termination_before is not None:
            self.algorithm.set_termination_state(self._termination_before)
        self._termination_before = self.algorithm.get_termination_state()
        return bool(self.algorithm.continue_learning(self.model)) and self._extensions_continue

    def _run_epoch(self) -> bool:
        """Train for an epoch, monitor, and save if it is time to; false if the epoch was left before its end."""
        self._decision_pending, self._termination_before = False, None
        started = time.monotonic()
        self.algorithm.train(dataset=self.dataset)
        _set_seconds(self.training_seconds, started)
        if self.algorithm.epoch_unfinished:
            return False
        monitor = self.model.monitor
        monitor.report_epoch()
        self._extensions_continue = self.run_callbacks_and_monitoring()
        self._decision_pending = True
        self._keep_copy()
        if self.save_freq > 0 and monitor.get_epochs_seen() % self.save_freq == 0:
            self.save()
        _set_seconds(self.total_seconds, started)
        return True

    def _between_updates(self) -> bool:
        """Called after each update; true asks the algorithm to leave the epoch."""
        self.reporter.on_update(self)
        if self.save_every_seconds is not None and time.monotonic() - self._last_save >= self.save_every_seconds:
            self.save()
        return self._asked_to_stop()

    def _asked_to_stop(self) -> bool:
        """Whether this process or another that trains with it was asked to stop."""
        self.stop_requested = backends.anywhere(self.stop_requested)
        return self.stop_requested

    def run_callbacks_and_monitoring(self) -> bool:
        """Run the monitor, then the extensions; false if one of them asks to stop."""
        self.model.monitor()
        self._check_objectives()
        go_on = True
        for extension in self.extensions:
            try:
                extension.on_monitor(self.model, self.dataset, self.algorithm)
            except StopIteration:
                log.info("%s asks to stop training.", type(extension).__name__)
                go_on = False
        self.reporter.on_monitor(self)
        return go_on

    def _check_objectives(self) -> None:
        monitor = self.model.monitor
        for name, channel in monitor.channels.items():
            if (name == "objective" or name.endswith("_objective")) and not math.isfinite(channel.val_record[-1]):
                raise NumericalError(
                    f"channel {name} is {channel.val_record[-1]} after update {monitor.get_batches_seen()}, at the end "
                    f"of epoch {monitor.get_epochs_seen()}: try a lower learning rate, or --debug-nan to find where it "
                    "begins"
                )

    def save(self) -> None:
        """Save the model, and the state of training, at `save_path`."""
        for extension in self.extensions:
            extension.on_save(self.model, self.dataset, self.algorithm)
        if self.save_path is None:
            return
        checkpoint.save_train(self, self.save_path)
        self._last_save = time.monotonic()
        self.reporter.on_save(self)

    def _keep_copy(self) -> None:
        """Asked between epochs; reads values only, so that the run goes on as it would without."""
        epochs = self.model.monitor.get_epochs_seen()
        if self.keep_every is not None and epochs % self.keep_every == 0:
            checkpoint.save_train(self, epoch_path(self.save_path, epochs), resumable=False)

    def get_state(self) -> dict[str, Any]:
        """All that a resumed run needs besides the parameters and the monitor's record, as plain values and arrays.

        Its shared variables are those that the compiled functions read or change, parameters aside: velocities,
        learning rate, momentum, switches, the states of the random streams.
        """
        termination = self._termination_before
        return {
            "floatX": floatX(),
            "shared": get_values(self._shared_variables()),
            "algorithm": self.algorithm.get_state(),
            "termination": self.algorithm.get_termination_state() if termination is None else termination,
            "decision_pending": self._decision_pending,
            "extensions_continue": self._extensions_continue,
            "extensions": get_states(self.extensions),
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Take back what `get_state` gave, into an experiment that is built alike and set up.

        Raises
        ------
        CheckpointError
            If the experiment is another one.
        """
        if state["floatX"] != floatX():
            raise CheckpointError(f"the saved run computed in {state['floatX']}, so it cannot go on in {floatX()}")
        set_values(self._shared_variables(), state["shared"])
        self.algorithm.set_state(state["algorithm"])
        self.algorithm.set_termination_state(state["termination"])
        set_states(self.extensions, state["extensions"], "extensions")
        self._decision_pending = bool(state["decision_pending"])
        self._extensions_continue = bool(state["extensions_continue"])
        self._termination_before = None
        self._begun = True

    def _restore(self, content: Mapping[str, Any]) -> None:
        params, values = checkpoint.parameters_of(self.model), content["parameters"]
        different = sorted(params.keys() ^ values.keys())
        if different:
            raise CheckpointError(f"the saved model is another one: only one of the two has a parameter {different[0]}")
        set_values(params.values(), {"names": list(params), "values": [values[name] for name in params]}, list(params))
        self.model.monitor.set_state(content["monitor"])
        self.set_state(content["training"])

    def _shared_variables(self) -> list[SharedVariable]:
        monitor = self.model.monitor
        monitor.compile()
        params = checkpoint.parameters_of(self.model).values()
        return shared_variables([*self.algorithm.functions(), *monitor.functions()], exclude=params)


def _set_seconds(shared: SharedVariable, started: float) -> None:
    shared.set_value(np.asarray(time.monotonic() - started, dtype=shared.dtype))


def _default_save_path() -> str:
    """2014's: the YAML file's name without its ending, and the phase where there is one."""
    stem, phase = os.environ.get("PYLEARN2_TRAIN_FILE_FULL_STEM"), os.environ.get("PYLEARN2_TRAIN_PHASE")
    if not stem:
        raise ConfigurationError("Train: save_freq asks to save, but save_path does not say where")
    return f"{stem}.{phase}.pkl" if phase else f"{stem}.pkl"
