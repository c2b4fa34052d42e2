"""The reproduce.py program: an experiment of the paper from training to its row of results, by one command.

Each step writes its result to files, and is skipped if they exist and belong to this state of the model.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from adversarial import backend, checkpoint
from adversarial.checkpoint.paths import kept_epochs
from adversarial.command_line import program
from adversarial.comparison import facts
from adversarial.comparison.experiment import open_experiment
from adversarial.config.shipped import find_experiment, shipped_folder
from adversarial.errors import ConfigurationError
from adversarial.evaluation import data_sources, estimates
from adversarial.evaluation.parzen_result import ParzenJson
from adversarial.evaluation.sheets import interpolation_sheet, sample_sheet
from adversarial.figures.curves import Curve, Level, write_curves
from adversarial.figures.width_curve import draw_curves
from adversarial.likelihood.cross_validation import WidthChoice
from adversarial.likelihood.parzen import Estimate
from adversarial.programs import train
from adversarial.programs.paper_figures import make_figures
from adversarial.programs.table_1 import COLUMNS, make_table
from adversarial.report.model_page import write_page

EXAMPLE = """
tools/reproduce.py mnist --epochs 300
tools/reproduce.py mnist --epochs 2 --dir trial
tools/reproduce.py mnist --dir run --no-train
tools/reproduce.py table1 --quick --adversarial yaml/mnist.pkl
tools/reproduce.py figures --dir yaml --json figures.json
tools/reproduce.py figures --model a=mnist.pkl --model d=run/cifar10_convolutional.pkl
"""

#: A run of so few epochs keeps all of them.
FEW = 30
EXPERIMENTS = tuple(file.removesuffix(".yaml") for file in facts.FILES)
TABLE, FIGURES = "table1", "figures"


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    parser = program.parser(
        "reproduce.py",
        "Train an experiment of the paper, estimate its log-likelihood, draw its figures and write its report; "
        "finished steps are skipped, and an interrupted run goes on where it was.",
        EXAMPLE,
    )
    add = parser.add_argument
    add("experiment", choices=(*EXPERIMENTS, TABLE, FIGURES), metavar="EXPERIMENT",
        help=f"{', '.join(EXPERIMENTS)}; {TABLE}: all rows of Table 1; or {FIGURES}: the panels of Figures 2 "
        "and 3, of the models that are there")  # fmt: skip
    add("--epochs", type=train.positive, metavar="N", default=300, help="train until N in all (default %(default)s)")
    add("--no-train", action="store_true", help="take the saved model as it is, whoever trained it")
    add("--keep-every", type=train.positive, metavar="N",
        help=f"keep a copy of the model every N epochs (default 10; 1 in a run of {FEW} epochs or fewer)")  # fmt: skip
    add("--points", type=train.positive, metavar="N", default=12,
        help="kept epochs whose log-likelihood is estimated too (default %(default)s)")  # fmt: skip
    add("--threads", type=train.positive, metavar="N", help="threads of BLAS and loops")
    add(
        "--dir",
        metavar="DIR",
        help="where its YAML, model and results are (default: beside its YAML in a checkout, else here; "
        f"of {TABLE} a folder of that name)",
    )
    figures = parser.add_argument_group(f"{FIGURES} alone")
    figures.add_argument("--model", metavar="PANEL=FILE", action="append", default=[],
                         help="the model of a panel, if it is not in --dir by its experiment's name")  # fmt: skip
    figures.add_argument("--json", metavar="FILE", help="write neighbours, distances and what is said to this file too")
    table = parser.add_argument_group(f"{TABLE} alone")
    table.add_argument("--quick", action="store_true", help="smaller nets and fewer epochs: half an hour on two cores")
    table.add_argument(
        "--adversarial",
        metavar="MODEL",
        help="a trained model for the row of adversarial nets on MNIST, such as adversarial:mnist",
    )
    table.add_argument("--data", choices=[called.lower() for called in COLUMNS.values()],
                       help="one column alone (default: those whose data are there)")  # fmt: skip
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; the exit code is that of train.py where training was stopped."""
    parser = argument_parser()
    given = parser.parse_args(argv)
    backend.configure(threads=given.threads)
    if given.experiment != FIGURES and (given.model or given.json):
        raise ConfigurationError(f"--model and --json go with {FIGURES}, not with {given.experiment}")
    if given.experiment in (TABLE, FIGURES):
        why = "trains each model by its own plan" if given.experiment == TABLE else "trains nothing"
        for option in ("epochs", "no_train", "keep_every", "points"):
            if getattr(given, option) != parser.get_default(option):
                raise ConfigurationError(f"{given.experiment} {why}: leave --{option.replace('_', '-')} out")
    if given.experiment == TABLE:
        logging.basicConfig(format="%(message)s", level=logging.WARNING)
        folder = Path(given.dir or (f"{TABLE}_quick" if given.quick else TABLE))
        columns = [name for name, called in COLUMNS.items() if called.lower() == given.data] or None
        return make_table(folder, given.quick, Path(given.adversarial) if given.adversarial else None, columns)
    if given.quick or given.adversarial or given.data:
        raise ConfigurationError(f"--quick, --adversarial and --data go with {TABLE}, not with {given.experiment}")
    if given.experiment == FIGURES:
        return make_figures(_folder_of_models(given), _models(given.model), given.json)
    given.keep_every = given.keep_every or (1 if given.epochs <= FEW else 10)
    yaml = _yaml(given)
    model = yaml.with_suffix(".pkl")
    code = _train(given, yaml, model)
    if code:
        return code
    content = checkpoint.read(model)
    estimate = _estimated(model, content)
    by_epoch = _by_epoch(given, model, content, estimate)
    _draw(model, estimate, by_epoch)
    page = model.with_suffix(".html")
    newest = [model, *(estimates.path_beside(path) for path in [model, *kept_epochs(model).values()])]
    _unless_done(page, newest, lambda path: write_page(model, path))
    print("\n".join(["", *_summary(given, model, content, estimate, by_epoch)]))
    return 0


def _models(pairs: Sequence[str]) -> dict[str, str]:
    """Return the models of --model by the letter of their panel."""
    found = {}
    for pair in pairs:
        letter, _, path = pair.partition("=")
        if not path:
            raise ConfigurationError(f"--model {pair}: give it as PANEL=FILE, such as a=mnist.pkl")
        found[letter] = path
    return found


def _folder_of_models(given: argparse.Namespace) -> Path:
    """Return --dir; without it, where this program leaves models: beside the YAML in a checkout, else here."""
    if given.dir is not None or shipped_folder().name != "yaml":
        return Path(given.dir or ".")
    return Path(os.path.relpath(shipped_folder()))


def _yaml(given: argparse.Namespace) -> Path:
    """Return the experiment's YAML, copied to --dir where it is not there yet; without --dir, where it is."""
    name = f"{given.experiment}.yaml"
    ours = shipped_folder() / name
    if given.dir is None and shipped_folder().name == "yaml":
        place = ours
    else:  # An installed package is no place for results.
        place = Path(given.dir or ".") / ours.name
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ours, place)
    return Path(os.path.relpath(place)) if place.is_relative_to(Path.cwd()) else place


def _train(given: argparse.Namespace, yaml: Path, model: Path) -> int:
    """Train, or go on, until there are as many epochs as asked for; the exit code of train.py."""
    there = model.exists()
    if given.no_train:
        if not there:
            raise ConfigurationError(f"--no-train: there is no saved model {model}")
        return 0
    epochs = (checkpoint.read(model).get("monitor") or {}).get("epochs_seen", 0) if there else 0
    if epochs >= given.epochs:
        print(f"{model}: trained for {epochs:,} epoch{'' if epochs == 1 else 's'} already")
        return 0
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    again = [str(yaml), f"--keep-every={given.keep_every}", f"--max-epochs={given.epochs}"]
    return train.train_and_report(
        find_experiment(yaml),
        {},
        resume=there,
        keep_every=given.keep_every,
        max_epochs=given.epochs,
        again=train.resume_command("train.py", again),
    )


def _estimated(model: Path, content: dict[str, Any]) -> ParzenJson:
    """Return the estimate of a saved model, cached or new."""
    found = estimates.cached(model, content)
    if found is None:
        print(f"{model}: estimating its log-likelihood", flush=True)
        found = estimates.measure(model, content)
    return found


def _by_epoch(
    given: argparse.Namespace, model: Path, content: dict[str, Any], estimate: ParzenJson
) -> dict[int, ParzenJson]:
    """Return the estimates of some kept epochs, evenly apart, and of the model itself: {epochs: estimate}."""
    last = estimates.identity(content)["epochs"]
    kept = [(epoch, path) for epoch, path in kept_epochs(model).items() if epoch < last]
    numbers = np.unique(np.linspace(0, len(kept) - 1, min(given.points, len(kept))).round().astype(int))
    found = {kept[number][0]: _estimated(kept[number][1], checkpoint.read(kept[number][1])) for number in numbers}
    return found | {last: estimate}


def _draw(model: Path, estimate: ParzenJson, by_epoch: dict[int, ParzenJson]) -> None:
    """Draw Figures 2 and 3, and what the log-likelihood depends on, as PNG beside the model."""
    stem = model.with_suffix("")
    _unless_done(f"{stem}_samples.png", [model], lambda path: _draw_samples(model, path))
    _unless_done(f"{stem}_interpolation.png", [model], lambda path: _draw_lines(model, path))
    measured = [estimates.path_beside(model)]
    widths = _widths(estimate)
    _unless_done(f"{stem}_widths.png", measured, lambda path: draw_curves(path, widths, "the validation data"))
    if len(by_epoch) > 1:
        measured += [estimates.path_beside(path) for path in kept_epochs(model).values()]
        _unless_done(f"{stem}_log_likelihood.png", measured, lambda path: _draw_epochs(model, path, by_epoch))


def _draw_samples(model: Path, path: Path) -> None:
    """Draw Figure 2: samples, the last of each row beside its nearest training example."""
    content = checkpoint.read(model)
    train = data_sources.of_model(content, str(model)).split("train")
    sample_sheet(checkpoint.model_of(content), 4, 5, training_examples=train, name=model.name).write(path)


def _draw_lines(model: Path, path: Path) -> None:
    """Draw Figure 3: lines through z space."""
    interpolation_sheet(checkpoint.load_model(model), name=model.name).write(path)


def _widths(estimate: ParzenJson) -> dict[str, WidthChoice]:
    curve = estimate["curve"]
    values = [Estimate(each["mean"], each["standard_error"]) for each in curve]
    return {"draw 1": WidthChoice(np.array([each["sigma"] for each in curve]), values)}


def _draw_epochs(model: Path, path: Path, by_epoch: dict[int, ParzenJson]) -> None:
    """Draw the log-likelihood against epochs, the paper's beside it."""
    epochs = list(by_epoch)
    curves = [Curve("this run", epochs, [each["log_likelihood"] for each in by_epoch.values()])]
    paper, level = _paper(model), None
    if paper is not None:
        level = Level(f"the paper's {paper[0]:g} ± {paper[1]:g}", paper[0] - paper[1], paper[0] + paper[1])
    y_label, title = "log-likelihood of the test data, nats", f"{model.name}, by Parzen window"
    write_curves(path, curves, "epochs", y_label, title, level)


def _paper(model: Path) -> tuple[float, float] | None:
    return facts.table_1()[1][-1].results.get(open_experiment(str(model)).data_set)


def _unless_done(made: str | Path, of: Sequence[Path], work: Callable[[Path], Any]) -> None:
    """Do `work`, which makes a file, unless that is there and newer than what it is made of."""
    made = Path(made)
    newest = max((path.stat().st_mtime_ns for path in of if path.exists()), default=0)
    if made.exists() and made.stat().st_mtime_ns >= newest:
        print(f"{made}: up to date")
        return
    work(made)
    print(made)


def _summary(
    given: argparse.Namespace,
    model: Path,
    content: dict[str, Any],
    estimate: ParzenJson,
    by_epoch: dict[int, ParzenJson],
) -> list[str]:
    """Return the log-likelihood by epoch, and the README's row of results."""
    lines = [
        "| epochs | " + " | ".join(f"{epoch:,}" for epoch in by_epoch) + " |",
        "| --- |" + " --- |" * len(by_epoch),
        "| log-likelihood, nats | " + " | ".join(_figure(each) for each in by_epoch.values()) + " |",
        "",
        "| experiment | log-likelihood of test data, nats | width | epochs | seed | training time | command |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    epochs = estimates.identity(content)["epochs"]
    cells = (
        f"yaml/{given.experiment}.yaml",
        _figure(estimate),
        f"{estimate['sigma']:.4g}",
        f"{epochs:,}",
        "2014's",
        _time(content),
        f"`tools/reproduce.py {given.experiment} --epochs {epochs}`",
    )
    return [*lines, f"| {' | '.join(cells)} |"]


def _figure(estimate: ParzenJson) -> str:
    return "{log_likelihood:.1f} ± {standard_error:.1f}".format(**estimate)


def _time(content: dict[str, Any]) -> str:
    """Return the hours and minutes that training took, monitoring and saving aside, by the monitor's record."""
    seconds = checkpoint.MonitorRecord.from_content(content["monitor"]).training_seconds()
    if seconds is None:
        return "not recorded"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


command = partial(program.run, main)

if __name__ == "__main__":
    command()
