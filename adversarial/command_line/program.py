"""How every program here starts and ends: `--help` with an example, one sentence for an error, an honest exit code."""

from __future__ import annotations

import argparse
import errno
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from adversarial.errors import UserError


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Keeps line breaks of the example, and leaves room for long options."""

    def __init__(self, prog: str):
        super().__init__(prog, max_help_position=32, width=100)


def parser(prog: str, description: str, example: str) -> argparse.ArgumentParser:
    """A parser with an example at the end of its help, and --debug.

    Parameters
    ----------
    prog : what to call the program
    description : what it does, in a sentence
    example : command lines, one a line
    """
    lines = "\n".join(f"  {line.strip()}" for line in example.strip().splitlines())
    found = argparse.ArgumentParser(
        prog=prog, description=description, epilog=f"example:\n{lines}", formatter_class=_Formatter
    )
    found.add_argument("-D", "--debug", action="store_true", help="show the traceback of an error")
    return found


def run(main: Callable[[Sequence[str] | None], int | None], argv: Sequence[str] | None = None) -> NoReturn:
    """Run a program and exit: 0 on success, the error's own code after a sentence on standard error.

    Parameters
    ----------
    main : takes the arguments (None: the command line's) and returns an exit code, or None for 0
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    debug = "--debug" in arguments or "-D" in arguments
    name = os.path.basename(sys.argv[0]) or "adversarial"
    try:
        code = main(argv) or 0
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output has gone: nothing is left to say, and nowhere to say it.
        _silence(sys.stdout)
        code = 1
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        code = 130
    except Exception as error:
        if debug:
            traceback.print_exc()
        code = error.exit_code if isinstance(error, UserError) else 1
        print(f"{name}: error: {sentence(error)}", file=sys.stderr)
    sys.exit(code)


def sentence(error: Exception) -> str:
    """What to tell the person, on one line; an error that nobody planned for is said to be a defect."""
    text = _printable(" ".join(str(error).split()))
    if isinstance(error, UserError):
        return text
    if isinstance(error, MemoryError):
        return f"not enough memory{': ' + text if text else ''}; try a smaller batch, fewer samples or a smaller model"
    if isinstance(error, OSError) and error.strerror:
        what = f"{_printable(os.fsdecode(error.filename))}: " if isinstance(error.filename, (str, bytes)) else ""
        advice = {errno.ENOSPC: "; make room and run again", errno.EDQUOT: "; make room and run again"}
        return f"{what}{error.strerror}{advice.get(error.errno, '')}"
    about = f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__
    return f"a defect of this program ({about}); run it with --debug to see where"


def _printable(text: str) -> str:
    """`text` with what could steer a terminal written out: a stranger's file may name anything."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _silence(stream: Any) -> None:
    """Let the interpreter flush `stream` at its end without a second complaint."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, number)
    os.close(null)
