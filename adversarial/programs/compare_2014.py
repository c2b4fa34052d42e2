"""The compare_2014.py program: an experiment, or what came of one, side by side with 2014."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from adversarial import checkpoint
from adversarial.command_line import program
from adversarial.progress.summary import table
from adversarial.comparison import facts
from adversarial.comparison.differences import Comparison, Row, compare
from adversarial.comparison.experiment import Part, read_experiment
from adversarial.config.yaml_parse import read_text
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.evaluation import estimates
from adversarial.programs import parzen_ll
from adversarial.programs.train import overrides_of

EXAMPLE = """
tools/compare_2014.py yaml/mnist.yaml
tools/compare_2014.py yaml/mnist.yaml --set algorithm.batch_size=50 --strict
tools/compare_2014.py yaml/mnist.pkl --estimate
tools/compare_2014.py yaml/mnist.yaml --trajectory
"""


@dataclass
class Experiment:
    """What the command line names.

    Attributes
    ----------
    name : of the file
    text, overrides : its YAML, and what is put in
    part : what the YAML says
    content : of a saved model, None for YAML
    """

    name: str
    text: str
    overrides: dict[str, str]
    part: Part
    content: dict[str, Any] | None


def argument_parser() -> argparse.ArgumentParser:
    """The options."""
    parser = program.parser(
        "compare_2014.py",
        "Hold every hyperparameter of an experiment against 2014's, and a trained model's results against the paper's.",
        EXAMPLE,
    )
    add = parser.add_argument
    add("experiment", help="a YAML file, or a saved model (.pkl or .h5, or a pickle of 2014)")
    add("--against", choices=facts.FILES, metavar="FILE",
        help=f"of 2014: {', '.join(facts.FILES)} (default: the nearest)")  # fmt: skip
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="change a value: algorithm.batch_size=50")
    add("--all", action="store_true", help="show equal values one by one too")
    add("--strict", action="store_true", help="exit with code 1 where something differs")
    add("--json", action="store_true", help="print one JSON object on standard output, and nothing else")
    results = parser.add_argument_group("results")
    either = results.add_mutually_exclusive_group()
    either.add_argument("--estimate", action="store_true", help="measure the model's log-likelihood, and keep it")
    either.add_argument("--parzen", metavar="FILE.json", help="it was measured: what parzen_ll.py --json printed")
    results.add_argument(
        "--trajectory", action="store_true", help="make the first 50 updates of 2014's mnist.yaml again, in float64"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; the exit code is 1 with --strict where something differs."""
    given = argument_parser().parse_args(argv)
    experiment = opened(given.experiment, overrides_of(given.set))
    if experiment.content is None and (given.estimate or given.parzen):
        raise ConfigurationError("--estimate and --parzen are for a saved model; train the experiment first")
    comparison = compare(experiment.part, given.against)
    estimate = _estimate(given, experiment)
    distances = _distances(experiment, comparison) if given.trajectory else None
    if given.json:
        print(json.dumps(_as_json(experiment, comparison, estimate, distances), indent=1))
    else:
        parts = [*_hyperparameters(experiment.name, comparison, given.all)]
        if experiment.content is not None:
            parts += ["", *results_lines(experiment, estimate)]
        if distances is not None:
            parts += ["", *_trajectory_lines(distances)]
        print("\n".join(parts))
    return 1 if given.strict and comparison.differences else 0


def opened(path: str, overrides: Mapping[str, str] | None = None) -> Experiment:
    """The experiment of a YAML file, or the one that made a saved model.

    Raises
    ------
    ConfigurationError, CheckpointError
        Where it cannot be read, or the saved model does not hold its YAML.
    """
    given = dict(overrides or {})
    if Path(path).suffix.lower() in (".yaml", ".yml"):
        text = read_text(path)
        return Experiment(path, text, given, read_experiment(text, path, given), None)
    content = checkpoint.read(path)
    text = content.get("yaml_src") or ""
    if not text.strip():
        raise CheckpointError(f"{path} does not hold the YAML that it was made from, so there is nothing to compare")
    put_in = dict(content.get("overrides") or {}) | given
    return Experiment(path, text, put_in, read_experiment(text, path, put_in), content)


def _estimate(given: argparse.Namespace, experiment: Experiment) -> dict[str, Any] | None:
    if experiment.content is None:
        return None
    if given.parzen:
        return estimates.read(given.parzen)
    if given.estimate:
        return estimates.measure(parzen_ll.measured, experiment.name, experiment.content)
    return estimates.kept(experiment.name, experiment.content)


def _hyperparameters(name: str, comparison: Comparison, everything: bool) -> list[str]:
    """What differs, on top; then what is equal, folded."""
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
    """A line a value, and below it what it is."""
    if not rows:
        return []
    widths = [max(len(cell) for cell in column) for column in zip(*((row.key, row.here) for row in rows), strict=True)]
    widths = [min(width, limit) for width, limit in zip(widths, (64, 30), strict=True)]
    wrap = min(120, shutil.get_terminal_size((100, 24)).columns)
    lines = []
    for row in rows:
        unwritten = "" if row.given_then else ", unwritten"
        lines.append(f"  {row.key:{widths[0]}}  {row.here:{widths[1]}}  2014: {row.then}{unwritten}")
        if row.meaning and row.differs:
            told = f"{row.part}: {row.meaning}" if row.part else row.meaning
            lines += textwrap.wrap(told, wrap, initial_indent="      ", subsequent_indent="      ")
    return lines


def results_lines(experiment: Experiment, estimate: Mapping[str, Any] | None) -> list[str]:
    """Table 1 with this model below it."""
    source, rows = facts.table_1()
    epochs = estimates.identity(experiment.content or {})["epochs"]
    after = f" after {epochs:,} epoch{'' if epochs == 1 else 's'}" if epochs is not None else ""
    data = data_set(experiment.part)
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


def data_set(part: Part) -> str:
    """The data set that an experiment trains on: mnist, tfd, cifar10 ...; "" where it does not say."""
    dataset = part.options.get("dataset")
    return dataset.kind.lower() if isinstance(dataset, Part) else ""


def _distances(experiment: Experiment, comparison: Comparison) -> list[Any]:
    """How far the first updates of the experiment are from 2014's."""
    from adversarial import backend
    from adversarial.comparison import theano_c_noise, trajectory
    from adversarial.config import yaml_parse
    from adversarial.config.variables import training_file_variables
    from adversarial.progress import counting

    if comparison.file != trajectory.FILE:
        raise ConfigurationError(
            f"--trajectory: of 2014's five runs only that of {trajectory.FILE} was recorded, but "
            f"{experiment.name} is nearer to {comparison.file}"
        )
    backend.configure(floatX="float64")
    overrides = experiment.overrides | trajectory.OVERRIDES
    variables = training_file_variables(experiment.name)
    train = yaml_parse.load(experiment.text, variables, overrides=overrides, path=experiment.name)
    with counting("updates", max(trajectory.record())) as progress, theano_c_noise.rounding():
        train.algorithm.update_callbacks.append(lambda algorithm: progress(1))
        return trajectory.distances(train)


def _trajectory_lines(distances: Sequence[Any]) -> list[str]:
    rows = [(str(each.update), f"{each.largest:.1e}", each.parameter) for each in distances]
    return [
        "distance from 2014's run, float64: of all parameters the largest deviation, over that parameter's size",
        *table(("update", "distance", "in"), rows).splitlines(),
        "float32 noise is rounded here as by Theano's C code, which made the record; the same run stays below 1e-8",
    ]


def _as_json(
    experiment: Experiment, comparison: Comparison, estimate: Mapping[str, Any] | None, distances: list[Any] | None
) -> dict[str, Any]:
    source, rows = facts.table_1()
    found: dict[str, Any] = {
        "experiment": experiment.name,
        "beside": comparison.file,
        "source": comparison.source,
        "differences": [asdict(row) for row in comparison.differences],
        "equal": [asdict(row) for row in comparison.rows if not row.differs],
        "differences_from": comparison.others,
    }
    if experiment.content is not None:
        table_1 = {row.model: {data: list(value) for data, value in row.results.items()} for row in rows}
        found["results"] = {
            "unit": "nats",
            "source": source,
            "table_1": table_1,
            "epochs": estimates.identity(experiment.content)["epochs"],
            "estimate": estimate,
        }
    if distances is not None:
        found["trajectory"] = [each._asdict() for each in distances]
    return found
