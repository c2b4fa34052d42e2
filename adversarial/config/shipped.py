"""The paper's experiments, found by name: `mnist.yaml` is in a checkout's yaml/ and, once installed, in the package."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import adversarial


class ExperimentFile(NamedTuple):
    """Where the text of an experiment is, and what it is called.

    Attributes
    ----------
    path : str
        Of the YAML file.
    name : str
        The path that `${PYLEARN2_TRAIN_FILE_FULL_STEM}` and its like are made of: the file's own, or, for a shipped
        file, its name in the working directory, so that its model is saved there.
    asked : str
        What the user asked for.
    """

    path: str
    name: str
    asked: str

    @property
    def is_shipped(self) -> bool:
        """Whether the file was found by its name among those that come with this package."""
        return self.path != self.name


def shipped_folder() -> Path:
    """Return the folder of the paper's experiments."""
    package = Path(adversarial.__file__).parent
    installed = package / "experiments"
    return installed if installed.is_dir() else package.parent / "yaml"


def shipped_experiments() -> list[str]:
    """Return the names of the paper's experiments, such as 'mnist.yaml' and 'tfd_pretrain/train.yaml'."""
    folder = shipped_folder()
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.yaml"))


def find_experiment(name: str | os.PathLike) -> ExperimentFile:
    """Return the file of an experiment: the one at that path, or else the shipped one of that name.

    Parameters
    ----------
    name : str or path
        Such as 'yaml/mnist.yaml', a file of the user's, or 'mnist.yaml'.

    Returns
    -------
    ExperimentFile
        The file. If there is none, it is at that path too, where reading it says so.

    Examples
    --------
    >>> find_experiment("mnist.yaml").name
    'mnist.yaml'
    """
    path = os.fspath(name)
    if not os.path.exists(path) and path in shipped_experiments():
        return ExperimentFile(str(shipped_folder() / path), os.path.basename(path), path)
    return ExperimentFile(path, path, path)
