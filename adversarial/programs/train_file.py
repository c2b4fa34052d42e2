"""Train what a YAML file describes: the function behind the program train.py."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from adversarial import checkpoint
from adversarial.checkpoint.paths import default_save_path
from adversarial.config import yaml_parse
from adversarial.config.shipped import ExperimentFile, find_experiment
from adversarial.config.variables import training_file_variables
from adversarial.errors import ConfigurationError
from adversarial.options import Slips
from adversarial.programs.train_changes import changes_since
from adversarial.train import Outcome, Train
from adversarial.training_algorithms.finite import check_data


def train_file(
    path: str | os.PathLike,
    *,
    max_epochs: int | None = None,
    time_budget: float | None = None,
    overrides: Mapping[str, str] | None = None,
    allow: Iterable[str] = (),
    slips: Slips | None = None,
    resume: bool = False,
    keep_every: int | None = None,
) -> Train:
    """Train the experiment that a YAML file describes.

    Parameters
    ----------
    path : str or path
        A YAML file, or the name of an experiment of the paper: 'mnist.yaml' trains the shipped file, and saves its
        model in the working directory.
    max_epochs : int, optional
        End after so many epochs in all.
    time_budget : float, optional
        Begin no epoch after so many seconds.
    overrides : dict, optional
        Values to replace, by key: {'algorithm.batch_size': '50'}; values are YAML.
    allow : iterable of str, optional
        Modules of the user's own that the file may name.
    slips : {'2014', 'corrected'}, optional
        Whether the slips of 2014 are repeated; default: as the file says, by its option `slips` or by its names.
    resume : bool, optional
        Go on from the model that an earlier run of this file saved.
    keep_every : int, optional
        Keep a copy of the model every so many epochs.

    Returns
    -------
    Train
        The experiment, trained; its `model` draws samples. Of a file of several phases, the last.

    Raises
    ------
    ConfigurationError, DataError, NumericalError
        If the experiment cannot be built, its data cannot be read, or training diverges.

    See Also
    --------
    adversarial.sample : Samples of the model.
    adversarial.parzen_log_likelihood : The paper's estimate of its log-likelihood.
    """
    found = find_experiment(path)

    experiments = load_experiments(found, allow, dict(overrides or {}), slips)

    def prepare(experiment: Train) -> None:
        experiment.keep_every = keep_every
        if resume and is_begun(experiment, experiments):
            resume_saved(experiment, found.name)

    trained = [experiment for experiment, _ in train_phases(experiments, prepare, time_budget, max_epochs)]
    return trained[-1]


def load_experiments(
    found: ExperimentFile, allow: Iterable[str], overrides: dict[str, str], slips: Slips | None = None
) -> list[Train]:
    """Build the Train objects of a file: one, or 2014's list of phases.

    Parameters
    ----------
    found : ExperimentFile
        The file.
    allow : iterable of str
        Modules of the user's own that it may name.
    overrides : dict
        Values to replace.
    slips : {'2014', 'corrected'}, optional
        As of `train_file`.

    Returns
    -------
    list of Train
        At least one.

    Raises
    ------
    ConfigurationError
        If the file describes something else.
    """
    variables = training_file_variables(found.name)
    os.environ.update(variables)
    built = yaml_parse.load_path(found.path, variables, allow, overrides, slips=slips)
    experiments = built if isinstance(built, list) else [built]
    text = yaml_parse.read_text(found.path)
    for number, experiment in enumerate(experiments, start=1):
        if not isinstance(experiment, Train):
            raise ConfigurationError(
                f"{found.path} describes a {type(experiment).__name__}, not an experiment; "
                "its outermost object must be !obj:adversarial.train.Train"
            )
        experiment.yaml_src, experiment.overrides = text, overrides
        if len(experiments) > 1 and experiment.save_freq > 0 and experiment.options.get("save_path") is None:
            experiment.save_path = default_save_path(f"phase{number}")
    return experiments


def check_phases(experiments: list[Train], prepare: Callable[[Train], None]) -> None:
    """Build, check and compile each experiment, and look at its data; train and save nothing.

    Parameters
    ----------
    experiments : list of Train
        What `load_experiments` returned.
    prepare : callable
        Called with each before it is set up.

    Raises
    ------
    ConfigurationError, DataError
        If one of them could not be trained.
    """
    for experiment in experiments:
        prepare(experiment)
        experiment.setup()
        check_data(experiment.dataset)


def train_phases(
    experiments: list[Train],
    prepare: Callable[[Train], None],
    time_budget: float | None = None,
    max_epochs: int | None = None,
) -> Iterator[tuple[Train, Outcome]]:
    """Train one experiment after another.

    Parameters
    ----------
    experiments : list of Train
        What `load_experiments` returned.
    prepare : callable
        Called with each before it is trained.
    time_budget, max_epochs : float, int, optional
        Limits of each.

    Yields
    ------
    tuple of Train and str
        The experiment, and why its training ended.
    """
    for number, experiment in enumerate(experiments, start=1):
        if len(experiments) > 1:
            os.environ["PYLEARN2_TRAIN_PHASE"] = f"phase{number}"
        prepare(experiment)
        yield experiment, experiment.main_loop(time_budget=time_budget, max_epochs=max_epochs)


def is_begun(experiment: Train, phases: list[Train]) -> bool:
    """Return whether a run that is resumed has come to this phase; the first it has, or there is nothing to resume."""
    return experiment is phases[0] or experiment.save_path is None or Path(experiment.save_path).exists()


def resume_saved(experiment: Train, name: str, force: bool = False) -> None:
    """Let an experiment go on from the model that it saved earlier.

    Parameters
    ----------
    experiment : Train
        What was built of the file.
    name : str
        Of the file, for sentences.
    force : bool, optional
        Do so although the file has changed since; averages of parameters then begin anew, or are dropped.

    Raises
    ------
    ConfigurationError
        If nothing was saved, or the file has changed since.
    CheckpointError
        If the saved model cannot be read.
    """
    if experiment.save_path is None:
        raise ConfigurationError(f"{name} names no save_path, so there is nothing to resume")
    if not Path(experiment.save_path).exists():
        raise ConfigurationError(f"there is no saved model {experiment.save_path} to resume; run without --resume")
    content = checkpoint.read(experiment.save_path)
    then = content.get("slips", "corrected")
    if then != experiment.slips and not force:
        raise ConfigurationError(
            f"{experiment.save_path} was trained with --slips {then}, and {name} says --slips {experiment.slips}: "
            f"resume with --slips {then}"
        )
    changed = changes_since(content, experiment.yaml_src, experiment.overrides)
    if changed and not force:
        what, mend = f"{name} has changed since {experiment.save_path} was saved", "put it back"
        if content.get("yaml_src") == experiment.yaml_src:
            what, mend = f"{experiment.save_path} was saved with other values of --set", "give the same"
        raise ConfigurationError(f"{what} ({'; '.join(changed[:5])}); {mend}, or resume with --force")
    experiment.resume(content, force)
