"""Train: the main loop of an experiment: epochs, monitoring, extensions, saving, stopping, resuming.

After Pylearn2's `train.py`, whose order of events it keeps: set-up, a first monitoring step, and then, epoch after
epoch, training, monitoring, extensions, saving, and the question whether to go on.
"""

from __future__ import annotations

import contextlib
import logging
import math
import time
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable

from adversarial import backend as backends
from adversarial import checkpoint
from adversarial.backend import floatX, sharedX
from adversarial.checkpoint.paths import check_save_path, default_save_path, epoch_path
from adversarial.checkpoint.run_state import RunState
from adversarial.checkpoint.training_state import restore_model
from adversarial.datasets.dataset import Dataset
from adversarial.errors import CheckpointError, NumericalError
from adversarial.files.whole_file import held
from adversarial.models.model import Model
from adversarial.monitor import NO_DATA, Monitor
from adversarial.options import Configurable, Index, OptionError, Slips, slips_in_force
from adversarial.progress.reporting import Console, Reporter
from adversarial.train_extensions import TrainExtension
from adversarial.training_algorithms.finite import row_not_finite
from adversarial.training_algorithms.training_algorithm import TrainingAlgorithm

log = logging.getLogger(__name__)

#: Why `Train.main_loop` came to its end.
Outcome = Literal["finished", "stop requested", "time budget", "max epochs"]

__all__ = ["Outcome", "Reporter", "Train"]


class Train(Configurable):
    """An experiment: trains `model` on `dataset` by `algorithm`.

    Parameters
    ----------
    dataset : Dataset
        The training data.
    model : Model
        What is trained: an AdversaryPair, in the paper.
    algorithm : TrainingAlgorithm, optional
        How to train; an experiment without one can be inspected, not run.
    save_path : str, optional
        Where to save the model, .pkl or .h5; by default, if `save_freq` is given, the name of the YAML file with .pkl.
    save_freq : int
        Epochs between saves, which are also made at the end; default 0: never save.
    extensions : list of TrainExtension, optional
        Called at set-up, after each monitoring step and before each save.
    allow_overwrite : bool
        Whether to overwrite a file at `save_path` that this run did not save, default true.
    backend : {'c', 'numba', 'jax'}, optional
        What to compile to, unless the user chooses otherwise.
    slips : {'2014', 'corrected'}, optional
        Whether the slips of 2014 are repeated (`adversarial.names.slips` lists them), unless the user chooses
        otherwise. Default: they are where the YAML file uses a name of 2014. In Python they are not, but for what is
        built within `adversarial.options.building_with("2014")`.

    Attributes
    ----------
    stop_requested : bool
        Set it to true, in a signal handler for example, to stop after the present update.
    save_every_seconds : float or None
        Seconds between saves within epochs; None (default) for none.
    keep_every : int or None
        Epochs between copies of the model beside `save_path`, from epoch 0 on, named as `checkpoint.epoch_path`
        does; None (default) for none.
    debug_nan : bool
        Set it before `setup` to find the first update, and node of the graph, that computes NaN; slow.
    reporter : Reporter
        Receives events. The default prints a line per epoch; set `Reporter()` for silence.
    yaml_src : str
        The YAML text of the experiment; empty if it was built in Python.
    overrides : dict of str
        Values that replace ones of the YAML text, by key, as by train.py --set.

    Examples
    --------
    >>> import numpy as np
    >>> from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
    >>> from adversarial.models.linear import Sigmoid
    >>> from adversarial.models.mlp import MLP
    >>> from adversarial.training_algorithms.sgd import SGD
    >>> train = Train(
    ...     dataset=DenseDesignMatrix(X=np.zeros((10, 2))),
    ...     model=MLP([Sigmoid(layer_name="y", dim=1, irange=0.1)], nvis=2),
    ...     algorithm=SGD(learning_rate=0.1, batch_size=5),
    ... )
    >>> train.saves
    False
    """

    yaml_src: str = ""
    overrides: Mapping[str, str] = {}

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
        slips: Slips | Literal[2014] | None = None,
    ):
        backends.prefer(backend)
        if slips is not None and slips_in_force() is None and str(slips) != model.slips:
            reason = f"slips is '{slips}', but the model was built otherwise: build it within building_with('{slips}')"
            raise OptionError("Train", "slips", reason)
        self.dataset = dataset
        self.model = model
        self.algorithm = algorithm
        self.save_freq = save_freq
        self.save_path = default_save_path() if save_path is None and save_freq > 0 else save_path
        self.extensions = list(extensions or [])
        self.allow_overwrite = allow_overwrite
        self.stop_requested = False
        self.save_every_seconds: float | None = None
        self.keep_every: int | None = None
        self.debug_nan = False
        self.reporter: Reporter = Console() if backends.is_first_process() else Reporter()
        self.training_seconds = sharedX(0.0, name="training_seconds_this_epoch")
        self.total_seconds = sharedX(0.0, name="total_seconds_last_epoch")
        if dataset.yaml_src:
            model.dataset_yaml_src = dataset.yaml_src
        if dataset.image_shape is not None:
            model.image_shape = dataset.image_shape
        self._is_set_up = False
        self._begun = False
        self._resumed_from: Mapping[str, Any] | None = None
        self._refits_averages = False
        self._last_save = time.monotonic()
        self._extensions_continue = True
        # Whether an epoch has ended since the criterion was evaluated, and its state before that: a saved run has
        # always the state from before, so that a resumed one evaluates it, once, again.
        self._decision_pending = False
        self._termination_before: dict[str, Any] | None = None

    @property
    def saves(self) -> bool:
        """Whether this run saves its model at all."""
        return self.save_path is not None and (self.save_freq > 0 or self.save_every_seconds is not None)

    def resume(self, content: Mapping[str, Any], force: bool = False) -> None:
        """Continue a saved run in `main_loop`.

        Parameters
        ----------
        content : mapping
            What `checkpoint.read` returns of the file that the run saved.
        force : bool, optional
            Let averages of parameters that the run did not keep begin anew, and drop those that are kept no more.

        Raises
        ------
        CheckpointError
            If it holds a model only. `setup` raises it if the run does not fit this experiment.
        """
        if content.get("training") is None:
            raise CheckpointError("the saved file holds a model, but no state of training to resume from")
        self._resumed_from, self._refits_averages = content, force

    def setup(self) -> None:
        """Build and compile everything; `main_loop` calls it, but it can be called alone.

        Raises
        ------
        ConfigurationError
            If the experiment cannot be run as it is, or `save_path` cannot be written.
        """
        if self._is_set_up:
            return
        algorithm = self._algorithm()
        if self.keep_every is not None and self.save_path is None:
            raise OptionError("Train", "save_path", "keep_every asks for copies beside save_path, which is not given")
        if self.save_path is not None:
            check_save_path("Train", self.save_path, self.allow_overwrite or self._resumed_from is not None)
        algorithm.check_model(self.model)
        self.reporter.on_setup(self)
        with backends.graph_construction():
            monitor = Monitor.get_monitor(self.model)
            monitor.time_budget_exceeded = False
            algorithm.find_nan = self.debug_nan
            algorithm.setup(model=self.model, dataset=self.dataset)
            for extension in self.extensions:
                extension.setup(self.model, self.dataset, algorithm)
            self.model.enforce_constraints()
            self._add_time_channels(monitor)
            algorithm.check_channels()
            monitor.compile()
            backends.finish([*algorithm.functions(), *monitor.functions()])
            algorithm.set_update_hook(self._between_updates)
            self._state = RunState(self.model, algorithm, self.extensions, self.dataset)
            if self._resumed_from is not None:
                saved = self._state.refitted(self._resumed_from) if self._refits_averages else self._resumed_from
                restore_model(self.model, saved)
                self.set_state(saved["training"])
        self._is_set_up = True
        self.reporter.on_ready(self)

    def _algorithm(self) -> TrainingAlgorithm:
        if self.algorithm is None:
            raise OptionError("Train", "algorithm", "needs the option 'algorithm' to be run, which is not given")
        return self.algorithm

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
        """Train until the termination criterion, an extension, or one of the limits stops it; save at the end.

        Parameters
        ----------
        time_budget : float, optional
            Seconds after which no further epoch begins.
        max_epochs : int, optional
            Epochs of the model, those of earlier runs included, after which no further epoch begins.

        Returns
        -------
        {'finished', 'stop requested', 'time budget', 'max epochs'}
            Why training stopped.

        Raises
        ------
        NumericalError
            If a parameter or an objective is not finite; a model saved before is not overwritten.
        """
        with self._alone_at_save_path():
            try:
                return self._main_loop(time_budget, max_epochs)
            except NumericalError as error:
                row = row_not_finite(self.dataset)
                if row is None:
                    raise
                raise NumericalError(
                    f"example {row} of the data, counted from 0, is NaN or infinite, and so is what is made of it"
                ) from error
            finally:
                self.reporter.close()

    def _alone_at_save_path(self) -> contextlib.AbstractContextManager[None]:
        """Let no other run save where this one does."""
        if self.save_path is None or not self.saves or not backends.is_first_process():
            return contextlib.nullcontext()
        if not self._is_set_up:
            check_save_path("Train", self.save_path, self.allow_overwrite or self._resumed_from is not None)
        return held(self.save_path)

    def _main_loop(self, time_budget: float | None, max_epochs: int | None) -> Outcome:
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
        """Return why to stop between two epochs, or None."""
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
        return self._algorithm().updates_this_epoch > 0

    def _wants_more(self) -> bool:
        algorithm = self._algorithm()
        if self._termination_before is not None:
            self._state.set_termination(self._termination_before)
        self._termination_before = self._state.get_termination()
        return bool(algorithm.continue_learning(self.model)) and self._extensions_continue

    def _run_epoch(self) -> bool:
        """Train for an epoch, monitor, and save if one is due; return false if the epoch ended early."""
        self._decision_pending, self._termination_before = False, None
        started = time.monotonic()
        complete = self._algorithm().train(dataset=self.dataset)
        _set_seconds(self.training_seconds, started)
        if complete is False:
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
        """Report an update, save if one is due, and return whether to end the epoch here."""
        self.reporter.on_update(self)
        if self.save_every_seconds is not None and time.monotonic() - self._last_save >= self.save_every_seconds:
            self.save()
        return self._asked_to_stop()

    def _asked_to_stop(self) -> bool:
        """Whether a stop was requested of this process or of another that trains with it."""
        self.stop_requested = backends.anywhere(self.stop_requested)
        return self.stop_requested

    def run_callbacks_and_monitoring(self) -> bool:
        """Run the monitor, if it is due, then the extensions; return false if one of them stops training."""
        monitor = self.model.monitor
        if not self._begun or monitor.get_epochs_seen() % self._algorithm().monitor_every == 0:
            monitor()
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
        """Refuse an objective that is NaN; warn of one that is infinite, on which a ChannelInf may act."""
        monitor = self.model.monitor
        for name, channel in monitor.channels.items():
            value = channel.val_record[-1]
            if math.isfinite(value) or not (name == "objective" or name.endswith("_objective")):
                continue
            found = (
                f"channel {name} is {value} after update {monitor.get_batches_seen()}, at the end of epoch "
                f"{monitor.get_epochs_seen()}: try a lower learning rate, or --debug-nan to find where it begins"
            )
            if math.isnan(value):
                raise NumericalError(found)
            log.warning("%s", found)

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
        """Save a copy of the model between epochs if one is due; training is not affected."""
        epochs = self.model.monitor.get_epochs_seen()
        if self.keep_every is not None and self.save_path is not None and epochs % self.keep_every == 0:
            checkpoint.save_train(self, epoch_path(self.save_path, epochs), resumable=False)

    def get_state(self) -> dict[str, Any]:
        """Return what a resumed run needs besides parameters and the monitor's record, as plain values and arrays."""
        termination = self._termination_before
        return self._state.get() | {
            "termination": self._state.get_termination() if termination is None else termination,
            "decision_pending": self._decision_pending,
            "extensions_continue": self._extensions_continue,
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `get_state` returned, into an experiment that is built alike and set up.

        Parameters
        ----------
        state : mapping
            What `get_state` returned.

        Raises
        ------
        CheckpointError
            If the experiment is another one.
        """
        self._state.set(state)
        self._state.set_termination(state["termination"])
        self._decision_pending = bool(state["decision_pending"])
        self._extensions_continue = bool(state["extensions_continue"])
        self._termination_before = None
        self._begun = True


def _set_seconds(shared: SharedVariable, started: float) -> None:
    shared.set_value(np.asarray(time.monotonic() - started, dtype=floatX()))
