"""Model: anything with parameters that a training algorithm can change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import function
from adversarial.errors import ConfigurationError
from adversarial.options import Configurable
from adversarial.serialization.model_2014 import unique
from adversarial.space import Batch, NullSpace, Space

#: The name of a source of data; names, nested as the space is, for a CompositeSpace.
Source: TypeAlias = str | tuple[Any, ...]


@dataclass
class Provenance:
    """Where a model comes from: what a saved model says beside its parameters.

    Attributes
    ----------
    yaml_src : str
        The YAML text that the model was built from; "" if it was built in Python.
    dataset_yaml_src : str
        The part of that text that describes the training data; "" if there is none.
    image_shape : tuple of int or None
        (rows, columns, channels) of the images that the training data are; None if they are no images.
    overrides : mapping
        Values of the YAML text that were replaced on the command line: {dotted key: text}.
    """

    yaml_src: str = ""
    dataset_yaml_src: str = ""
    image_shape: tuple[int, int, int] | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)


class Model(Configurable):
    """A set of parameters (shared variables) and what a training algorithm and a monitor need to know of them.

    Subclasses set `_params`, `input_space` and `output_space`, or override the methods that return them.
    Follows Pylearn2's `models/model.py`.

    Attributes
    ----------
    provenance : Provenance
        The YAML text and the data that the model comes from.
    monitor : Monitor, MonitorRecord or None
        What was measured of the model during training; None before training.
    """

    _params: list[TensorSharedVariable]
    input_space: Space
    output_space: Space
    provenance: Provenance
    monitor: Any = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls, *args, **kwargs)
        self.provenance = Provenance()
        return self

    @property
    def yaml_src(self) -> str:
        """`provenance.yaml_src`, under the name that 2014's models have it."""
        return self.provenance.yaml_src

    @yaml_src.setter
    def yaml_src(self, text: str) -> None:
        self.provenance.yaml_src = text

    @property
    def dataset_yaml_src(self) -> str:
        """`provenance.dataset_yaml_src`, under the name that 2014's models have it."""
        return self.provenance.dataset_yaml_src

    @dataset_yaml_src.setter
    def dataset_yaml_src(self, text: str) -> None:
        self.provenance.dataset_yaml_src = text

    @property
    def image_shape(self) -> tuple[int, int, int] | None:
        """`provenance.image_shape`."""
        return self.provenance.image_shape

    @image_shape.setter
    def image_shape(self, shape: tuple[int, int, int] | None) -> None:
        self.provenance.image_shape = shape

    def get_params(self) -> list[TensorSharedVariable]:
        """Return the parameters that training changes, in a fixed order; each has a `name`."""
        return list(self._params)

    def named_parameters(self) -> dict[str, TensorSharedVariable]:
        """Return all parameters by the names that a saved model has for them.

        Parameters that training does not change (`MLP.freeze`) are among them.

        Returns
        -------
        dict
            "gen/h0_W" in a pair, "h0_W" in an MLP. A name that occurs again is "h0_W#2", and so on.
        """
        found: dict[str, TensorSharedVariable] = {}
        for prefix, part in self._named_parts().items():
            for param in part._all_params():
                if all(param is not other for other in found.values()):
                    found[unique(f"{prefix}{param.name}", found)] = param
        return found

    def _named_parts(self) -> dict[str, Model]:
        """The parts of `named_parameters`, by prefix."""
        return {"": self}

    def _all_params(self) -> list[TensorSharedVariable]:
        """The parameters, frozen ones included."""
        return self.get_params()

    def get_param_values(self) -> list[np.ndarray]:
        """Return a copy of every parameter's value, in the order of `get_params`."""
        return [np.array(param.get_value(borrow=True)) for param in self.get_params()]

    def set_param_values(self, values: Iterable[np.ndarray]) -> None:
        """Set every parameter, in the order of `get_params`; the shapes must be those of the present values."""
        for param, value in zip(self.get_params(), values, strict=True):
            expected = param.get_value(borrow=True).shape
            if np.shape(value) != expected:
                raise ConfigurationError(
                    f"parameter {param.name} has shape {expected}, but was given a value of shape {np.shape(value)}"
                )
            param.set_value(np.asarray(value, dtype=param.dtype))

    def get_input_space(self) -> Space:
        """Return the space of the input; ConfigurationError where it is not known yet."""
        return self._space("input_space")

    def get_output_space(self) -> Space:
        """Return the space of the output; ConfigurationError where it is not known yet."""
        return self._space("output_space")

    def _space(self, name: str) -> Space:
        space: Space | None = getattr(self, name, None)
        if space is None:
            owner, what = type(self).__name__, name.replace("_", " ")
            raise ConfigurationError(
                f"the {what} of {owner} is not known: give the MLP that it is in nvis or input_space"
            )
        return space

    def get_input_source(self) -> Source:
        """Return the name of the data source that the model reads, or several for a composite input."""
        return "features"

    def get_target_source(self) -> str:
        """Return the name of the data source that holds the model's targets."""
        return "targets"

    def get_monitoring_channels(self, data: Batch) -> dict[str, TensorVariable]:
        """Return the symbolic value of each channel, by name, on a batch `data` of `get_monitoring_data_specs`."""
        return {}

    def get_monitoring_data_specs(self) -> tuple[Space, Any]:
        """Return the (space, source) of the data that `get_monitoring_channels` reads."""
        return NullSpace(), ""

    def get_lr_scalers(self) -> dict[SharedVariable, float]:
        """Return the factor on the learning rate of each parameter; it is 1 for a parameter that is absent."""
        return {}

    def modify_updates(self, updates: dict[SharedVariable, Variable]) -> None:
        """Constrain the new values that a learning rule proposes, in place: limits on norms, masks."""
        self._modify_updates(updates)

    def _modify_updates(self, updates: dict[SharedVariable, Variable]) -> None:
        """What a subclass does in `modify_updates`."""

    def averaging_updates(self, updates: Mapping[SharedVariable, Variable]) -> dict[SharedVariable, Variable]:
        """Return the updates of averages that the model keeps of its parameters, for these updates of parameters."""
        return {}

    def enforce_constraints(self) -> None:
        """Constrain the present values of the parameters as `modify_updates` does, as 2014 did before training."""
        updates: dict[SharedVariable, Variable] = {param: param for param in self.get_params()}
        self.modify_updates(updates)
        changed = {param: value for param, value in updates.items() if value is not param}
        if changed:
            function([], updates=changed)()

    def set_batch_size(self, batch_size: int) -> None:
        """Say that every minibatch will have `batch_size` examples."""

    def get_weights(self) -> np.ndarray:
        """Return the weights of the layer next to the input, as a matrix with the axes of `get_weights_format`."""
        raise ConfigurationError(f"{type(self).__name__} has no matrix of weights to show")

    def get_weights_format(self) -> tuple[str, str]:
        """Return the axes of `get_weights`: 'v' for visible, 'h' for hidden units."""
        raise ConfigurationError(f"{type(self).__name__} has no matrix of weights to show")

    def get_weights_view_shape(self) -> tuple[int, int]:
        """Return (rows, columns) of a sheet of weight images, where the units have an order worth showing."""
        raise ConfigurationError(f"{type(self).__name__} has no order in which to show its weights")

    def get_weights_topo(self) -> np.ndarray:
        """Return the weights next to the input as images, axes ('b', 0, 1, 'c')."""
        raise ConfigurationError(f"{type(self).__name__} has no image-shaped weights to show")
