"""One HTML page from its parts: styles, scripts, data and words, with nothing left to fetch."""

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
    """What a page is made of.

    Attributes
    ----------
    title, lead : plain text
    facts : HTML of the key figures
    sections : HTML of the sections, by the names in page.html
    data : what the scripts draw, by the ids of the sections
    generator : None where the page has none
    footer : plain text
    """

    title: str
    lead: str
    facts: str = ""
    sections: dict[str, str] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    generator: EmbeddedGenerator | None = None
    footer: str = ""

    def html(self) -> str:
        """The whole page."""
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
    """A file of the page's, by its path within report/page."""
    return resources.files(__package__).joinpath("page", *name.split("/")).read_text(encoding="utf-8")


def fill(template: str, values: Mapping[str, str]) -> str:
    """`template` with each {{name}} replaced by its value, which is HTML already."""
    return _PLACE.sub(lambda match: values[match[1]], template)


def _within_script(text: str) -> str:
    """JSON that no word in it can end the script element of."""
    return text.replace("<", "\\u003c")
