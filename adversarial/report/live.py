"""The generator of a page, live: its networks, how exact they are, and what a reader may do with them."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import numpy as np

from adversarial.figures.grid import ImageShape
from adversarial.game.all_conditionals import CompletingGenerator
from adversarial.game.pair import AdversaryPair
from adversarial.game.sampling import Sampler
from adversarial.models.model import Model
from adversarial.report import html
from adversarial.report.embedded import EXACT_BYTES, NotEmbeddable, embed, embed_discriminator
from adversarial.report.page import Page, fill, text_of
from adversarial.report.page_network import EmbeddedNetwork
from adversarial.report.pictures import Shades

#: How far an image of the page may be from the library's.
EXACT = 1e-3
#: Training images on which a mask can be painted.
PAINTED = 20


@dataclass(frozen=True)
class LiveGenerator:
    """A generator that a page computes.

    Attributes
    ----------
    sampler : Sampler
        The generator.
    model : Model
        What it is of; a pair has a discriminator besides.
    z, samples : ndarray
        Noise and the images that the library makes of it, on which the page's are checked.
    page_bytes : int
        The most that the page may weigh.
    """

    sampler: Sampler
    model: Model
    z: np.ndarray
    samples: np.ndarray
    page_bytes: int

    def section(self, page: Page, shape: ImageShape, shades: Shades, training_rows: np.ndarray | None) -> str:
        """Give a page the networks that it can compute.

        Parameters
        ----------
        page : Page
            What gets the networks and data of the live generator.
        shape : ImageShape
            Of an image.
        shades : Shades
            The values that are black and white.
        training_rows : ndarray or None
            Training examples, a row each.

        Returns
        -------
        str
            The HTML of the section; where a page cannot compute the generator, why.
        """
        try:
            embedded = embed(self.sampler.generator, self.page_bytes)
            distance = self._distance(embedded)
        except NotEmbeddable as error:
            return html.paragraph(f"Not here: {error}.", "note")
        page.networks["generator"] = embedded
        rows, columns, channels = shape
        page.data["show"] = {"rows": rows, "columns": columns, "channels": channels,
                             "black": shades.black, "white": shades.white}  # fmt: skip
        exactness = (
            f"Over {len(self.z)} samples the page's images differ from the library's by {_power(distance)} at most."
        )
        return fill(
            text_of("live.html"),
            {
                "inputs": str(self.z.shape[1]),
                "and_condition": " and a condition" if len(embedded.conditions) > 1 else "",
                "conditions": html.condition_switch(len(embedded.conditions)),
                "reach": "√3" if embedded.noise == "uniform" else "3",
                "exactness": exactness,
                "shades": f"{shades.in_words().capitalize()}.",
                "opinion": self._opinion(page, embedded),
                "paint": self._paint(page, shades, training_rows),
            },
        )

    def _opinion(self, page: Page, generator: EmbeddedNetwork) -> str:
        """Embed the discriminator, if a page can compute it; return the HTML of its opinion, or why there is none."""
        if not isinstance(self.model, AdversaryPair):
            return html.paragraph("No discriminator was saved with it.", "note")
        try:
            judge = embed_discriminator(self.model.discriminator, generator, self.page_bytes)
            page.networks["discriminator"] = judge
        except NotEmbeddable as error:
            return html.paragraph(f"D's opinion is not here: {error}.", "note")
        return text_of("opinion.html")

    def _paint(self, page: Page, shades: Shades, training_rows: np.ndarray | None) -> str:
        """Give the page images to paint a mask on, if its generator completes images; return the HTML."""
        if not isinstance(self.sampler.generator, CompletingGenerator):
            return ""
        if training_rows is None:
            return html.paragraph("The training data are needed to hide a part of an image.", "note")
        share = (training_rows[:PAINTED] - shades.black) / (shades.white - shades.black)
        pixels = np.rint(share.clip(0, 1) * 255).astype(np.uint8)
        page.data["paint"] = base64.b64encode(pixels.tobytes()).decode("ascii")
        return text_of("paint.html")

    def _distance(self, embedded: EmbeddedNetwork) -> float:
        samples = self.samples
        if embedded.conditions:
            first = np.tile(embedded.conditions[0], (len(self.z), 1)).astype(self.z.dtype)
            samples = self.sampler.images_of(self.z, first)
        distance = float(np.abs(embedded.outputs_of(self.z) - samples).max() / max(1.0, np.abs(samples).max()))
        if distance > EXACT:
            fewer = any(layer.bytes_each < EXACT_BYTES for layer in embedded.layers)
            advice = "; a larger page, by report.py --megabytes, has more bytes a weight" if fewer else ""
            raise NotEmbeddable(f"the page's images would be {distance:.0e} off, more than {EXACT:.0e}{advice}")
        return distance


def _power(value: float) -> str:
    """Return a small number as people write it: 7 · 10⁻⁶."""
    digit, _, power = f"{value:.0e}".partition("e")
    return f"{digit} · 10{str(int(power)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"
