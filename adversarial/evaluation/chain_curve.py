"""How the log-likelihood of a chain's samples depends on its steps and its start, and whether it has come to rest."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, NamedTuple

from adversarial.errors import ConfigurationError
from adversarial.evaluation.data_sources import Data, ScoringData, scoring_data
from adversarial.evaluation.parzen import parzen_log_likelihood
from adversarial.evaluation.sample_sources import NUM_SAMPLES, ChainSamples, DrawnSamples, Samples, sample_source
from adversarial.evaluation.sides import AxesSaid, Side
from adversarial.figures.curves import Curve, write_curves
from adversarial.models.chains import Chain, ChainOptions, Start, starting_points
from adversarial.progress import counting

#: Differences of two figures within so many of their standard errors are none.
ERRORS = 2.0


class ChainPoint(NamedTuple):
    """The log-likelihood of test data, nats per example, from one sample of each chain at a step, and its width."""

    step: int
    log_likelihood: float
    standard_error: float
    sigma: float


def change_between(before: ChainPoint, after: ChainPoint) -> float:
    """Return the change of the figure; 0 where it is within `ERRORS` standard errors of a difference.

    Examples
    --------
    >>> change_between(ChainPoint(10, 175.0, 2.0, 0.2), ChainPoint(50, 173.1, 2.0, 0.2))
    0.0
    """
    change = after.log_likelihood - before.log_likelihood
    return change if abs(change) > ERRORS * math.hypot(before.standard_error, after.standard_error) else 0.0


@dataclass
class ChainCurve:
    """Log-likelihoods by step, for each start of the chains.

    Attributes
    ----------
    source, data : str
        Whose samples were scored, and on what data.
    chains : int
        Number of chains, each of which gives one sample at each step.
    points : dict
        For each start the points, in increasing step.
    sides : dict
        The data, and the first samples: their range, mean and what was done to them.
    warned : dict
        What the reader of a figure should know, and of which figures: 'step 10 from data'.
    """

    source: str
    data: str
    chains: int
    points: dict[Start, list[ChainPoint]] = field(default_factory=dict)
    sides: dict[str, Side] = field(default_factory=dict)
    warned: dict[str, list[str]] = field(default_factory=dict)

    @property
    def at_rest(self) -> bool:
        """Whether neither the last steps nor the start change the figure."""
        return not self._moving() and not self._remembered()

    @property
    def warnings(self) -> list[str]:
        """What the reader of the figures should know; where it is of some of them only, of which."""
        count = sum(map(len, self.points.values()))
        return [
            text if len(places) == count else f"{', '.join(places)}: {text}" for text, places in self.warned.items()
        ]

    def verdict(self) -> list[str]:
        """Return sentences on what the figure still depends on."""
        said = [*self._moving(), *self._remembered()]
        return said or ["at rest: neither the last steps nor the start change the figure by more than its error"]

    def _moving(self) -> list[str]:
        found = []
        for start, points in self.points.items():
            if len(points) < 2:
                continue
            before, after = points[-2:]
            change = change_between(before, after)
            if change:
                way = "rising" if change > 0 else "falling"
                found.append(
                    f"from {start}: still {way}, by {abs(change):.1f} nats from step {before.step} to {after.step}"
                )
        return found

    def _remembered(self) -> list[str]:
        last = {start: points[-1] for start, points in self.points.items()}
        low = min(last, key=lambda start: last[start].log_likelihood)
        high = max(last, key=lambda start: last[start].log_likelihood)
        gap = change_between(last[low], last[high])
        if not gap:
            return []
        step = last[low].step
        return [f"at step {step} chains from {high} still have {gap:.1f} nats more than those from {low}"]

    def to_dict(self) -> dict[str, Any]:
        """Return all that was found as plain values."""
        curves = {start: [point._asdict() for point in points] for start, points in self.points.items()}
        return {
            "samples_of": self.source,
            "data": self.data,
            "chains": self.chains,
            "unit": "nats per example",
            "curves": curves,
            "at_rest": self.at_rest,
            "verdict": self.verdict(),
            "sides": {what: side.to_dict() for what, side in self.sides.items()},
            "warnings": self.warnings,
        }

    def to_json(self) -> str:
        """Return all that was found as JSON text."""
        return json.dumps(self.to_dict(), indent=1)

    def draw(self, path: str | os.PathLike) -> None:
        """Draw the curves as a PNG."""
        curves = [
            Curve(f"from {start}", [point.step for point in points], [point.log_likelihood for point in points])
            for start, points in self.points.items()
        ]
        y_label = "log-likelihood of the test data, nats"
        write_curves(path, curves, "steps of the chain", y_label, f"{self.source}, by Parzen window", logarithmic=True)

    def __str__(self) -> str:
        lines = [f"{self.chains:,} chains of {self.source}, {self.data}"]
        lines += map(str, self.sides.values())
        lines.append("    step        from   log-likelihood of the test data, nats      width")
        for start, points in self.points.items():
            for step, mean, error, sigma in points:
                lines.append(f"{step:8,} {start:>11} {mean:12.2f} ± {error:.2f} {sigma:29.4g}")
        return "\n".join([*lines, *self.verdict()])


def chain_curve(
    samples: Samples,
    steps: Sequence[int],
    starts: Sequence[Start] = ("data", "corrupted"),
    data: Data | None = None,
    *,
    chains: int | None = None,
    seed: int = 0,
    as_is: bool = False,
    data_axes: AxesSaid | None = None,
    allow: Sequence[str] = (),
    progress: bool = False,
    **options: Any,
) -> ChainCurve:
    """Estimate the log-likelihood of test data after some steps of a model's chains, from one or more starts.

    Parameters
    ----------
    samples : path, Model or SampleSource
        A model that is sampled by Markov chains.
    steps : sequence of int
        After how many steps, at least 0; 0 scores the start itself.
    starts : sequence of {'data', 'corrupted', 'noise'}, optional
        Where the chains start.
    data : str, path, numpy.ndarray, dict or ScoringData, optional
        The data to score, as for `parzen_log_likelihood`.
    chains : int, optional
        Number of chains, default 10,000.
    seed : int, optional
        Of the start and the noise, default 0.
    as_is : bool, optional
        Convert nothing, and score samples and data whose units seem to differ; that is then a warning.
    data_axes : str or sequence, optional
        The order of the four axes of data in files and arrays.
    allow : sequence of str, optional
        Modules of the user's own that a saved model may name.
    progress : bool, optional
        Show progress on standard error.
    **options : dict
        Options of `parzen_log_likelihood` on widths and folds: `sigma`, `widths`, `valid_limit`, `fold`.

    Returns
    -------
    ChainCurve
        The figures. Print it for a table.

    Raises
    ------
    ConfigurationError
        If the model has no chains, or there are no steps.
    """
    if not steps or not starts or min(steps) < 0:
        raise ConfigurationError("name one step or more, each at least 0, and one start or more")
    source = sample_source(samples, tuple(allow), ChainOptions())
    assert isinstance(source, ChainSamples)
    found_data = scoring_data(data, source.content, source.path, tuple(allow), as_is, data_axes)
    curve = ChainCurve(source.path, found_data.name, chains or NUM_SAMPLES)
    for start in dict.fromkeys(starts):
        _follow(curve, source, found_data, start, steps, seed, progress, options)
    return curve


def _follow(
    curve: ChainCurve,
    source: ChainSamples,
    data: ScoringData,
    start: Start,
    steps: Sequence[int],
    seed: int,
    progress: bool,
    options: dict[str, Any],
) -> None:
    """Score the chains of one start after each number of steps."""
    chain = Chain(source.chain_model, starting_points(start, data.split("train"), curve.chains, seed), seed)
    curve.points[start] = []
    for step in sorted(set(steps)):
        with counting(f"steps of chains from {start}", step, not progress) as count:
            while chain.step < step:
                chain.advance(1)
                count(1)
        samples = DrawnSamples(chain.means, f"{source.path}, step {step} from {start}")
        result = parzen_log_likelihood(samples, data, as_is=data.as_is, progress=progress, **options)
        sigma = fmean(score.sigma for score in result.scores)
        curve.points[start].append(ChainPoint(step, result.log_likelihood, result.standard_error, sigma))
        curve.sides = result.sides | curve.sides
        for warning in result.warnings:
            curve.warned.setdefault(warning, []).append(f"step {step} from {start}")
