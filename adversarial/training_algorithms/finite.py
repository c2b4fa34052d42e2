"""A check for NaN and infinity in parameters."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable

from adversarial.datasets.dataset import Dataset
from adversarial.errors import DataError, NumericalError
from adversarial.monitor import Monitor

#: Parameters of at most this many entries (biases, mostly) are checked after each update: it costs microseconds,
#: and what goes wrong in a weight matrix comes to a bias within an update or two.
SMALL = 4096
#: Updates after which every parameter is checked.
EVERY = 100


class FiniteGuard:
    """Checks parameters: small ones after each update, all of them every hundred updates.

    Parameters
    ----------
    params : iterable of SharedVariable
        What to check.
    monitor : Monitor
        Counts the updates and epochs that an error names.
    """

    def __init__(self, params: Iterable[SharedVariable], monitor: Monitor):
        self._params = list(params)
        self._small = [param for param in self._params if param.get_value(borrow=True).size <= SMALL]
        self._monitor = monitor
        #: Updates between checks of everything; 1 finds the very update.
        self.every = EVERY
        self._checks = 0

    def check_after_update(self) -> None:
        """Check what is due after an update.

        Raises
        ------
        NumericalError
            Naming the first parameter that is not finite.
        """
        # A backend may have made several updates since the last check.
        checks = self._monitor.get_batches_seen() // self.every
        self._check(self._params if checks != self._checks else self._small)
        self._checks = checks

    def check_all(self) -> None:
        """Check every parameter, with the errors of `check_after_update`."""
        self._check(self._params)

    def _check(self, params: list[SharedVariable]) -> None:
        for param in params:
            value = param.get_value(borrow=True)
            if value.size <= SMALL:
                # On a device, one small transfer costs less than two computations there.
                value = np.asarray(value)
            # Either is NaN if an entry is, and only two numbers are transferred from a device.
            extremes = np.array([value.min(), value.max()])
            if not np.isfinite(extremes).all():
                kind = "NaN" if np.isnan(extremes).any() else "infinite"
                updates, epoch = self._monitor.get_batches_seen(), self._monitor.get_epochs_seen() + 1
                when = f"after update {updates}, in epoch {epoch}" if updates else "before training"
                search = "" if self.every == 1 else ", or --debug-nan to find where it begins"
                raise NumericalError(f"parameter {param.name} is {kind} {when}: try a lower learning rate{search}")


def check_data(dataset: Dataset) -> None:
    """Check that all rows of the data are finite.

    Raises
    ------
    DataError
        Naming the first row that is not.
    """
    row = row_not_finite(dataset)
    if row is not None:
        raise DataError(f"example {row} of the data, counted from 0, is NaN or infinite")


def row_not_finite(dataset: Dataset) -> int | None:
    """Return the first row of the data, counted from 0, that has NaN or infinity; None where there is none."""
    X = getattr(dataset, "X", None)
    if not isinstance(X, np.ndarray):
        return None
    rows = np.flatnonzero(~np.isfinite(X).all(axis=tuple(range(1, X.ndim))))
    return int(rows[0]) if len(rows) else None
