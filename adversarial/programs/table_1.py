"""Table 1 of the paper: every row, on MNIST and on faces, trained where it is not, estimated, beside the paper's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from adversarial import checkpoint
from adversarial.comparison import facts
from adversarial.config.shipped import find_experiment, shipped_folder
from adversarial.datasets import tfd
from adversarial.errors import ConfigurationError
from adversarial.evaluation import estimates
from adversarial.evaluation.chain_curve import chain_curve
from adversarial.evaluation.sample_sources import NUM_SAMPLES
from adversarial.files.whole_file import write_whole
from adversarial.models.chains import Start
from adversarial.programs import train

QUICK = "nets and runs made smaller, to take half an hour on two cores: these are not the published sizes"

#: A column of the table, by its name in the paper's facts.
Column = Literal["mnist", "tfd"]
#: What the columns are called: the second is of whatever faces are there in the layout of the paper's.
COLUMNS: dict[Column, str] = {"mnist": "MNIST", "tfd": "faces"}
#: Unlabelled images of the Toronto Face Database, by which it is told from other faces in its layout.
UNLABELLED_OF_TFD = 98_058


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
    column : {'mnist', 'tfd'}
        What it is trained on.
    overrides : dict
        What replaces values of the file.
    start : {'data', 'corrupted', 'noise'} or None
        Where chains start; None for a generator, whose samples are independent.
    steps : tuple of int
        Steps of the chains that are scored; the last one's figure is the row's.
    before : Run or None
        Another experiment that comes first, whose saved model this one reads.
    """

    model: str
    file: str
    epochs: int
    column: Column = "mnist"
    overrides: dict[str, str] = field(default_factory=dict)
    start: Start | None = None
    steps: tuple[int, ...] = ()
    before: Run | None = None


def _small_gsn(irange: str, learning_rate: str) -> dict[str, str]:
    """Return what makes a GSN one of 500-500 units, with the range of its first weights and ten times the rate."""
    return {
        "model.autoencoders.0.nhid": "500",
        "model.autoencoders.0.irange": irange,
        "model.autoencoders.1.nvis": "500",
        "model.autoencoders.1.nhid": "500",
        "model.autoencoders.1.irange": ".1549",
        "algorithm.learning_rate": learning_rate,
    }


#: The game on faces with the layers of mnist.yaml, a tenth of the work.
_SMALL_PAIR = {
    "model.generator.mlp.layers.0.dim": "1200",
    "model.generator.mlp.layers.1.dim": "1200",
    "model.discriminator.layers.0.num_units": "240",
    "model.discriminator.layers.1.num_units": "240",
}
_PRETRAINED = Run("Adversarial nets", "tfd_pretrain/pretrain.yaml", 50, "tfd")
WHOLE_RUNS = (
    Run("DBN", "baselines/dbn_mnist.yaml", 100, "mnist", {}, "data", (200, 1000)),
    Run("Stacked CAE", "baselines/stacked_cae_mnist.yaml", 20, "mnist", {}, "data", (1, 10)),
    Run("Deep GSN", "baselines/gsn_mnist.yaml", 1000, "mnist", {}, "corrupted", (10, 50)),
    Run("Adversarial nets", "mnist.yaml", 300),
    Run("DBN", "baselines/dbn_faces.yaml", 100, "tfd", {}, "data", (200, 1000)),
    Run("Stacked CAE", "baselines/stacked_cae_faces.yaml", 20, "tfd", {}, "data", (1, 10)),
    Run("Deep GSN", "baselines/gsn_faces.yaml", 1000, "tfd", {}, "corrupted", (10, 50)),
    Run("Adversarial nets", "tfd_pretrain/train.yaml", 22, "tfd", before=_PRETRAINED),
)
_GSN_ON_MNIST, _GSN_ON_FACES = _small_gsn(".1367", ".0063776"), _small_gsn(".09252", ".0021701")
QUICK_RUNS = (
    Run("DBN", "baselines/dbn_mnist.yaml", 6, "mnist", {}, "data", (100, 200)),
    Run("Stacked CAE", "baselines/stacked_cae_mnist.yaml", 5, "mnist", {}, "data", (1, 10)),
    Run("Deep GSN", "baselines/gsn_mnist.yaml", 10, "mnist", _GSN_ON_MNIST, "corrupted", (10, 50)),
    Run("Adversarial nets", "mnist.yaml", 20),
    Run("DBN", "baselines/dbn_faces.yaml", 3, "tfd", {}, "data", (100, 200)),
    Run("Stacked CAE", "baselines/stacked_cae_faces.yaml", 3, "tfd", {}, "data", (1, 10)),
    Run("Deep GSN", "baselines/gsn_faces.yaml", 5, "tfd", _GSN_ON_FACES, "corrupted", (10, 50)),
    Run("Adversarial nets", "tfd_pretrain/pretrain.yaml", 10, "tfd", _SMALL_PAIR),
)


@dataclass
class Row:
    """A row of the table.

    Attributes
    ----------
    column : {'mnist', 'tfd'}
        What it is trained and scored on.
    model : str
        Its name in the paper.
    paper : list of float
        The paper's figure and its error.
    log_likelihood, standard_error : float
        Ours, nats per example, and its error: over test examples, on faces over folds.
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

    column: Column
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
    folder: Path,
    quick: bool = False,
    adversarial: Path | None = None,
    columns: Sequence[Column] | None = None,
    num_samples: int = NUM_SAMPLES,
) -> int:
    """Train what is not there, estimate, print the table, and write it as `table1.md` and `table1.json`.

    Parameters
    ----------
    folder : Path
        Where models and results are.
    quick : bool, optional
        Whether to train smaller nets for fewer epochs.
    adversarial : Path, optional
        A trained model of the game on MNIST, or the name of a published one.
    columns : sequence of {'mnist', 'tfd'}, optional
        Which columns, default those whose data are there.
    num_samples : int, optional
        Samples of each model.

    Returns
    -------
    int
        The exit code: 0, or that of train.py where training was stopped.
    """
    if adversarial is not None and not checkpoint.is_published(adversarial) and not adversarial.exists():
        raise ConfigurationError(f"--adversarial: there is no saved model {adversarial}")
    notes = []
    if columns is None:
        columns, path = list(COLUMNS), tfd.path_of(48)
        if not path.exists():
            columns.remove("tfd")
            notes.append(f"No faces: there is no {path}, in the layout of the Toronto Face Database.")
    if "tfd" in columns:
        notes += _whose_faces()
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for run in QUICK_RUNS if quick else WHOLE_RUNS:
        if run.column not in columns:
            continue
        given = adversarial if run.column == "mnist" and run.start is None else None
        model = given or _model(run, folder)
        code = 0 if given else _train(run, folder)
        if code:
            return code
        rows.append(_row(run, model, num_samples))
    lines = markdown(rows, quick, notes)
    print("\n".join(["", *lines]))
    found = {"source": facts.table_1()[0], "unit": "nats per example", "quick": quick, "notes": notes}
    content = json.dumps({**found, "rows": [asdict(row) for row in rows]}, indent=1)
    write_whole(folder / "table1.md", ["\n".join([*lines, ""]).encode()])
    write_whole(folder / "table1.json", [content.encode()])
    return 0


def _whose_faces() -> list[str]:
    """Return what the reader of the faces' column should know; nothing where they are TFD's."""
    count = int((tfd.load(48)["folds"][:, 0] == 0).sum())
    if count == UNLABELLED_OF_TFD:
        return []
    return [
        f"Faces: {count:,} unlabelled images, where the Toronto Face Database (TFD) has {UNLABELLED_OF_TFD:,}. So "
        "these are other faces in its layout, and no figure of them may be compared with the paper's."
    ]


def _model(run: Run, folder: Path) -> Path:
    return folder / Path(run.file).with_suffix(".pkl").name


def _train(run: Run, folder: Path) -> int:
    """Train, or go on, until there are as many epochs as the run asks for; the exit code of train.py."""
    if run.before is not None and (code := _train(run.before, folder)):
        return code
    model = _model(run, folder)
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
    paper = next(row for row in facts.table_1()[1] if row.model == run.model).results[run.column]
    return Row(
        column=run.column,
        model=run.model,
        paper=list(paper),
        **figure,
        samples=samples,
        width=float(np.mean(width)),
        epochs=_epochs(content),
        seconds=_seconds(run, model),
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
    curve = chain_curve(str(model), run.steps, [run.start], chains=num_samples, progress=True, fold="all")
    found = curve.to_dict()
    write_whole(path, [json.dumps(found | {"key": key}, indent=1).encode()])
    return found


def _epochs(content: Mapping[str, Any]) -> int:
    return estimates.identity(content)["epochs"] or 0


def _seconds(run: Run, model: Path) -> float | None:
    """Return the time of training by the monitors' records, monitoring and saving aside; None where it is not there."""
    total = 0.0
    before = [] if run.before is None else [_model(run.before, model.parent)]
    for path in [*before, *_phases(model)]:
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


def markdown(rows: list[Row], quick: bool = False, notes: Sequence[str] = ()) -> list[str]:
    """Return the lines of the table.

    Parameters
    ----------
    rows : list of Row
        The rows.
    quick : bool, optional
        Whether the nets are the smaller ones.
    notes : sequence of str, optional
        What the reader should know of the data.

    Returns
    -------
    list of str
        Markdown.

    Examples
    --------
    >>> row = Row("mnist", "DBN", [138, 2], 90.2, 2.1, 10_000, 0.2, 6, 240.0, "data, 200", ["still falling"], "train")
    >>> print(markdown([row])[2])
    | MNIST | DBN | 138 ± 2 | 90.2 ± 2.1 | 10,000 | 0.2 | 6 | 4 min | data, 200 | `train` |
    """
    lines = [
        "| data | model | paper | ours, nats | samples | width | epochs | training | start, step of chains | command |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        cells = (
            COLUMNS[row.column],
            row.model,
            "{:g} ± {:g}".format(*row.paper) + (" (TFD)" if row.column == "tfd" else ""),
            f"{row.log_likelihood:.1f} ± {row.standard_error:.1f}",
            f"{row.samples:,}",
            f"{row.width:.4g}",
            f"{row.epochs:,}",
            _time(row.seconds),
            row.chain,
            f"`{row.command}`",
        )
        lines.append(f"| {' | '.join(cells)} |")
    of_rows = [f"{COLUMNS[row.column]}, {row.model}: {note}." for row in rows for note in row.notes]
    errors = "Errors: over test images; on faces over folds."
    return [*lines, "", errors, *([f"Quick: {QUICK}."] if quick else []), *notes, *of_rows]
