"""A cost that the model itself computes; after Pylearn2's `costs/cost.py`."""

from __future__ import annotations

from typing import Any

from pytensor.tensor.variable import TensorVariable

from adversarial.cost import Cost
from adversarial.datasets.data_specs import DataSpecs
from adversarial.options import OptionError


class MethodCost(Cost):
    """The scalar that a method of the model returns for a minibatch.

    Parameters
    ----------
    method : str
        Name of the method, such as ``contraction_penalty``. The model says what data it reads by a second method
        ``<method>_data_specs``.
    data_specs : tuple, optional
        The (space, source) of the data, for a method whose model does not say it.

    Examples
    --------
    >>> MethodCost("contraction_penalty").method
    'contraction_penalty'
    """

    def __init__(self, method: str, data_specs: tuple | None = None):
        self.method = method
        self.data_specs = data_specs

    def _bound(self, model: Any, name: str) -> Any:
        found = getattr(model, name, None)
        if not callable(found):
            raise OptionError("MethodCost", "method", f"a {type(model).__name__} has no method '{name}'")
        return found

    def expr(self, model: Any, data: Any, **kwargs: Any) -> TensorVariable:
        self.get_data_specs(model)[0].validate(data)
        return self._bound(model, self.method)(data, **kwargs)

    def get_data_specs(self, model: Any) -> DataSpecs:
        if self.data_specs is not None:
            return self.data_specs
        return self._bound(model, f"{self.method}_data_specs")()
