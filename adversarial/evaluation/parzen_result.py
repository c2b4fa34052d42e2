"""What an estimate by Parzen window found: its figures as attributes, as JSON, and as lines for people."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html import escape
from typing import NotRequired, TypedDict

import numpy as np

from adversarial.evaluation.guards import Guards
from adversarial.evaluation.sides import Side, SideJson
from adversarial.likelihood.convergence import Convergence
from adversarial.likelihood.cross_validation import WidthChoice
from adversarial.likelihood.parzen import Estimate


class WidthPoint(TypedDict):
    """The validation data's log-likelihood at one width."""

    sigma: float
    mean: float
    standard_error: float


class ParzenJson(TypedDict):
    """An estimate as JSON holds it: what `parzen_ll.py --json` prints, and what is cached beside a saved model."""

    log_likelihood: float
    standard_error: float
    error_over: str
    unit: str
    sigma: float | list[float]
    curve: list[WidthPoint]
    counts: dict[str, int]
    samples_of: str
    data: str
    sides: dict[str, SideJson]
    seconds: dict[str, float]
    warnings: list[str]
    valid: NotRequired[dict[str, float]]
    scores: NotRequired[list[dict[str, object]]]
    convergence: NotRequired[dict[str, object]]
    guards: NotRequired[dict[str, object]]
    model: NotRequired[dict[str, object]]
    command: NotRequired[str]


@dataclass(frozen=True)
class Score:
    """What one draw of samples gave on one fold.

    Attributes
    ----------
    fold, repeat : int
        The fold, and the number of the draw, from 0.
    sigma : float
        The width of the Gaussians, in the unit of the data.
    test : Estimate
        Log-likelihood of the test data, nats per example.
    valid : Estimate or None
        That of the validation data, if they were scored too.
    choice : WidthChoice or None
        The widths tried; None if the width was given.
    counts : dict
        Numbers of samples, of examples of each split, and of values of each.
    """

    fold: int
    repeat: int
    sigma: float
    test: Estimate
    valid: Estimate | None
    choice: WidthChoice | None
    counts: dict[str, int]


@dataclass(repr=False)
class ParzenResult:
    """A Parzen-window log-likelihood: the figure, and how it came to be.

    Printed, it is what the program parzen_ll.py prints.

    Attributes
    ----------
    source, data : str
        Whose samples were scored, and on what data.
    scores : list of Score
        One for each draw of samples and each fold.
    sides : dict
        The samples and the data, by what they are called: source, shape, range, mean and what was done to them.
    convergence : Convergence or None
        The estimate by number of samples, if it was asked for.
    guards : Guards or None
        What stands beside the figure, if it was asked for.
    warnings : list of str
        What the reader of the figure should know.
    seconds : dict
        Time taken, by phase.
    """

    source: str
    data: str
    scores: list[Score] = field(default_factory=list)
    sides: dict[str, Side] = field(default_factory=dict)
    convergence: Convergence | None = None
    guards: Guards | None = None
    warnings: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def log_likelihood(self) -> float:
        """Mean log-likelihood of the test data, in nats per example; a mean over draws or folds if there are several.

        Returns
        -------
        float
            The figure of Table 1.
        """
        return self._total()[0].mean

    @property
    def standard_error(self) -> float:
        """Error of `log_likelihood`, in nats; `error_over` says over what."""
        return self._total()[0].standard_error

    @property
    def error_over(self) -> str:
        """What the error is over: test examples, draws of samples or folds."""
        return self._total()[1]

    @property
    def sigma(self) -> float | list[float]:
        """The width of the Gaussians, in the unit of the data; one for each score if there are several."""
        return self.scores[0].sigma if len(self.scores) == 1 else [score.sigma for score in self.scores]

    @property
    def counts(self) -> dict[str, int]:
        """How many samples, examples of each split, and values of each, in the first score."""
        return self.scores[0].counts

    @property
    def curve(self) -> list[WidthPoint]:
        """The widths that the first score tried, with the validation data's log-likelihood at each."""
        return _curve(self.scores[0].choice)

    @property
    def width_choices(self) -> dict[str, WidthChoice]:
        """The widths tried by each score, by a label for people; see `figures.width_curve.draw_curves`."""
        many_folds = self._folds() > 1
        return {
            f"fold {score.fold}" if many_folds else f"draw {score.repeat + 1}": score.choice
            for score in self.scores
            if score.choice is not None
        }

    def _folds(self) -> int:
        return len({score.fold for score in self.scores})

    def _repeats(self) -> int:
        return len({score.repeat for score in self.scores})

    def _total(self) -> tuple[Estimate, str]:
        """Return the figure to report, and what its error is over."""
        means = np.array([score.test.mean for score in self.scores])
        if len(means) == 1:
            return self.scores[0].test, "test examples"
        mean, deviation = float(means.mean()), float(means.std(ddof=1))
        if self._repeats() > 1:
            return Estimate(mean, deviation), f"{self._repeats()} draws of samples (deviation)"
        return Estimate(mean, deviation / self._folds() ** 0.5), f"{self._folds()} folds"

    def to_dict(self) -> ParzenJson:
        """Return all that was found as plain values."""
        first = self.scores[0]
        found: ParzenJson = {
            "log_likelihood": self.log_likelihood,
            "standard_error": self.standard_error,
            "error_over": self.error_over,
            "unit": "nats per example",
            "sigma": self.sigma,
            "curve": self.curve,
            "counts": self.counts,
            "samples_of": self.source,
            "data": self.data,
            "sides": {name: side.to_dict() for name, side in self.sides.items()},
            "seconds": self.seconds,
            "warnings": self.warnings,
        }
        if first.valid is not None:
            found["valid"] = first.valid._asdict()
        if len(self.scores) > 1:
            found["scores"] = [
                {"fold": score.fold, "repeat": score.repeat, "sigma": score.sigma, **score.test._asdict(),
                 "counts": score.counts, "curve": _curve(score.choice)}
                for score in self.scores
            ]  # fmt: skip
        if self.convergence is not None:
            pairs = zip(self.convergence.counts, self.convergence.estimates, strict=True)
            found["convergence"] = {
                "curve": [{"samples": count, **value._asdict()} for count, value in pairs],
                "stable_from": self.convergence.stable_from(),
            }
        if self.guards is not None:
            found["guards"] = self.guards.to_dict()
        return found

    def to_json(self) -> str:
        """Return all that was found as JSON text."""
        return json.dumps(self.to_dict(), indent=1)

    def __repr__(self) -> str:
        sigma = self.sigma if isinstance(self.sigma, list) else [self.sigma]
        warned = f"; {len(self.warnings)} warning{'s' * (len(self.warnings) > 1)}" if self.warnings else ""
        return (
            f"<{type(self).__name__}: {self.log_likelihood:.2f} ± {self.standard_error:.2f} nats over "
            f"{self.error_over}; width {', '.join(f'{each:.4g}' for each in sigma)}; "
            f"{self.counts['samples']:,} samples of {self.source} on {self.data}{warned}>"
        )

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"

    def __str__(self) -> str:
        lines = [str(side) for side in self.sides.values()]
        for score in self.scores:
            lines.append(f"{score.counts['samples']:,} samples of {self.source}, {self.data}{self._which(score)}")
            lines += _score_lines(score)
        if len(self.scores) > 1:
            lines.append(f"Log-Likelihood = {self.log_likelihood:.2f} ± {self.standard_error:.2f}, "
                         f"over {self.error_over}")  # fmt: skip
        if self.convergence is not None:
            lines += _convergence_lines(self.convergence)
        if self.guards is not None:
            lines.append(str(self.guards))
        spent = ", ".join(f"{phase.replace('_', ' ')} {value:.2f} s" for phase, value in self.seconds.items())
        return "\n".join([*lines, f"seconds: {spent}"])

    def _which(self, score: Score) -> str:
        if self._folds() > 1:
            return f", fold {score.fold}"
        return f", draw {score.repeat + 1} of {self._repeats()}" if self._repeats() > 1 else ""


def _score_lines(score: Score) -> list[str]:
    """The lines of 2014's parzen_ll.py, below the widths tried."""
    lines = []
    if score.choice is not None:
        lines.append(f"       width   log-likelihood of {score.counts['valid']:,} validation examples, nats")
        for sigma, value in zip(score.choice.sigmas, score.choice.estimates, strict=True):
            mark = "*" if sigma == score.sigma else " "
            lines.append(f"{mark} {sigma:10.4g}   {value.mean:12.3f} ± {value.standard_error:.3f}")
    lines.append(f"Using Sigma: {score.sigma:.6g}")
    lines.append(f"Log-Likelihood of test set = {score.test.mean:.4f}, se: {score.test.standard_error:.4f}")
    if score.valid is not None:
        lines.append(f"Log-Likelihood of valid set = {score.valid.mean:.4f}, se: {score.valid.standard_error:.4f}")
    return lines


def _convergence_lines(found: Convergence) -> list[str]:
    lines = ["     samples   log-likelihood of the test data, nats"]
    pairs = zip(found.counts, found.estimates, strict=True)
    lines += [f"{count:12,}   {value.mean:12.3f} ± {value.standard_error:.3f}" for count, value in pairs]
    stable = found.stable_from()
    if stable is None:
        added = found.last_doubling()
        return [*lines, f"not stable: the last doubling added {added:.2f} nats; a stable answer needs more samples"]
    return [*lines, f"stable within its standard error from {stable:,} samples on"]


def _curve(choice: WidthChoice | None) -> list[WidthPoint]:
    if choice is None:
        return []
    pairs = zip(choice.sigmas, choice.estimates, strict=True)
    return [
        {"sigma": float(sigma), "mean": value.mean, "standard_error": value.standard_error} for sigma, value in pairs
    ]
