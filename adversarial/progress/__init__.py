"""How far long work has come: a progress bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Seconds between two plain lines.
PLAIN_LINES_EVERY = 10.0


@contextmanager
def counting(what: str, total: int, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with each number of things newly done; show the count on standard error.

    Parameters
    ----------
    what : str
        What is being done.
    total : int
        Number of things to do.
    quiet : bool
        Whether to show nothing, default false.

    Yields
    ------
    callable
        Takes the number of things done since the last call.

    Examples
    --------
    >>> with counting("drawing samples", total=100, quiet=True) as done:
    ...     done(100)
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
    count, last = 0, time.monotonic()
    started = last

    def plain(done: int) -> None:
        nonlocal count, last
        count += done
        if time.monotonic() - last >= PLAIN_LINES_EVERY:
            last = time.monotonic()
            left = (last - started) * (total - count) / count
            print(f"{what}: {count:,} of {total:,}, about {left:,.0f} s left", file=sys.stderr, flush=True)

    yield plain
