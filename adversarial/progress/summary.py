"""What a person sees of a model, its data and how training stands: tables and lines of text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from adversarial.errors import printable
from adversarial.models.mlp import MLP
from adversarial.models.model import Model
from adversarial.names.slips import Slip
from adversarial.options import Configurable
from adversarial.serialization.reachable import reachable

#: Column of the epoch line -> ends of the names of the channels it may come from, the best first.
EPOCH_COLUMNS = {
    "objective": ("_objective",),
    "misclass": ("_misclass",),
    "reconstruction_error": ("_reconstruction_error",),
    "objective_d": ("_objective_d",),
    "objective_g": ("_objective_g",),
    # Of 100 samples and one width: not the estimate of Table 1, and so not its name.
    "running_ll": ("_gen_ll",),
    "false_pos": ("_false_positives",),
    "false_neg": ("_false_negatives",),
    "learning_rate": ("learning_rate",),
    "momentum": ("momentum",),
    "seconds": ("training_seconds_this_epoch",),
}


def networks(model: Model) -> dict[str, MLP]:
    """Return the networks of a model by their titles: generator, discriminator, inferer."""
    if not hasattr(model, "players"):
        return {"model": model} if isinstance(model, MLP) else {}
    titles = {"gen": "generator", "dis": "discriminator", "inf": "inferer"}
    return {titles[name]: getattr(player, "mlp", player) for name, player in model.players().items()}


def model_rows(model: Model) -> list[tuple[str, str, str, str, int]]:
    """Return (network, layer, kind, output, number of parameters) for each layer."""
    rows = []
    for title, network in networks(model).items():
        rows.append((title, "input", "", str(network.get_input_space()), 0))
        for layer in network.layers:
            count = sum(param.get_value(borrow=True).size for param in layer.get_params())
            rows.append((title, str(layer.layer_name), type(layer).__name__, str(layer.get_output_space()), count))
    return rows


def table(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """Return rows as columns of text.

    Parameters
    ----------
    header : iterable of str
        Titles of the columns.
    rows : iterable
        Their cells. Columns of integers are aligned to the right, all others to the left.

    Returns
    -------
    str
        The lines.

    Examples
    --------
    >>> print(table(("layer", "parameters"), [("h0", 1200), ("y", 7)]))
    layer  parameters
    h0          1,200
    y               7
    """
    lines = [[_cell(cell) for cell in header]]
    cells = [list(row) for row in rows]
    lines += [[_cell(cell) for cell in row] for row in cells]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    right = [bool(cells) and all(isinstance(row[column], int) for row in cells) for column in range(len(widths))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if flush else cell.ljust(width)
            for cell, width, flush in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def _cell(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else printable(str(value), "")


def model_table(model: Model) -> str:
    """Return the layers of a model, their output and their parameters, with the total, as lines."""
    rows = model_rows(model)
    if not rows:
        total = sum(param.get_value(borrow=True).size for param in model.get_params())
        return f"{type(model).__name__}: {total:,} parameters in all"
    shown, previous = [], None
    for title, layer, kind, output, count in rows:
        shown.append((title if title != previous else "", layer, kind, output, count))
        previous = title
    total = sum(row[-1] for row in rows)
    text = table(("network", "layer", "kind", "output", "parameters"), shown)
    return f"{text}\n{total:,} parameters in all"


def epoch_columns(channels: Iterable[str]) -> dict[str, str]:
    """Return {column: channel} for the columns of the epoch line that these channels can fill."""
    names = list(channels)
    found = {}
    for column, endings in EPOCH_COLUMNS.items():
        # Those of a dataset without a name have no prefix.
        match = next((name for ending in endings for name in names if f"_{name}".endswith(ending)), None)
        if match is not None:
            found[column] = match
    if "objective_d" in found:
        # Of a game the sum of two objectives says nothing.
        found.pop("objective", None)
    return found


def number(value: float) -> str:
    """Return a number as text, in the width that a table of training has."""
    return f"{value:.4g}" if value == 0 or 1e-3 <= abs(value) < 1e5 else f"{value:.2e}"


def slip_lines(experiment: object) -> list[str]:
    """Return a line for each slip that has borne on an experiment, or on parts of it, so far.

    Parameters
    ----------
    experiment : Train
        The experiment, set up.
    """
    parts = (part for _, part in reachable(experiment) if isinstance(part, Configurable))
    met = {(name, part.slips) for part in parts for name in part.slips_met}
    lines = []
    for slip in Slip:
        if (slip.name, "2014") in met:
            lines.append(f"as in 2014 (--slips corrected: {slip.value.here}): {slip.value.then}")
        if (slip.name, "corrected") in met:
            lines.append(f"unlike 2014 (--slips 2014: {slip.value.then}): {slip.value.here}")
    return lines
