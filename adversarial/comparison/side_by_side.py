"""An experiment, or what came of one, side by side with 2014: hyperparameters, Table 1, the first updates."""

from __future__ import annotations

import math
import os
import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from adversarial.comparison import facts
from adversarial.comparison.differences import Comparison, Row, compare
from adversarial.comparison.experiment import Experiment
from adversarial.comparison.trajectory import FILE as RECORDED
from adversarial.comparison.trajectory import Distance
from adversarial.errors import ConfigurationError, printable
from adversarial.evaluation.estimates import identity
from adversarial.evaluation.parzen_result import ParzenJson
from adversarial.progress.summary import table


@dataclass
class SideBySide:
    """An experiment beside 2014's. Printed, it is what the program compare_2014.py prints.

    Attributes
    ----------
    experiment : Experiment
        What is compared.
    comparison : Comparison
        Every hyperparameter beside 2014's.
    estimate : dict or None
        The model's log-likelihood, if it is known.
    distances : list of Distance or None
        How far the first updates are from 2014's, if they were computed.
    show_equal : bool
        Print equal values one by one too.
    """

    experiment: Experiment
    comparison: Comparison
    estimate: ParzenJson | None = None
    distances: list[Distance] | None = None
    show_equal: bool = False

    def __str__(self) -> str:
        lines = _hyperparameters(self.experiment.name, self.comparison, self.show_equal)
        if self.experiment.other_model:
            # The nearest of five files, none of which is near, says nothing.
            said = _incomparable(self.experiment)
            lines = [said, "", *lines] if self.show_equal else [f"{said}; --all lists the values all the same"]
        if self.experiment.content is not None:
            lines += ["", *_results_lines(self.experiment, self.estimate)]
        if self.distances is not None:
            lines += ["", *_trajectory_lines(self.distances)]
        return "\n".join(part for line in lines for part in _within_terminal(line))

    def to_dict(self) -> dict[str, Any]:
        """Return all that was found as plain values."""
        source, rows = facts.table_1()
        found: dict[str, Any] = {
            "experiment": self.experiment.name,
            "beside": self.comparison.file,
            "comparable": not self.experiment.other_model,
            "source": self.comparison.source,
            "differences": [_plain(row) for row in self.comparison.differences],
            "equal": [_plain(row) for row in self.comparison.rows if not row.differs],
            "differences_from": self.comparison.others,
        }
        if self.experiment.content is not None:
            found["results"] = {
                "unit": "nats",
                "source": source,
                "table_1": {row.model: {data: list(value) for data, value in row.results.items()} for row in rows},
                "epochs": identity(self.experiment.content)["epochs"],
                "estimate": self.estimate,
            }
        if self.distances is not None:
            found["trajectory"] = [each._asdict() for each in self.distances]
        return found


def number_of(text: str) -> int | float | str:
    """Return the number that a text is, or the text.

    Examples
    --------
    >>> number_of("0.05"), number_of("100"), number_of("uniform"), number_of("nan")
    (0.05, 100, 'uniform', 'nan')
    """
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        # JSON has no word for infinity, and "1_000" is no number of a file.
        return value if math.isfinite(value) and "_" not in text else text
    return text


def _plain(row: Row) -> dict[str, Any]:
    return asdict(row) | {"here": number_of(row.here), "then": number_of(row.then)}


def _within_terminal(line: str) -> list[str]:
    """Return a line broken to the terminal's width."""
    width = shutil.get_terminal_size((100, 24)).columns
    return _wrapped(line, width, "", " " * 8) if len(line) > width else [line]


def _wrapped(text: str, width: int, first: str, rest: str) -> list[str]:
    """Return lines of at most a width; a path is broken only if it is longer than a line, as it will be copied."""
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)


def compare_with_2014(
    experiment: Experiment,
    against: str | None = None,
    estimate: ParzenJson | None = None,
    trajectory: bool = False,
    show_equal: bool = False,
) -> SideBySide:
    """Hold an experiment against 2014's.

    Parameters
    ----------
    experiment : Experiment
        What `open_experiment` returned.
    against : str, optional
        The experiment of 2014, such as 'mnist.yaml'. The default is the nearest.
    estimate : dict, optional
        The model's log-likelihood, as `evaluation.estimates` reads it.
    trajectory : bool, optional
        Compute the first 50 updates of 2014's mnist.yaml again, in float64, which is floatX from then on.
    show_equal : bool, optional
        Print equal values one by one too.

    Returns
    -------
    SideBySide
        What differs, and what was found.

    Raises
    ------
    ConfigurationError
        If there is no recorded trajectory of that experiment.
    """
    comparison = compare(experiment.part, against)
    distances = _distances(experiment, comparison) if trajectory else None
    return SideBySide(experiment, comparison, estimate, distances, show_equal)


def _incomparable(experiment: Experiment) -> str:
    kind = experiment.other_model
    return (
        f"{experiment.name} trains a model of class {kind}, but 2014's five files are all of a pair of G and D, so "
        "that nothing of theirs is comparable"
    )


def _hyperparameters(name: str, comparison: Comparison, everything: bool) -> list[str]:
    """Return what differs, on top, then how much is equal."""
    differing, total = comparison.differences, len(comparison.rows)
    second = min((count, file) for file, count in comparison.others.items() if file != comparison.file)
    lines = [
        f"{name} beside 2014's {comparison.file} ({comparison.source})",
        f"{len(differing)} of {total} values differ; from the next nearest, {second[1]}, {second[0]}",
        *_lines(differing),
        "",
    ]
    same = [row for row in comparison.rows if not row.differs]
    if everything:
        return [*lines, f"the {len(same)} equal values:", *_lines(same)]
    left = sum(not (row.given_here or row.given_then) for row in same)
    return [*lines, f"equal: {len(same)} values, {left} of them defaults that both leave unwritten; --all shows them"]


def _lines(rows: Sequence[Row]) -> list[str]:
    """Return a line a value, and below it what the value means."""
    if not rows:
        return []
    shown = [(printable(row.key, ""), printable(row.here, "")) for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*shown, strict=True)]
    widths = [min(width, limit) for width, limit in zip(widths, (64, 30), strict=True)]
    wrap = min(120, shutil.get_terminal_size((100, 24)).columns)
    lines = []
    for row, (key, here) in zip(rows, shown, strict=True):
        unwritten = "" if row.given_then else ", unwritten"
        ours, theirs = f"  {key:{widths[0]}}  {here:{widths[1]}}", f"2014: {row.then}{unwritten}"
        room = shutil.get_terminal_size((100, 24)).columns
        lines += [f"{ours}  {theirs}"] if len(ours) + 2 + len(theirs) <= room else [ours.rstrip(), f"      {theirs}"]
        if row.meaning and row.differs:
            told = f"{row.part}: {row.meaning}" if row.part else row.meaning
            lines += _wrapped(told, wrap, " " * 6, " " * 6)
    return lines


def _results_lines(experiment: Experiment, estimate: ParzenJson | None) -> list[str]:
    """Return Table 1 with this model below it."""
    source, rows = facts.table_1()
    epochs = identity(experiment.content or {})["epochs"]
    after = f" after {epochs:,} epoch{'' if epochs == 1 else 's'}" if epochs is not None else ""
    data = experiment.data_set
    own = f"{os.path.basename(experiment.name)}{after}"
    cells = [(row.model, *(f"{mean:g} ± {error:g}" for mean, error in row.results.values())) for row in rows]
    figure = "not measured" if estimate is None else "{log_likelihood:.1f} ± {standard_error:.1f}".format(**estimate)
    columns = tuple(rows[0].results)
    cells.append((own, *(figure if column == data else "" for column in columns)))
    lines = [f"log-likelihood of test data, nats; {source}", *table(("", *map(str.upper, columns)), cells).splitlines()]
    if estimate is None:
        return [
            *lines,
            f"measure it by --estimate, or name what parzen_ll.py --json printed by --parzen{_no_column(data)}",
        ]
    if data not in columns:
        lines.append(f"{own}: {figure} on {data or 'its own data'}, for which the paper gives none")
    sigma = estimate["sigma"]
    width = f"{sigma:.4g}" if isinstance(sigma, float) else ", ".join(f"{each:.4g}" for each in sigma)
    counts = ", ".join(f"{number:,} {what}" for what, number in estimate["counts"].items() if what != "dimension")
    return [*lines, f"width {width}; {counts}; the error is over {estimate.get('error_over', 'test examples')}"]


def _no_column(data: str) -> str:
    return "" if data in facts.table_1()[1][0].results else f"; the paper gives none on {data or 'other data'}"


def _distances(experiment: Experiment, comparison: Comparison) -> list[Distance]:
    """How far the first updates of the experiment are from 2014's."""
    from adversarial import backend
    from adversarial.comparison import theano_c_noise, trajectory
    from adversarial.config import yaml_parse
    from adversarial.config.variables import training_file_variables
    from adversarial.models.parameter_budget import parameter_budget
    from adversarial.progress import counting

    if experiment.other_model:
        raise ConfigurationError(f"--trajectory: {_incomparable(experiment)}")
    if comparison.file != RECORDED:
        raise ConfigurationError(
            f"--trajectory: of 2014's five runs only that of {RECORDED} was recorded, but "
            f"{experiment.name} is nearer to {comparison.file}"
        )
    if "algorithm" not in experiment.part.options:
        raise ConfigurationError(
            f"--trajectory trains, but {experiment.name} describes a model alone: name its experiment's YAML file"
        )
    backend.configure(floatX="float64")
    overrides = experiment.overrides | trajectory.OVERRIDES
    variables = training_file_variables(experiment.name)
    own = experiment.content is None
    with parameter_budget(1 << 24):
        train = yaml_parse.load(experiment.text, variables, overrides=overrides, path=experiment.name, environment=own)
    trajectory.check_shapes(train.model, experiment.name)
    with counting("updates", max(trajectory.record())) as progress, theano_c_noise.rounding():
        train.algorithm.update_callbacks.append(lambda algorithm: progress(1))
        return trajectory.distances(train)


def _trajectory_lines(distances: Sequence[Distance]) -> list[str]:
    rows = [(str(each.update), f"{each.largest:.1e}", each.parameter) for each in distances]
    return [
        "distance from 2014's run, float64: of all parameters the largest deviation, over that parameter's size",
        *table(("update", "distance", "in"), rows).splitlines(),
        "float32 noise is rounded here as by Theano's C code, which made the record; the same run stays below 1e-8",
    ]
