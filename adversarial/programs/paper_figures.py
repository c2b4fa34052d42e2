"""Figures 2 and 3 of the paper, drawn from the models that are there, beside what the paper says of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from adversarial import checkpoint
from adversarial.comparison import facts
from adversarial.comparison.facts import PanelFacts
from adversarial.errors import ConfigurationError, DataError, UserError
from adversarial.evaluation import data_sources
from adversarial.evaluation.estimates import identity
from adversarial.evaluation.panels import Neighbour, in_pixels, panel
from adversarial.evaluation.sheets import Sheet, image_shape, interpolation_sheet, sample_sheet
from adversarial.figures.grid import ImageShape
from adversarial.figures.panels import DrawnPanel, write_panels
from adversarial.files.whole_file import write_whole
from adversarial.game.generator import Generator
from adversarial.game.sampling import Sampler
from adversarial.models.deconv import Deconv

#: Rows of samples, and samples in a row, as 2014's scripts drew them; lines of Figure 3, and the points of each.
ROWS, COLUMNS, LINES, POINTS = 4, 5, 2, 4
#: Where the model of an experiment is looked for in a folder; of TFD, a model that was pretrained alone will do.
PLACES = {
    "tfd_pretrain/train": ("tfd_pretrain/train.pkl", "train.pkl", "tfd_pretrain/pretrain.pkl", "pretrain.pkl"),
}
COMMANDS = {"tfd_pretrain/train": "train.py yaml/tfd_pretrain/pretrain.yaml && train.py yaml/tfd_pretrain/train.yaml"}
#: Pixels of a panel along its wider side, about.
_COMFORTABLE = 560


@dataclass
class Found:
    """What became of a panel.

    Attributes
    ----------
    panel, title : str
        Its letter and its title.
    paper : str
        What is seen in the paper's.
    model : str or None
        The saved model; None if there is none.
    epochs : int or None
        Epochs that it was trained for, if it says so.
    here : str
        What is drawn here, or the command that makes the model.
    neighbours : list of Neighbour
        Of the last sample of each row.
    """

    panel: str
    title: str
    paper: str
    model: str | None
    epochs: int | None
    here: str
    neighbours: list[Neighbour] = field(default_factory=list)


def make_figures(folder: Path, models: Mapping[str, str], json_file: str | None = None) -> int:
    """Draw `figure2.png` and `figure3.png` in a folder, and print what the paper says beside what is here.

    Parameters
    ----------
    folder : Path
        Where models are looked for, and pictures are written.
    models : dict of {str: str}
        Models that are elsewhere, by the letter of their panel.
    json_file : str, optional
        Write all that is said, and the neighbours with their distances, to this file too.

    Returns
    -------
    int
        The exit code, 0.

    Raises
    ------
    ConfigurationError
        If a letter is none of a panel, a model named is not there, or there is no model at all.
    """
    known = facts.figures()
    paths = {letter: _path(folder, letter, each, models) for letter, each in known.panels.items()}
    if wrong := sorted(models.keys() - known.panels.keys()):
        raise ConfigurationError(f"--model {wrong[0]}=...: the panels are {', '.join(known.panels)}")
    if not any(paths.values()):
        commands = "; ".join(_command(each.experiment) for each in known.panels.values())
        raise ConfigurationError(f"there is none of the models in {folder}: train one or more ({commands})")
    folder.mkdir(parents=True, exist_ok=True)
    samples, lines, found = [], [], []
    for letter, about in known.panels.items():
        path, title = paths[letter], f"{letter}) {about.title}"
        if path is None:
            found.append(Found(letter, about.title, about.paper, None, None, f"no model: {_command(about.experiment)}"))
            samples.append(DrawnPanel(title, None, found[-1].here))
            continue
        one, line, said = _drawn(path, letter, about)
        found.append(said)
        beside = f"The paper: {about.paper}.\nHere: "
        samples.append(DrawnPanel(title, _pixels(one)[0], beside + _pixels(one)[1]))
        lines.append(DrawnPanel(title, *line.drawn()))
        print(f"{title}: {said.here}", flush=True)
    write_panels(folder / "figure2.png", samples, heading=f"Figure 2 of the paper. {known.samples}")
    write_panels(folder / "figure3.png", lines, across=1, heading=f"Figure 3 of the paper. {known.lines}")
    print("\n".join(["", *_table(found), "", str(folder / "figure2.png"), str(folder / "figure3.png")]))
    if json_file is not None:
        content = {"source": known.source, "samples": known.samples, "lines": known.lines,
                   "panels": [asdict(each) for each in found]}  # fmt: skip
        write_whole(json_file, [json.dumps(content, indent=1, ensure_ascii=False).encode()])
    return 0


def _path(folder: Path, letter: str, about: PanelFacts, models: Mapping[str, str]) -> Path | None:
    """Return where the model of a panel is; None where it is nowhere."""
    if letter in models:
        path = Path(models[letter])
        if not path.exists():
            raise ConfigurationError(f"--model {letter}={path}: there is no such file")
        return path
    places = PLACES.get(about.experiment, (f"{about.experiment}.pkl",))
    return next((folder / place for place in places if (folder / place).exists()), None)


def _command(experiment: str) -> str:
    return COMMANDS.get(experiment, f"train.py yaml/{experiment}.yaml")


def _drawn(path: Path, letter: str, about: PanelFacts) -> tuple[Sheet, Sheet, Found]:
    """Draw a panel of Figure 2 and one of Figure 3 of a model; say what they show."""
    content = checkpoint.read(path)
    model, name = checkpoint.model_of(content), path.name
    epochs = identity(content)["epochs"]
    here = f"{name}" if epochs is None else f"{name} after {epochs:,} epoch{'' if epochs == 1 else 's'}"
    try:
        generator = Sampler(model).generator
    except UserError as error:
        raise ConfigurationError(f"panel {letter}, {path}: {error}") from error
    here += _unlike(generator, image_shape(generator.get_output_space(), model), about)
    neighbours: list[Neighbour] = []
    try:
        data = data_sources.of_model(content, str(path))
        examples = data.split("train")
        pixels = in_pixels(data) if examples.min() < 0 else None
        photographs = None if pixels is None else pixels.split("train")
        drawn, neighbours = panel(model, examples, photographs, ROWS, COLUMNS, here)
        here += f"; {_of_neighbours(neighbours)}"
    except DataError as error:
        drawn = sample_sheet(checkpoint.model_of(content), ROWS, COLUMNS, name=here)
        here += f"; without neighbours: {error}"
    line = interpolation_sheet(checkpoint.model_of(content), LINES, POINTS, name=name)
    line.data = drawn.data  # So that both are shown by one rule.
    return drawn, line, Found(letter, about.title, about.paper, str(path), epochs, here, neighbours)


def _unlike(generator: Generator, shape: ImageShape, about: PanelFacts) -> str:
    """Say in what a model is not of the panel's experiment, as far as its generator shows it; '' if in nothing."""
    found = []
    if list(shape) != about.image:
        (rows, columns, channels), own = about.image, shape
        found.append(f"its images are {own[0]} x {own[1]} x {own[2]}, not {rows} x {columns} x {channels}")
    if ("deconvolutional" in about.title) != any(isinstance(layer, Deconv) for layer in generator.mlp.layers):
        found.append(f"its G is {'not ' if 'deconvolutional' in about.title else ''}deconvolutional")
    return f" (another experiment: {', and '.join(found)})" if found else ""


def _of_neighbours(neighbours: list[Neighbour]) -> str:
    """Say how far samples are from training examples, and those from each other."""
    said = []
    for where, words in (("values", "in values"), ("pixels", "in pixels as shown")):
        those = [each for each in neighbours if each.where == where]
        if those:
            far, apart = (np.mean([getattr(each, what) for each in those]) for what in ("distance", "apart"))
            said.append(f"{words} {far:.3g} from the nearest training example, which is {apart:.3g} from its own")
    both = {(each.sample, each.example) for each in neighbours if each.where == "values"}
    pixels = [each for each in neighbours if each.where == "pixels"]
    if pixels:
        same = sum((each.sample, each.example) in both for each in pixels)
        said.append(f"the same example in both for {same} of {len(pixels)}")
    return "; ".join(said)


def _pixels(sheet: Sheet) -> tuple[np.ndarray, str]:
    """Return a sheet, as large as a panel, and its caption."""
    _, height, width, _ = sheet.images.shape
    rows = -(-len(sheet.images) // sheet.columns)
    return sheet.drawn(zoom=max(1, _COMFORTABLE // max(rows * height, sheet.columns * width)))


def _table(found: list[Found]) -> list[str]:
    lines = ["| panel | the paper | here |", "| --- | --- | --- |"]
    return [*lines, *(f"| {each.panel}) {each.title} | {each.paper} | {each.here} |" for each in found)]
