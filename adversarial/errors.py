"""Errors meant for the person at the keyboard: one sentence that says what, where, and what to do."""


class UserError(Exception):
    """A mistake that its maker can mend; programs print its sentence and exit with `exit_code`."""

    exit_code = 1


class ConfigurationError(UserError, ValueError):
    """A YAML file, an option or a command line that cannot be used as it is written."""

    exit_code = 2


class DataError(UserError, ValueError):
    """A data file that is missing, damaged, or of another kind than is needed."""


class FileError(UserError):
    """A file that the system does not let be read or written: the disk is full, the folder is missing, and the like."""


class CheckpointError(UserError, ValueError):
    """A saved model that is missing, damaged, not written by this program, or not fit for this use."""


class NumericalError(UserError, ArithmeticError):
    """NaN or infinity where training needs a finite number."""

    exit_code = 3


def printable(text: str, but: str = "\n\t") -> str:
    """Write out what could steer a terminal in `text`, the characters `but` aside: a file may name anything."""
    return "".join(char if char.isprintable() or char in but else repr(char)[1:-1] for char in text)


def quoted(text: str, limit: int = 60) -> str:
    """Return `text` in quotes for a sentence: on one line, unprintable characters escaped, cut to `limit`."""
    short = text if len(text) <= limit else text[: limit - 3] + "..."
    return "'" + printable(short, "") + "'"
