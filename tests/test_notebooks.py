"""The notebooks of examples/: their cells run one after the other, in little time, and show something."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import matplotlib
import pytest

NOTEBOOKS = Path(__file__).parents[1] / "examples" / "notebooks"
SMALL = {
    "algorithm.batches_per_iter": "3",
    "algorithm.monitoring_batches": "1",
    "algorithm.monitoring_batch_size": "10",
}
#: What makes each short: text of a cell, and what stands there instead.
SHORTER = {
    "paper_in_an_hour.ipynb": {
        "EPOCHS = 2": "EPOCHS = 1",
        "num_samples=500": "num_samples=50",
        "max_epochs=EPOCHS)": "max_epochs=EPOCHS, overrides=SMALL)",
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
each_notebook = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.soak if name == LONG else ()) for name in SHORTER]
)


def shortened(name):
    """Return a notebook made short; it was saved without what running it left."""
    notebook = json.loads((NOTEBOOKS / name).read_text())
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] for cell in cells)
    for cell in cells:
        cell["source"] = "".join(cell["source"])
    for text, shorter in SHORTER[name].items():
        assert any(text in cell["source"] for cell in cells), text
        for cell in cells:
            cell["source"] = cell["source"].replace(text, shorter)
    return notebook


@each_notebook
def test_a_notebook_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    shown = run([cell["source"] for cell in shortened(name)["cells"] if cell["cell_type"] == "code"], {})
    ours = [each for each in shown if type(each).__module__.startswith("adversarial")]
    assert all(each._repr_html_() and " object at 0x" not in repr(each) for each in ours)
    assert shown


@each_notebook
def test_a_notebook_runs_in_a_kernel(name, tmp_path):
    # In the environment of `.ci/wheel`, which has the extra `notebook` and the installed package alone.
    nbclient = pytest.importorskip("nbclient", reason="the extra notebook is not installed")
    pytest.importorskip("ipykernel", reason="the extra notebook is not installed")
    import nbformat

    notebook = nbformat.from_dict(shortened(name))
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    said = [(cell.source, output) for cell in code for output in cell.outputs]
    data = [(source, output["data"]) for source, output in said if "data" in output]
    # A picture for each cell that draws, and nothing of what its last call returned.
    drawing = [cell.source for cell in code if "plt." in cell.source and "import matplotlib" not in cell.source]
    assert drawing and drawing == [source for source, kinds in data if "image/png" in kinds]
    assert not any(" at 0x" in kinds.get("text/plain", "") for _, kinds in data if "image/png" not in kinds)
    assert all(source not in drawing for source, kinds in data if "image/png" not in kinds)
    # Training tells each epoch; warnings are for people, and there are none.
    trains = [source for source in (cell.source for cell in code) if "main_loop(" in source or "train_file(" in source]
    for source in trains:
        lines = "".join(output["text"] for where, output in said if where == source and output.get("name") == "stdout")
        assert "compiled in" in lines and "objective_d" in lines, lines
    assert not [output["text"] for _, output in said if output.get("name") == "stderr"]
