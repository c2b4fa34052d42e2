"""The number of Table 1: the log-likelihood of test data under a Parzen window of samples."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from adversarial.errors import ConfigurationError, DataError
from adversarial.evaluation.data_sources import Data, ScoringData, scoring_data
from adversarial.evaluation.fit import check_fit
from adversarial.evaluation.guards import Classifier, Guards, guards_of
from adversarial.evaluation.named_sets import Split
from adversarial.evaluation.parzen_result import ParzenResult, Score
from adversarial.evaluation.sample_sources import AnchorSamples, Samples, sample_source
from adversarial.evaluation.sides import AxesSaid, PreparedRows, Side
from adversarial.likelihood.convergence import convergence as convergence_of
from adversarial.likelihood.cross_validation import WidthChoice, choose_width, choose_width_anywhere, grid
from adversarial.likelihood.parzen import TILE, Estimate, ParzenWindow, blocks, check_widths
from adversarial.models.chains import ChainOptions
from adversarial.progress import counting

#: Validation examples that the width is chosen on, as in 2014.
VALID_LIMIT = 1000


def parzen_log_likelihood(
    samples: Samples,
    data: Data | None = None,
    *,
    num_samples: int | None = None,
    sigma: float | Literal["auto"] | None = None,
    widths: Sequence[float] | np.ndarray | None = None,
    valid_limit: int | None = VALID_LIMIT,
    score_valid: bool = False,
    fold: int | Literal["all"] = 0,
    repeats: int = 1,
    convergence: bool = False,
    batch_size: int = TILE,
    as_is: bool = False,
    axes: AxesSaid | None = None,
    data_axes: AxesSaid | None = None,
    allow: Sequence[str] = (),
    chains: ChainOptions | None = None,
    guards: bool | Classifier = False,
    progress: bool = False,
) -> ParzenResult:
    """Estimate the log-likelihood of test data under a Parzen window of samples (section 5 of the paper).

    Parameters
    ----------
    samples : path, Model, numpy.ndarray or SampleSource
        A saved model, a file of samples (.npy, .npz, .h5, .csv, .mat, .pt, .safetensors) or a folder of images by its
        path, a model, or an array of samples (count, ...). Bytes are taken as pixels times 255, and images of which
        the last axis is the channels are put into the order of design matrices, channel after channel.
    data : str, path, numpy.ndarray, dict or ScoringData, optional
        The data to score: 'mnist', 'cifar10' or 'tfd', or {'valid': ..., 'test': ...} of files or arrays, taken as
        samples are. A single file or array is test data, for which `sigma` must be a number. 'cifar10' is
        'cifar10:pixels', in [0, 1], or 'cifar10:gcn', contrast-normalised as in 2014, as the samples are. The default
        is the model's own data.
    num_samples : int, optional
        Number of samples, as many as there are at most. The default is the paper's 10,000 for a model, and all for a
        file or an array.
    sigma : float or 'auto', optional
        A fixed width of the Gaussians, in the unit of the data, or a grid that is widened while its edge is best.
    widths : array_like, optional
        The widths to choose from. The default is 2014's ten, evenly apart in the logarithm from .1 to 1.
    valid_limit : int or None, optional
        Choose the width on the first so many validation examples, 1000 by default; None for all.
    score_valid : bool, optional
        Score the validation data as well.
    fold : int or 'all', optional
        The fold of data that have folds. 'all' chooses a width for each, and the error is across folds.
    repeats : int, optional
        Draw the samples so many times; the error is then their standard deviation.
    convergence : bool, optional
        Estimate from fewer samples too, to see whether there are enough.
    batch_size : int, optional
        Examples scored at a time. Memory, not the result, depends on it.
    as_is : bool, optional
        Convert nothing, and score samples and data whose units seem to differ; that is then a warning.
    axes, data_axes : str or sequence, optional
        The order of the four axes of samples and of data in files and arrays, 'c01b' or ('c', 0, 1, 'b'), where the
        lengths of their axes do not say it.
    allow : sequence of str, optional
        Modules of the user's own that a saved model may name.
    chains : ChainOptions, optional
        Start, burn-in, thinning and number of the chains of a model that is sampled by Markov chains.
    guards : bool or Classifier, optional
        Put beside the figure what it does not say: the log-likelihood of as many training images in place of the
        samples, how far these are from the nearest training image, and of what classes a classifier takes them to be.
    progress : bool, optional
        Show progress on standard error.

    Returns
    -------
    ParzenResult
        The figure, its error, the width, and how they came to be. Print it for a table.

    Raises
    ------
    ConfigurationError
        If an argument is out of its range, or two do not go together.
    CheckpointError, DataError
        If samples or data cannot be read, or do not fit each other.

    See Also
    --------
    running_log_likelihood : The estimate of a fixed width, as samples are drawn.
    adversarial.likelihood.parzen.log_likelihoods : The window itself, on plain arrays.

    Notes
    -----
    It is not the log-likelihood of the generator. Compare two figures only if the number of samples, the widths and
    the validation data are the same; the figure rises as samples are added.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> samples, valid, test = (rng.normal(size=(count, 2)) for count in (500, 100, 200))
    >>> result = parzen_log_likelihood(samples, {"valid": valid, "test": test})
    >>> abs(result.log_likelihood - -2.9) < .2  # minus the entropy of a standard normal in two dimensions is -2.84
    True
    >>> result.counts
    {'samples': 500, 'valid': 100, 'test': 200, 'dimension': 2}
    """
    for name, value, least in (("num_samples", num_samples, 1), ("batch_size", batch_size, 1), ("repeats", repeats, 1)):
        if value is not None and value < least:
            raise ConfigurationError(f"{name} is {value}, but must be at least {least}")
    if fold == "all" and repeats > 1:
        raise ConfigurationError("all folds and repeats cannot go together: each gives an error of its own kind")
    tried = grid() if widths is None else check_widths(sorted(widths))
    fixed = None if sigma is None or sigma == "auto" else float(check_widths(sigma)[0])
    source = sample_source(samples, tuple(allow), chains, axes)
    found_data = scoring_data(data, source.content, source.path, tuple(allow), as_is, data_axes)
    result = ParzenResult(source.name, found_data.name)
    scoring = _Scoring(result, fixed, tried, sigma == "auto", valid_limit, score_valid, batch_size, as_is, progress)
    for repeat in range(repeats):
        with scoring.timed("sampling"):
            side = source.draw(repeat, found_data, num_samples, quiet=not progress)
        result.source = source.name
        if side.rows.shape[0] < 2:
            raise DataError("there is only one sample, but a Parzen window of one says nothing: give two or more")
        found_data = found_data.suited_to(side)
        for each in range(found_data.folds) if fold == "all" else [fold]:
            result.scores.append(scoring.score(side, found_data, each, repeat))
        if guards and repeat == 0:
            first = 0 if fold == "all" else fold
            with scoring.timed("guards"):
                result.guards = _guards(side, found_data, first, scoring, guards)
            result.warnings += result.guards.warnings
    if convergence:
        last = result.scores[-1]
        test = found_data.split("test", last.fold)
        with scoring.timed("convergence"):
            result.convergence = convergence_of(side.rows, test, last.sigma)
    return result


def _guards(side: Side, data: ScoringData, fold: int, scoring: _Scoring, guards: bool | Classifier) -> Guards:
    """What stands beside the figure of samples: their anchor is scored as they are."""
    train = data.split("train", fold)
    count = min(side.rows.shape[0], len(train))
    beside = replace(scoring, result=ParzenResult("the training data", data.name), score_valid=False)
    anchor = beside.score(AnchorSamples("train").draw(0, data, count, quiet=True), data, fold, 0)
    classifier = guards if isinstance(guards, Classifier) else None
    return guards_of(side.rows[:], train, data.split("test", fold), (anchor.test, count), classifier)


@dataclass
class _Scoring:
    """The arguments that every draw and fold are scored by."""

    result: ParzenResult
    sigma: float | None
    widths: np.ndarray
    anywhere: bool
    valid_limit: int | None
    score_valid: bool
    batch_size: int
    as_is: bool
    progress: bool

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Add the time within to the phase's."""
        seconds, started = self.result.seconds, time.perf_counter()
        try:
            yield
        finally:
            seconds[phase] = seconds.get(phase, 0.0) + time.perf_counter() - started

    def score(self, samples: Side, data: ScoringData, fold: int, repeat: int) -> Score:
        """Choose the width on the validation data, then score the test data."""
        rows, counts = samples.rows, {"samples": samples.rows.shape[0]}
        valid = data.side("valid", fold) if self.sigma is None or self.score_valid else None
        test = data.side("test", fold)
        for side in (valid, test):
            if side is not None:
                self._compare(samples, side)
        choice, sigma = None, self.sigma
        if valid is not None and sigma is None:
            few = valid.rows[: self.valid_limit]
            counts["valid"] = len(few)
            choice = self._choose(rows, few)
            sigma = choice.sigma
        assert sigma is not None
        counts |= {"test": test.rows.shape[0], "dimension": test.rows.shape[1]}
        on_test = self._estimate(rows, test.rows[:], sigma, "test")
        on_valid = None
        if valid is not None and self.score_valid:
            on_valid = self._estimate(rows, valid.rows[:], sigma, "valid")
            counts["scored_valid"] = valid.rows.shape[0]
        return Score(fold, repeat, sigma, on_test, on_valid, choice, counts)

    def _compare(self, samples: Side, data: Side) -> None:
        """Refuse what does not fit; keep what both sides are, and what should be known of them."""
        sides, warnings = self.result.sides, self.result.warnings
        found = check_fit(samples, data, self.as_is)
        warnings += [each for each in found if each not in warnings]
        for side in (samples, data):
            sides.setdefault(side.what, side)

    def _choose(self, rows: PreparedRows, valid: np.ndarray) -> WidthChoice:
        choose = choose_width_anywhere if self.anywhere else choose_width
        total = rows.shape[0]
        with self.timed("cross_validation"), counting("choosing the width", total, not self.progress) as progress:
            choice = choose(rows, valid, list(self.widths), progress, self.batch_size)
        if choice.edge is not None:
            self.result.warnings.append(self._edge_warning(choice))
        return choice

    def _estimate(self, rows: PreparedRows, points: np.ndarray, sigma: float, split: Split) -> Estimate:
        window = ParzenWindow(points, sigma, tile=self.batch_size)
        total = rows.shape[0]
        with self.timed(split), counting(f"scoring {split} data", total, not self.progress) as progress:
            for block in blocks(rows):
                window.add(block)
                progress(len(block))
        return window.estimates()[0]

    def _edge_warning(self, choice: WidthChoice) -> str:
        tried = f"the widths tried, {choice.sigmas[0]:.3g} to {choice.sigmas[-1]:.3g}"
        text = f"the best width, {choice.sigma:.4g}, is at the {choice.edge} edge of {tried}"
        if self.anywhere:
            return f"{text}, which is far: look at the samples and the unit of the data"
        return f"{text}, so that a better one may lie beyond it; --sigma auto goes on from there"
