"""Text and tables of a page, as HTML that is complete without JavaScript."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adversarial.comparison import facts
from adversarial.comparison.differences import Comparison, Row
from adversarial.errors import printable


def escape(text: str) -> str:
    r"""Return plain text as HTML, with what could steer a terminal or turn a line around written out.

    Examples
    --------
    >>> print(escape("D < G\x1b[2J"))
    D &lt; G\x1b[2J
    """
    return html.escape(printable(text))


def paragraph(text: str, kind: str = "") -> str:
    """Return a paragraph of plain text, with CSS class `kind`.

    Examples
    --------
    >>> paragraph("D < G", "note")
    '<p class="note">D &lt; G</p>'
    """
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def key_figures(figures: Iterable[tuple[str, str, str]]) -> str:
    """Return the key figures: (what, figure, small print below it) each."""
    return "".join(
        f"<div><dt>{escape(what)}</dt><dd>{escape(figure)}<small>{escape(more)}</small></dd></div>"
        for what, figure, more in figures
    )


def sheet(caption: str, label: str, wide: bool = False) -> str:
    """Return the canvas of a sheet of images, which pictures.js draws; a `wide` one may scroll on a phone."""
    canvas = f'<canvas class="sheet" role="img" aria-label="{escape(label)}"></canvas>'
    words = f"<figcaption>{escape(caption)}</figcaption>"
    if wide:
        return f'<figure class="wide">{_scroller(caption, canvas)}{words}</figure>'
    return f'<figure class="beside">{canvas}{words}</figure>'


def picture(png: bytes, caption: str) -> str:
    """Return a picture with a caption, which is its text for those who cannot see it too."""
    data = base64.b64encode(png).decode("ascii")
    return (
        f'<figure><img src="data:image/png;base64,{data}" alt="{escape(caption)}" style="max-width:100%">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _scroller(name: str, inside: str, kind: str = "") -> str:
    """Return HTML that may be wider than the page, in a box that scrolls, also by the keyboard."""
    return f'<div class="scroll {kind}" tabindex="0" role="region" aria-label="{escape(name)}">{inside}</div>'


def epochs_slider(caption: str) -> str:
    """Return the canvas of the samples of each saved epoch, with its slider."""
    return (
        '<div class="card"><figure class="beside"><canvas class="sheet" role="img" aria-label="Samples"></canvas>'
        '<figcaption><output></output><input type="range" min="0" step="1" aria-label="Which of the saved epochs">'
        f'<button type="button">Play</button><p>{escape(caption)}</p></figcaption></figure></div>'
    )


def chart(title: str, caption: str, place: str = "") -> str:
    """Return the element of a chart, which charts.js draws; `place` is its id."""
    named = f' id="{escape(place)}"' if place else ""
    return (
        f'<figure{named}><h3>{escape(title)}</h3><div class="chart"></div>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def table_1(own: str, data: str, estimate: Mapping[str, Any] | None) -> str:
    """Return Table 1 of the paper with this model's row below it.

    Parameters
    ----------
    own : str
        Name of this model's row.
    data : str
        The data set of the estimate: a column of the table, or another.
    estimate : mapping or None
        Its `log_likelihood` and `standard_error`, in nats; None if not measured.

    Returns
    -------
    str
        HTML.
    """
    source, rows = facts.table_1()
    columns = tuple(rows[0].results)
    body = [
        f"<tr><td>{escape(row.model)}</td>"
        + "".join(f'<td class="number">{mean:g} ± {error:g}</td>' for mean, error in row.results.values())
        + "</tr>"
        for row in rows
    ]
    figure = "not measured" if estimate is None else "{log_likelihood:.1f} ± {standard_error:.1f}".format(**estimate)
    cells = "".join(f'<td class="number">{figure if column == data else ""}</td>' for column in columns)
    if data not in columns:
        cells = f'<td class="number" colspan="{len(columns)}">{figure}, on data of which the paper gives none</td>'
    body.append(f'<tr class="own"><td>{escape(own)}</td>{cells}</tr>')
    head = "".join(f"<th>{escape(column.upper())}</th>" for column in columns)
    return (
        _scroller(
            "Table 1",
            f"<table><thead><tr><th>log-likelihood of test data, by Parzen window, nats</th>{head}</tr></thead>"
            f"<tbody>{''.join(body)}</tbody></table>",
        )
        + f'<p class="note">{escape(source)}.</p>'
    )


def comparison(found: Comparison) -> str:
    """Return the settings that differ from 2014, and below them, folded, those that are equal."""
    differing = found.differences
    same = [row for row in found.rows if not row.differs]
    explicit = [row for row in same if row.given_here or row.given_then]
    defaults = [row for row in same if not (row.given_here or row.given_then)]
    count = "Nothing differs" if not differing else f"{len(differing)} of {len(found.rows)} settings differ"
    parts = [
        paragraph(
            f"{count} from 2014's {found.file} ({found.source}), the nearest of its five experiments. Settings that "
            "neither file sets, seeds among them, are compared by their defaults."
        )
    ]
    if differing:
        parts.append(_settings(differing))
    parts.append(_folded(f"{len(explicit)} equal settings that a file sets", explicit))
    parts.append(_folded(f"{len(defaults)} equal settings that both leave to defaults", defaults))
    return "".join(parts)


def _folded(title: str, rows: Sequence[Row]) -> str:
    return f"<details><summary>{escape(title)}</summary>{_settings(rows)}</details>" if rows else ""


def _settings(rows: Iterable[Row]) -> str:
    body = "".join(
        f'<tr><td class="key">{escape(row.key).replace(".", ".<wbr>")}</td>'
        f"<td{_mark(row)}>{escape(row.here)}</td><td>{escape(row.then)}</td>"
        f'<td class="note">{escape(row.meaning)}</td></tr>'
        for row in rows
    )
    return _scroller(
        "Settings",
        "<table><thead><tr><th>setting</th><th>here</th><th>2014</th><th>what it is</th></tr>"
        f"</thead><tbody>{body}</tbody></table>",
        "settings",
    )


def _mark(row: Row) -> str:
    return ' class="differs"' if row.differs else ""


def _code(text: str) -> str:
    return f'<pre tabindex="0">{escape(text)}</pre>'


def origin(commands: Sequence[str], versions: Mapping[str, str], overrides: Mapping[str, str], text: str) -> str:
    """Return the commands, versions, overrides and YAML that reproduce the model."""
    rows = "".join(
        f'<tr><td class="key">{escape(name)}</td><td>{escape(value)}</td></tr>' for name, value in versions.items()
    )
    lines = "".join(f"{key}={value}\n" for key, value in overrides.items())
    changed = f"<details><summary>Values changed by --set</summary>{_code(lines)}</details>"
    return (
        paragraph("With the YAML below saved under the name in the first command, beside the data it names:")
        + _code("\n".join(commands))
        + _scroller("Versions", f"<table><tbody>{rows}</tbody></table>")
        + (changed if overrides else "")
        + f"<details><summary>The experiment, as YAML</summary>{_code(text)}</details>"
    )


def condition_switch(conditions: int) -> str:
    """Return the HTML of a switch between the conditions 0, 1, ...; none where there is no choice."""
    if conditions < 2:
        return ""
    choices = "".join(
        f'<label><input type="radio" name="condition" value="{number}"{" checked" * (number == 0)}> {number}</label>'
        for number in range(conditions)
    )
    return f'<fieldset class="row" id="conditions"><legend>condition</legend>{choices}</fieldset>'
