"""One HTML page from styles, scripts, data and text, with nothing left to fetch."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from importlib import resources
from typing import Any

from adversarial.report.embedded import EmbeddedGenerator

#: The scripts, in the order in which they run.
SCRIPTS = (
    "vendor/uPlot.iife.min.js",
    "network.js",
    "pictures.js",
    "explorer.js",
    "charts.js",
    "start.js",
)
STYLES = ("vendor/uPlot.min.css", "style.css")
#: The most that a page may weigh, in bytes.
MOST_BYTES = 15_000_000

_PLACE = re.compile(r"\{\{(\w+)\}\}")


@dataclass
class Page:
    """The content of a page.

    Attributes
    ----------
    title, lead : str
        Plain text at the top.
    facts : str
        HTML of the key figures.
    sections : dict of {str: str}
        HTML of the sections, by their names in page.html.
    data : dict of {str: object}
        What the scripts draw, as JSON, by the ids of the sections.
    generator : EmbeddedGenerator or None
        The generator to run live, if the page can compute it.
    footer : str
        Plain text at the bottom.
    """

    title: str
    lead: str
    facts: str = ""
    sections: dict[str, str] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    generator: EmbeddedGenerator | None = None
    footer: str = ""

    def html(self) -> str:
        """Return the whole page."""
        data = dict(self.data)
        weights = ""
        if self.generator is not None:
            data["generator"], weights = self.generator.as_json(), self.generator.weights_text()
        return fill(
            text_of("page.html"),
            {
                "title": escape(self.title),
                "lead": escape(self.lead),
                "facts": self.facts,
                "footer": escape(self.footer),
                "style": "\n".join(text_of(name) for name in STYLES),
                "scripts": "\n".join(text_of(name) for name in SCRIPTS),
                "data": _within_script(json.dumps(data, allow_nan=False, separators=(",", ":"))),
                "weights": weights,
                **self.sections,
            },
        )


def text_of(name: str) -> str:
    """Return the text of a file of the folder report/page, by its path there.

    Examples
    --------
    >>> text_of("page.html").splitlines()[0]
    '<!DOCTYPE html>'
    """
    return resources.files(__package__).joinpath("page", *name.split("/")).read_text(encoding="utf-8")


def fill(template: str, values: Mapping[str, str]) -> str:
    """Replace each {{name}} of a template by its value, which is HTML already.

    Examples
    --------
    >>> fill("<p>{{text}}</p>", {"text": "G(<b>z</b>)"})
    '<p>G(<b>z</b>)</p>'
    """
    return _PLACE.sub(lambda match: values[match[1]], template)


def _within_script(text: str) -> str:
    """Escape JSON, so that no text in it can end its script element."""
    return text.replace("<", "\\u003c")
