"""Count what becomes of the YAML files of a checkout of 2014, each as it stands.

    python tests/files_of_2014.py pylearn2 CHECKOUT      of lisa-lab/pylearn2 at 8c52598
    python tests/files_of_2014.py galatea CHECKOUT       of goodfeli/galatea; the files are only built

MNIST is the embedded one; the other sets are made up in the right layout (`stand_ins_2014.py`). A file with `%(name)i`
in it is filled in much as its tutorial's own test does, and the parts of one experiment are put together as there. An
experiment is run until two updates are done, or to its own end if that comes first, which is said; each monitoring step
measures one batch of each of its sets, as the whole sets take hours. A saved model that a file of galatea goes on from
is that of the experiment of its name, untrained, which is said too: none is in that repository.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import os
import re
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import stand_ins_2014

from adversarial import checkpoint
from adversarial.config import yaml_parse
from adversarial.config.shipped import find_experiment
from adversarial.errors import UserError
from adversarial.monitor import Monitor
from adversarial.names.allow_list import AllowList
from adversarial.names.not_ported import reason_against
from adversarial.programs.train_file import load_experiments
from adversarial.progress.reporting import Reporter

UPDATES = 2
#: A saved model that a file names, in its own folder.
_SAVED = re.compile(r"(?:!pkl:|pair_path:)\s*[\"'](\w+)\.pkl[\"']")
_NAME = re.compile(r"!(?:obj|import):\s*([A-Za-z_][\w.]*)")

#: Files that are parts of sr_train.yaml, the experiment of their tutorial.
_PARTS = ("sr_algorithm", "sr_dataset", "sr_model")
#: What the tutorials' own tests fill in.
_TUTORIALS = {
    "train_stop": 500,
    "valid_stop": 50_050,
    "test_stop": 50,
    "batch_size": 50,
    "monitoring_batches": 1,
    "output_channels_h2": 4,
    "output_channels_h3": 4,
    "dim_h0": 20,
    "dim_h1": 20,
    "dim_h2": 20,
    "dim_h3": 20,
    "sparse_init_h1": 2,
    "nvis": 10,
    "nhid": 10,
    "detector_layer_dim": 5,
    "learning_rate": 0.01,
    "init_momentum": 0.5,
    "max_epochs": 2,
    "save_path": ".",
}


@dataclass
class Found:
    """What became of a file."""

    path: str
    verdict: str
    said: str = ""

    def row(self) -> str:
        """A row of a table in Markdown."""
        return f"| {self.path} | {self.verdict} | {self.said} |"


def names_left_out(text: str) -> dict[str, str | None]:
    """The names of a file that stand for nothing here, each with what does its job, or None if that is not said."""
    known = AllowList()
    left_out: dict[str, str | None] = {}
    for name in dict.fromkeys(_NAME.findall(text)):
        try:
            known.resolve(name)
        except UserError:
            left_out[name] = reason_against(name)
    return left_out


def filled_in(path: Path) -> str:
    """The text of a file, with its `%(name)i` filled in."""
    text = path.read_text()
    if "%(" not in text:
        return text
    parts = {
        part.removeprefix("sr_"): (path.parent / f"{part}.yaml").read_text() % _TUTORIALS
        for part in _PARTS
        if f"%({part.removeprefix('sr_')})s" in text
    }
    return text % (_TUTORIALS | parts)


class _TwoUpdates(Reporter):
    """Lets each monitoring step measure one batch of each dataset, and training stop after two updates."""

    def on_ready(self, train: Any) -> None:
        for monitored in train.model.monitor._monitored:
            monitored.num_batches = 1

    def on_update(self, train: Any) -> None:
        train.stop_requested = train.model.monitor.get_batches_seen() >= UPDATES


def train(path: Path, original: Path) -> str:
    """Build the file, and train it if it is an experiment; the verdict."""
    text = path.read_text()
    if "pylearn2.train.Train" not in text:
        yaml_parse.load_path(path)
        return "builds"
    for experiment in load_experiments(find_experiment(path.name), (), {}):
        experiment.reporter = _TwoUpdates()
        experiment.main_loop()
        updates = experiment.model.monitor.get_batches_seen()
        if updates < UPDATES:
            return f"trains to its own end ({updates} update)"
    return "trains"


def build(path: Path, original: Path) -> str:
    """Build the file; the verdict."""
    untrained = [save_untrained(name, original.parent, path.parent) for name in _SAVED.findall(path.read_text())]
    yaml_parse.load_path(path)
    return "builds on a model that is not trained" if any(untrained) else "builds"


def save_untrained(name: str, experiments: Path, folder: Path) -> bool:
    """Save the untrained model of the experiment of that name, or of which it is a snapshot; False if there is none."""
    origin, saved = experiments / f"{name.removesuffix('_snapshot')}.yaml", folder / f"{name}.pkl"
    if not origin.exists():
        return False
    if not saved.exists():
        model = yaml_parse.load_path(origin).model
        Monitor.get_monitor(model)
        checkpoint.save_model(saved, model)
    return True


def verdict_on(path: Path, original: Path, name: str, do: Any) -> Found:
    """What becomes of a file in the working directory, a copy of `original`."""
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return Found(name, do(path, original))
    except UserError as error:
        if path.stem in _PARTS:
            return Found(name, "part", "of sr_train.yaml; it has no meaning by itself")
        left_out = names_left_out(path.read_text())
        if left_out and None not in left_out.values():
            return Found(name, "out of scope", "; ".join(f"{each}: {why}" for each, why in left_out.items()))
        return Found(name, "refused", str(error).replace(str(path.parent) + os.sep, ""))
    except Exception:
        return Found(name, "traceback", traceback.format_exc().strip().splitlines()[-1])


@contextlib.contextmanager
def working_folder(data: Path | None) -> Iterator[Path]:
    """A folder to work in, where experiments find their data by the environment's variables."""
    before, environment = os.getcwd(), dict(os.environ)
    with tempfile.TemporaryDirectory() as name:
        os.environ["PYLEARN2_DATA_PATH"] = str(data)
        os.environ["SVHN_LOCAL_PATH"] = f"{data}/SVHN/format2"
        os.chdir(name)
        try:
            yield Path(name)
        finally:
            os.chdir(before)
            os.environ.clear()
            os.environ.update(environment)


def count(checkout: Path, paths: Iterable[Path], data: Path | None, do: Any) -> Iterator[Found]:
    """What becomes of YAML files below `checkout`; files of one folder share one to work in."""
    for _, beside in itertools.groupby(sorted(paths), lambda path: path.parent):
        with working_folder(data) as here:
            stand_ins_2014.saved_by_hand(here)
            for path in beside:
                name = str(path.relative_to(checkout))
                copy = here / path.name
                copy.write_text(filled_in(path))
                yield verdict_on(copy, path, name, do)


def files_of(kind: str, checkout: Path) -> list[Path]:
    """The files that count: all of Pylearn2, and of galatea's games those of different texts."""
    if kind == "pylearn2":
        return sorted(checkout.rglob("*.yaml"))
    games = sorted((checkout / "adversarial").glob("*.yaml"), reverse=True)
    return sorted({path.read_bytes(): path for path in games}.values())


def main() -> int:
    """Print the table and the counts; fail where a file ends in a traceback."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=("pylearn2", "galatea"))
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--only", default="", help="files whose path holds this text")
    args = parser.parse_args()
    counts: Counter[str] = Counter()
    make, do = {"pylearn2": (stand_ins_2014.make_all, train), "galatea": (stand_ins_2014.make_for_games, build)}[
        args.kind
    ]
    checkout = args.checkout.resolve()
    paths = [path for path in files_of(args.kind, checkout) if args.only in str(path)]
    with tempfile.TemporaryDirectory() as name:
        data = Path(name)
        make(data)
        print("| file | what becomes of it | |\n| --- | --- | --- |")
        for found in count(checkout, paths, data, do):
            counts[found.verdict] += 1
            print(found.row(), flush=True)
    print(f"\n{sum(counts.values())} files: " + ", ".join(f"{number} {verdict}" for verdict, number in counts.items()))
    return 1 if counts["traceback"] else 0


if __name__ == "__main__":
    sys.exit(main())
