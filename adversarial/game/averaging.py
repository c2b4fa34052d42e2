"""Exponential averages of parameters over the updates, kept beside the parameters that are trained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import sharedX


class ExponentialAverage:
    """A mean of the values that parameters take on, the weight of each falling by `decay` an update.

    Parameters
    ----------
    decay : float
        From 0, where the mean is the newest value, up to, not including, 1.

    Attributes
    ----------
    weight : shared scalar
        The sum of all weights so far, that of the newest value being 1; it tends to 1 / (1 - decay).

    Notes
    -----
    After update t, with values theta_1 ... theta_t, the mean is sum_s decay^(t-s) theta_s over sum_s decay^(t-s): the
    values before training have no part in it, which is Adam's correction for the bias of the start. As a recursion::

        weight <- decay * weight + 1
        mean <- mean + (theta - mean) / weight

    Examples
    --------
    >>> average, b = ExponentialAverage(decay=0.5), sharedX(np.zeros(2), name="b")
    >>> updates = average.updates_of([b], {b: b + 1.0})
    >>> [variable.name for variable in updates]
    ['averaged_b', 'average_weight']
    """

    def __init__(self, decay: float):
        self.decay = decay
        self.weight = sharedX(0.0, name="average_weight")
        self._means: dict[SharedVariable, TensorSharedVariable] = {}

    def means_of(self, params: Iterable[TensorSharedVariable]) -> dict[TensorSharedVariable, TensorSharedVariable]:
        """Return the mean of each parameter; of one that was never updated, its value when it was first asked for."""
        found = {}
        for param in params:
            if param not in self._means:
                self._means[param] = sharedX(np.array(param.get_value(borrow=True)), name=f"averaged_{param.name}")
            found[param] = self._means[param]
        return found

    def updates_of(
        self, params: Iterable[TensorSharedVariable], updates: Mapping[SharedVariable, Variable]
    ) -> dict[SharedVariable, Variable]:
        """Return the updates of the means for those of the parameters.

        Parameters
        ----------
        params : iterable of SharedVariable
            The parameters.
        updates : mapping
            {variable: new value}; a parameter that it lacks is not averaged.

        Returns
        -------
        dict
            New value by shared variable of this object; empty if no parameter is updated.
        """
        means = self.means_of(param for param in params if param in updates)
        if not means:
            return {}
        weight = self.decay * self.weight + 1.0
        found: dict[SharedVariable, Variable] = {}
        for param, mean in means.items():
            found[mean] = mean + (cast(TensorVariable, updates[param]) - mean) * (1.0 / weight)
        return found | {self.weight: weight}
