"""Processes of their own: for what is settled when a process starts, and for memory that is to be that of one thing."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from multiprocessing.connection import Connection
from typing import Any

from adversarial.errors import ConfigurationError, UserError

#: What a process can do, by name; what is returned can be pickled.
Work = Mapping[str, Callable[[], Any]]


class Process:
    """Another process, which prepares something once, and then does parts of it by their names.

    Parameters
    ----------
    name : str
        What to call it in errors.
    prepare : callable
        Returns an answer, and the work by name. It runs in the process, so that it must be a module's function, or a
        `functools.partial` of one.
    """

    def __init__(self, name: str, prepare: Callable[[], tuple[Any, Work]]):
        self._name = name
        self._process, self._pipe = _start(_serve, prepare)

    def ready(self) -> Any:
        """Wait until it is ready; return its answer, or a sentence if it cannot compute."""
        return self._receive()

    def work(self, name: str) -> Any:
        """Let it do the work of that name, and wait for it; return what that returned."""
        self._pipe.send(name)
        found, error = self._receive()
        if error:
            raise ConfigurationError(f"{self._name}: {error}")
        return found

    def end(self) -> None:
        """Let it end, and clean up after itself."""
        _stop(self._process, self._pipe, patience=10)

    def _receive(self) -> Any:
        try:
            return self._pipe.recv()
        except EOFError:
            raise ConfigurationError(f"the process for {self._name} ended before it had measured anything") from None


def results_of(measure: Callable[[], Iterable[Any]], seconds: float) -> Iterator[Any]:
    """Yield what a process of its own yields, as it does so, for so many seconds at most.

    Parameters
    ----------
    measure : callable
        Returns an iterable; like `prepare` of `Process` it is run there.
    seconds : float
        After this time the process is ended.

    Yields
    ------
    object
        What it yielded; last a sentence, if it was ended or failed.
    """
    process, pipe = _start(_stream, measure)
    end, done = time.monotonic() + seconds, False
    try:
        while pipe.poll(max(0.0, end - time.monotonic())):
            found, error = pipe.recv()
            if error is not None:
                done = True
                if error:
                    yield error
                return
            yield found
        yield f"stopped after its {seconds:.0f} seconds"
    except EOFError:
        process.join()
        yield f"its process ended by itself, with exit code {process.exitcode}"
    finally:
        _stop(process, pipe, patience=10 if done else 0)


def _start(target: Callable, task: Callable) -> tuple[Any, Connection]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs, task), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _stop(process: Any, pipe: Connection, patience: float) -> None:
    """Let a process end by itself for so many seconds, as one does whose pipe is closed; then end it."""
    pipe.close()
    process.join(patience)
    process.kill()
    process.join()


def _serve(pipe: Connection, prepare: Callable[[], tuple[Any, Work]]) -> None:
    """Run in the process: prepare, then do the work whose names arrive."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a daemon it ends with its parent
    try:
        answer, work = prepare()
        pipe.send(answer)
        while True:
            name = pipe.recv()
            try:
                pipe.send((work[name](), ""))
            except UserError as error:
                pipe.send((None, str(error)))
    except UserError as error:
        pipe.send(str(error))
    except EOFError:
        pass


def _stream(pipe: Connection, measure: Callable[[], Iterable[Any]]) -> None:
    """Run in the process: send what is yielded, each with None, and last the error, '' if there was none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for found in measure():
            pipe.send((found, None))
        pipe.send((None, ""))
    except BrokenPipeError:
        pass
    except UserError as error:
        pipe.send((None, str(error)))
    except Exception as error:  # a library's own: one part that fails is no reason to lose the others
        pipe.send((None, f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"))
