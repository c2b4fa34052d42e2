"""How far long counted work has come: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Seconds between two plain lines.
PLAIN_LINES_EVERY = 10.0


@contextmanager
def counting(what: str, total: int, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """Gives a function to call with each number of things newly done; shows them on standard error.

    Parameters
    ----------
    what : what is being done
    total : number of things to do
    quiet : show nothing
    """
    if quiet:
        yield lambda done: None
        return
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(what, total=total)
            yield lambda done: progress.advance(task, done)
        return
    state = {"done": 0, "last": time.monotonic()}

    def plain(done: int) -> None:
        state["done"] += done
        if time.monotonic() - state["last"] >= PLAIN_LINES_EVERY:
            state["last"] = time.monotonic()
            print(f"{what}: {state['done']:,} of {total:,}", file=sys.stderr, flush=True)

    yield plain
