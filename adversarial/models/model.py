"""Model: anything with parameters that a training algorithm can change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable

from adversarial.backend import function
from adversarial.errors import ConfigurationError
from adversarial.options import Configurable
from adversarial.space import NullSpace, Space


class Model(Configurable):
    """A set of parameters (shared variables) and what a training algorithm and a monitor ask about them.

    Subclasses set `_params`, `input_space` and `output_space`, or override the methods that give them.
    Follows Pylearn2's `models/model.py`.
    """

    _params: list[SharedVariable]
    input_space: Space
    output_space: Space

    def get_params(self) -> list[SharedVariable]:
        """The parameters, in a fixed order; each has a `name`."""
        return list(self._params)

    def get_param_values(self) -> list[np.ndarray]:
        """A copy of every parameter's value, in the order of `get_params`."""
        return [np.array(param.get_value(borrow=True)) for param in self.get_params()]

    def set_param_values(self, values: Iterable[np.ndarray]) -> None:
        """Give every parameter a value; shapes must be those of the present values."""
        for param, value in zip(self.get_params(), values, strict=True):
            expected = param.get_value(borrow=True).shape
            if np.shape(value) != expected:
                raise ConfigurationError(
                    f"parameter {param.name} has shape {expected}, but was given a value of shape {np.shape(value)}"
                )
            param.set_value(np.asarray(value, dtype=param.dtype))

    def get_input_space(self) -> Space:
        """The space the model's input lies in."""
        return self.input_space

    def get_output_space(self) -> Space:
        """The space the model's output lies in."""
        return self.output_space

    def get_input_source(self) -> str:
        """The name of the data source that feeds the model."""
        return "features"

    def get_target_source(self) -> str:
        """The name of the data source that holds the model's targets."""
        return "targets"

    def get_monitoring_channels(self, data: Any) -> dict[str, Variable]:
        """Channel names and their symbolic values on one batch, `data`, of `get_monitoring_data_specs`."""
        return {}

    def get_monitoring_data_specs(self) -> tuple[Space, Any]:
        """The (space, source) of the data that `get_monitoring_channels` reads."""
        return NullSpace(), ""

    def get_lr_scalers(self) -> dict[SharedVariable, float]:
        """Factors by which the learning rate of single parameters is multiplied; 1 where a parameter is absent."""
        return {}

    def modify_updates(self, updates: dict[SharedVariable, Variable]) -> None:
        """Bring the new values that a learning rule proposes within the model's limits, in place."""
        self._modify_updates(updates)

    def _modify_updates(self, updates: dict[SharedVariable, Variable]) -> None:
        """What a subclass does in `modify_updates`."""

    def enforce_constraints(self) -> None:
        """Bring the present values of the parameters within the model's limits, as 2014 did before training."""
        updates: dict[SharedVariable, Variable] = {param: param for param in self.get_params()}
        self.modify_updates(updates)
        changed = {param: value for param, value in updates.items() if value is not param}
        if changed:
            function([], updates=changed)()

    def set_batch_size(self, batch_size: int) -> None:
        """Tell the model that every batch will have `batch_size` examples."""

    def get_weights(self) -> np.ndarray:
        """The weights of the layer next to the input, as a matrix (see `get_weights_format`)."""
        raise ConfigurationError(f"{type(self).__name__} has no matrix of weights to show")

    def get_weights_format(self) -> tuple[str, str]:
        """The axes of `get_weights`: 'v' for visible, 'h' for hidden units."""
        raise ConfigurationError(f"{type(self).__name__} has no matrix of weights to show")

    def get_weights_view_shape(self) -> tuple[int, int]:
        """(rows, columns) of a sheet of weight images, where the model has an order worth showing."""
        raise ConfigurationError(f"{type(self).__name__} has no order in which to show its weights")

    def get_weights_topo(self) -> np.ndarray:
        """The weights next to the input as images, axes ('b', 0, 1, 'c')."""
        raise ConfigurationError(f"{type(self).__name__} has no image-shaped weights to show")
