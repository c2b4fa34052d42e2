"""The summarize_model.py program: a saved model as a table; after Pylearn2's summarize_model.py."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from adversarial import checkpoint
from adversarial.command_line import program
from adversarial.progress.summary import model_rows, model_table, number, table

EXAMPLE = """
tools/summarize_model.py yaml/mnist.pkl
tools/summarize_model.py yaml/mnist.pkl --json
"""

#: Columns of statistics: over all values of a parameter, `norm` the root of the sum of their squares.
STATISTICS = ("min", "mean", "max", "norm")


def argument_parser() -> argparse.ArgumentParser:
    """Return the options."""
    description = "Print the layers of a saved model, statistics of its parameters, and what it was trained on."
    parser = program.parser("summarize_model.py", description, EXAMPLE)
    add = parser.add_argument
    add("model", help="a saved model (.pkl or .h5), or a pickle of 2014")
    add("--json", action="store_true", help="as JSON, with every digit")
    add("--allow", metavar="MODULE", action="append", default=[], help="a module of yours the model may name")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program."""
    given = argument_parser().parse_args(argv)
    content = checkpoint.read(given.model)
    model = checkpoint.model_of(content, given.allow)
    parameters = {name: content["parameters"][name] for name in checkpoint.parameters_of(model)}
    statistics = {name: statistics_of(value) for name, value in parameters.items()}
    if given.json:
        columns = ("network", "layer", "kind", "output", "parameters")
        layers = [dict(zip(columns, row, strict=True)) for row in model_rows(model)]
        plain = {name: _plain(parameters[name], found) for name, found in statistics.items()}
        print(json.dumps({"layers": layers, "parameters": plain, **_origin(content)}, indent=2, allow_nan=False))
        return
    program.say(model_table(model), end="\n\n")
    rows = []
    for name, found in statistics.items():
        shape = " x ".join(map(str, parameters[name].shape)) or "1"
        rows.append((name, shape, *(number(found[column]) for column in STATISTICS)))
    program.say(table(("parameter", "shape", *STATISTICS), rows), end="\n\n")
    for key, value in _origin(content).items():
        program.say(f"{key.replace('_', ' ')}: {_text(value)}")


def statistics_of(values: np.ndarray) -> dict[str, float]:
    """Return minimum, mean, maximum and Euclidean norm of a parameter of any shape, in float64."""
    wide = np.asarray(values, dtype=np.float64).ravel()
    if not wide.size:
        return dict.fromkeys(STATISTICS, math.nan)
    found = (wide.min(), wide.mean(), wide.max(), np.sqrt(wide @ wide))
    return dict(zip(STATISTICS, map(float, found), strict=True))


def _plain(values: np.ndarray, found: Mapping[str, float]) -> dict[str, Any]:
    finite = {name: value if math.isfinite(value) else None for name, value in found.items()}
    return {"shape": list(values.shape), "dtype": str(values.dtype), **finite}


def _origin(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the file says of the model's training; None where it does not."""
    monitor = content.get("monitor") or {}
    return {
        "trained_on": (content.get("dataset_yaml_src") or "").strip() or None,
        "epochs": monitor.get("epochs_seen"),
        "examples": monitor.get("examples_seen"),
        "written_at": content.get("written_at"),
        "versions": dict(content.get("versions") or {}) or None,
    }


def _text(value: Any) -> str:
    if value is None:
        return "the file does not say"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {text}" for name, text in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


command = partial(program.run, main)

if __name__ == "__main__":
    command()
