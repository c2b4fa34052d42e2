"""One HTML page from styles, scripts, data and text, with nothing left to fetch."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from adversarial.game.one_dimensional import SETTINGS
from adversarial.report.html import escape
from adversarial.report.page_network import EmbeddedNetwork

#: The scripts, in the order in which they run.
SCRIPTS = (
    "vendor/uPlot.iife.min.js",
    "network.js",
    "pictures.js",
    "explorer.js",
    "paint.js",
    "charts.js",
    "line_game.js",
    "figure1.js",
    "theory.js",
    "present.js",
    "start.js",
)
STYLES = ("vendor/uPlot.min.css", "style.css")
#: The most that a page may weigh, in bytes, unless more is asked for.
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
    networks : dict of {str: EmbeddedNetwork}
        The networks to run live, by player: `generator` and `discriminator`, those that the page can compute.
    footer : str
        Plain text at the bottom.
    template : str
        The page's own HTML, a file of the folder report/page.
    """

    title: str
    lead: str
    facts: str = ""
    sections: dict[str, str] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    networks: dict[str, EmbeddedNetwork] = field(default_factory=dict)
    footer: str = ""
    template: str = "page.html"

    def html(self) -> str:
        """Return the whole page."""
        networks = {player: network.as_json() for player, network in self.networks.items()}
        data = self.data | networks | {"game": SETTINGS}
        weights = "".join(
            f'<script type="text/plain" id="weights-{player}">{network.weights_text()}</script>\n'
            for player, network in self.networks.items()
        )
        values = {
            "title": escape(self.title),
            "lead": escape(self.lead),
            "facts": self.facts,
            "footer": escape(self.footer),
            "projector": '<button type="button" id="projector" aria-pressed="false">Projector</button>',
            "figure1": text_of("figure1.html"),
            "theory": text_of("theory.html"),
            **self.sections,
        }
        return fill(
            text_of("document.html"),
            {
                "title": escape(self.title),
                "style": "\n".join(text_of(name) for name in STYLES),
                "body": fill(text_of(self.template), values),
                "data": _within_script(json.dumps(data, allow_nan=False, separators=(",", ":"))),
                "weights": weights,
                "scripts": "\n".join(text_of(name) for name in SCRIPTS),
            },
        )


def text_of(name: str) -> str:
    """Return the text of a file of the folder report/page, by its path there.

    Examples
    --------
    >>> text_of("document.html").splitlines()[0]
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
