"""Options of the programs that draw samples from Markov chains."""

from __future__ import annotations

import argparse
from typing import Any

from adversarial.models.chains import STARTS, ChainOptions


def add_chain_arguments(parser: argparse.ArgumentParser, many_starts: bool = False) -> None:
    """Add the options; those that are not given are None."""
    usual = ChainOptions()
    group = parser.add_argument_group("Markov chains, of a model that is sampled by them: DBN, RBM, CAE, GSN")
    add = group.add_argument
    add("--start", choices=STARTS, action="append" if many_starts else "store",
        help=f"training examples, such with values replaced, or noise (default {usual.start})")  # fmt: skip
    add("--burn-in", metavar="N", type=int, help=f"steps before the first sample of each (default {usual.burn_in})")
    add("--thinning", metavar="N", type=int, help=f"steps between samples of one chain (default {usual.thinning})")
    add("--chains", metavar="N", type=int, help="number of chains side by side (default: one a sample)")


def chain_options(given: argparse.Namespace) -> ChainOptions | None:
    """Return what the command line says of chains; None if it says nothing."""
    start = given.start[-1] if isinstance(given.start, list) else given.start
    said: dict[str, Any] = {
        "start": start, "burn_in": given.burn_in, "thinning": given.thinning, "chains": given.chains,
    }  # fmt: skip
    said = {name: value for name, value in said.items() if value is not None}
    return ChainOptions(**said) if said else None
