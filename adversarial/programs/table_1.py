"""Table 1 of the paper, its MNIST column: every row trained where it is not, estimated and put beside the paper's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from adversarial import checkpoint
from adversarial.comparison import facts
from adversarial.config.shipped import find_experiment, shipped_folder
from adversarial.errors import ConfigurationError
from adversarial.evaluation import estimates
from adversarial.evaluation.chain_curve import chain_curve
from adversarial.evaluation.sample_sources import NUM_SAMPLES
from adversarial.files.whole_file import write_whole
from adversarial.models.chains import Start
from adversarial.programs import train

QUICK = "nets and runs made smaller, to take half an hour on two cores: these are not the published sizes"


@dataclass(frozen=True)
class Run:
    """How a row is trained, and its samples taken.

    Attributes
    ----------
    model : str
        The row's name in the paper.
    file : str
        The experiment, among those that come with this package.
    epochs : int
        Epochs, of each phase.
    overrides : dict
        What replaces values of the file.
    start : {'data', 'corrupted', 'noise'} or None
        Where chains start; None for a generator, whose samples are independent.
    steps : tuple of int
        Steps of the chains that are scored; the last one's figure is the row's.
    """

    model: str
    file: str
    epochs: int
    overrides: dict[str, str] = field(default_factory=dict)
    start: Start | None = None
    steps: tuple[int, ...] = ()


_SMALL_GSN = {
    "model.autoencoders.0.nhid": "500",
    "model.autoencoders.0.irange": ".1367",
    "model.autoencoders.1.nvis": "500",
    "model.autoencoders.1.nhid": "500",
    "model.autoencoders.1.irange": ".1549",
    "algorithm.learning_rate": ".0063776",
}
WHOLE_RUNS = (
    Run("DBN", "baselines/dbn_mnist.yaml", 100, {}, "data", (200, 1000)),
    Run("Stacked CAE", "baselines/stacked_cae_mnist.yaml", 20, {}, "data", (1, 10)),
    Run("Deep GSN", "baselines/gsn_mnist.yaml", 1000, {}, "corrupted", (10, 50)),
    Run("Adversarial nets", "mnist.yaml", 300),
)
QUICK_RUNS = (
    Run("DBN", "baselines/dbn_mnist.yaml", 6, {}, "data", (100, 200)),
    Run("Stacked CAE", "baselines/stacked_cae_mnist.yaml", 5, {}, "data", (1, 10)),
    Run("Deep GSN", "baselines/gsn_mnist.yaml", 5, _SMALL_GSN, "corrupted", (10, 50)),
    Run("Adversarial nets", "mnist.yaml", 20),
)


@dataclass
class Row:
    """A row of the table.

    Attributes
    ----------
    model : str
        Its name in the paper.
    paper : list of float
        The paper's figure and its error.
    log_likelihood, standard_error : float
        Ours, nats per example, and its error over test examples.
    samples : int
        Their number.
    width : float
        Of the Gaussians, chosen on validation data.
    epochs : int
        Epochs of training, of the last phase.
    seconds : float or None
        Time of training, of all phases; None where it was not recorded.
    chain : str
        Start and step of the chains.
    notes : list of str
        What the figure still depends on.
    command : str
        What trained it.
    """

    model: str
    paper: list[float]
    log_likelihood: float
    standard_error: float
    samples: int
    width: float
    epochs: int
    seconds: float | None
    chain: str
    notes: list[str]
    command: str


def make_table(
    folder: Path, quick: bool = False, adversarial: Path | None = None, num_samples: int = NUM_SAMPLES
) -> int:
    """Train what is not there, estimate, print the table, and write it as `table1.md` and `table1.json`.

    Parameters
    ----------
    folder : Path
        Where models and results are.
    quick : bool, optional
        Whether to train smaller nets for fewer epochs.
    adversarial : Path, optional
        A trained model of the last row.
    num_samples : int, optional
        Samples of each model.

    Returns
    -------
    int
        The exit code: 0, or that of train.py where training was stopped.
    """
    if adversarial is not None and not adversarial.exists():
        raise ConfigurationError(f"--adversarial: there is no saved model {adversarial}")
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for run in QUICK_RUNS if quick else WHOLE_RUNS:
        given = adversarial if run.start is None else None
        model = given or folder / Path(run.file).with_suffix(".pkl").name
        code = 0 if given else _train(run, model)
        if code:
            return code
        rows.append(_row(run, model, num_samples))
    lines = markdown(rows, quick)
    print("\n".join(["", *lines]))
    found = {"source": facts.table_1()[0], "data": "MNIST", "unit": "nats per example", "quick": quick}
    content = json.dumps({**found, "rows": [asdict(row) for row in rows]}, indent=1)
    write_whole(folder / "table1.md", ["\n".join([*lines, ""]).encode()])
    write_whole(folder / "table1.json", [content.encode()])
    return 0


def _train(run: Run, model: Path) -> int:
    """Train, or go on, until there are as many epochs as the run asks for; the exit code of train.py."""
    yaml = model.with_suffix(".yaml")
    if not yaml.exists():
        shutil.copy(shipped_folder() / run.file, yaml)
    if model.exists() and _epochs(checkpoint.read(model)) >= run.epochs:
        print(f"{model}: trained already")
        return 0
    options = [f"--set={key}={value}" for key, value in run.overrides.items()]
    return train.train_and_report(
        find_experiment(yaml),
        dict(run.overrides),
        resume=any(path.exists() for path in _phases(model)),
        max_epochs=run.epochs,
        again=train.resume_command("train.py", [str(yaml), f"--max-epochs={run.epochs}", *options]),
    )


def _phases(model: Path) -> list[Path]:
    """Return the files that the phases of a model's training save, its own the last."""
    return [*sorted(model.parent.glob(f"{model.stem}_h[0-9].pkl")), model]


def _row(run: Run, model: Path, num_samples: int) -> Row:
    content = checkpoint.read(model)
    if run.start is None:
        found = estimates.cached(model, content) or estimates.measure(model, content)
        figure = {name: found[name] for name in ("log_likelihood", "standard_error")}
        width, samples, chain, notes = found["sigma"], found["counts"]["samples"], "independent", found["warnings"]
    else:
        curve = _curve(run, model, content, num_samples)
        last = curve["curves"][run.start][-1]
        figure = {name: last[name] for name in ("log_likelihood", "standard_error")}
        width, samples = last["sigma"], curve["chains"]
        chain, notes = f"{run.start}, {last['step']:,}", [] if curve["at_rest"] else curve["verdict"]
    overrides = content.get("overrides") or {}
    options = [f"--max-epochs={_epochs(content)}", *(f"--set={key}={value}" for key, value in overrides.items())]
    paper = next(row for row in facts.table_1()[1] if row.model == run.model).results["mnist"]
    return Row(
        model=run.model,
        paper=list(paper),
        **figure,
        samples=samples,
        width=float(np.mean(width)),
        epochs=_epochs(content),
        seconds=_seconds(model),
        chain=chain,
        notes=notes,
        command=" ".join(["train.py", run.file, *options]),
    )


def _curve(run: Run, model: Path, content: Mapping[str, Any], num_samples: int) -> dict[str, Any]:
    """Return the figures by step of a model's chains, from the file beside it where they are of this state of it."""
    path = model.with_name(f"{model.stem}_steps.json")
    key = {"model": estimates.identity(content), "steps": list(run.steps), "start": run.start, "chains": num_samples}
    if path.exists():
        found = json.loads(path.read_text())
        if found.get("key") == key:
            return found
    print(f"{model}: estimating its log-likelihood", flush=True)
    assert run.start is not None
    found = chain_curve(str(model), run.steps, [run.start], chains=num_samples, progress=True).to_dict()
    write_whole(path, [json.dumps(found | {"key": key}, indent=1).encode()])
    return found


def _epochs(content: Mapping[str, Any]) -> int:
    return estimates.identity(content)["epochs"] or 0


def _seconds(model: Path) -> float | None:
    """Return the time of training by the monitors' records, monitoring and saving aside; None where it is not there."""
    total = 0.0
    for path in _phases(model):
        monitor = checkpoint.read(path).get("monitor")
        seconds = None if monitor is None else checkpoint.MonitorRecord.from_content(monitor).training_seconds()
        if seconds is None:
            return None
        total += seconds
    return total


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "not recorded"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def markdown(rows: list[Row], quick: bool = False) -> list[str]:
    """Return the lines of the table.

    Parameters
    ----------
    rows : list of Row
        The rows.
    quick : bool, optional
        Whether the nets are the smaller ones.

    Returns
    -------
    list of str
        Markdown.

    Examples
    --------
    >>> row = Row("DBN", [138, 2], 90.2, 2.1, 10_000, 0.2, 6, 240.0, "data, 200", ["from data: still falling"], "train")
    >>> print(markdown([row])[2])
    | DBN | 138 ± 2 | 90.2 ± 2.1 | 10,000 | 0.2 | 6 | 4 min | data, 200 | `train` |
    """
    lines = [
        "| model | paper | ours, nats | samples | width | epochs | training | start, step of chains | command |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        cells = (
            row.model,
            "{:g} ± {:g}".format(*row.paper),
            f"{row.log_likelihood:.1f} ± {row.standard_error:.1f}",
            f"{row.samples:,}",
            f"{row.width:.4g}",
            f"{row.epochs:,}",
            _time(row.seconds),
            row.chain,
            f"`{row.command}`",
        )
        lines.append(f"| {' | '.join(cells)} |")
    notes = [f"{row.model}: {note}." for row in rows for note in row.notes]
    return [*lines, "", "MNIST; errors over test images.", *([f"Quick: {QUICK}."] if quick else []), *notes]
