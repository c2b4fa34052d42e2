"""The option --averaged of the programs that draw from a generator."""

from __future__ import annotations

import argparse

from adversarial.errors import ConfigurationError
from adversarial.game.generator import Generator
from adversarial.models.model import Model


def add_averaged_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option that asks for the averages of the generator's parameters."""
    what = "draw from the averages of the generator's parameters (its option average_decay)"
    parser.add_argument("--averaged", action="store_true", help=what)


def take_averages(model: Model, given: argparse.Namespace) -> None:
    """Set the parameters of a model's generator to their averages if the command line asks for them.

    Raises ConfigurationError where there is no generator, or it keeps no averages.
    """
    if not given.averaged:
        return
    generator = getattr(model, "generator", model)
    if not isinstance(generator, Generator):
        raise ConfigurationError(f"--averaged is for a generator, and a model of class {type(model).__name__} has none")
    generator.use_averages()
