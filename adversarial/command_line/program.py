"""How every program here starts and ends: `--help` with an example, one sentence for an error, an honest exit code."""

from __future__ import annotations

import argparse
import contextlib
import errno
import io
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NoReturn

from adversarial.errors import ConfigurationError, UserError, printable


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Keeps line breaks of the example, and has a wide column for options."""

    def __init__(self, prog: str):
        super().__init__(prog, max_help_position=32, width=100)


class _Parser(argparse.ArgumentParser):
    """Says where the number of threads is set, to who asks it of a program without that option."""

    def error(self, message: str) -> NoReturn:
        if message.startswith("unrecognized arguments") and "--threads" in message:
            message += "; ADVERSARIAL_THREADS=N in the environment sets the number of threads of every program"
        super().error(message)


def parser(
    prog: str, description: str, example: str, debug: str = "show the traceback of an error"
) -> argparse.ArgumentParser:
    """Return a parser with an example at the end of its help, and --debug.

    Parameters
    ----------
    prog : str
        What to call the program.
    description : str
        What it does, in a sentence.
    example : str
        Command lines, one a line. `tools/` is left out of them where the program is installed.
    debug : str, optional
        What the help says of --debug.

    Returns
    -------
    argparse.ArgumentParser
        The parser.
    """
    if os.path.basename(os.path.dirname(os.path.abspath(sys.argv[0]))) != "tools":
        example = example.replace("tools/", "")
    lines = "\n".join(f"  {line.strip()}" for line in example.strip().splitlines())
    found = _Parser(prog=prog, description=description, epilog=f"example:\n{lines}", formatter_class=_Formatter)
    found.add_argument("-D", "--debug", action="store_true", help=debug)
    return found


def overrides_of(pairs: Sequence[str]) -> dict[str, str]:
    """Return {key: value} of the KEY=VALUE of --set.

    Parameters
    ----------
    pairs : sequence of str
        What was given, such as 'algorithm.batch_size=50'.

    Returns
    -------
    dict
        The values as text, by their keys.

    Raises
    ------
    ConfigurationError
        If one has no '=' or no key.
    """
    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise ConfigurationError(f"--set {pair}: give it as KEY=VALUE, such as algorithm.batch_size=50")
        found[key.strip()] = value
    return found


def names_of(text: str, known: Collection[str], option: str) -> list[str]:
    """Return the names that an option lists, apart by commas.

    Parameters
    ----------
    text : str
        What was given, such as 'mnist, parzen'.
    known : collection of str
        Names that there are.
    option : str
        The option, for the error.

    Returns
    -------
    list of str
        The names, in the order given.

    Raises
    ------
    ConfigurationError
        If one is not known.

    Examples
    --------
    >>> names_of("mnist, parzen", ("mnist", "monitor", "parzen"), "--only")
    ['mnist', 'parzen']
    """
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in known]:
        raise ConfigurationError(f"{option} names '{unknown[0]}', but there are {', '.join(known)}")
    return names


def run(main: Callable[[Sequence[str] | None], int | None], argv: Sequence[str] | None = None) -> NoReturn:
    """Run a program and exit: 0 on success, the error's own code after a sentence on standard error.

    Parameters
    ----------
    main : callable
        Takes the arguments, or None for those of the command line. Returns an exit code, or None for 0.
    argv : sequence of str, optional
        The arguments. The default is those of the command line.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    debug = "--debug" in arguments or "-D" in arguments
    name = os.path.basename(sys.argv[0]) or "adversarial"
    for stream in (sys.stdout, sys.stderr):
        # A terminal or file in ASCII shows other characters as escapes; a run does not fail for its path's name.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    logging.setLogRecordFactory(_PrintableRecord)
    try:
        with _termination_raises():
            code = main(argv) or 0
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output has gone: nothing is left to say, and nowhere to say it.
        _silence(sys.stdout)
        code = 1
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        code = 130
    except _Terminated:
        print(f"{name}: ended by SIGTERM", file=sys.stderr)
        code = 143
    except Exception as error:
        if debug:
            traceback.print_exc()
        code = error.exit_code if isinstance(error, UserError) else 1
        print(f"{name}: error: {sentence(error)}", file=sys.stderr)
    sys.exit(code)


class _Terminated(BaseException):
    """SIGTERM came: files that are half written go, as at Ctrl-C."""


@contextlib.contextmanager
def _termination_raises() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: object) -> NoReturn:
        raise _Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _PrintableRecord(logging.LogRecord):
    """A message that is logged, and may quote a stranger's file: nothing in it steers the terminal."""

    def getMessage(self) -> str:
        from adversarial.config.variables import hide_environment

        return hide_environment(printable(super().getMessage()))


def say(text: Any, end: str = "\n") -> None:
    """Print text that may hold names of a stranger's file: nothing in it steers the terminal."""
    print(printable(str(text)), end=end, flush=True)


def sentence(error: Exception) -> str:
    """Return what to tell the person, on one line; an error that nobody planned for is called a defect."""
    from adversarial.config.variables import hide_environment

    text = hide_environment(printable(" ".join(str(error).split()), ""))
    if isinstance(error, UserError):
        return text
    if isinstance(error, ModuleNotFoundError) and not (error.name or "adversarial").startswith("adversarial"):
        return (
            f"{error.name} is not installed for {printable(sys.executable)}; run it by .venv/bin/python, or install "
            "adversarial there"
        )
    if isinstance(error, MemoryError):
        return f"not enough memory{': ' + text if text else ''}; try a smaller batch, fewer samples or a smaller model"
    if isinstance(error, OSError) and error.strerror:
        what = f"{printable(os.fsdecode(error.filename))}: " if isinstance(error.filename, (str, bytes)) else ""
        advice = {errno.ENOSPC: "; make room and run again", errno.EDQUOT: "; make room and run again"}
        return f"{what}{error.strerror}{advice.get(error.errno or 0, '')}"
    if isinstance(error, ValueError) and "compiledir" in text:
        # PyTensor's own words, where it finds no place for what it compiles.
        return f"{text} Name another folder for compiled code by PYTENSOR_FLAGS=base_compiledir=FOLDER"
    about = f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__
    where = _line_of_own_code(error)
    if where:
        return f"{where} ended in {about}; run it with --debug to see how it was reached"
    return f"a defect of this program ({about}); run it with --debug to see where"


def _line_of_own_code(error: Exception) -> str:
    """Return the file, line and function of the person's own code that an error comes out of; '' where it is ours."""
    from adversarial.names.allow_list import is_own_code

    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if is_own_code(frame.filename)]
    return f"{printable(frames[-1].filename)}, line {frames[-1].lineno}, {frames[-1].name}," if frames else ""


def _silence(stream: Any) -> None:
    """Let the interpreter flush `stream` at its end without a second complaint."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, number)
    os.close(null)
