"""The parzen_ll.py program: the Parzen-window log-likelihood of the paper's Table 1; after 2014's parzen_ll.py."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adversarial.command_line import program
from adversarial.errors import ConfigurationError, DataError
from adversarial.evaluation import data_sources, sample_sources
from adversarial.evaluation.data_sources import ScoringData
from adversarial.evaluation.sample_sources import SampleSource
from adversarial.figures.width_curve import check_picture, draw_curves
from adversarial.likelihood import cross_validation
from adversarial.likelihood.convergence import Convergence, convergence
from adversarial.likelihood.cross_validation import GRID, WidthChoice
from adversarial.likelihood.parzen import TILE, Estimate, ParzenWindow, blocks, check_widths
from adversarial.progress import counting

EXAMPLE = """
tools/parzen_ll.py yaml/mnist.pkl
tools/parzen_ll.py yaml/mnist.pkl --sigma auto --repeats 5 --plot widths.png
tools/parzen_ll.py samples.npy -d mnist --json
tools/parzen_ll.py yaml/tfd_pretrain/train.pkl --folds all
tools/parzen_ll.py --anchor train -d mnist
"""


@dataclass
class Score:
    """What was found from one draw of samples on one fold."""

    fold: int
    repeat: int
    sigma: float
    test: Estimate
    valid: Estimate | None
    choice: WidthChoice | None
    counts: dict[str, int]


@dataclass
class Report:
    """All that the program found."""

    source: str
    data: str
    scores: list[Score] = field(default_factory=list)
    convergence: Convergence | None = None
    warnings: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def total(self) -> tuple[Estimate, str]:
        """The figure to report, and what its error is over."""
        means = np.array([score.test.mean for score in self.scores])
        folds, repeats = len({s.fold for s in self.scores}), len({s.repeat for s in self.scores})
        if len(means) == 1:
            return self.scores[0].test, "test examples"
        if repeats > 1:
            return Estimate(float(means.mean()), float(means.std(ddof=1))), f"{repeats} draws of samples (deviation)"
        return Estimate(float(means.mean()), float(means.std(ddof=1) / np.sqrt(folds))), f"{folds} folds"


def argument_parser() -> argparse.ArgumentParser:
    """The options: those of 2014 (-p -s -d -f -v -n -l -b -c --sigma_start --sigma_end) and ours."""
    parser = program.parser(
        "parzen_ll.py",
        "The log-likelihood of test data under a Parzen window of a generator's samples, its width cross-validated.",
        EXAMPLE,
    )
    sample_sources.add_arguments(parser)
    data_sources.add_arguments(parser)
    add = parser.add_argument
    add("-v", dest="score_valid", action="store_true", help="score the validation data as well; so does a bare --valid")
    add("-l", "--limit_size", "--limit-size", metavar="N", type=int, default=1000,
        help="choose the width on the first N validation examples; 0 for all (default %(default)s)")  # fmt: skip
    add("-b", "--batch_size", "--batch-size", metavar="N", type=int, default=TILE,
        help="examples scored at a time: memory, not the result, depends on it (default %(default)s)")  # fmt: skip
    width = parser.add_argument_group("the width of the Gaussians, in the unit of the data")
    add = width.add_argument
    add("-s", "--sigma", metavar="WIDTH", help="a fixed width, or 'auto': a grid that widens while its edge is best")
    add("-c", "--cross_val", "--cross-val", metavar="N", type=int, default=GRID[2],
        help="number of widths to try (default %(default)s)")  # fmt: skip
    add("--sigma_start", "--sigma-start", metavar="POWER", type=float, default=GRID[0],
        help="the least is 10 to this power (default %(default)s)")  # fmt: skip
    add("--sigma_end", "--sigma-end", metavar="POWER", type=float, default=GRID[1],
        help="the largest is 10 to this power (default %(default)s)")  # fmt: skip
    more = parser.add_argument_group("beside the number")
    add = more.add_argument
    add("--repeats", metavar="K", type=int, default=1, help="draw the samples K times, and say how far results spread")
    add("--convergence", action="store_true", help="show how the result depends on the number of samples")
    add("--plot", metavar="FILE.png", help="draw the log-likelihood of the validation data against the width")
    add("--json", action="store_true", help="print one JSON object on standard output, and nothing else")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    report = _measured(given)
    print(json.dumps(_as_json(report, given), indent=1) if given.json else _as_text(report))


def measured(argv: Sequence[str]) -> dict[str, Any]:
    """What the program prints for these arguments and --json."""
    given = argument_parser().parse_args([*argv, "--json"])
    return _as_json(_measured(given), given)


def _measured(given: argparse.Namespace) -> Report:
    _check(given)
    samples = sample_sources.of_arguments(given)
    data = data_sources.of_arguments(given, samples.content, samples.path)
    folds = _folds(given, data)
    report = Report(samples.name, data.name)
    for repeat in range(given.repeats):
        rows = _timed(report, "sampling", _draw, samples, data, repeat, given)
        for fold in folds:
            report.scores.append(_score(rows, data, fold, repeat, given, report))
    if given.convergence:
        score = report.scores[-1]
        test = data.split("test", score.fold)
        report.convergence = _timed(report, "convergence", convergence, rows, test, score.sigma)
    if given.plot:
        draw_curves(given.plot, _curves(report), "the validation data")
    return report


def _check(given: argparse.Namespace) -> None:
    """Refuse what cannot be, before any work is done."""
    given.width = None
    if given.sigma is not None and given.sigma != "auto":
        try:
            given.width = float(given.sigma)
        except ValueError as error:
            raise ConfigurationError(f"--sigma is '{given.sigma}', but must be a number above 0 or 'auto'") from error
        check_widths(given.width)
    for name, least in (("batch_size", 1), ("repeats", 1), ("limit_size", -1), ("cross_val", 1)):
        if getattr(given, name) < least:
            raise ConfigurationError(f"--{name} is {getattr(given, name)}, but must be at least {max(least, 0)}")
    if given.plot and given.width is not None:
        raise ConfigurationError("--plot draws the widths tried, and a fixed --sigma tries none: leave one of them out")
    if given.plot:
        check_picture(given.plot)
    if given.width is None:
        given.grid = cross_validation.grid(given.sigma_start, given.sigma_end, given.cross_val)


def _folds(given: argparse.Namespace, data: ScoringData) -> list[int]:
    if given.folds is None:
        return [given.fold]
    if given.repeats > 1:
        raise ConfigurationError("--folds all and --repeats cannot go together: each gives an error of its own kind")
    return list(range(data.folds))


def _draw(samples: SampleSource, data: ScoringData, repeat: int, given: argparse.Namespace) -> Any:
    rows = samples.draw(repeat, data, given.num_samples, quiet=given.json)
    if rows.shape[0] < 2:
        raise DataError("there is only one sample, but a Parzen window of one says nothing: give two or more")
    return rows


def _score(rows: Any, data: ScoringData, fold: int, repeat: int, given: argparse.Namespace, report: Report) -> Score:
    """Choose the width on the validation data, then score the test data."""
    counts = {"samples": rows.shape[0]}
    choice, sigma = None, given.width
    valid = data.split("valid", fold) if sigma is None or given.score_valid else None
    if sigma is None:
        few = valid[: given.limit_size] if given.limit_size > 0 else valid
        counts["valid"] = len(few)
        choice = _timed(report, "cross_validation", _choose, rows, few, given)
        sigma = choice.sigma
        if choice.edge is not None:
            report.warnings.append(_edge_warning(choice, given))
            print(f"warning: {report.warnings[-1]}", file=sys.stderr)
    test = data.split("test", fold)
    counts |= {"test": len(test), "dimension": test.shape[1]}
    on_test = _timed(report, "test", _estimate, rows, test, sigma, "test data", given)
    on_valid = None
    if given.score_valid:
        on_valid = _timed(report, "valid", _estimate, rows, valid, sigma, "validation data", given)
        counts["scored_valid"] = len(valid)
    return Score(fold, repeat, sigma, on_test, on_valid, choice, counts)


def _choose(rows: Any, valid: np.ndarray, given: argparse.Namespace) -> WidthChoice:
    choose = cross_validation.choose_width_anywhere if given.sigma == "auto" else cross_validation.choose_width
    with counting("choosing the width", rows.shape[0], given.json) as progress:
        return choose(rows, valid, given.grid, progress, given.batch_size)


def _estimate(rows: Any, points: np.ndarray, sigma: float, what: str, given: argparse.Namespace) -> Estimate:
    window = ParzenWindow(points, sigma, tile=given.batch_size)
    with counting(f"scoring {what}", rows.shape[0], given.json) as progress:
        for block in blocks(rows):
            window.add(block)
            progress(len(block))
    return window.estimates()[0]


def _edge_warning(choice: WidthChoice, given: argparse.Namespace) -> str:
    tried = f"the widths tried, {choice.sigmas[0]:.3g} to {choice.sigmas[-1]:.3g}"
    text = f"the best width, {choice.sigma:.4g}, is at the {choice.edge} edge of {tried}"
    if given.sigma == "auto":
        return f"{text}, which is far: look at the samples and the unit of the data"
    return f"{text}, so that a better one may lie beyond it; --sigma auto goes on from there"


def _timed(report: Report, phase: str, work: Any, *arguments: Any) -> Any:
    started = time.perf_counter()
    try:
        return work(*arguments)
    finally:
        report.seconds[phase] = report.seconds.get(phase, 0.0) + time.perf_counter() - started


def _curves(report: Report) -> dict[str, WidthChoice]:
    many_folds = len({score.fold for score in report.scores}) > 1
    return {
        f"fold {score.fold}" if many_folds else f"draw {score.repeat + 1}": score.choice
        for score in report.scores
        if score.choice is not None
    }


def _as_text(report: Report) -> str:
    lines = []
    for score in report.scores:
        counts = score.counts
        lines.append(f"{counts['samples']:,} samples of {report.source}, {report.data}" + _which(report, score))
        if score.choice is not None:
            lines.append(f"       width   log-likelihood of {counts['valid']:,} validation examples, nats")
            for sigma, value in zip(score.choice.sigmas, score.choice.estimates, strict=True):
                mark = "*" if sigma == score.sigma else " "
                lines.append(f"{mark} {sigma:10.4g}   {value.mean:12.3f} ± {value.standard_error:.3f}")
        lines.append(f"Using Sigma: {score.sigma:.6g}")
        lines.append(f"Log-Likelihood of test set = {score.test.mean:.4f}, se: {score.test.standard_error:.4f}")
        if score.valid is not None:
            lines.append(f"Log-Likelihood of valid set = {score.valid.mean:.4f}, se: {score.valid.standard_error:.4f}")
    if len(report.scores) > 1:
        value, over = report.total()
        lines.append(f"Log-Likelihood = {value.mean:.2f} ± {value.standard_error:.2f}, over {over}")
    if report.convergence is not None:
        lines += _convergence_lines(report.convergence)
    spent = ", ".join(f"{phase.replace('_', ' ')} {value:.2f} s" for phase, value in report.seconds.items())
    lines.append(f"seconds: {spent}")
    return "\n".join(lines)


def _which(report: Report, score: Score) -> str:
    folds, repeats = len({s.fold for s in report.scores}), len({s.repeat for s in report.scores})
    if folds > 1:
        return f", fold {score.fold}"
    return f", draw {score.repeat + 1} of {repeats}" if repeats > 1 else ""


def _convergence_lines(found: Convergence) -> list[str]:
    lines = ["     samples   log-likelihood of the test data, nats"]
    pairs = zip(found.counts, found.estimates, strict=True)
    lines += [f"{count:12,}   {value.mean:12.3f} ± {value.standard_error:.3f}" for count, value in pairs]
    stable = found.stable_from()
    if stable is None:
        added = found.last_doubling()
        return [*lines, f"not stable: the last doubling added {added:.2f} nats; a stable answer needs more samples"]
    return [*lines, f"stable within its standard error from {stable:,} samples on"]


def _as_json(report: Report, given: argparse.Namespace) -> dict[str, Any]:
    value, over = report.total()
    first = report.scores[0]
    found: dict[str, Any] = {
        "log_likelihood": value.mean,
        "standard_error": value.standard_error,
        "error_over": over,
        "unit": "nats per example",
        "sigma": first.sigma if len(report.scores) == 1 else [score.sigma for score in report.scores],
        "curve": _curve_json(first.choice),
        "counts": first.counts,
        "samples_of": report.source,
        "data": report.data,
        "seconds": report.seconds,
        "warnings": report.warnings,
    }
    if first.valid is not None:
        found["valid"] = first.valid._asdict()
    if len(report.scores) > 1:
        found["scores"] = [
            {"fold": score.fold, "repeat": score.repeat, "sigma": score.sigma, **score.test._asdict(),
             "counts": score.counts, "curve": _curve_json(score.choice)}
            for score in report.scores
        ]  # fmt: skip
    if report.convergence is not None:
        pairs = zip(report.convergence.counts, report.convergence.estimates, strict=True)
        found["convergence"] = {
            "curve": [{"samples": count, **value._asdict()} for count, value in pairs],
            "stable_from": report.convergence.stable_from(),
        }
    return found


def _curve_json(choice: WidthChoice | None) -> list[dict[str, float]]:
    if choice is None:
        return []
    pairs = zip(choice.sigmas, choice.estimates, strict=True)
    return [{"sigma": float(sigma), **value._asdict()} for sigma, value in pairs]
