"""The notebooks of examples/: their cells run one after the other, in little time, and show something."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import matplotlib
import pytest

NOTEBOOKS = Path(__file__).parents[1] / "examples" / "notebooks"
SMALL = {"algorithm.monitoring_batches": "1", "algorithm.monitoring_batch_size": "10"}
#: What makes each short: text of a cell, and what stands there instead.
SHORTER = {
    "paper_in_an_hour.ipynb": {
        "EPOCHS = 2": "EPOCHS = 1",
        "UPDATES = 500": "UPDATES = 3",
        "num_samples=500": "num_samples=50",
        "max_epochs=EPOCHS, overrides={": "max_epochs=EPOCHS, overrides=SMALL | {",
        "import adversarial\n": "import adversarial\nSMALL = " + repr(SMALL) + "\n",
    },
    "your_own_data.ipynb": {"EPOCHS = 40": "EPOCHS = 1", "dim=64": "dim=8"},
    "scoring_samples.ipynb": {"COUNT = 1_000": "COUNT = 80"},
}


def run(cells, known):
    """Run cells as a notebook does; return the values of last expressions."""
    shown = []
    for cell in cells:
        tree = ast.parse(cell)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "cell", "exec"), known)
        if last is not None:
            shown.append(eval(compile(ast.Expression(last.value), "cell", "eval"), known))
    return shown


def test_each_notebook_is_tested():
    assert sorted(path.name for path in NOTEBOOKS.glob("*.ipynb")) == sorted(SHORTER)


#: Compiles mnist.yaml whole; the others are quick.
LONG = "paper_in_an_hour.ipynb"


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.soak if name == LONG else ()) for name in SHORTER]
)
def test_a_notebook_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    notebook = json.loads((NOTEBOOKS / name).read_text())
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    # Saved without what running them left.
    assert all(cell["outputs"] == [] for cell in notebook["cells"] if cell["cell_type"] == "code")
    for text, shorter in SHORTER[name].items():
        assert any(text in cell for cell in cells), text
        cells = [cell.replace(text, shorter) for cell in cells]
    shown = run(cells, {})
    ours = [each for each in shown if type(each).__module__.startswith("adversarial")]
    assert all(each._repr_html_() and " object at 0x" not in repr(each) for each in ours)
    assert shown
