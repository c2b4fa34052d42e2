"""Experiments beside 2014's as a table: one row a hyperparameter, one column an experiment, and the last 2014's."""

from __future__ import annotations

import csv
import io
import json
import shutil
import textwrap
from collections.abc import Sequence

from adversarial.comparison.differences import Row
from adversarial.comparison.side_by_side import SideBySide
from adversarial.errors import printable

#: How a comparison can be printed.
FORMATS = ("text", "md", "csv", "json")

#: A bar that ends no cell of Markdown.
BAR = "\\|"


def formatted(found: Sequence[SideBySide], how: str) -> str:
    """Return experiments beside one file of 2014 as text.

    Parameters
    ----------
    found : sequence of SideBySide
        At least one, each beside the same file of 2014; `show_equal` of the first holds for all.
    how : {'text', 'md', 'csv', 'json'}
        Text for people, as wide as the terminal at most; a Markdown table; comma-separated values; or JSON, in which
        numbers are numbers: one object, or a list of them where there are several experiments.

    Returns
    -------
    str
        The text, without the last line's end.
    """
    if how == "json":
        several = [each.to_dict() for each in found]
        return json.dumps(several if len(several) > 1 else several[0], indent=1)
    if how == "text" and len(found) == 1:
        return str(found[0])
    header, rows = _table(found)
    if how == "csv":
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows([header, *rows])
        return buffer.getvalue().rstrip("\n")
    if how == "md":
        ruled = [header, ["---"] * len(header), *rows]
        return "\n".join(f"| {' | '.join(cell.replace('|', BAR) for cell in row)} |" for row in ruled)
    first = found[0].comparison
    counts = ", ".join(f"{each.experiment.name} in {len(each.comparison.differences)}" for each in found)
    head = f"beside 2014's {first.file} ({first.source}); differing from it: {counts}"
    return "\n".join([*textwrap.wrap(head, _terminal_width(), break_on_hyphens=False), *_columns([header, *rows])])


def _table(found: Sequence[SideBySide]) -> tuple[list[str], list[list[str]]]:
    """Return the columns' titles, and the rows in 2014's order: those that differ, or all of them."""
    by_key: dict[str, dict[int, Row]] = {}
    for number, each in enumerate(found):
        for row in each.comparison.rows:
            by_key.setdefault(row.key, {})[number] = row
    rows = [
        [printable(text, "") for text in (key, *(_here(of_key.get(number)) for number in range(len(found))), then)]
        for key, of_key in by_key.items()
        for then in [next(iter(of_key.values())).then]
        if found[0].show_equal or any(row.differs for row in of_key.values())
    ]
    return ["setting", *(each.experiment.name for each in found), f"2014's {found[0].comparison.file}"], rows


def _here(row: Row | None) -> str:
    return "" if row is None else row.here


def _terminal_width() -> int:
    return shutil.get_terminal_size((100, 24)).columns


def _columns(lines: list[list[str]]) -> list[str]:
    """Return rows in columns within the terminal's width; a cell that is longer than its column is cut, with a mark."""
    gap = 2
    room = _terminal_width() - gap * (len(lines[0]) - 1)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    while sum(widths) > room and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1

    def fitted(cell: str, width: int) -> str:
        return cell.ljust(width) if len(cell) <= width else cell[: width - 1] + "…"

    return [(" " * gap).join(map(fitted, line, widths)).rstrip() for line in lines]
