"""The data set that the YAML in a saved model names: built within bounds, as the model may be a stranger's."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from adversarial.config.base_directory import document_folder
from adversarial.config.build import Builder, serialize
from adversarial.config.reader import children, read
from adversarial.config.variables import Variables, training_file_variables
from adversarial.datasets.dataset import Dataset
from adversarial.errors import ConfigurationError, DataError, UserError
from adversarial.models.parameter_budget import parameter_budget
from adversarial.names.allow_list import AllowList
from adversarial.options import Slips

_PACKAGE = __name__.partition(".")[0]
#: What data are made of: data sets, and the models and spaces of a transformed one.
_ROOMS = tuple(f"{_PACKAGE}.{room}." for room in ("datasets", "models", "game", "space"))
#: Values that the parameters of a data set's models may have in all.
_MOST_VALUES = 1 << 24
_OBJ = "!obj:"


class DocumentInModel:
    """A YAML document of a saved model, of which data sets are built.

    Parameters
    ----------
    text : str
        The document.
    path : str
        The saved model's, for sentences and for files beside it.
    allow : iterable of str, optional
        Modules of the user's own that the document may name.
    slips : {'2014', 'corrected'}, optional
        How the model was trained: `adversarial.checkpoint.slips_of`. Default: as the document's names are.

    Raises
    ------
    DataError
        If it is not YAML.
    """

    def __init__(self, text: str, path: str, allow: Iterable[str] = (), slips: Slips | None = None):
        self.path = path
        self.slips = slips
        self.allow_list = AllowList(allow)
        self.root: yaml.Node | None = None
        if text.strip():
            try:
                self.root = read(text, path)
            except UserError as error:
                raise DataError(f"the YAML in {path} cannot be read: {error}") from error

    def under(self, *keys: str) -> yaml.Node | None:
        """Return the node of an option of an option ... of the outermost object."""
        node = self.root
        for key in keys:
            pairs = node.value if isinstance(node, yaml.MappingNode) else ()
            node = next((value for known, value in pairs if known.value == key), None)
        return node

    def build(self, node: yaml.Node) -> Any:
        """Build what a node describes: data, without the environment, from files that lie where the user works.

        Parameters
        ----------
        node : yaml.Node
            Of the document.

        Returns
        -------
        object
            A data set, or an option of one.

        Raises
        ------
        ConfigurationError, DataError
            If it names what is no part of data, a file elsewhere or a variable of the environment, is too large, or
            cannot be built.
        """
        variables = Variables(training_file_variables(f"{os.path.splitext(self.path)[0]}.yaml"), environment=False)
        self._check(node, variables)
        with parameter_budget(_MOST_VALUES), document_folder(self.path):
            return Builder(variables, self.allow_list, slips=self.slips).build_document(node)

    def build_dataset(self, node: yaml.Node) -> Any:
        """Build a data set; raises as `build` does, and if the document names something else."""
        target = self.allow_list.resolve(name_of(node))
        if _is_own(target) and not (inspect.isclass(target) and issubclass(target, Dataset)):
            raise DataError(f"the YAML in {self.path} names {target.__name__} as its data, which is no data set")
        return self.build(node)

    def _check(self, node: yaml.Node, variables: Variables) -> None:
        if node.tag.startswith((_OBJ, "!import")):
            name = name_of(node) or node.tag.removeprefix("!import:") or node.value
            target = self.allow_list.resolve(name if isinstance(name, str) else "")
            if _is_own(target) and not f"{target.__module__}.".startswith(_ROOMS):
                raise ConfigurationError(f"the YAML in {self.path} names {target.__name__}, which is no part of data")
        if isinstance(node, yaml.ScalarNode):
            self._check_place(variables.substitute(node.value))
        for child in children(node):
            self._check(child, variables)

    def _check_place(self, text: str) -> None:
        """Refuse what would be a file elsewhere, if it is one: a stranger's model has no business there."""
        try:
            found = Path(text).resolve()
        except (OSError, ValueError, RuntimeError):
            return
        folders = (Path.cwd().resolve(), Path(self.path).resolve().parent)
        if not any(found.is_relative_to(folder) for folder in folders):
            raise DataError(
                f"the YAML in {self.path} names {text}, which is neither beside the model nor below the working "
                "directory, and a model may not choose what else is opened"
            )


def name_of(node: yaml.Node | None) -> str:
    """Return the dotted name of the object that a node describes; "" for anything else."""
    return node.tag.removeprefix(_OBJ) if node is not None and node.tag.startswith(_OBJ) else ""


def options_of(node: yaml.Node | None) -> Mapping[str, yaml.Node]:
    """Return the options of the object that a node describes."""
    return {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}


def raw_dataset(content: Mapping[str, Any], path: str) -> str:
    """Return the YAML of the data that a saved model's data were made of by others: of their images, not the codes."""
    node = DocumentInModel(content.get("dataset_yaml_src") or "", path).root
    while name_of(node).endswith(".TransformerDataset") and "raw" in options_of(node):
        node = options_of(node)["raw"]
    return "" if node is None else serialize(node)


def _is_own(target: Any) -> bool:
    return f"{target.__module__}.".startswith(f"{_PACKAGE}.")
