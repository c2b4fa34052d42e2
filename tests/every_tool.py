"""Opens hostile files with every tool: `python every_tool.py FOLDER`, in which it makes them.

Says in JSON, a line a tool and file: the exit code, CPU seconds and MiB taken beyond what the tool takes of an honest
model, and what is wrong with what was said or written ("" where nothing is). Each runs in its own fork, interpreted.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import resource
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import training_stand_ins
from hostile_files import VALUE, VARIABLE

from adversarial import backend, checkpoint
from adversarial.command_line import program
from adversarial.game.generator import Generator
from adversarial.game.pair import AdversaryPair
from adversarial.models.linear import Sigmoid
from adversarial.models.mlp import MLP
from adversarial.monitor import Monitor

SMALL = ["--rows", "2", "--cols", "2"]
#: Options of each tool, for a file `{f}`; what follows a name's blank tells two calls of a tool apart.
TOOLS = {
    "summarize_model": ["{f}"],
    "print_monitor": ["{f}"],
    "plot_monitor": ["{f}", "-o", "o.png"],
    "plot_monitor list": ["{f}", "--list"],
    "print_channel_doc": ["{f}"],
    "pkl_inspector": ["{f}"],
    "show_samples": ["{f}", "-o", "o.png", *SMALL],
    "show_samples neighbours": ["{f}", "-o", "o.png", *SMALL, "--neighbours"],
    "interpolate": ["{f}", "-o", "o.png", "--rows", "1", "--points", "2"],
    "show_gen_weights": ["{f}", "-o", "o.png"],
    "show_weights": ["{f}", "-o", "o.png"],
    "show_inpaint_samples": ["{f}", "-o", "o.png"],
    "show_examples": ["{f}", "-o", "o.png"],
    "parzen_ll": ["{f}", "-n", "20", "-s", ".3"],
    "parzen_ll test": ["{f}", "-n", "20", "-s", ".3", "--test", "beside.npy"],
    "parzen_ll on": ["beside.npy", "-s", ".3", "--test", "{f}"],
    "ll": ["{f}", ".3", "-n", "20"],
    "report": ["{f}", "o.html"],
    "compare_2014": ["{f}"],
    "convert_2014": ["{f}", "o.pkl"],
    "features": ["{f}", "--list"],
    "few_labels": ["{f}"],
    "reconstruct": ["{f}", "-o", "o.png"],
    "missing_pixels_ll": ["{f}"],
    "name_samples": ["{f}", "{f}"],
    "train": ["{f}", "--dry-run"],
}
NPY = "!obj:adversarial.datasets.npy_npz.NpyDataset { file: '%s' }"
LARGE = "!obj:adversarial.models.mlp.MLP { nvis: 30000, layers: [ !obj:adversarial.models.linear.Linear { "
LARGE += "layer_name: 'y', dim: 30000, irange: .1 } ] }"
ESCAPES = "\x1b]0;X\x07\x1b[2J\r\n"
#: What a model's YAML names as its data; and an experiment's.
DATA = {"env": NPY % ("/x/${" + VARIABLE + "}"), "large": LARGE, "escapes": (NPY % r"\e]0;X\a\e[2J").replace("'", '"')}
FILES = {
    "null": '!pkl: "\\0"',
    "dim": LARGE.replace("30000", "99999999999999999999"),
    "inf": LARGE.replace(".1", ".inf"),
}


def network(inputs: int, outputs: int, name: str) -> MLP:
    return MLP(layers=[Sigmoid(dim=outputs, layer_name=name, irange=0.5)], nvis=inputs)


def make_files() -> list[str]:
    """Make an honest model and hostile files in the working directory; their names, the honest one's first."""
    np.save("beside.npy", np.random.default_rng(0).random((40, 36)).astype("f4"))
    model = AdversaryPair(Generator(network(3, 36, "g")), network(36, 1, "d"))
    Monitor.get_monitor(model).report_epoch()
    for name, data in ({"honest": NPY % "beside.npy"} | DATA).items():
        text = f"!obj:adversarial.train.Train {{ dataset: {data}, model: 1, algorithm: 2 }}"
        checkpoint.save_model(f"{name}.pkl", model, yaml_src=text, dataset_yaml_src=data)
    content: Any = dict(checkpoint.read("escapes.pkl"))
    content["model"]["options"]["discriminator"]["options"]["layers"][0]["options"]["layer_name"] = ESCAPES
    for part in ("W", "b"):
        content["parameters"][f"dis/{ESCAPES}_{part}"] = content["parameters"].pop(f"dis/d_{part}")
    checkpoint.write("escapes.pkl", content)
    for name, text in FILES.items():
        Path(f"{name}.yaml").write_text(text)
    with h5py.File("null.h5", "w") as file:
        file["nothing"], file["X"] = h5py.Empty("f4"), np.ones((4, 3), "f4")
    hostile = sorted((Path(__file__).parent / "serialization" / "hostile").iterdir())
    for path in hostile:
        shutil.copy(path, path.name)
    made = [f"{name}.pkl" for name in ("honest", *DATA)]
    return [*made, *(f"{name}.yaml" for name in FILES), "null.h5", *(path.name for path in hostile)]


def run(tool: str, file: str) -> tuple[int, float, float, str]:
    """Exit code, CPU seconds and MiB of a tool on a file, and all that it said or wrote."""
    name, *_ = tool.split()
    main = importlib.import_module(f"adversarial.programs.{name}").main
    for made in Path().glob("o.*"):
        made.unlink()
    with tempfile.TemporaryFile() as said:
        before = resident()
        process = os.fork()
        if not process:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            sys.stdout, sys.stderr, sys.argv = os.fdopen(1, "w"), os.fdopen(2, "w"), [f"{name}.py"]
            resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
            try:
                program.run(main, [each.format(f=file) for each in TOOLS[tool]])
            except SystemExit as end:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(end.code if isinstance(end.code, int) else 0)
        _, status, used = os.wait4(process, 0)
        said.seek(0)
        text = said.read().decode("utf-8", "replace")
    page = Path("o.html").read_text() if Path("o.html").exists() else ""
    return (
        os.waitstatus_to_exitcode(status),
        used.ru_utime + used.ru_stime,
        used.ru_maxrss / 1024 - before,
        wrong(text, page),
    )


def wrong(text: str, page: str) -> str:
    """What must not be in what a tool said on the terminal, or wrote into a page; '' where nothing is."""
    if "defect of this program" in text or "Traceback" in text:
        return text[-500:]
    if VALUE in text + page:
        return "shows the environment"
    return f"steers the terminal: {text!r}" if re.search("[\x00-\x08\x0b-\x1f\x7f]", text) else ""


def resident() -> float:
    """MiB that this process holds at present."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def main(folder: str) -> None:
    """Make the files and open each with each tool."""
    os.environ[VARIABLE] = VALUE
    os.chdir(folder)
    training_stand_ins.interpret(pytest.MonkeyPatch())
    backend.configure()
    honest, *hostile = make_files()
    for tool in TOOLS:
        run(tool, honest)  # loads what is loaded at first use
        _, seconds, memory, said = run(tool, honest)
        assert not said, (tool, said)
        for file in hostile:
            code, taken, held, said = run(tool, file)
            found = {"tool": tool, "file": file, "code": code, "seconds": taken - seconds, "MiB": held - memory}
            print(json.dumps(found | {"wrong": said}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
