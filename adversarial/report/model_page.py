"""A trained model as one HTML page: its training, samples, results, and its generator, live."""

from __future__ import annotations

import datetime
import logging
import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from adversarial import checkpoint
from adversarial.checkpoint.paths import kept_epochs
from adversarial.comparison import facts
from adversarial.comparison.differences import compare
from adversarial.comparison.experiment import open_experiment
from adversarial.errors import CheckpointError, ConfigurationError, DataError
from adversarial.evaluation import data_sources, estimates
from adversarial.evaluation.parzen_result import ParzenJson
from adversarial.evaluation.plane import is_of_the_plane, plane_picture
from adversarial.evaluation.sheets import image_shape
from adversarial.figures.grid import ImageShape
from adversarial.figures.interpolation import path_through
from adversarial.figures.neighbours import with_neighbours
from adversarial.files.whole_file import write_whole
from adversarial.game.sampling import Sampler
from adversarial.report import html
from adversarial.report.curves import band, curves_of, widths_chart
from adversarial.report.live import LiveGenerator
from adversarial.report.page import MOST_BYTES, Page, text_of
from adversarial.report.pictures import packed, shades_of
from adversarial.report.thinning import as_fit, evenly

log = logging.getLogger(__name__)

#: Samples of an epoch, in a square; lines of Figure 3, the samples each goes through, and the steps between.
SIDE, LINES, POINTS, STEPS = 10, 3, 4, 5
#: Epochs of which samples are shown: more would only make the page larger.
MOST_EPOCHS = 40
#: Fewer epochs than these are far from the paper's figures.
YOUNG = 50


@dataclass(frozen=True)
class PageOptions:
    """What a page shows.

    Attributes
    ----------
    epochs : sequence of str
        The model after earlier epochs. The default is what train.py --keep-every left beside it.
    estimate : bool
        Estimate the log-likelihood if it is not cached beside the model.
    seed : int
        Of the samples' noise. The default is 2014's.
    shape : ImageShape
        Of an image. The default is that of the training data, else square.
    title : str
        Of the page.
    allow : sequence of str
        Modules of the user's own that the model may name.
    most_bytes : int
        The most that the page may weigh, 15 MB. A larger generator has its images live on a larger page.
    """

    epochs: Sequence[str] = ()
    estimate: bool = True
    seed: int | None = None
    shape: ImageShape | None = None
    title: str | None = None
    allow: Sequence[str] = ()
    most_bytes: int = MOST_BYTES


def write_page(model: str | os.PathLike, output: str | os.PathLike, options: PageOptions | None = None) -> int:
    """Write one HTML page about a saved model, which needs no network and nothing beside it.

    Parameters
    ----------
    model : str or path
        A saved model, or a pickle of 2014.
    output : str or path
        The page, ending in .html.
    options : PageOptions, optional
        What to show.

    Returns
    -------
    int
        The size of the page in bytes.

    Raises
    ------
    CheckpointError, ConfigurationError
        If the model cannot be shown, or the page cannot be written.
    """
    path = os.fspath(output)
    if not path.lower().endswith((".html", ".htm")):
        raise ConfigurationError(f"the page is HTML: end its name, {path}, in .html")
    options = options or PageOptions()
    text = _ModelPage(os.fspath(model), path, options).page().html().encode()
    if len(text) > options.most_bytes:
        log.warning("the page has %.1f MB, more than the %g MB it should", len(text) / 1e6, options.most_bytes / 1e6)
    write_whole(path, [text])
    return len(text)


class _ModelPage:
    """Gathers what a page shows of a saved model."""

    def __init__(self, path: str, output: str, options: PageOptions):
        self.path = path
        self.output = output
        self.options = options
        self.name = os.path.basename(path)
        self.experiment = open_experiment(path, allow=options.allow)
        self.content: dict[str, Any] = self.experiment.content or {}
        self.model = checkpoint.model_of(self.content, options.allow)
        self.sampler = Sampler(self.model, seed=options.seed)
        self.shape, self.no_images = self._image_shape()
        self.epochs_seen = (self.content.get("monitor") or {}).get("epochs_seen")
        self.data_set = self.experiment.data_set
        self.kept = [Path(name) for name in options.epochs] or list(kept_epochs(path).values())
        self.z = self.sampler.draw_noise(SIDE * SIDE)
        self.samples = self.sampler.images_of(self.z)
        self.training_rows, self.no_data = self._training_rows()
        self.shades = shades_of(self.samples, self.training_rows)
        self.estimate = self._estimate()
        self.page_of = Page(self._title(), "")

    def page(self) -> Page:
        """Return the whole page."""
        page = self.page_of
        estimates_by_epoch: list[tuple[int, ParzenJson]] = []
        if self.no_images:
            self._without_images()
        else:
            live = LiveGenerator(self.sampler, self.model, self.z, self.samples, self.options.most_bytes)
            page.sections["live"] = live.section(page, self.shape, self.shades, self.training_rows)
            self._neighbours()
            self._lines()
            estimates_by_epoch = self._epochs()
        self._curves()
        self._results(estimates_by_epoch)
        page.sections["comparison"] = html.comparison(compare(self.experiment.part))
        self._origin()
        page.lead = self._lead()
        page.facts = html.key_figures(self._facts())
        self._fit_epochs()
        return page

    def _image_shape(self) -> tuple[ImageShape, str]:
        """Return the shape of images, and why samples are none, or ''."""
        space = self.sampler.generator.get_output_space()
        count = space.get_total_dimension()
        try:
            found = image_shape(space, self.model, self.options.shape)
        except ConfigurationError:
            if self.options.shape is not None:
                raise
            return ImageShape(1, count, 1), f"samples have {count:,} values, which are no images unless --shape says so"
        if found.channels in (1, 3):
            return found, ""
        return ImageShape(1, count, 1), f"images of {found.channels} channels cannot be drawn: 1 is grey, 3 is colour"

    def _without_images(self) -> None:
        """Say in the sections of images that there are none; draw samples of two values as points."""
        sections = self.page_of.sections
        for name in ("live", "epochs", "figure2", "figure3"):
            sections[name] = html.paragraph(f"Not here: {self.no_images}.", "note")
        if is_of_the_plane(self.model):
            rows = self.training_rows
            picture = plane_picture(self.model, data=rows, seed=self.options.seed)
            about = "Samples" if rows is None else "Samples and training examples"
            sections["figure2"] = html.picture(picture, f"{about} as points of the plane; the contours are D's.")

    def _title(self) -> str:
        known = {"mnist": " on MNIST", "tfd": " on the Toronto Face Database", "cifar10": " on CIFAR-10"}
        return self.options.title or f"A generative adversarial net{known.get(self.data_set, '')}"

    def _lead(self) -> str:
        parts = [
            "Two networks play a game: D learns to tell data from samples, and G learns to make samples that D takes "
            "for data (Goodfellow et al., 2014)."
        ]
        if self.epochs_seen is not None:
            epochs = f"{self.epochs_seen:,} epoch{'' if self.epochs_seen == 1 else 's'}"
            parts.append(f"This is {self.name} after {epochs} of it.")
            if self.epochs_seen < YOUNG:
                parts.append("It is young: figures like the paper's take hundreds.")
        return " ".join(parts)

    def _facts(self) -> list[tuple[str, str, str]]:
        trained = (value for name, value in self.content["parameters"].items() if not checkpoint.is_average(name))
        count = sum(value.size for value in trained)
        found = []
        if self.estimate is not None:
            sigma = self.estimate["sigma"]
            width = f"{sigma:.3g}" if isinstance(sigma, float) else "by fold"
            paper = self._paper()
            beside = f"; the paper's {paper[0]:g} ± {paper[1]:g}" if paper else ""
            figure = "{log_likelihood:.1f} ± {standard_error:.1f}".format(**self.estimate)
            found.append(
                ("Log-likelihood of test data, by Parzen window", figure, f"nats, Parzen width {width}{beside}")
            )
        if self.epochs_seen is not None:
            examples = self.content["monitor"].get("examples_seen") or 0
            found.append(("Epochs", f"{self.epochs_seen:,}", f"{examples:,} examples seen"))
        found.append(("Parameters", f"{count:,}", f"{self.z[0].size} numbers of noise in, "
                      f"{self.sampler.dimension:,} values out"))  # fmt: skip
        written = str(self.content.get("written_at") or "")[:10]
        if written:
            found.append(("Saved", written, self.name))
        return found

    def _paper(self) -> tuple[float, float] | None:
        return facts.table_1()[1][-1].results.get(self.data_set)

    def _training_rows(self) -> tuple[np.ndarray | None, str]:
        """Return the data it was trained on, or why they cannot be read."""
        if not (self.content.get("yaml_src") or self.content.get("dataset_yaml_src")):
            return None, f"{self.path} does not say what data it was trained on"
        try:
            return data_sources.of_model(self.content, self.path, tuple(self.options.allow)).split("train"), ""
        except (DataError, ConfigurationError) as error:
            return None, str(error)

    def _estimate(self) -> ParzenJson | None:
        cached = estimates.cached(self.path, self.content)
        if cached is not None or not self.options.estimate:
            return cached
        try:
            return estimates.measure(self.path, self.content, tuple(self.options.allow))
        except (DataError, ConfigurationError) as error:
            log.warning("the log-likelihood is not estimated: %s", error)
            return None

    def _sheet(self, rows: np.ndarray, columns: int) -> dict[str, Any]:
        return packed(rows, self.shape, columns, self.shades)

    def _neighbours(self) -> None:
        page = self.page_of
        if self.training_rows is None:
            page.sections["figure2"] = html.paragraph(f"The training data are needed for this: {self.no_data}", "note")
            return
        drawn, framed, columns = with_neighbours(self.samples[:20], self.training_rows, 5)
        page.data["figure2"] = self._sheet(drawn, columns) | {"framed": framed}
        caption = (
            "Framed, the training example nearest to the sample on its left, by Euclidean distance; as in Figure 2 of "
            "the paper. The samples were not chosen: they are the first that were drawn."
        )
        page.sections["figure2"] = html.sheet(
            caption, "Samples, with the nearest training example of the last in each row"
        )

    def _lines(self) -> None:
        ends = self.z[: LINES * POINTS].reshape(LINES, POINTS, -1)
        z = path_through(ends, STEPS)
        columns = z.shape[1]
        images = self.sampler.images_of(z.reshape(LINES * columns, *self.z.shape[1:]))
        framed = [row * columns + column for row in range(LINES) for column in range(0, columns, STEPS)]
        self.page_of.data["figure3"] = self._sheet(images, columns) | {"framed": framed}
        caption = (
            "Along straight lines in z space; framed, the samples between which they run. As in Figure 3 of the paper."
        )
        self.page_of.sections["figure3"] = html.sheet(caption, "Images along straight lines between samples", wide=True)

    def _curves(self) -> None:
        page = self.page_of
        record = checkpoint.MonitorRecord.from_content(self.content["monitor"]) if self.content.get("monitor") else None
        curves = curves_of(record) if record is not None else None
        if curves is None:
            page.sections["curves"] = html.paragraph("The model has no record of two epochs or more.", "note")
            return
        page.data["curves"] = curves
        page.sections["curves"] = text_of("curves.html")

    def _epochs(self) -> list[tuple[int, ParzenJson]]:
        """Draw each epoch's samples, all from the same z; return the estimates that are cached beside them."""
        page = self.page_of
        frames: list[dict[str, Any]] = []
        measured: list[tuple[int, ParzenJson]] = []
        for number in evenly(len(self.kept), MOST_EPOCHS):
            path = self.kept[number]
            content = checkpoint.read(path)
            epoch = (content.get("monitor") or {}).get("epochs_seen")
            if epoch is None:
                raise CheckpointError(f"{os.fspath(path)} does not say after how many epochs it was saved")
            estimate = estimates.cached(path, content)
            if estimate is not None:
                measured.append((epoch, estimate))
            if epoch != self.epochs_seen:
                frames.append({"epoch": epoch, **self._sheet(self._samples_of(content, path), SIDE)})
        if self.epochs_seen is not None:
            frames.append({"epoch": self.epochs_seen, **self._sheet(self.samples, SIDE)})
            if self.estimate is not None and all(epoch != self.epochs_seen for epoch, _ in measured):
                measured.append((self.epochs_seen, self.estimate))
        frames.sort(key=lambda frame: frame["epoch"])
        if frames:
            page.data["epochs"] = {"frames": frames, "columns": SIDE, "rows": SIDE}
            page.sections["epochs"] = html.epochs_slider("")
        else:
            page.sections["epochs"] = html.paragraph(
                "The model does not say after how many epochs it was saved.", "note"
            )
        return sorted(measured, key=lambda each: each[0])

    def _fit_epochs(self) -> None:
        """Leave out epochs, evenly, where the page would be larger than it should, and say how many it has."""
        page = self.page_of
        if "epochs" not in page.data:
            return
        frames = page.data["epochs"]["frames"]
        sizes = [len(frame["picture"]) for frame in frames]
        # Less some bytes for what is said of the epochs left out.
        room = self.options.most_bytes - 500 - (len(page.html().encode()) - sum(sizes))
        page.data["epochs"]["frames"] = chosen = [frames[number] for number in as_fit(sizes, room)]
        shown, total = len(chosen), len(self.kept) + len(frames) - min(len(self.kept), MOST_EPOCHS)
        caption = "Each place in the sheet keeps its z: watch what G makes of the same noise as it learns."
        if shown == 1:
            caption = "One epoch was kept; train.py --keep-every N keeps more, and this sheet gets a slider."
        elif shown < total:
            caption += f" {total:,} epochs were kept; the page shows {shown} of them, evenly spaced, to stay small."
        page.sections["epochs"] = html.epochs_slider(caption)

    def _samples_of(self, content: dict[str, Any], path: Path) -> np.ndarray:
        """Return what the generator made of the page's z with the parameters of another epoch."""
        params = checkpoint.parameters_of(self.model)
        try:
            for name, param in params.items():
                value = content["parameters"][name]
                if value.shape != self.content["parameters"][name].shape:
                    raise CheckpointError(f"{os.fspath(path)} is of another model than {self.path}: {name}")
                param.set_value(value.astype(param.dtype))
            return self.sampler.images_of(self.z)
        except KeyError as error:
            raise CheckpointError(f"{os.fspath(path)} is of another model than {self.path}") from error
        finally:
            for name, param in params.items():
                param.set_value(self.content["parameters"][name].astype(param.dtype))

    def _results(self, by_epoch: Sequence[tuple[int, ParzenJson]]) -> None:
        page = self.page_of
        epochs = (
            f", after {self.epochs_seen:,} epoch{'s' * (self.epochs_seen != 1)}" if self.epochs_seen is not None else ""
        )
        parts = [html.table_1(f"this model{epochs}", self.data_set, self.estimate)]
        charts = []
        if self.estimate is not None and self.estimate.get("curve"):
            page.data["widths"] = widths_chart(self.estimate["curve"])
            counts = self.estimate["counts"]
            caption = (
                f"The width of the Gaussians is chosen where the likelihood of {counts['valid']:,} validation examples "
                f"is highest, here {self.estimate['sigma']:.4g}. Shaded, one standard error."
            )
            charts.append(html.chart("Log-likelihood against the Parzen width", caption, "widths"))
        if len(by_epoch) > 1:
            page.data["by-epoch"] = self._by_epoch(by_epoch)
            caption = "The full estimate at each kept epoch, its width chosen anew. Shaded, one standard error."
            charts.append(html.chart("Log-likelihood of test data against epochs", caption, "by-epoch"))
        if self.estimate is not None:
            parts.append(text_of("cautions.html"))
        if charts:
            parts.append(f'<div class="charts">{"".join(charts)}</div>')
        page.sections["results"] = "".join(parts)

    def _by_epoch(self, measured: Sequence[tuple[int, ParzenJson]]) -> dict[str, Any]:
        means = [estimate["log_likelihood"] for _, estimate in measured]
        errors = [estimate["standard_error"] for _, estimate in measured]
        found = band("this model", means, errors) | {"x": [epoch for epoch, _ in measured], "x_label": "epochs"}
        paper = self._paper()
        if paper is not None:
            found["level"] = {"label": "the paper", "low": paper[0] - paper[1], "high": paper[0] + paper[1]}
        return found

    def _origin(self) -> None:
        # Only what runs: data of one's own may have no test set, and then the estimate is not there.
        yaml = f"{os.path.basename(checkpoint.stem_of(self.path))}.yaml"
        sets = [f"--set {shlex.quote(f'{key}={value}')}" for key, value in self.experiment.overrides.items()]
        epochs = [f"--max-epochs {self.epochs_seen}"] if self.epochs_seen else []
        allow = [f"--allow {shlex.quote(module)}" for module in self.options.allow]
        name = shlex.quote(self.name)
        commands = [
            " ".join(["train.py", shlex.quote(yaml), *sets, *epochs, *allow]),
            *([" ".join(["parzen_ll.py", name, *allow])] if self.estimate is not None else []),
            " ".join([f"compare_2014.py {name}", *allow]),
            " ".join(["report.py", name, shlex.quote(os.path.basename(self.output)), *allow]),
        ]
        versions = dict(self.content.get("versions") or {})
        if self.content.get("written_at"):
            versions["model written at"] = str(self.content["written_at"])
        self.page_of.sections["origin"] = html.origin(
            commands, versions, self.experiment.overrides, self.experiment.text
        )
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
        own = checkpoint.versions().get("adversarial", "")
        self.page_of.footer = f"Written by adversarial {own}, {now}. Charts by uPlot (MIT licence)."
